"""How a connection's packets get to the socket: many at once, and with the same keys for long."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import paramiko

if TYPE_CHECKING:
    from typing_extensions import Buffer

_REKEY_BYTES = 1 << 34
_TOGETHER = 16
"""Packets that are written at once."""


class Packets(paramiko.packet.Packetizer):
    """Exchanges keys anew after 16 GiB, and writes many packets of one sender at once.

    paramiko's 512 MiB stops a big transfer for nothing: RFC 4344 allows 64 GiB for AES. And sshd
    takes packets of 32 KiB, each of which would cost a call of the system's.
    """

    REKEY_BYTES = _REKEY_BYTES
    REKEY_BYTES_OVERFLOW_MAX = _REKEY_BYTES

    def __init__(self, sock: Any) -> None:
        super().__init__(sock)
        self._kept: list[Buffer] = []
        self._keeping: int | None = None
        self._writing = threading.RLock()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What this thread writes meanwhile may be kept until it is much.

        It is written at the end, and whenever another thread writes, such as the one that
        exchanges keys. Whoever is to wait for an answer to it must `flush` before.

        Raises:
            EOFError: the connection is dead.
        """
        self._keeping = threading.get_ident()
        try:
            yield
            self._keeping = None
            self.flush()
        finally:
            self._keeping = None
            with suppress(EOFError, OSError):  # after an error: others use the connection, too
                self.flush()

    def flush(self) -> None:
        """Write what is kept.

        Raises:
            EOFError: the connection is dead.
        """
        with self._writing:
            kept, self._kept = self._kept, []
            if kept:
                super().write_all(b"".join(kept))

    def write_all(self, out: "Buffer") -> None:
        """Packets are numbered: they are written in the order in which they come here."""
        with self._writing:
            self._kept.append(out)
            if self._keeping != threading.get_ident() or len(self._kept) >= _TOGETHER:
                self.flush()
