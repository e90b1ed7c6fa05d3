"""R24 to R29: what reaches a job, and what must not."""

import hashlib
import secrets
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.hostile import JOB_NAMES, NAMES, PATTERNS, TEXTS
from sojourn.testing.marks import rule
from sojourn.testing.suites.base import Suite
from sojourn.values.messages import Blob, FetchAnswer, JobOrder, JobRef, TaskInput

PRINT_ALL = 'for a; do printf "%s\\0" "$a"; done'


def blob(data: bytes) -> Blob:
    """Bytes that are to be sent."""
    return Blob(hashlib.sha256(data).hexdigest(), len(data), data)


def with_inputs(order: JobOrder, inputs: dict[str, bytes]) -> JobOrder:
    """The order with files in its directory."""
    blobs = {name: blob(data) for name, data in inputs.items()}
    entries = tuple(TaskInput(name, "blob", one.digest) for name, one in blobs.items())
    return replace(order, inputs=(*order.inputs, *entries), blobs=tuple(blobs.values()))


def fetched(client: Client, orders: Sequence[JobOrder], into: Path) -> list[Path]:
    """Run orders to their ends and bring their outputs; the directory of each."""
    jobs = client.take(*orders)
    for answer in client.ended(jobs):
        assert answer.site is not None
        assert answer.site.exit is not None
        assert answer.site.exit.ok, f"a job that should end well has ended so: {answer.site.exit}"
    return brought(client, jobs, into)


def brought(client: Client, jobs: Sequence[JobRef], into: Path) -> list[Path]:
    """The directories with the outputs of jobs that have ended."""
    answers: list[FetchAnswer] = client.fetch(jobs, into)
    assert [answer.error for answer in answers] == [""] * len(jobs)
    return [into / job.signature for job in jobs]


class Jobs(Suite):
    """Commands, variables, secrets, names, and neighbours."""

    @rule("R24")
    def test_arguments_arrive_byte_for_byte(self, client: Client, tmp_path: Path) -> None:
        command = f"sh -c {shlex.quote(PRINT_ALL)} sh {shlex.join(TEXTS)} > args"
        (place,) = fetched(client, [client.order(command, outputs=("args",))], tmp_path)
        assert (place / "args").read_bytes().decode().split("\0")[:-1] == list(TEXTS)

    @rule("R24")
    @pytest.mark.parametrize(
        "text",
        [
            "cat > out <<'END'\n$HOME `id` \\ 'quoted' \"twice\" %s !!\nEND",
            "printf '%s' \"it's $((6 * 7))\" > out",
            "x='a b'; for i in 1 2; do echo \"$x $i\"; done > out",
            "# a comment\n\n  echo 'last line' > out\n",
        ],
        ids=["here-document", "quotes", "loop", "lines"],
    )
    def test_a_command_does_there_what_it_does_here(
        self, client: Client, text: str, tmp_path: Path
    ) -> None:
        (place,) = fetched(client, [client.order(text, outputs=("out",))], tmp_path / "there")
        subprocess.run(["sh", "-c", text], cwd=tmp_path, check=True)
        assert (place / "out").read_bytes().replace(b"$HOME", b"") == (
            tmp_path / "out"
        ).read_bytes().replace(b"$HOME", b"")

    @rule("R24")
    def test_a_long_command_arrives_whole(self, client: Client, tmp_path: Path) -> None:
        words = [secrets.token_hex(40) for _ in range(1000)]  # 80 kB
        command = "".join(f"echo {word}\n" for word in words)
        order = client.order(f"{{\n{command}}} > out", outputs=("out",))
        (place,) = fetched(client, [order], tmp_path)
        assert (place / "out").read_text().split() == words

    @rule("R25")
    def test_variables_arrive_byte_for_byte(self, client: Client, tmp_path: Path) -> None:
        env = {f"KIT_{n}": text for n, text in enumerate(TEXTS)}
        shown = " ".join(f'"$KIT_{n}"' for n in range(len(TEXTS)))
        command = f"sh -c {shlex.quote(PRINT_ALL)} sh {shown} > values"
        order = client.order(command, env=env, outputs=("values",))
        (place,) = fetched(client, [order], tmp_path)
        assert (place / "values").read_bytes().decode().split("\0")[:-1] == list(TEXTS)

    @rule("R26")
    def test_nothing_of_the_submitter_reaches_the_job(
        self, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mark = secrets.token_hex(8)
        monkeypatch.setenv("KIT_SUBMITTER", mark)
        monkeypatch.setenv("CDPATH", f"/{mark}")
        monkeypatch.setenv("ENV", f"/{mark}")
        order = client.order("env > seen; pwd >> seen", outputs=("seen",), env={"KIT_OWN": "own"})
        (place,) = fetched(client, [order], tmp_path)
        seen = (place / "seen").read_text(errors="replace")
        assert mark not in seen, "the submitter's environment has reached the job"
        assert "KIT_OWN=own" in seen

    @rule("R26")
    def test_one_jobs_variables_do_not_reach_the_next(self, client: Client, tmp_path: Path) -> None:
        mark = secrets.token_hex(8)
        orders = [
            client.order("env > seen", outputs=("seen",), env={"KIT_LEAK": mark} if first else {})
            for first in (True, False)
        ]
        one, other = fetched(client, orders, tmp_path)
        assert mark in (one / "seen").read_text()
        assert mark not in (other / "seen").read_text()

    @rule("R27")
    def test_secrets_reach_the_job_alone(
        self, bench: Bench, client: Client, tmp_path: Path
    ) -> None:
        secret = f"it's secret {secrets.token_hex(16)}"
        order = client.order(
            'printf %s "$KIT_SECRET" | wc -c > size; while [ ! -e "$SOJOURN_JOB_DIR/go" ]; do'
            " sleep 0.2; done",
            secret_env={"KIT_SECRET": secret},
            outputs=("size",),
        )
        assert secret[12:] not in bench.backend.script(client.context, [order])
        job = client.take(order)[0]
        client.started([job])
        pattern = shlex.quote(secret[12:])
        held = bench.shell(f'grep -rl {pattern} . | while read -r f; do ls -ln "$f"; done').stdout
        assert all(line.startswith("-rw-------") for line in held.splitlines()), held
        bench.said(f"touch {client.job_dir(job)}/go")
        client.ended([job])
        client.gone([job])
        (place,) = brought(client, [job], tmp_path)
        assert (place / "size").read_text().strip() == str(len(secret))
        assert bench.shell(f"grep -rl {pattern} .").stdout == "", "a secret has stayed"
        assert secret[12:] not in repr(client.poll([job]))

    @rule("R28")
    def test_inputs_and_outputs_may_have_any_name(self, client: Client, tmp_path: Path) -> None:
        inputs = {name: f"content of {name}".encode() for name in (*NAMES, *PATTERNS)}
        inputs |= {f"in side/{name}": f"inside {name}".encode() for name in NAMES[:8]}
        copies = "mkdir -p ./all && cp -R -- ./* ./all 2>/dev/null; rm -rf ./all/all; true"
        order = with_inputs(client.order(copies, outputs=("all", *NAMES)), inputs)
        (place,) = fetched(client, [order], tmp_path)
        found = {
            str(file.relative_to(place)): file.read_bytes()
            for file in place.rglob("*")
            if file.is_file()
        }
        expected = {f"all/{name}": data for name, data in inputs.items()}
        expected |= {name: inputs[name] for name in NAMES}
        assert found == expected

    @rule("R28")
    def test_a_job_may_be_called_anything(self, client: Client) -> None:
        orders = [client.order("true", name=name) for name in JOB_NAMES]
        answers = client.ended(client.take(*orders))
        assert [a.site and a.site.exit and a.site.exit.ok for a in answers] == [True] * len(orders)

    @rule("R29")
    def test_two_signatures_do_not_see_each_other(self, client: Client, tmp_path: Path) -> None:
        same = {"data": b"same for both\n"}
        orders = [
            with_inputs(
                client.order(
                    f"ls > before; echo {n} >> data; echo {n} > own; sleep 1; ls > later",
                    outputs=("data", "own", "before", "later"),
                ),
                same,
            )
            for n in range(4)
        ]
        for n, place in enumerate(fetched(client, orders, tmp_path)):
            assert (place / "data").read_text() == f"same for both\n{n}\n"
            assert (place / "own").read_text() == f"{n}\n"
            assert (place / "before").read_text().split() == ["before", "data"]
            assert (place / "later").read_text().split() == ["before", "data", "later", "own"]
        # An input that a job has written to is what it was for the next one.
        again = with_inputs(client.order("cat data > seen", outputs=("seen",)), same)
        (place,) = fetched(client, [again], tmp_path)
        assert (place / "seen").read_bytes() == same["data"]

    @rule("R29")
    def test_a_new_attempt_leaves_the_old_one_alone(
        self, bench: Bench, client: Client, tmp_path: Path
    ) -> None:
        first = client.order("echo one > o; exit 1", outputs=("o",))
        second = replace(first, attempt=2, command="ls > seen; echo two > o", outputs=("o", "seen"))
        client.ended(client.take(first))
        job = client.take(second)[0]
        client.ended([job])
        (place,) = brought(client, [job], tmp_path)
        assert (place / "seen").read_text().split() == ["seen"]
        assert (place / "o").read_text() == "two\n"
        assert bench.said(f"cat {client.job_dir(first)}/work/o") == "one\n"
