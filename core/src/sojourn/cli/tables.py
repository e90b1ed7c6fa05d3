"""Aligned columns of text, fast for thousands of rows. Pure."""

import unicodedata
from collections.abc import Callable, Sequence

from sojourn.printable import flat

_NARROWEST = 8
"""A column is not cut to less than this."""

_LAST = 20
"""So much of the last column, which is cut too, is worth that others are."""

Paint = Callable[[str, str], str]
"""Paints the text of a cell in the colour of its word."""


def table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    paint: Paint | None = None,
    painted: int = -1,
) -> str:
    """Columns two blanks apart under their heads; see `from_columns`."""
    found = list(zip(*rows, strict=True)) if rows else [()] * len(heads)
    return from_columns(heads, found, width=width, paint=paint, painted=painted)


def from_columns(
    heads: Sequence[str],
    found: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    paint: Paint | None = None,
    painted: int = -1,
    yielding: Sequence[int] = (),
    dispensable: Sequence[int] | None = None,
) -> str:
    """A table of these columns, in which nothing steers a terminal; where it is wider than `width`, those that are `yielding` are cut,
    the widest first, and then the last one.

    Where that is not enough, those that are `dispensable` are left out, in their order (by default
    from the right, but for the first two and the last), and then all are cut.
    Columns that are empty in every row are left out. `paint` is applied to column `painted`.
    """
    found = [_flat(column) for column in found]
    kept = [at for at, cells in enumerate(found) if any(cells)] or [*range(len(heads))]
    if width is not None:
        order = range(len(heads) - 2, 1, -1) if dispensable is None else dispensable
        kept = _without_dispensable(heads, found, kept, width, yielding, order)
    texts = [(heads[at], *found[at]) for at in kept]
    sizes = [_widest(column) for column in texts]
    if width is not None:
        rest = width - min(sizes[-1], _LAST) - 2 * (len(sizes) - 1)
        soft = [at for at, column in enumerate(kept[:-1]) if column in yielding]
        for some, least in ((soft, _NARROWEST), (range(len(kept) - 1), _NARROWEST // 2)):
            for at, size in _yielded(sizes[:-1], some, rest, least).items():
                texts[at], sizes[at] = tuple(cut(text, size) for text in texts[at]), size
            rest = width - _NARROWEST - 2 * (len(sizes) - 1)
        room = max(_NARROWEST, width - sum(sizes[:-1]) - 2 * (len(sizes) - 1))
        texts[-1] = tuple(cut(text, room) for text in texts[-1])
    if paint is not None and painted in kept:
        at = kept.index(painted)
        words, size = texts[at], sizes[at]
        cells = [paint(word, _pad(word, size)) for word in words[1:]]
        texts[at], sizes[at] = (_pad(words[0], size), *cells), 0
    # One format for whole rows is several times as fast as padding cell by cell.
    for at, column in enumerate(texts[:-1]):
        if not "".join(column).isascii():
            texts[at], sizes[at] = tuple(_pad(text, sizes[at]) for text in column), 0
    line = "  ".join([*(f"%-{size}s" for size in sizes[:-1]), "%s"])
    return "\n".join(map(str.rstrip, map(line.__mod__, zip(*texts, strict=True))))


def _flat(column: Sequence[str]) -> Sequence[str]:
    """`flat` of each, looked at together first: there may be thousands."""
    return column if "".join(column).isprintable() else list(map(flat, column))


def _without_dispensable(
    heads: Sequence[str],
    found: Sequence[Sequence[str]],
    kept: list[int],
    width: int,
    yielding: Sequence[int],
    dispensable: Sequence[int],
) -> list[int]:
    """The columns that fit into `width` when those that yield are cut as far as they may be."""
    sizes = {at: _widest((heads[at], *found[at])) for at in kept}

    def least(at: int) -> int:
        is_soft = at in yielding or at == kept[-1]
        return min(sizes[at], _NARROWEST) if is_soft else sizes[at]

    for at in dispensable:
        if sum(map(least, kept)) + 2 * (len(kept) - 1) <= width:
            break
        if at in kept and len(kept) > 1:
            kept = [one for one in kept if one != at]
    return kept


def _yielded(sizes: Sequence[int], soft: Sequence[int], room: int, least: int) -> dict[int, int]:
    """The new sizes of those of the columns `soft` that must be narrower to have all in `room`."""
    new = {at: sizes[at] for at in soft}
    over = sum(sizes) - room
    while over > 0 and any(size > least for size in new.values()):
        widest = max(new, key=lambda at: new[at])
        new[widest] -= 1
        over -= 1
    return {at: size for at, size in new.items() if size < sizes[at]}


def _widest(column: Sequence[str]) -> int:
    if "".join(column).isascii():
        return max(map(len, column))
    return max(map(columns, column))


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, room: int | None) -> str:
    """`text` in at most `room` columns, an ellipsis where something is missing."""
    if room is None or columns(text) <= room:
        return text
    kept, used = "", 1
    for character in text:
        used += columns(character)
        if used > room:
            break
        kept += character
    return f"{kept}…"


def _pad(text: str, size: int) -> str:
    return text.ljust(size) if text.isascii() else text + " " * (size - columns(text))
