"""Reading the `exit` file that job.sh leaves: pure, and never trusting what it reads."""

from sojourn.values.messages import ExitReport, OutputFile

MAGIC = b"sojourn-exit 1\n"


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
        return ExitReport(
            status=int(words["status"]),
            phase={"ok": "command"}.get(words["verdict"], words["verdict"]),
            detail=words.get("detail", "").strip(),
            started_at=float(words["started"]),
            finished_at=float(words["finished"]),
            missing=missing,
            files=files,
            run=words.get("run", ""),
            ok=words["verdict"] == "ok",
        )
    except (KeyError, ValueError) as error:
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
        target = next(entries) if kind[:1] == b"l" else b""
        file = OutputFile(
            _name(name), int(size), kind[:1].decode(), _name(target), remote=kind[1:] == b"R"
        )
        seen.setdefault(file.name, file)
    return tuple(missing), tuple(seen.values())


def _name(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
