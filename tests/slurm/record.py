"""Records the conversations of this backend with a real Slurm, for the tests that replay them.

`python -m tests.slurm.record` (as root, on a Debian with the packages of the testbed) starts a
Slurm with accounting, has an ordinary user hand in, look, change and check, stops the controller,
and writes what was asked and answered to `o-*.txt`, without what names this computer. Takes two
minutes. Ids, and so what the tests expect, are the same each time.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sojourn.batch.scheduler import CommandResult, Conversation, T
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import Phase
from sojourn.values.resources import Resources
from sojourn_slurm.scheduler import Slurm
from tests.slurm.recorded import DATA, words_of
from tests.slurm.site import Site, site_of
from tests.support import users
from tests.support.slurm import RealSlurm
from tests.support.waiting import eventually

NAME = "sj0123456789ab"
FORGETS = 20


class Recorder:
    """A site whose commands are written down."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def note(self, label: str, command: str, result: CommandResult) -> None:
        """Add a command to the recording of that label."""
        out = (
            result.stdout
            if result.stdout.endswith("\n") or not result.stdout
            else f"{result.stdout}\n"
        )
        text = (
            f"$ {words_of(command)}\n--- stdout\n{out}"
            f"--- stderr\n{result.stderr}--- exit {result.status}\n"
        )
        directory = str(self.site.slurm.directory)
        for own, plain in (
            (self.site.slurm.layout.cluster, "testbed"),
            (directory, "/etc/slurm"),
            (str(self.site.directory), "/home/user/site"),
            (os.uname().nodename, "slurm-host"),
        ):
            text = text.replace(own, plain)
        with (DATA / f"o-{label}.txt").open("a") as file:
            file.write(text)

    def hear(self, label: str, conversation: Conversation[T], site: Site | None = None) -> T | None:
        """Run a conversation and write it down; None where the scheduler is unavailable."""
        with suppress(SchedulerUnavailable):
            return (site or self.site).hear(self._noted(label, conversation))
        return None

    def _noted(self, label: str, conversation: Conversation[T]) -> Conversation[T]:
        try:
            command = next(conversation)
            while True:
                result = yield command
                self.note(label, command, result)
                command = conversation.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    def hand_in(self, label: str, body: str, *place: int, **words: object) -> str:
        """Hand in a job and write that down; its id, if it was taken."""
        first, last = place or (None, None)
        after = words.pop("after", ())
        assert isinstance(after, tuple)
        run = self.site.run

        def noted(command: str, environment: object = None) -> CommandResult:
            result = run(command)
            self.note(label, command, result)
            return result

        self.site.run = noted  # type: ignore[method-assign]
        try:
            return self.site.hand_in(body, first, last, after, **words).id  # type: ignore[arg-type]
        finally:
            self.site.run = run  # type: ignore[method-assign]


@contextmanager
def own_slurm() -> Iterator[RealSlurm]:
    """A Slurm that forgets quickly."""
    with ExitStack() as stack:
        users.hold(os.getpid())
        stack.callback(users.release, os.getpid())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        directory.chmod(0o755)
        slurm = RealSlurm.create(directory / "slurm", accounting=True, min_job_age=FORGETS)
        slurm.start(users.USERS)
        stack.callback(slurm.stop)
        yield slurm


def ours(*ids: str) -> dict[str, str]:
    """Ids with the name that all jobs have here."""
    return dict.fromkeys(ids, NAME)


def record(slurm: RealSlurm) -> None:
    """One story, from submission to a controller that is down."""
    with site_of(slurm) as site, site_of(slurm, users.USERS[1]) as other:
        site.name = NAME
        note, scheduler = Recorder(site), site.scheduler
        note.hear("probe", Slurm().probe())
        array = note.hand_in("submit-array", "sleep 3; exit $SLURM_ARRAY_TASK_ID", 0, 3)
        single = note.hand_in("submit", "exit 3")
        child = note.hand_in("submit-dependent", "true", after=(single, f"{array}_2"))
        held = site.submit("sleep 60", 0, 9, native=["--hold"])
        long = note.hand_in("submit-too-long", "true", walltime=10**7)
        killed = site.submit("kill -9 $$")
        assert [array, single, child, held, long, killed] == [str(n) for n in range(1, 7)]
        for label, words in (
            ("partition", {"queue": "inactive"}),
            ("account", {"account": "nosuch"}),
            ("qos", {"qos": "nosuch"}),
            ("feature", {"constraint": "nosuch"}),
            ("option", {"native": ["--nosuchopt"]}),
        ):
            note.hand_in(f"submit-refused-{label}", "true", **words)
        note.hand_in("submit-full-array", "true", 0, 1001)
        for _ in range(4):
            site.submit("sleep 9", queue="small")
        note.hand_in("submit-full-qos", "sleep 9", queue="small")
        note.hand_in("submit-full-qos-array", "sleep 9", 0, 4, queue="small")

        tasks = [f"{held}_{index}" for index in range(10)]
        ids = [*(f"{array}_{n}" for n in range(4)), single, child, long, killed, "99999", *tasks]
        site.awaited(single, Phase.ENDED)
        note.hear("look-early", scheduler.look(ids))
        note.hear("release", scheduler.release(ours(*tasks[1:3])))
        note.hear("cancel", scheduler.cancel(ours(*tasks[5:8], single, "99999")))
        note.hear(
            "cancel-other-user", other.scheduler.cancel(ours(tasks[1], tasks[3], tasks[8])), other
        )
        note.hear("release-other-user", other.scheduler.release(ours(*tasks[3:5], tasks[8])), other)
        for one in (child, killed):
            site.awaited(one, Phase.ENDED)
        for one in tasks[1:3]:
            site.awaited(one, Phase.RUNNING)
        note.hear("hold", scheduler.hold(ours(tasks[1], child, array)))
        note.hear("look-late", scheduler.look(ids))
        note.hear("search", scheduler.search([NAME, "sjnosuch"]))
        fine = Resources(queue="normal", account="acct", walltime=600)
        note.hear("check", scheduler.check(fine))
        note.hear("check-bad", scheduler.check(Resources(queue="down", account="nosuch")))

        site.run(f"scancel {held} {long}")
        asked = f"squeue -h -t all -o %i --name={NAME}"
        eventually(lambda: site.run(asked).stdout == "", timeout=180)
        note.hear("look-purged", scheduler.look(ids))
        slurm.controller.stop()
        some = [f"{array}_1", single, "99999"]
        note.hear("look-controller-down", scheduler.look(some))
        note.hear("cancel-controller-down", scheduler.cancel(ours(*some)))
        note.hear("search-controller-down", scheduler.search([NAME]))
        note.hand_in("submit-controller-down", "true")
        for call in (("scancel", "12_[1-2]", "13"), ("scontrol", "hold", "12_[1-2],13")):
            command = scheduler.commands.change(*call)
            note.note(f"{call[0]}-controller-down", command, site.run(command))
        note.hear("probe-controller-down", Slurm().probe())


if __name__ == "__main__":
    for old in DATA.glob("o-*.txt"):
        old.unlink()
    with own_slurm() as real:
        record(real)
