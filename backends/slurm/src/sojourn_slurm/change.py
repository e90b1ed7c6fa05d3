"""Cancelling, holding and releasing.

Slurm's commands are silent about most of what they find, so a conversation looks first, and asks
only for what is there to be changed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sojourn.batch.commands import pieces
from sojourn.batch.scheduler import Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import Phase
from sojourn_slurm.commands import MOST, Commands, said
from sojourn_slurm.ids import Answers, bracketed, is_id
from sojourn_slurm.look import look
from sojourn_slurm.submit import is_outage


@dataclass(frozen=True, slots=True)
class Change:
    """The command that makes a change, and the phases in which there is nothing to ask it for."""

    verb: tuple[str, ...]
    separator: str
    """What it wants between ids; words of their own if it is empty."""
    settled: Mapping[Phase, tuple[Took, str]]


_OVER = {Phase.ENDED: (Took.FINISHED, ""), Phase.FINISHING: (Took.FINISHED, "")}
_GONE = {Phase.ABSENT: (Took.UNKNOWN, "")}
_RUNS = (Took.REFUSED, "it runs already")
_FREE = (Took.DONE, "it was not held")

CANCEL = Change(("scancel",), "", {**_OVER, **_GONE})
HOLD = Change(
    ("scontrol", "hold"),
    ",",
    {**_OVER, **_GONE, Phase.RUNNING: _RUNS, Phase.HELD: (Took.DONE, "")},
)
RELEASE = Change(
    ("scontrol", "release"),
    ",",
    {**_OVER, **_GONE, Phase.RUNNING: _FREE, Phase.WAITING: _FREE},
)

_IDS = r"(?P<id>\d[\d_\[\],-]*)"
_COMPLAINTS = (
    re.compile(rf"^(?:\w+: error: Kill job error on job id )?{_IDS}: (?P<why>.+)$", re.M),
    re.compile(rf"^(?P<why>.+) for job {_IDS}$", re.M),
)


def change(
    commands: Commands, accounting: bool | None, ids: Sequence[str], what: Change
) -> Conversation[Mapping[str, Response]]:
    """Look, ask for the change, and match each complaint to the ids that it names.

    Tasks of one array go in one request, however many they are.

    Raises:
        SchedulerUnavailable: the controller does not answer.
    """
    responses: dict[str, Response] = {}
    asked: list[str] = []
    for one, word in (yield from look(commands, accounting, ids)).items():
        took, why = what.settled.get(word.phase, (None, "")) if is_id(one) else (Took.UNKNOWN, "")
        if took is None:
            asked.append(one)
        else:
            responses[one] = Response(took, why or word.reason or word.native)
    complaints: Answers[str] = Answers()
    for piece in pieces(bracketed(asked), MOST):
        words = [what.separator.join(piece)] if what.separator else piece
        result = yield commands.change(*what.verb, *words)
        if is_outage(result.stderr):
            raise SchedulerUnavailable(said(result))
        named = [match for pattern in _COMPLAINTS for match in pattern.finditer(result.stderr)]
        for match in named:
            complaints.put(match["id"], match["why"])
        if result.status != 0 and not named:
            for group in piece:
                complaints.put(group, said(result))
    return {**responses, **{one: _response(complaints.get(one)) for one in asked}}


def _response(complaint: str | None) -> Response:
    if complaint is None:
        return Response(Took.DONE)
    if "already completing or completed" in complaint or "already finished" in complaint:
        return Response(Took.FINISHED, complaint)
    return Response(Took.UNKNOWN if "Invalid job id" in complaint else Took.REFUSED, complaint)
