"""`python -m benchmarks WHAT...`: tables of ratios, each measured in the same run.

WHAT is `local`, `slurm` or `torque` (over SSH to a real Slurm that is started for it, as root
on Debian, or taken from SOJOURN_TEST_SLURM), `monitor`, `lines` (sizes of backends and kit), or
the name of a machine with Slurm or PBS, reached by SSH, in the file SOJOURN_TEST_MACHINES.
`chaos` ends jobs in the middle, by whatever ends jobs: see `python -m benchmarks chaos --help`.
`fuzz` lets machines answer nonsense: see `python -m benchmarks fuzz --help`.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.figures import show
from benchmarks.remote import PARTS, Plain, figures

if TYPE_CHECKING:
    from tests.support.testbed import Testbed


def main() -> None:
    """Run what is asked for."""
    if sys.argv[1:2] == ["chaos"]:
        from benchmarks.chaos import main as chaos

        chaos(sys.argv[2:])
        return
    if sys.argv[1:2] == ["fuzz"]:
        from benchmarks.fuzz import main as fuzz

        fuzz(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", default=["local"])
    parser.add_argument(
        "--only", action="append", metavar="PART", choices=PARTS,
        help=f"of a machine's figures, these alone: {', '.join(PARTS)} (may be repeated)",
    )  # fmt: skip
    asked = parser.parse_args()
    parts = asked.only or PARTS
    for what in asked.what:
        print(f"== {what}", flush=True)
        if what == "monitor":
            from benchmarks.monitor import main as monitor

            monitor()
        elif what == "local":
            from benchmarks import local

            show(local.figures())
        elif what == "lines":
            from benchmarks import lines

            show(lines.figures())
        elif what in ("slurm", "torque"):
            with_slurm(what, parts)
        else:
            from tests.support.machines import real_machines

            machines = real_machines()
            if what not in machines:
                parser.error(f"{what} is no machine of SOJOURN_TEST_MACHINES")
            on_machine(machines[what], parts)


def with_slurm(what: str, parts: Collection[str]) -> None:
    """The remote figures, on the commands of Slurm or of Torque."""
    from tests.support import users
    from tests.support.machines import over_ssh

    with _testbed() as testbed:
        on_machine(
            {
                "backend": "slurm" if what == "slurm" else "pbs",
                "transport": "ssh",
                **over_ssh(testbed),
                "root": str(users.home(users.USERS[0]) / "sojourn"),
                "defaults": {"queue": "normal", "walltime": "10m"},
            },
            parts,
            queue="squeue -h -u $USER",
        )


def on_machine(entry: dict[str, Any], parts: Collection[str], queue: str = "") -> None:
    """The remote figures on one machine; `queue` lists a user's jobs that have not ended."""
    slurm = entry["backend"] == "slurm"
    options = ["-F", str(entry.get("ssh_config", "none"))]
    if "identity_file" in entry:
        options += ["-i", entry["identity_file"]]
    if "known_hosts_file" in entry:
        options += ["-o", f"UserKnownHostsFile={entry['known_hosts_file']}"]
    port = str(entry.get("port", 22))
    user = f"{entry['user']}@" if "user" in entry else ""
    name = entry.get("defaults", {}).get("queue", "")
    asked = [f"-{'p' if slurm else 'q'} {name}"] if name else []
    asked += ["-t 5"] if slurm else []
    plain = Plain(
        ("ssh", *options, "-p", port),
        ("scp", "-q", *options, "-P", port),
        f"{user}{entry['host']}",
        " ".join(["sbatch" if slurm else "qsub", *asked, "-o /dev/null -e /dev/null"]),
        queue or ("squeue -h -u $USER" if slurm else "qselect -u $USER"),
        ":".join(entry.get("path", [])),
        name if slurm else None,
    )
    root = f"{entry.get('root', '~/.sojourn')}-bench"
    entry = {**entry, "root": root, "poll": {"interval": "0.5s"}}
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as machines:
        machines.write(json.dumps({"machines": {"bench": entry}}))
        machines.flush()
        os.environ["SOJOURN_MACHINES"] = machines.name
        show(figures("bench", plain, parts))
        plain.run(f"rm -rf {root}")


@contextmanager
def _testbed() -> Iterator["Testbed"]:
    from tests.support.slurm_packages import install_missing
    from tests.support.testbed import VARIABLE, Testbed

    if VARIABLE in os.environ:
        yield Testbed.load(Path(os.environ[VARIABLE]))
        return
    reason = install_missing()
    if reason:
        sys.exit(f"left out: {reason}")
    with tempfile.TemporaryDirectory(prefix="sojourn-bench-") as folder:
        Path(folder).chmod(0o755)  # the schedulers' own users must get in
        testbed = Testbed.new(Path(folder) / "testbed", os.getpid())
        testbed.up()
        try:
            yield testbed
        finally:
            testbed.down()


if __name__ == "__main__":
    main()
