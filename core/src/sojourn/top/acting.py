"""What keys do to jobs. It is done in threads, since it may take time, and tells how it came out."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sojourn.cli.amounts import count
from sojourn.errors import SojournError
from sojourn.printable import flat
from sojourn.states import ACTIVE
from sojourn.top import actions, opening, resuming
from sojourn.top.dialogs import Ask, Settings
from sojourn.top.model import Kind, Node
from sojourn.top.snapshot import Key

if TYPE_CHECKING:
    from textual.app import App

    from sojourn.session.session import Session
    from sojourn.top.polling import Polling
    from sojourn.top.snapshot import Snapshot
    from sojourn.top.treetable import TreeTable
    from sojourn.top.watching import Watching

    Base = App[None]
else:
    Base = object


class Acting(Base):
    """The part of the application that acts."""

    session: "Session"
    polling: "Polling"
    watching: "Watching"
    snapshot: "Snapshot | None"
    table: "TreeTable"
    say: Callable[..., None]

    def chosen(self) -> list[Key]:
        """The marked jobs, or those of the line that the cursor is on."""
        node = self.table.node
        return list(self.table.marked or (node.jobs if node is not None else ()))

    def behind(self, work: Callable[[], str]) -> None:
        """Do something in a thread, tell what came of it, and look at the store."""

        def run() -> None:
            try:
                text, bad = work(), False
            except SojournError as error:
                text, bad = f"{error}" + (f" ({error.hint})" if error.hint else ""), True
            except Exception as error:  # noqa: BLE001  a mistake must not end the screen
                text, bad = f"unexpected {type(error).__name__}: {error}", True
            self.say(text, bad=bad)
            self.watching.hurry()

        threading.Thread(target=run, name="sojourn-top-act", daemon=True).start()

    def act(self, action: actions.Action) -> None:
        """Do something to the chosen jobs."""
        keys = self.chosen()
        if keys:
            self.behind(lambda: action(self.session, actions.chosen(self.session, keys)))
            self.table.marked = set()

    def action_check(self) -> None:
        """Ask about the chosen jobs now."""
        self.act(actions.check)

    def action_check_all(self) -> None:
        """Ask all machines that have active jobs now."""
        jobs = self.snapshot.jobs.values() if self.snapshot is not None else ()
        names = sorted({job.machine for job in jobs if job.state in ACTIVE})
        for name in names:
            self.polling.ask(name, self.say)
        self.say(f"asking {', '.join(names)}" if names else "no job is active")

    def action_hold(self) -> None:
        """Keep the chosen jobs from starting."""
        self.act(actions.hold)

    def action_release(self) -> None:
        """Let the chosen jobs start."""
        self.act(actions.release)

    def action_retry(self) -> None:
        """Run the chosen jobs again."""
        self.act(actions.retry)

    def action_pause(self) -> None:
        """Pause what the cursor is on, or let it go on."""
        node, keys = self.table.node, self.chosen()
        if node is not None:
            target = _marked_jobs(node) if self.table.marked else node
            self.behind(lambda: actions.toggle_pause(self.session, target, keys))

    def action_cancel(self) -> None:
        """Ask, then end the chosen jobs."""
        jobs = self.snapshot.jobs if self.snapshot is not None else {}
        keys = [k for k in self.chosen() if k in jobs and jobs[k].state in ACTIVE]
        if not keys:
            self.say("none of these jobs is active", bad=True)
            return

        def answered(word: str | None) -> None:
            if word:
                self.table.marked = set()
                self.behind(
                    lambda: actions.cancel(self.session, actions.chosen(self.session, keys))
                )

        self.push_screen(
            Ask(f"Cancel {self._words(keys)}?", (("", "Keep"), ("yes", "Cancel"))), answered
        )

    def action_delete(self) -> None:
        """Ask, then forget the workflow that the cursor is on, or the chosen jobs."""
        node, keys = self.table.node, self.chosen()
        if node is None or not (keys or node.kind is Kind.WORKFLOW):
            return
        whole = node.kind is Kind.WORKFLOW and not self.table.marked

        def answered(word: str | None) -> None:
            if not word:
                return
            there = word == "there"
            if whole:
                name = node.label
                self.behind(lambda: actions.delete_whole(self.session, name, there=there))
            else:
                self.act(actions.delete_there if there else actions.delete_here)

        what = f"workflow {flat(node.label)}" if whole else self._words(keys)
        more = (
            "Jobs that other workflows share are kept."
            if whole
            else "They disappear from all workflows."
        )
        self.push_screen(
            Ask(
                f"Delete {what}?",
                (("", "Keep"), ("here", "Delete here"), ("there", "Here and on the machine")),
                f"{more} Deleted here only, an active job goes on on its machine.",
            ),
            answered,
        )

    def _words(self, keys: Sequence[Key]) -> str:
        jobs = self.snapshot.jobs if self.snapshot is not None else {}
        job = jobs.get(keys[0]) if len(keys) == 1 else None
        return count(len(keys), "job") if job is None else flat(job.name or job.signature[:8])

    def action_go_on(self) -> None:
        """Ask, then run the workflow of the line again."""
        node = self.table.node
        name = "" if node is None else node.label if node.kind is Kind.WORKFLOW else ""
        if node is not None and not name and node.key.startswith("w:"):
            name = node.key[2:].partition("/")[0].partition("|")[0]
        if not name:
            self.say("this belongs to no workflow", bad=True)
            return
        ready = self.snapshot is not None and name in self.snapshot.ready
        state = "All jobs that it waits for have ended." if ready else "It may suspend again."

        def answered(word: str | None) -> None:
            if word:
                self.behind(lambda: resuming.resume(name))

        self.push_screen(
            Ask(f"Go on with {flat(name)}?", (("", "Not now"), ("yes", "Go on")), state), answered
        )

    def action_folder(self) -> None:
        """Open the folder with the results, or tell where it is."""
        node = self.table.node

        def work() -> str:
            path = opening.folder(self.session, node) if node is not None else None
            shown = path is not None and opening.show(path)
            return f"{'opened ' if shown else ''}{path}"

        if node is not None:
            self.behind(work)

    def action_settings(self) -> None:
        """Ask for the interval."""

        def answered(interval: float | str | None) -> None:
            if interval is not None:
                self.polling.interval = None if isinstance(interval, str) else interval
                self.say("the interval is remembered")

        self.push_screen(Settings(self.polling.interval), answered)


def _marked_jobs(node: Node) -> Node:
    return Node(node.key, Kind.GROUP, node.label, paused=False)
