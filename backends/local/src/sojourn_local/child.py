"""Starting job.sh: in a session of its own, with a clean environment, held back until released."""

import fcntl
import os
import pwd
import signal
import subprocess
from typing import NamedTuple

from sojourn_local.layout import Layout
from sojourn_local.records import Entry

INDEX = "SOJOURN_INDEX"
JOB = "SOJOURN_SCHEDULER_ID"
"""Variables that job.sh reads. The second also marks all processes of a job as its own."""

_SHELL = "/bin/sh"
_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
_HIGH = 64
_GATED = 'read -r go && exec /bin/sh "$0" </dev/null'


def environment(entry: Entry) -> dict[str, str]:
    """The environment that job.sh is started with: nothing of whoever submits."""
    user = os.getuid()
    try:
        known = pwd.getpwuid(user)
        name, home, shell = known.pw_name, known.pw_dir, known.pw_shell
    except KeyError:  # Containers run under ids that no file knows.
        name, home, shell = str(user), os.environ.get("HOME", "/"), _SHELL
    words = {
        "HOME": home,
        "USER": name,
        "LOGNAME": name,
        "SHELL": shell or _SHELL,
        "PATH": _PATH,
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108  the place, not a file in it
        INDEX: str(entry.task),
        JOB: entry.id,
        # Parents have ended before a job is taken from the queue, and their files are here.
        "SOJOURN_PARENT_WAIT": "0",
    }
    if entry.threads is not None:
        words["OMP_NUM_THREADS"] = str(entry.threads)
    return words


class Held(NamedTuple):
    """A child that waits before it becomes job.sh; it ends by itself if its runner dies."""

    pid: int
    gate: int

    def release(self) -> None:
        """Let it run."""
        os.write(self.gate, b"go\n")
        os.close(self.gate)

    def drop(self) -> None:
        """Let it end without having run."""
        os.close(self.gate)
        os.waitpid(self.pid, 0)


def start(layout: Layout, entry: Entry, lock: int) -> Held:
    """Make the process that becomes job.sh. It and all it starts share `lock`, the slot's.

    Raises:
        OSError: there is no such process.
    """
    folder = layout.submission(entry.token)
    closed_gate, gate = os.pipe()
    try:
        # What job.sh itself says, before it has a place for it; the command's goes elsewhere.
        with (folder / "output").open("ab") as said:
            process = subprocess.Popen(
                ["/bin/sh", "-c", _GATED, str(folder / "job.sh")],
                stdin=closed_gate,
                stdout=said,
                stderr=said,
                cwd="/",
                env=environment(entry),
                pass_fds=[lock],
                start_new_session=True,
            )
    except BaseException:
        os.close(gate)
        raise
    finally:
        os.close(closed_gate)
    process.returncode = 0  # It is waited for elsewhere, with what it has used.
    return Held(process.pid, gate)


def default_signals() -> None:
    """Let children begin with no signal ignored, whatever those who started us had ignored."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def out_of_the_way(handle: int) -> int:
    """The same descriptor under a number that no shell script uses."""
    return fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, _HIGH)
