"""Small files as members of a tar archive: pure, and quick where there are thousands.

For names and files of ours alone: short ASCII names, sizes below 8 GiB, owner and times left to
whoever unpacks.
"""

_BLOCK = 512
_NAME = 100
_HEAD = b"0000000\0" * 2  # owner and group: those of whoever unpacks
_TAIL = b"\0" * 100 + b"ustar\x0000" + b"\0" * 80 + b"\0" * 167
_NO_SUM = sum(b" " * 8)
END = bytes(2 * _BLOCK)
"""What stands at the end of an archive."""


def member(name: str, data: bytes, mode: int) -> bytes:
    """One regular file: its header, its bytes, padded.

    Raises:
        ValueError: the name is too long for the format.
    """
    return _header(name, len(data), mode, b"0") + data + bytes(-len(data) % _BLOCK)


def folder(name: str, mode: int) -> bytes:
    """One directory."""
    return _header(f"{name}/", 0, mode, b"5")


def _header(name: str, size: int, mode: int, kind: bytes) -> bytes:
    path = name.encode("ascii")
    if len(path) > _NAME:
        raise ValueError(f"{name!r} is too long a name")
    front = path.ljust(_NAME, b"\0") + b"%07o\0" % mode + _HEAD + b"%011o\0%011o\0" % (size, 0)
    back = kind + _TAIL
    return front + b"%06o\0 " % (sum(front) + sum(back) + _NO_SUM) + back
