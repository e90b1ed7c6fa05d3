"""Reading the `exit` file that job.sh leaves: pure, and never trusting what it reads."""

import re

from sojourn.values.messages import ExitReport, OutputFile
from sojourn.values.outside import instant, whole

MAGIC = b"sojourn-exit 1\n"

LARGEST = 64 << 20
"""Bytes of the largest exit file that is read: with the names of some 500,000 outputs."""

_MOST_STATUS = 65535
_VERDICT = re.compile(r"[a-z-]{1,32}")
_KINDS = frozenset({b"f", b"d", b"l"})
_LONGEST = 4096
"""Characters of a detail that are kept."""


class BadExitFile(ValueError):
    """The file is not what job.sh writes; the text says why."""


def read_exit(data: bytes) -> ExitReport:
    """Read an exit file.

    Raises:
        BadExitFile: it is not whole, or not an exit file.
    """
    if not data.startswith(MAGIC):
        raise BadExitFile("it does not begin like an exit file")
    head, found, listing = data[len(MAGIC) :].partition(b"\nfiles\n")
    if not found:
        raise BadExitFile("it is not whole")
    words: dict[str, str] = {}
    for line in head.split(b"\n"):
        key, _, value = line.decode("utf-8", "replace").partition(" ")
        words.setdefault(key, value)
    try:
        missing, files = _listing(listing)
        verdict = words["verdict"]
        if _VERDICT.fullmatch(verdict) is None:
            raise ValueError(f"{verdict[:40]!r} is no verdict")
        return ExitReport(
            status=whole(words["status"], _MOST_STATUS),
            phase="command" if verdict == "ok" else verdict,
            detail=words.get("detail", "").strip()[:_LONGEST],
            started_at=instant(words["started"]),
            finished_at=instant(words["finished"]),
            missing=missing,
            files=files,
            run=words.get("run", "")[:_LONGEST],
            ok=verdict == "ok",
        )
    except KeyError as error:
        raise BadExitFile(f"it does not say {error}") from error
    except ValueError as error:
        raise BadExitFile(f"it cannot be read: {error}") from error


def _listing(data: bytes) -> tuple[tuple[str, ...], tuple[OutputFile, ...]]:
    fields = data.split(b"\0")
    if fields.pop() != b"":
        raise BadExitFile("its list of outputs is cut off")
    missing: list[str] = []
    seen: dict[str, OutputFile] = {}
    entries = iter(fields)
    for entry in entries:
        kind, _, rest = entry.partition(b" ")
        if kind == b"m":
            missing.append(_name(rest))
            continue
        size, _, name = rest.partition(b" ")
        if kind[:1] not in _KINDS or kind[1:] not in (b"", b"R"):
            raise BadExitFile(f"{kind[:40]!r} is no kind of output")
        target = next(entries, None) if kind[:1] == b"l" else b""
        if target is None:
            raise BadExitFile("its list of outputs ends in a link without a target")
        file = OutputFile(
            _name(name), whole(size), kind[:1].decode(), _name(target), remote=kind[1:] == b"R"
        )
        seen.setdefault(file.name, file)
    return tuple(missing), tuple(seen.values())


def _name(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
