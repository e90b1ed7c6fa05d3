"""Cancelling, holding and releasing: qdel, qhold and qrls, one job at a time.

Given several ids, qdel leaves out some subjobs without a word, names only the first of the
unknown ones, and has one exit status for all. So each command is about one job, or about
subjobs of one array that stand next to each other, and all go in one call.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from shlex import join

from sojourn.batch.arrays import by_array, runs, span
from sojourn.batch.changing import SETTLED, Change, settled
from sojourn.batch.commands import each, meaning, run_each, unavailable
from sojourn.batch.scheduler import CommandResult, Conversation, Response, Took
from sojourn.values.messages import Phase
from sojourn_pbs import ids
from sojourn_pbs.answers import complaints, no_server
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.listing import Record
from sojourn_pbs.look import listing
from sojourn_pbs.states import word

Answers = Mapping[str, Response]
Group = tuple[str, list[str]]
"""What a command is about, and the ids that it answers for."""

_PROGRAMS = {Change.CANCEL: "qdel", Change.HOLD: "qhold", Change.RELEASE: "qrls"}
_TOOK = (
    (Took.UNKNOWN, r"Unknown Job Id|Invalid job id"),
    (
        Took.FINISHED,
        r"Job has finished|finished array subjob|invalid for state"
        r"|already (in exit state|finished)",
    ),
)
_OTHERS = re.compile(r"[^un]")
"""In Hold_Types: a hold that is not the user's own."""


def change(site: Site, jobs: Mapping[str, str], what: Change) -> Conversation[Answers]:
    """Look first, so that only jobs that the change makes sense for are touched.

    A job that does not heed qdel is not forced out of the queue: `qdel -W force` makes the server
    forget a job that may still run on its node. OpenPBS holds arrays only as a whole.

    Raises:
        SchedulerUnavailable: the server answered neither at first nor when told.
    """
    shown = yield from listing(site, list(jobs))
    words, found = {job: shown.word(job) for job in jobs}, shown.records
    answers, left = settled(what, words, jobs, ids.valid)
    groups: list[Group] = [(job, [job]) for job in left if ids.index(job) is None]
    subjobs = [job for job in left if ids.index(job) is not None]
    if site.dialect is not Dialect.OPENPBS:
        groups += [(job, [job]) for job in subjobs]
    elif what is Change.CANCEL:
        groups += _ranges(subjobs)
    else:
        whole, refused = _arrays(subjobs, found, what)
        groups += whole
        answers |= refused
    if groups:
        answers |= yield from _run(_PROGRAMS[what], groups)
    done = [job for job in left if answers[job].took is Took.DONE]
    if what is Change.RELEASE:
        answers |= _held_by_others(done, found)
    if what is Change.CANCEL and site.dialect is Dialect.OPENPBS:
        yield from _let_go([job for job in done if words[job].phase is not Phase.RUNNING], found)
    return answers


def _held_by_others(jobs: Sequence[str], found: Mapping[str, Record]) -> dict[str, Response]:
    """Jobs that their owner cannot release: qrls says nothing of that, and ends with 0."""
    answers = {}
    for job in jobs:
        if (record := found.get(ids.key(job))) is None:
            continue
        holds = record.get("hold_types")
        if record.get("depend"):  # that, too, is a hold of the system's
            holds = holds.replace("s", "")
        if _OTHERS.search(holds):
            reason = f"held by an operator or by PBS (Hold_Types = {holds}), who must release it"
            answers[job] = Response(Took.REFUSED, reason)
    return answers


def _let_go(deleted: Sequence[str], found: Mapping[str, Record]) -> Conversation[None]:
    """Have OpenPBS look again at what waited for jobs that never ran, which it forgets to do.

    Those then start, and job.sh ends them because of their parent; or, where history is off,
    they are dropped at once.
    """
    commands = [
        join(["qalter", "-W", f"depend=afterany:{job}", child.partition("@")[0]])
        for job in deleted
        if (record := found.get(ids.key(job))) is not None
        for children in re.findall(r"beforeany:([^,]*)", record.get("depend"))
        for child in children.split(":")
    ]
    if commands:
        yield each(commands)


def _run(program: str, groups: Sequence[Group]) -> Conversation[dict[str, Response]]:
    told = yield from run_each([join([program, target]) for target, _ in groups])
    answers: dict[str, Response] = {}
    for (_, members), one in zip(groups, told, strict=True):
        answers |= dict.fromkeys(members, _response(one, program))
    return answers


def _response(result: CommandResult, program: str) -> Response:
    if result.status == 0:
        return Response(Took.DONE)
    if no_server(result) or result.status in (126, 127):
        raise unavailable(result, program)
    said = "; ".join(complaints(result.words))
    if not said:  # Slurm's qdel says nothing of a job that has ended
        return Response(Took.FINISHED, "it had ended before")
    return Response(meaning(said, _TOOK, Took.REFUSED), said)


def _ranges(subjobs: Sequence[str]) -> Iterator[Group]:
    """Subjobs that stand next to each other, as one range of their array.

    To delete the array itself would do, too, but would sweep away what its other subjobs did.
    """
    for array, jobs in by_array(subjobs, ids.whole).items():
        indices = {ids.index(job) or 0: job for job in jobs}
        for run in runs(indices):
            yield ids.subjob(array, span(run)), [indices[index] for index in run]


def _arrays(
    subjobs: Sequence[str], found: Mapping[str, Record], what: Change
) -> tuple[list[Group], dict[str, Response]]:
    """Whole arrays to hold or release, and the answer for subjobs of those that cannot be."""
    subject = [
        key
        for key, record in found.items()
        if ids.index(key) is not None and word(record, Dialect.OPENPBS).phase not in SETTLED[what]
    ]
    concerned = by_array(subject, ids.whole)
    groups: list[Group] = []
    refused: dict[str, Response] = {}
    for array, asked in by_array(subjobs, ids.whole).items():
        others = {*concerned.get(ids.key(array), ())} - {ids.key(job) for job in asked}
        if not others:
            groups.append((array, asked))
            continue
        reason = f"PBS can do so only with all of {array}, of which {len(others)} more wait"
        refused |= dict.fromkeys(asked, Response(Took.REFUSED, reason))
    return groups, refused
