"""Asking for jobs by their ids: every id answered, and none called absent without PBS's word."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from shlex import join

from sojourn.batch.commands import each, pieces, unavailable
from sojourn.batch.scheduler import CommandResult, Conversation
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_pbs import ids
from sojourn_pbs.answers import complaints
from sojourn_pbs.dialects import Dialect, Site
from sojourn_pbs.listing import Record, records
from sojourn_pbs.states import word
from sojourn_pbs.units import IN_UTC

_JOBS = 200
_ARRAYS = 20
"""Ids in one command: an array is shown with all of its subjobs."""

_UNKNOWN = re.compile(r"Unknown Job Id(?: Error)? (\d+(?:\[\d*\])?)")
_ILLEGAL = re.compile(r"illegally formed job identifier: (\S+)")
"""What OpenPBS says of an id of another server, beside showing the others."""
_FINISHED = "Job has finished, use -x"
_NO_HISTORY = "not configured to maintain job history"
_UNKNOWN_STATUS = 153


@dataclass(frozen=True, slots=True)
class Listing:
    """Records of jobs and, in OpenPBS, of all subjobs of their arrays; and what PBS called unknown.

    Both by `ids.key`.
    """

    dialect: Dialect
    records: Mapping[str, Record]
    absent: frozenset[str]

    def word(self, job: str) -> SchedulerWord:
        """The word on an id that was asked for."""
        key = ids.key(job)
        if key in self.records:
            return word(self.records[key], self.dialect)
        if not ids.valid(job):
            return SchedulerWord(Phase.UNKNOWN, reason=f"{job!r} is not an id of PBS's")
        array = ids.key(ids.whole(job))
        if key in self.absent or array in self.absent or (array != key and array in self.records):
            return SchedulerWord(Phase.ABSENT, reason="PBS does not know it")
        hidden = "PBS left it out: the server may show only one's own jobs"
        return SchedulerWord(Phase.UNKNOWN, reason=hidden)


def look(site: Site, ids: Sequence[str]) -> Conversation[Mapping[str, SchedulerWord]]:
    """The word on each id.

    ABSENT is said only of ids that PBS called unknown. One that it left out in silence may be
    hidden (a server can show each user only their own jobs) and is UNKNOWN.

    Raises:
        SchedulerUnavailable: no dependable answer.
    """
    shown = yield from listing(site, ids)
    words = {job: shown.word(job) for job in ids}
    if site.dialect is Dialect.OPENPBS:
        yield from _left_behind(site, words, shown)
    return words


def _left_behind(site: Site, words: dict[str, SchedulerWord], shown: Listing) -> Conversation[None]:
    """Say of those that wait for a job that has gone that they will do so for ever.

    When a job is deleted before it ran, OpenPBS does not let go of those that wait for it; nor,
    sometimes, when it ended in the moment in which they came. In that case PBS is told to look
    again, so that they start; to do so twice does no harm.
    """
    waiting = {
        job: parents
        for job, word in words.items()
        if word.phase is Phase.WAITING and (parents := _parents(shown.records[ids.key(job)]))
    }
    known = shown.records.keys() | shown.absent
    foreign = {one for parents in waiting.values() for one in parents if ids.key(one) not in known}
    more = (yield from listing(site, sorted(foreign))) if foreign else shown
    records = {**more.records, **shown.records}
    ended = {key for key, record in records.items() if record.get("job_state") == "F"}
    ended |= shown.absent | more.absent
    ran = {key for key in ended if key in records and records[key].get("exit_status")}
    again = []
    for job, parents in waiting.items():
        for parent in parents:
            if ids.key(parent) in ended:
                reason = f"waits for {parent}, which is gone and did not let it go"
                never = "" if ids.key(parent) in ran else reason
                words[job] = replace(words[job], reason=reason, never=never)
        if ran & {ids.key(parent) for parent in parents}:
            depend = f"depend=afterany:{':'.join(parents)}"
            again.append(join(["qalter", "-W", depend, ids.whole(job)]))
    if again:
        yield each(dict.fromkeys(again))


def _parents(record: Record) -> list[str]:
    """The jobs that one waits for: `afterany:1.host@host:2[].host@host,beforeany:...`."""
    lists = re.findall(r"(?:^|,)after\w+:([^,]*)", record.get("depend"))
    return [one.partition("@")[0] for jobs in lists for one in jobs.split(":")]


def listing(site: Site, jobs: Sequence[str]) -> Conversation[Listing]:
    """What PBS shows of these jobs.

    Raises:
        SchedulerUnavailable: no dependable answer.
    """
    found: dict[str, Record] = {}
    absent: set[str] = set()
    history = site.history
    for targets in _targets(site, jobs):
        result = yield _qstat(site, targets, history)
        # History was switched on or off since the probe: ask once more, the other way.
        if (_NO_HISTORY if history else _FINISHED) in result.words and site.dialect is (
            Dialect.OPENPBS
        ):
            history = not history
            result = yield _qstat(site, targets, history)
        here = {ids.key(record.id): record for record in records(result.stdout)}
        unknown = _unknown(site, result, targets)
        if any(ids.key(job) not in here and ids.key(job) not in unknown for job in targets):
            _be_sure(result, targets)
        found |= here
        absent |= unknown
    return Listing(site.dialect, found, frozenset(absent))


def _targets(site: Site, jobs: Sequence[str]) -> Iterator[list[str]]:
    """What to ask for in each command.

    An array's subjobs are asked for by the array: to name 400 of them took OpenPBS 2.5 s, and
    with -t over a minute, the array with -t 0.04 s.
    """
    good = [job for job in jobs if ids.valid(job)]
    arrays: dict[str, str] = {}
    if site.dialect is Dialect.OPENPBS:
        arrays = {ids.key(ids.whole(job)): ids.whole(job) for job in good if "[" in job}
        good = [job for job in good if "[" not in job]
    plain = {ids.key(job): job for job in good}.values()
    yield from pieces(plain, _JOBS)
    yield from pieces(arrays.values(), _ARRAYS)


def _qstat(site: Site, targets: Sequence[str], history: bool) -> str:
    options = ["-x"] if history else []
    options += ["-t"] if site.dialect is Dialect.OPENPBS and "[" in targets[0] else []
    return f"{IN_UTC} {join(['qstat', *options, '-f', *targets])}"


def _unknown(site: Site, result: CommandResult, targets: Sequence[str]) -> set[str]:
    """Keys of those that PBS says it does not know."""
    if site.dialect is Dialect.WRAPPERS:  # it leaves them out; 153 means that it found none
        silent = result.status in (0, _UNKNOWN_STATUS) and not complaints(result.stderr)
        return {ids.key(job) for job in targets} if silent else set()
    illegal = {ids.key(job) for job in _ILLEGAL.findall(result.words) if job in targets}
    return illegal | set(_UNKNOWN.findall(result.words))


def _be_sure(result: CommandResult, targets: Sequence[str]) -> None:
    """Nothing but what has been understood may have kept a job from being shown."""
    odd = [
        line
        for line in complaints(result.stderr)
        if not _UNKNOWN.search(line)
        and _FINISHED not in line
        and not set(_ILLEGAL.findall(line)) & {*targets}
    ]
    if odd or (result.status != 0 and not result.stderr.strip()):
        raise unavailable(result, "qstat")
