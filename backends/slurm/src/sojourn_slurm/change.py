"""Cancelling, holding and releasing. Slurm's commands are silent about most of what they find, so
each conversation looks first, and asks only for what is there to be changed."""

import re
from collections.abc import Iterable, Mapping, Sequence

from sojourn.batch.scheduler import Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import Phase, SchedulerWord
from sojourn_slurm.commands import Commands, pieces, said
from sojourn_slurm.ids import Answers, bracketed, is_id
from sojourn_slurm.look import look
from sojourn_slurm.submit import is_outage

_COMPLAINTS = (
    re.compile(r"error on job id (?P<id>[\d_\[\],-]+): (?P<why>.+)$", re.M),
    re.compile(r"^(?:\w+: )?(?:error: )?(?P<id>\d[\d_\[\],-]*): (?P<why>.+)$", re.M),
    re.compile(r"^(?P<why>.+) for job (?P<id>[\d_\[\],-]+)$", re.M),
)
_ENDED = ("already completing or completed", "already finished")
_GONE = "Invalid job id"

Responses = Mapping[str, Response]


def cancel(
    commands: Commands, accounting: bool | None, ids: Sequence[str]
) -> Conversation[Responses]:
    """End jobs. Tasks of one array go in one request, however many they are."""
    words = yield from look(commands, accounting, ids)
    known = _known(words)
    alive = [one for one in words if one not in known]
    changed = yield from _change(commands, ("scancel",), alive, " ")
    return {**known, **changed}


def hold(
    commands: Commands, accounting: bool | None, ids: Sequence[str]
) -> Conversation[Responses]:
    """Keep waiting jobs from starting; those that run are refused."""
    words = yield from look(commands, accounting, ids)
    known = _known(words)
    for one, word in words.items():
        if word.phase is Phase.HELD:
            known[one] = Response(Took.DONE, word.reason)
        elif word.phase is Phase.RUNNING:
            known[one] = Response(Took.REFUSED, "it runs already")
    waiting = [one for one in words if one not in known]
    changed = yield from _change(commands, ("scontrol", "hold"), waiting, ",")
    return {**known, **changed}


def release(
    commands: Commands, accounting: bool | None, ids: Sequence[str]
) -> Conversation[Responses]:
    """Let held jobs start; what is not held is left as it is."""
    words = yield from look(commands, accounting, ids)
    known = _known(words)
    for one, word in words.items():
        if word.phase in (Phase.WAITING, Phase.RUNNING):
            known[one] = Response(Took.DONE, "it was not held")
    held = [one for one in words if one not in known]
    changed = yield from _change(commands, ("scontrol", "release"), held, ",")
    return {**known, **changed}


def _known(words: Mapping[str, SchedulerWord]) -> dict[str, Response]:
    """The responses that need no request, by what was seen."""
    known = {}
    for one, word in words.items():
        if word.phase in (Phase.ENDED, Phase.FINISHING):
            known[one] = Response(Took.FINISHED, word.native)
        elif word.phase is Phase.ABSENT or not is_id(one):
            known[one] = Response(Took.UNKNOWN, word.reason)
    return known


def _change(
    commands: Commands, verb: tuple[str, ...], ids: Iterable[str], separator: str
) -> Conversation[Responses]:
    """Ask for a change, and match each complaint to the ids that it names."""
    ids = list(ids)
    complaints: Answers[str] = Answers()
    for piece in pieces(bracketed(ids)):
        words = piece if separator == " " else [separator.join(piece)]
        result = yield commands.change(*verb, *words)
        if is_outage(result.stderr):
            raise SchedulerUnavailable(said(result))
        named = [match for pattern in _COMPLAINTS for match in pattern.finditer(result.stderr)]
        about = [(match["id"], match["why"]) for match in named]
        if result.status != 0 and not named:
            about = [(group, said(result)) for group in piece]
        for group, why in about:
            complaints.put(group, why)
    return {one: _response(complaints.get(one)) for one in ids}


def _response(complaint: str | None) -> Response:
    if complaint is None:
        return Response(Took.DONE)
    if any(words in complaint for words in _ENDED):
        return Response(Took.FINISHED, complaint)
    return Response(Took.UNKNOWN if _GONE in complaint else Took.REFUSED, complaint)
