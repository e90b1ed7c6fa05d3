"""The rules that every answer of a backend must keep; pure checks, each with its words.

Each function returns the answers in the order of the batch, or raises `ContractError` with the
rule that was broken; whose answer it was stands one level up.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sojourn.errors import ContractError
from sojourn.plugins.plausible import plausible
from sojourn.states import FINAL
from sojourn.values.messages import (
    Change,
    Changed,
    CheckLine,
    ExitReport,
    FetchAnswer,
    Phase,
    PollAnswer,
    SchedulerWord,
    Settled,
    Settlement,
    SiteEvidence,
)

Answer = TypeVar("Answer", Settlement, PollAnswer, FetchAnswer, Change)
Key = TypeVar("Key", tuple[str, int], str)


def settlements(keys: Sequence[tuple[str, int]], given: object) -> list[Settlement]:
    """The answers to submit and find."""
    answers = _in_order(keys, _sequence(given, Settlement), _attempt)
    for answer in answers:
        _member(answer.outcome, Settled, answer.signature, "outcome")
        if answer.outcome is Settled.HANDED_IN and not answer.scheduler_id:
            raise ContractError(
                f"job {_short(answer.signature)} is handed in without a scheduler_id"
            )
    return answers


def polls(keys: Sequence[tuple[str, int]], given: object) -> list[PollAnswer]:
    """The answers to poll."""
    answers = _in_order(keys, _sequence(given, PollAnswer), _attempt)
    for answer in answers:
        job, word = _short(answer.signature), answer.word
        if not isinstance(word, SchedulerWord):
            raise ContractError(f"job {job}: word must be a SchedulerWord, not {_type(word)}")
        _member(word.phase, Phase, answer.signature, "phase")
        if answer.site is not None and not isinstance(answer.site, SiteEvidence):
            raise ContractError(
                f"job {job}: site must be a SiteEvidence or None, not {_type(answer.site)}"
            )
        if word.outcome is not None and word.phase is not Phase.ENDED:
            raise ContractError(
                f"job {job} has outcome {word.outcome} although its phase is {word.phase}: "
                "only an ended job has one (poll reports evidence, it does not judge)"
            )
        if word.outcome is not None and word.outcome not in FINAL:
            raise ContractError(f"job {job}: outcome must be a final state, not {word.outcome}")
    return [plausible(answer) for answer in answers]


def cancellations(keys: Sequence[tuple[str, int]], given: object) -> list[Change]:
    """The answers to cancel."""
    answers = _in_order(keys, _sequence(given, Change), _attempt)
    for answer in answers:
        _member(answer.outcome, Changed, answer.signature, "outcome")
    return answers


def changes(keys: Sequence[tuple[str, int]], given: object) -> list[Change]:
    """The answers to hold and release."""
    answers = cancellations(keys, given)
    for answer in answers:
        if answer.outcome is Changed.NEVER_RUNS:
            raise ContractError(
                f"job {_short(answer.signature)}: only cancel may answer never-runs"
            )
    return answers


def fetched(keys: Sequence[str], given: object) -> list[FetchAnswer]:
    """The answers to fetch."""
    answers = _in_order(keys, _sequence(given, FetchAnswer), lambda answer: answer.signature)
    for answer in answers:
        job = _short(answer.signature)
        if answer.exit is not None and not isinstance(answer.exit, ExitReport):
            raise ContractError(
                f"job {job}: exit must be an ExitReport or None, not {_type(answer.exit)}"
            )
    return answers


def check_lines(given: object) -> list[CheckLine]:
    """The answer to check."""
    return _sequence(given, CheckLine)


def text(given: object) -> str:
    """The answer to script."""
    if not isinstance(given, str):
        raise ContractError(f"it must answer a text, not {_type(given)}")
    return given


Item = TypeVar("Item")


def _sequence(given: object, kind: type[Item]) -> list[Item]:
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise ContractError(f"it must answer a sequence of {kind.__name__}, not {_type(given)}")
    for item in given:
        if not isinstance(item, kind):
            raise ContractError(f"every answer must be a {kind.__name__}, not {_type(item)}")
    return list(given)


def _in_order(
    keys: Sequence[Key], answers: Iterable[Answer], key_of: Callable[[Answer], Key]
) -> list[Answer]:
    """`answers` in the order of `keys`, each of which must be answered once and nothing else."""
    by_key: dict[Key, Answer] = {}
    expected = set(keys)
    for answer in answers:
        key = key_of(answer)
        if key not in expected:
            raise ContractError(f"job {_job(key)} was answered, but not asked about")
        if key in by_key:
            raise ContractError(f"job {_job(key)} was answered twice: every job is answered once")
        by_key[key] = answer
    missing = [key for key in keys if key not in by_key]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise ContractError(
            f"job {_job(missing[0])}{more} was not answered: every job of a batch is"
        )
    return [by_key[key] for key in keys]


def _attempt(answer: Settlement | PollAnswer | Change) -> tuple[str, int]:
    return answer.signature, answer.attempt


def _member(
    value: object, kind: type[Settled | Phase | Changed], signature: str, what: str
) -> None:
    if not isinstance(value, kind):
        raise ContractError(
            f"job {_short(signature)}: {what} must be a {kind.__name__}, not {value!r}"
        )


def _job(key: tuple[str, int] | str) -> str:
    return _short(key) if isinstance(key, str) else f"{_short(key[0])} (attempt {key[1]})"


def _short(signature: object) -> str:
    return str(signature)[:12]


def _type(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
