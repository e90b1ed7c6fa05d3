"""The same trivial jobs with other libraries, run by the user on the login node itself.

Each is installed from the package index into a directory of its own that is thrown away
afterwards. AiiDA is left out: it wants a profile, a database and, for jobs that outlive a
program, a daemon with a message broker.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from benchmarks.figures import Figure

if TYPE_CHECKING:
    from benchmarks.remote import Plain

_PSIJ = """
from psij import Job, JobAttributes, JobExecutor, JobSpec
from psij.executors.batch.slurm import SlurmExecutorConfig
config = SlurmExecutorConfig(queue_polling_interval=0.5, initial_queue_polling_delay=0.5)
config.work_directory = Path.cwd() / "psij"
executor = JobExecutor.get_instance("slurm", config=config)
wanted = JobAttributes(queue_name=queue or None, duration=timedelta(minutes=5))
jobs = []
for n in range(number):
    (Path.cwd() / str(n)).mkdir()
    spec = JobSpec("/bin/sh", ["-c", "echo 1 > o"], directory=Path.cwd() / str(n), attributes=wanted)
    jobs.append(Job(spec))
    executor.submit(jobs[-1])
for job in jobs:
    job.wait()
found = [(Path.cwd() / str(n) / "o").read_text() for n in range(number)]
"""

_SUBMITIT = """
import submitit
executor = submitit.SlurmExecutor(folder=Path.cwd() / "submitit")
executor.update_parameters(time=5, **({"partition": queue} if queue else {}))
jobs = executor.map_array(lambda n: "1\\n", range(number))
found = [job.result() for job in jobs]
"""

_AROUND = """
import sys, time
from datetime import timedelta
from pathlib import Path
number, queue = int(sys.argv[1]), sys.argv[2]
begun = time.perf_counter()
{body}
assert found == ["1\\n"] * number, found
print("took", time.perf_counter() - begun)
"""

PEERS = {"psij-python": _PSIJ, "submitit": _SUBMITIT}


def figures(plain: "Plain", number: int, base: float, queue: str) -> Iterator[Figure]:
    """Seconds for `number` jobs, held against the raw loop's `base`. What cannot be measured is
    said on standard error: not installable, or no such Python on the login node, or a login node
    that does not see this computer's files."""
    for name, body in PEERS.items():
        with tempfile.TemporaryDirectory(prefix="sojourn-peer-") as folder:
            Path(folder).chmod(0o755)
            try:
                took = _measured(plain, name, body, Path(folder), number, queue)
            except subprocess.CalledProcessError as error:
                words = (error.stderr or error.stdout or "").strip().splitlines()
                print(f"{name} left out: {words[-1] if words else error}", file=sys.stderr)
                continue
        yield Figure(
            f"{number} trivial jobs with {name}, on the login node",
            took,
            base,
            "s",
            "the raw loop of the line above",
        )


def _measured(plain: "Plain", name: str, body: str, folder: Path, number: int, queue: str) -> float:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder), name]
    subprocess.run(pip, check=True, capture_output=True, text=True)
    same = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = (
        f"ls {quote(str(folder))} >/dev/null && "
        f"rm -rf bench/peer && mkdir -p bench/peer && cd bench/peer && "
        f"PYTHONPATH={quote(str(folder))} python{same} -W ignore - {number} {quote(queue)}"
    )
    command = f"PATH={plain.path}:$PATH; {command}" if plain.path else command
    done = subprocess.run(
        [*plain.ssh, plain.target, command],
        input=_AROUND.format(body=body), check=True, capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("took "))
    return float(line.split()[1])
