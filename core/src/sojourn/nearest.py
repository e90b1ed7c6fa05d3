"""The nearest valid word, for messages about one that is not valid."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` most like `word`, whatever its case; None if none is like it."""
    by_folded = {candidate.casefold(): candidate for candidate in sorted(words)}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str], *, what: str = "known") -> str:
    """A hint: `did you mean 'x'?`, or all the words where none is near, or "" without words."""
    words = sorted(words)
    found = nearest(word, words)
    if found is not None:
        return f"did you mean {found!r}?"
    return f"{what}: {', '.join(words)}" if words else ""
