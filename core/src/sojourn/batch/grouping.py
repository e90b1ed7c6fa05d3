"""Which jobs go to the scheduler together: pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from sojourn.batch.scheduler import BatchScheduler
from sojourn.site.submission import Submission
from sojourn.values.messages import JobOrder

Key = tuple[str, int]


def submissions_of(scheduler: BatchScheduler, orders: Sequence[JobOrder]) -> list[Submission]:
    """Group a batch: one submission for all that ask for the same and wait for the same.

    Parents stand before their children, in `orders` and in the answer.

    Raises:
        UnsupportedResource: an order asks for what the scheduler cannot give.
    """
    place: dict[Key, int] = {}
    groups: dict[tuple[int, int], list[JobOrder]] = {}
    known: dict[tuple[int, int], tuple[tuple[str, ...], frozenset[int], tuple[str, ...]]] = {}
    numbers: dict[tuple[int, int], int] = {}
    kinds: dict[object, int] = {}
    counts: Counter[int] = Counter()
    limit = scheduler.array_limit()
    for one in orders:
        order, kept = _with_script(scheduler, one)
        parents = frozenset(
            place[parent.signature, parent.attempt]
            for parent in order.parents
            if (parent.signature, parent.attempt) in place
        )
        # What is no id comes from elsewhere. Nothing is lost without: job.sh itself waits for parents.
        ids = {parent.scheduler_id for parent in order.parents}
        after = tuple(sorted(one for one in ids if one and scheduler.is_id(one)))
        alike = (order.resources, kept, parents, after, limit > 1 or order.signature)
        kind = kinds.setdefault(alike, len(kinds))
        # An index must be below the limit too, so what is more than one array is a submission more.
        key = (kind, counts[kind] // limit)
        counts[kind] += 1
        number = numbers.setdefault(key, len(numbers))
        groups.setdefault(key, []).append(order)
        known[key] = (kept, parents, after)
        place[order.signature, order.attempt] = number
    submissions = []
    for group, members in groups.items():
        kept, parents, after = known[group]
        submissions.append(
            Submission(tuple(members), kept, array=len(members) > 1, after=after, parents=parents)
        )
    return submissions


def _with_script(scheduler: BatchScheduler, order: JobOrder) -> tuple[JobOrder, tuple[str, ...]]:
    """An order with what its own script asks for beside explicit words, and the directives kept."""
    if not order.script:
        return order, ()
    parts = scheduler.split_script(order.script, frozenset(order.resources.given()))
    if parts.resources is not None:
        order = replace(order, resources=order.resources.over(parts.resources))
    return order, parts.directives
