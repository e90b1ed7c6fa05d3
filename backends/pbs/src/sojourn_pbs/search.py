"""Finding jobs by name: what a submission with a lost reply has left in the queue."""

from collections.abc import Iterator, Sequence
from shlex import join

from sojourn.batch.commands import run_each, unavailable
from sojourn.batch.scheduler import Conversation, QueueEntry
from sojourn_pbs import ids
from sojourn_pbs.answers import complaints, no_server
from sojourn_pbs.dialects import Dialect, Site

_NONE = 153
"""What Slurm's qstat ends with where there is no job at all."""


def search(site: Site, names: Sequence[str]) -> Conversation[Sequence[QueueEntry]]:
    """All jobs under these names that the server shows, live ones before finished ones.

    Raises:
        SchedulerUnavailable: no dependable answer.
    """
    if not names:
        return []
    if site.dialect is Dialect.WRAPPERS:
        result = yield "qstat"
        if result.status not in (0, _NONE) or complaints(result.stderr):
            raise unavailable(result, "qstat")
        return list(_rows(result.stdout, frozenset(names)))
    # Beside a live job may lie one that PBS dropped because its parents had gone: see submit.py.
    # Where history is off, -x finds nothing and says so.
    options = ([], ["-x"]) if site.dialect is Dialect.OPENPBS else ([],)
    asked = [(name, more) for name in names for more in options]
    answers = yield from run_each([join(["qselect", *more, "-N", name]) for name, more in asked])
    entries: dict[tuple[str, str], QueueEntry] = {}
    for (name, _), answer in zip(asked, answers, strict=True):
        if answer.status != 0 or no_server(answer):
            raise unavailable(answer, "qselect")
        for job in filter(ids.valid, map(str.strip, answer.stdout.splitlines())):
            entries.setdefault((name, job), QueueEntry(name, job, ids.index(job)))
    return list(entries.values())


def _rows(text: str, names: frozenset[str]) -> Iterator[QueueEntry]:
    """Slurm has no qselect; its qstat shows 16 characters of a name, and ours has 14."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) > 1 and fields[1] in names and ids.valid(fields[0]):
            yield QueueEntry(fields[1], fields[0])
