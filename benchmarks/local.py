"""What Sojourn costs on this computer: signing, looking up, starting, many small jobs."""

import hashlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure, in_turn, seconds

JOBS = 10_000
SMALL_JOBS = 1_000
GIB = 1 << 30


def figures() -> Iterator[Figure]:
    """All of them, one after the other, in a home and with machines of their own."""
    with tempfile.TemporaryDirectory(prefix="sojourn-bench-") as name:
        folder = Path(name)
        os.environ["SOJOURN_HOME"] = str(folder / "home")
        machines = folder / "machines.yaml"
        slots = os.cpu_count() or 1
        machines.write_text(
            f'machines: {{here: {{backend: local, root: "{folder}/root", slots: {slots}}}}}\n'
        )
        os.environ["SOJOURN_MACHINES"] = str(machines)
        yield _hashing(folder)
        yield _signing()
        yield from _cached()
        yield from _starting()
        yield from _many_small_jobs()


def _hashing(folder: Path) -> Figure:
    from sojourn.identity.digests import Digests

    file = folder / "large"
    with file.open("wb") as out:
        for _ in range(GIB >> 20):
            out.write(os.urandom(1 << 20))

    def plain() -> None:
        with file.open("rb") as content:
            hashlib.file_digest(content, "sha256")

    ours, base = in_turn(lambda: Digests().file(file, "large"), plain, 3)
    file.unlink()
    return Figure("hash a 1 GiB input", ours, base, "s", "hashlib.file_digest", "at most 1.1")


def _signing() -> Figure:
    from sojourn import Job
    from sojourn.identity.signature import sign_many

    jobs = [Job(command=["./solve", str(n)], parameters={"n": n}) for n in range(JOBS)]
    ours = seconds(lambda: sign_many(jobs)) / JOBS
    base = seconds(lambda: [hashlib.sha256(b"x" * 300).hexdigest() for _ in jobs]) / JOBS
    return Figure("sign a small job", ours, base, "s", "hashlib.sha256 of 300 bytes")


def _cached() -> Iterator[Figure]:
    """A store of 10,000 jobs with results, put there without running them."""
    from sojourn import Job, Session
    from sojourn.results.manifest import FileEntry, Manifest
    from sojourn.states import State
    from sojourn.store.records import JobRecord

    with Session() as session:
        jobs = [Job(command="true", parameters={"n": n}, outputs=["o"]) for n in range(JOBS)]
        signed = session.sign(jobs, "here")
        session.store.put_jobs(
            JobRecord(one.signature, "here", backend="local", state=State.COMPLETED, exit_code=0)
            for one in signed
        )
        for one in signed[:100]:
            with session.results.staging(one.signature) as staging:
                (staging.files / "o").write_text("o")
                manifest = Manifest(one.signature, files=(FileEntry("o", 1),), machine="here")
                session.results.commit(staging, manifest)
        session.run(jobs[0], on="here")
        ours = seconds(lambda: [session.run(job, on="here") for job in jobs[:100]]) / 100
        base = seconds(lambda: [session.store.path.stat() for _ in range(1000)]) / 1000
    yield Figure(
        "cached Session.run, 10,000 jobs known",
        ours,
        base,
        "s",
        "one stat of a file",
        note="no contact",
    )


def _starting() -> Iterator[Figure]:
    sojourn = str(Path(sys.executable).parent / "sojourn")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def pydantic() -> None:
        run(sys.executable, "-c", "import pydantic")

    run(sojourn, "list")
    for words in (["list", "--limit", str(JOBS)], ["--help"]):
        ours, base = in_turn(lambda words=words: run(sojourn, *words), pydantic, 7)  # type: ignore[misc]
        name = f"sojourn {words[0]}" + (" with 10,000 records" if words[0] == "list" else "")
        yield Figure(name, ours, base, "s", 'python -c "import pydantic"', "at most 2")


def _many_small_jobs() -> Iterator[Figure]:
    from sojourn import Job, Session

    jobs = [Job(command="true", parameters={"small": n}) for n in range(SMALL_JOBS)]
    with Session() as session:

        def through_sojourn() -> None:
            handles = session.submit(jobs, on="here")
            records = [session.record(handle.signature, "here") for handle in handles]
            session.poll_until_final(records)

        ours = seconds(through_sojourn)
        base = seconds(lambda: [subprocess.run(["true"], check=True) for _ in range(SMALL_JOBS)])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield Figure(
        "1,000 no-op jobs on the local backend",
        ours,
        base,
        "s",
        '1,000 times subprocess.run(["true"])',
        note=f"client's peak memory {memory:.0f} MiB",
    )
