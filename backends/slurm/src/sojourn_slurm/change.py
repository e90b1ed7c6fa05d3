"""Cancelling, holding and releasing.

Slurm's commands are silent about most of what they find, so a conversation looks first, and asks
only for what is there to be changed.
"""

import re
from collections.abc import Mapping

from sojourn.batch.changing import Change, settled
from sojourn.batch.commands import meaning, pieces
from sojourn.batch.scheduler import Conversation, Response, Took
from sojourn.errors import SchedulerUnavailable
from sojourn_slurm.answers import is_outage
from sojourn_slurm.commands import MOST, said
from sojourn_slurm.ids import Answers, bracketed, is_id
from sojourn_slurm.look import look
from sojourn_slurm.site import Site

_PROGRAMS = {
    Change.CANCEL: ("scancel",),
    Change.HOLD: ("scontrol", "hold"),
    Change.RELEASE: ("scontrol", "release"),
}
_IDS = r"(?P<id>\d[\d_\[\],-]*)"
_COMPLAINTS = (
    re.compile(rf"^(?:\w+: error: Kill job error on job id )?{_IDS}: (?P<why>.+)$", re.M),
    re.compile(rf"^(?P<why>.+) for job {_IDS}$", re.M),
)
_TOOK = (
    (Took.FINISHED, r"already completing or completed|already finished"),
    (Took.UNKNOWN, r"Invalid job id"),
)


def change(
    site: Site, jobs: Mapping[str, str], what: Change
) -> Conversation[Mapping[str, Response]]:
    """Look, ask for the change, and match each complaint to the ids that it names.

    Tasks of one array go in one request, however many they are.

    Raises:
        SchedulerUnavailable: the controller does not answer.
    """
    answers, asked = settled(what, (yield from look(site, list(jobs))), jobs, is_id)
    complaints: Answers[str] = Answers()
    for piece in pieces(bracketed(asked), MOST):
        words = piece if what is Change.CANCEL else [",".join(piece)]
        result = yield site.commands.change(*_PROGRAMS[what], *words)
        if is_outage(result.stderr):
            raise SchedulerUnavailable(said(result))
        named = [match for pattern in _COMPLAINTS for match in pattern.finditer(result.stderr)]
        for match in named:
            complaints.put(match["id"], match["why"])
        if result.status != 0 and not named:
            for group in piece:
                complaints.put(group, said(result))
    return answers | {one: _response(complaints.get(one)) for one in asked}


def _response(complaint: str | None) -> Response:
    if complaint is None:
        return Response(Took.DONE)
    return Response(meaning(complaint, _TOOK, Took.REFUSED), complaint)
