"""Cancelling, holding and releasing: qdel, qhold and qrls, one job at a time.

Given several ids, qdel leaves out some subjobs without a word, names only the first of the
unknown ones, and has one exit status for all. So each command is about one job, or about
subjobs of one array that stand next to each other, and all go in one call.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from sojourn.batch.scheduler import CommandResult, Conversation, Response, Took
from sojourn.values.messages import Phase
from sojourn_pbs import ids
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.look import Records, listing, word_on
from sojourn_pbs.shell import command, complaints, each, no_server, statuses, unavailable
from sojourn_pbs.states import word

Answers = Mapping[str, Response]
Group = tuple[str, list[str]]
"""What a command is about, and the ids that it answers for."""

_FINISHED = re.compile(
    r"Job has finished|finished array subjob|invalid for state|already (in exit state|finished)"
)
_UNKNOWN = re.compile(r"Unknown Job Id|Invalid job id")

_GONE = {
    Phase.ABSENT: Response(Took.UNKNOWN, "PBS does not know it"),
    Phase.ENDED: Response(Took.FINISHED, "it had ended before"),
    Phase.FINISHING: Response(Took.FINISHED, "it is ending already"),
}
_RUNS = Response(Took.REFUSED, "it runs already: PBS would note the hold and let it run")
_HOLD = {**_GONE, Phase.RUNNING: _RUNS, Phase.HELD: Response(Took.DONE, "it was held before")}
_RELEASE = {
    **_GONE,
    Phase.RUNNING: Response(Took.DONE, "it runs already"),
    Phase.WAITING: Response(Took.DONE, "it was not held"),
}
"""What to answer about jobs that no command is needed for, or would lie about."""
_OTHERS = re.compile(r"[^un]")
"""In Hold_Types: a hold that is not the user's own."""


def cancel(site: Site, jobs: Sequence[str]) -> Conversation[Answers]:
    """qdel, once: a job that does not heed it is not forced out of the queue.

    `qdel -W force` makes the server forget a job that may still run on its node.
    """
    return (yield from _change(site, jobs, "qdel", _GONE))


def hold(site: Site, jobs: Sequence[str]) -> Conversation[Answers]:
    """qhold, for what waits; OpenPBS holds arrays only as a whole."""
    return (yield from _change(site, jobs, "qhold", _HOLD))


def release(site: Site, jobs: Sequence[str]) -> Conversation[Answers]:
    """qrls, for what is held."""
    return (yield from _change(site, jobs, "qrls", _RELEASE))


def _change(
    site: Site, jobs: Sequence[str], program: str, settled: Mapping[Phase, Response]
) -> Conversation[Answers]:
    """Look first, so that only jobs that the change makes sense for are touched.

    Raises:
        SchedulerUnavailable: the server answered neither at first nor when told.
    """
    found, absent = yield from listing(site, jobs)
    words = {job: word_on(site, job, found, absent) for job in jobs}
    answers = {job: settled[words[job].phase] for job in jobs if words[job].phase in settled}
    left = [job for job in jobs if job not in answers and ids.valid(job)]
    odd = [job for job in jobs if job not in answers and not ids.valid(job)]
    answers |= {job: Response(Took.UNKNOWN, words[job].reason) for job in odd}
    groups: list[Group] = [(job, [job]) for job in left if ids.index(job) is None]
    subjobs = [job for job in left if ids.index(job) is not None]
    if site.dialect is not Dialect.OPENPBS:
        groups += [(job, [job]) for job in subjobs]
    elif program == "qdel":
        groups += _ranges(subjobs)
    else:
        whole, refused = _arrays(subjobs, found, settled)
        groups += whole
        answers |= refused
    if groups:
        answers |= yield from _run(program, groups)
    if program == "qrls":
        answers |= _held_by_others([job for job in left if answers[job].took is Took.DONE], found)
    if program == "qdel" and site.dialect is Dialect.OPENPBS:
        waited = [job for job in left if words[job].phase is not Phase.RUNNING]
        yield from _let_go([job for job in waited if answers[job].took is Took.DONE], found)
    return answers


def _held_by_others(jobs: Sequence[str], found: Records) -> dict[str, Response]:
    """Jobs that their owner cannot release: qrls says nothing of that, and ends with 0."""
    answers = {}
    for job in jobs:
        record = found.get(ids.key(job))
        holds = record.get("hold_types") if record is not None else ""
        if record is not None and record.get("depend"):  # that, too, is a hold of the system's
            holds = holds.replace("s", "")
        if _OTHERS.search(holds):
            reason = f"held by an operator or by PBS (Hold_Types = {holds}), who must release it"
            answers[job] = Response(Took.REFUSED, reason)
    return answers


def _let_go(deleted: Sequence[str], found: Records) -> Conversation[None]:
    """Have OpenPBS look again at what waited for jobs that never ran, which it forgets to do.

    Those then start, and job.sh ends them because of their parent; or, where history is off,
    they are dropped at once.
    """
    commands = [
        command("qalter", "-W", f"depend=afterany:{job}", child.partition("@")[0])
        for job in deleted
        if (record := found.get(ids.key(job))) is not None
        for children in re.findall(r"beforeany:([^,]*)", record.get("depend"))
        for child in children.split(":")
    ]
    if commands:
        yield each(commands)


def _run(program: str, groups: Sequence[Group]) -> Conversation[dict[str, Response]]:
    result = yield each(command(program, target) for target, _ in groups)
    told = statuses(result.stdout)
    if len(told) < len(groups):
        raise unavailable(result, program)
    answers: dict[str, Response] = {}
    for (_, members), one in zip(groups, told, strict=True):
        response = _response(one, program)
        answers |= dict.fromkeys(members, response)
    return answers


def _response(result: CommandResult, program: str) -> Response:
    if result.status == 0:
        return Response(Took.DONE)
    if no_server(result) or result.status in (126, 127):
        raise unavailable(result, program)
    said = "; ".join(complaints(result.words))
    if _UNKNOWN.search(said):
        return Response(Took.UNKNOWN, said)
    if _FINISHED.search(said) or not said:  # Slurm's qdel says nothing of a job that has ended
        return Response(Took.FINISHED, said or "it had ended before")
    return Response(Took.REFUSED, said)


def _ranges(subjobs: Sequence[str]) -> Iterator[Group]:
    """Subjobs that stand next to each other, as one range of their array.

    To delete the array itself would do, too, but would sweep away what its other subjobs did.
    """
    run: list[str] = []
    for job in sorted(set(subjobs), key=lambda job: (ids.whole(job), ids.index(job) or 0)):
        if run and (ids.whole(run[0]), (ids.index(run[-1]) or 0) + 1) != (
            ids.whole(job),
            ids.index(job),
        ):
            yield _range(run)
            run = []
        run.append(job)
    if run:
        yield _range(run)


def _range(run: list[str]) -> Group:
    if len(run) == 1:
        return run[0], run
    return ids.subjob(run[0], f"{ids.index(run[0])}-{ids.index(run[-1])}"), run


def _arrays(
    subjobs: Sequence[str], found: Records, settled: Mapping[Phase, Response]
) -> tuple[list[Group], dict[str, Response]]:
    """Whole arrays to hold or release, and the answer for subjobs of those that cannot be."""
    members: dict[str, list[str]] = {}
    for job in subjobs:
        members.setdefault(ids.whole(job), []).append(job)
    concerned: dict[str, set[str]] = {}
    for key, record in found.items():
        if ids.index(key) is not None and word(record, Dialect.OPENPBS).phase not in settled:
            concerned.setdefault(ids.key(ids.whole(key)), set()).add(key)
    groups: list[Group] = []
    refused: dict[str, Response] = {}
    for array, asked in members.items():
        others = concerned.get(ids.key(array), set()) - {ids.key(job) for job in asked}
        if not others:
            groups.append((array, asked))
            continue
        reason = f"PBS can do so only with all of {array}, of which {len(others)} more wait"
        refused |= dict.fromkeys(asked, Response(Took.REFUSED, reason))
    return groups, refused
