"""Cancelling, holding and releasing: what needs no command, because there is nothing to change."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from sojourn.batch.scheduler import Response, Took
from sojourn.values.messages import Phase, SchedulerWord


class Change(StrEnum):
    """What is wanted of a job."""

    CANCEL = "cancel"
    HOLD = "hold"
    RELEASE = "release"


_GONE = {
    Phase.ABSENT: Response(Took.UNKNOWN, "the scheduler does not know it"),
    Phase.ENDED: Response(Took.FINISHED, "it had ended before"),
    Phase.FINISHING: Response(Took.FINISHED, "it is ending already"),
}
SETTLED: Mapping[Change, Mapping[Phase, Response]] = {
    Change.CANCEL: _GONE,
    Change.HOLD: {
        **_GONE,
        Phase.RUNNING: Response(Took.REFUSED, "it runs already"),
        Phase.HELD: Response(Took.DONE, "it was held before"),
    },
    Change.RELEASE: {
        **_GONE,
        Phase.RUNNING: Response(Took.DONE, "it runs already"),
        Phase.WAITING: Response(Took.DONE, "it was not held"),
    },
}
"""The answers about jobs for which a scheduler's commands are silent, or would lie."""


def settled(
    what: Change,
    words: Mapping[str, SchedulerWord],
    names: Mapping[str, str],
    is_id: Callable[[str], bool],
) -> tuple[dict[str, Response], list[str]]:
    """The answers that are clear from what `look` has found, and the ids to ask the scheduler for.

    `names` are the names that the jobs must have in the queue: one that has another is not ours.
    What is no id (by `is_id`) is answered here, so that it never gets on to a command line.
    """
    answers: dict[str, Response] = {}
    asked: list[str] = []
    for one, word in words.items():
        if not is_id(one):
            answers[one] = Response(Took.UNKNOWN, word.reason)
        elif is_foreign(word, names.get(one, "")):
            answers[one] = Response(Took.FOREIGN, foreign(one, word))
        elif word.phase in SETTLED[what]:
            answers[one] = SETTLED[what][word.phase]
        else:
            asked.append(one)
    return answers, asked


def is_foreign(word: SchedulerWord, name: str) -> bool:
    """Whether the scheduler shows a job that was not submitted under this name."""
    return bool(word.name and name and word.name != name)


def foreign(one: str, word: SchedulerWord) -> str:
    """Why nothing is done about a job that is not ours."""
    return f"{one} is another job, called {word.name!r} in the queue; it was left alone"
