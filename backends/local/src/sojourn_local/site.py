"""One machine's queue as the hooks use it: its place, its settings, and its upkeep."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sojourn.batch.scheduler import Conversation, QueueEntry, Response, Took
from sojourn.errors import SiteError
from sojourn.home import expanded
from sojourn.site.context import MachineContext
from sojourn.site.layout import queue_name
from sojourn.values.messages import Change, Changed, JobRef
from sojourn_local import changing, looking
from sojourn_local.config import LocalConfig
from sojourn_local.layout import Layout
from sojourn_local.settle import settle
from sojourn_local.starting import start_adopter, start_runners

_TOOK = {
    Took.DONE: Changed.DONE,
    Took.FINISHED: Changed.FINISHED,
    Took.UNKNOWN: Changed.ABSENT,
    Took.REFUSED: Changed.REFUSED,
    Took.FOREIGN: Changed.REFUSED,
}


@contextmanager
def at_site(context: MachineContext) -> "Iterator[Site]":
    """The machine's queue; what the operating system refuses becomes a `SiteError`."""
    options = context.machine.options
    config = options if isinstance(options, LocalConfig) else LocalConfig()
    root = expanded(context.machine.root)
    try:
        yield Site(Layout(root), config, context.machine.name)
    except OSError as error:
        raise SiteError(
            f"{error.filename or root}: {error.strerror or error}",
            machine=context.machine.name,
            hint=f"check the permissions and the free space of {root}",
        ) from error


@dataclass(frozen=True, slots=True)
class Site:
    """One machine's queue. Nothing is remembered here."""

    layout: Layout
    config: LocalConfig
    machine: str

    def tend(self) -> None:
        """Settle jobs whose runner has died, and see that free slots are used.

        Does nothing at a root that is not ours: whoever owns it runs its jobs.
        """
        if not self.layout.slots.exists() or self.is_foreign():
            return
        for orphan in settle(self.layout):
            start_adopter(self.layout, orphan, self.config.slots, grace=self.config.grace)
        start_runners(self.layout, self.config.slots, grace=self.config.grace)

    def is_foreign(self) -> bool:
        """Whether the root is there and belongs to somebody else."""
        try:
            return self.layout.root.stat().st_uid != os.geteuid()
        except FileNotFoundError:
            return False

    def demand_own(self, *, readers_pass: bool = False) -> None:
        """Raise SiteError where the root belongs to somebody else: jobs run as its owner only.

        With `readers_pass`, not for those who cannot write there: core answers them with what
        is there already, and refuses the rest.
        """
        if self.is_foreign() and not (readers_pass and not os.access(self.layout.root, os.W_OK)):
            raise SiteError(
                f"{self.layout.root} belongs to another user, who alone can run jobs there",
                machine=self.machine,
                hint="jobs that are there can be shared; for new ones set a `root` of your own",
            )

    # --- as conversations, since that is how core asks a scheduler ------------------------------

    def search(self, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
        """What the queue knows under these names."""
        yield from ()
        return looking.search(self.layout, names)

    def cancel(self, jobs: Mapping[str, str]) -> Conversation[dict[str, Response]]:
        """End jobs: ids, each with the name of the submission that it must belong to."""
        yield from ()
        return self._changed(jobs, changing.cancel)

    # --- hold and release -----------------------------------------------------------------------

    def hold(self, jobs: Sequence[JobRef]) -> list[Change]:
        """Keep waiting jobs from starting."""
        return self._change(jobs, changing.hold)

    def release(self, jobs: Sequence[JobRef]) -> list[Change]:
        """Let held jobs start."""
        return self._change(jobs, changing.release)

    def _change(self, jobs: Sequence[JobRef], how: changing.Change) -> list[Change]:
        names = {job.scheduler_id: queue_name(job.token) if job.token else "" for job in jobs}
        responses = self._changed(names, how)
        return [
            Change(job.signature, job.attempt, _TOOK[response.took], response.reason)
            for job in jobs
            for response in (responses[job.scheduler_id],)
        ]

    def _changed(self, names: Mapping[str, str], how: changing.Change) -> dict[str, Response]:
        """Change jobs that belong to the submissions of these names. An id begins as its
        submission's token does, as the name does."""
        own = [one for one, name in names.items() if not name or name == queue_name(one)]
        why = "another submission's job; it was left alone"
        foreign = {one: Response(Took.FOREIGN, why) for one in names if one not in own}
        return foreign | changing.change(self.layout, own, how)
