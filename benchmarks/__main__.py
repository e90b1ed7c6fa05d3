"""`python -m benchmarks WHAT...`: tables of ratios, each measured in the same run.

WHAT is `local`, `slurm` or `torque` (over SSH to a real Slurm that is started for it, as root
on Debian, or taken from SOJOURN_TEST_SLURM), `monitor`, or `lines`: sizes of backends and kit.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import show

if TYPE_CHECKING:
    from tests.support.testbed import Testbed


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="*", default=["local"])
    for what in parser.parse_args().what:
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
        else:
            with_slurm(what)


def with_slurm(what: str) -> None:
    """The remote figures, on the commands of Slurm or of Torque."""
    from benchmarks.remote import Plain, figures
    from tests.support import users
    from tests.support.machines import over_ssh

    with _testbed() as testbed:
        node = testbed.login_node
        options = ["-F", "none", "-i", str(node.identity_file)]
        options += ["-o", f"UserKnownHostsFile={node.known_hosts_file}"]
        entry = {
            "backend": "slurm" if what == "slurm" else "pbs",
            "transport": "ssh",
            **over_ssh(testbed),
            "root": str(users.home(users.USERS[0]) / "sojourn-bench"),
            "poll": {"interval": "0.5s"},
            "defaults": {"queue": "normal", "walltime": "10m"},
        }
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as machines:
            machines.write(json.dumps({"machines": {"bench": entry}}))
            machines.flush()
            os.environ["SOJOURN_MACHINES"] = machines.name
            submit = "sbatch -p normal -t 5 -o /dev/null" if what == "slurm" else "qsub -q normal"
            plain = Plain(
                ("ssh", *options, "-p", str(node.port)),
                ("scp", "-q", *options, "-P", str(node.port)),
                f"{users.USERS[0]}@{node.host}",
                submit,
                "squeue -h -u $USER",
            )
            show(figures("bench", plain))
            plain.run("rm -rf sojourn-bench")


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
