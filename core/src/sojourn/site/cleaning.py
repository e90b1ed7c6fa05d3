"""Clearing away on a machine: sizes, jobs' directories, and what no job needs any more."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sojourn.site import layout
from sojourn.site.frames import understood
from sojourn.site.trip import Dialogue
from sojourn.values.outside import whole

_ANSWERS = frozenset({"gone", "newer", "foreign", "failed"})


@dataclass(frozen=True, slots=True)
class Swept:
    """Something that no job needs: its path under the root, and its size in bytes."""

    path: str
    size: int


def sizes(dialogue: Dialogue, signatures: Sequence[str]) -> list[int]:
    """Bytes that jobs' directories take, in their order."""
    if not signatures:
        return []
    dialogue.load("clean")
    data = "".join(f"{layout.job(signature)}\n" for signature in signatures).encode()
    lines = dialogue.ask(f"sizes {len(data)}", data).lines("sizes", len(signatures))
    with understood(dialogue.place.machine, "sizes"):
        return [_kilobytes(line) for line in lines]


def erase(dialogue: Dialogue, jobs: Sequence[tuple[str, int]]) -> list[str]:
    """Remove jobs' directories, each given with the attempt that it had ended with.

    Answers for each "gone", "newer" (it goes on in another attempt, so it stays), "foreign"
    (it belongs to somebody else) or "failed".
    """
    if not jobs:
        return []
    dialogue.load("clean")
    data = "".join(f"{layout.job(signature)} {n}\n" for signature, n in jobs).encode()
    answers = dialogue.ask(f"erase {len(data)}", data).lines("erased", len(jobs))
    with understood(dialogue.place.machine, "what became of jobs' directories"):
        if not _ANSWERS.issuperset(answers):
            raise ValueError(f"{sorted(set(answers) - _ANSWERS)[0][:80]!r}")
    return answers


def sweep(dialogue: Dialogue, live: Iterable[str], *, dry_run: bool) -> list[Swept]:
    """Remove submissions other than those with the tokens `live`, inputs that none of these
    needs, and rests of what was interrupted; nothing that was used within a day."""
    dialogue.load("clean")
    data = "".join(f"{token}\n" for token in sorted(live)).encode()
    lines = dialogue.ask(f"sweep {len(data)} {int(dry_run)}", data).lines("swept")
    parts = (line.partition(" ") for line in lines)
    with understood(dialogue.place.machine, "what it has removed"):
        return [Swept(path, _kilobytes(size)) for size, _, path in parts]


def _kilobytes(text: str) -> int:
    return whole(text or "0") * 1024
