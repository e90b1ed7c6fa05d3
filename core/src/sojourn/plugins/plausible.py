"""What a backend reports about a job, less what cannot be: the numbers and times in it come from
jobs and schedulers, which write what they like. Pure.

What is left can be kept in the store, put into a date and printed. Nonsense is that one job's, is
said in the evidence, and keeps nobody from the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sojourn.values.messages import ExitReport, PollAnswer, SchedulerWord, SiteEvidence, Usage
from sojourn.values.outside import is_amount, is_instant

_MOST = 2**31


def _is_code(value: object) -> bool:
    return type(value) is int and -_MOST <= value < _MOST


def _is_bytes(value: object) -> bool:
    return type(value) is int and is_amount(value)


Rules = Mapping[str, Callable[[object], bool]]

_WORD: Rules = {
    "exit_code": _is_code,
    "signal": _is_code,
    "submitted_at": is_instant,
    "started_at": is_instant,
    "finished_at": is_instant,
}
_USAGE: Rules = {
    "elapsed": is_amount,
    "cpu": is_amount,
    "max_memory": _is_bytes,
    "allocated_cpus": _is_bytes,
}
_EXIT: Rules = {"status": _is_code, "started_at": is_instant, "finished_at": is_instant}


def plausible(answer: PollAnswer) -> PollAnswer:
    """The answer, in which numbers and times that cannot be are not known, and told of."""
    word, site = _word(answer.word), answer.site
    if site is not None:
        site = _site(site)
    if word is answer.word and site is answer.site:
        return answer
    return replace(answer, word=word, site=site)


def _word(word: SchedulerWord) -> SchedulerWord:
    wrong = _wrong(word, _WORD)
    used = _wrong(word.usage, _USAGE) if word.usage is not None else {}
    if not wrong and not used:
        return word
    told = _told({**wrong, **used})
    usage: Usage | None = word.usage
    if usage is not None and used:
        no_more: dict[str, Any] = dict.fromkeys(used)
        usage = replace(usage, **no_more)
    changed: dict[str, Any] = dict.fromkeys(wrong)
    raw = f"{word.raw}\n{told}" if word.raw else told
    return replace(word, usage=usage, raw=raw, **changed)


def _site(site: SiteEvidence) -> SiteEvidence:
    changed: dict[str, Any] = {}
    if site.exit is not None and (wrong := _wrong(site.exit, _EXIT)):
        changed = {"exit": None, "exit_error": _told(wrong)}
    if site.started_at is not None and not is_instant(site.started_at):
        changed["started_at"] = None
    if not _is_code(site.claim_index):
        changed["claim_index"] = 0
    return replace(site, **changed) if changed else site


def _wrong(values: SchedulerWord | Usage | ExitReport, rules: Rules) -> dict[str, object]:
    """The fields that hold what cannot be."""
    return {
        name: value
        for name, may_be in rules.items()
        if (value := getattr(values, name)) is not None and not may_be(value)
    }


def _told(wrong: Mapping[str, object]) -> str:
    return "not possible: " + ", ".join(f"{k} {_short(v)}" for k, v in wrong.items())


def _short(value: object) -> str:
    if type(value) is int and value.bit_length() > 128:
        return f"of {value.bit_length()} bits"
    return f"{value!r}"[:60]
