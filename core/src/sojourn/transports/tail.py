"""The last bytes of a stream."""

import threading

TAIL_SIZE = 64 * 1024


class Tail:
    """Keeps the last `TAIL_SIZE` bytes of what it is given. Safe to use from many threads."""

    def __init__(self) -> None:
        self._kept = bytearray()
        self._lock = threading.Lock()

    def add(self, data: bytes) -> None:
        """Append `data` and forget what is too old."""
        with self._lock:
            self._kept += data
            del self._kept[:-TAIL_SIZE]

    def bytes(self) -> bytes:
        """What is kept."""
        with self._lock:
            return bytes(self._kept)
