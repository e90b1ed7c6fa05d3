"""What a transport is: one method and close.

A transport opens channels to a machine. A channel is one running program there: bytes stream
in and out at the same time, and an exit status comes at the end. Everything else (framing,
staging, scheduler calls) is built above this line, the same for every transport.
"""

from typing import Protocol


class Channel(Protocol):
    """One running program on a machine.

    One thread may send while another receives. Every method raises `ConnectionLost` when the
    connection is gone; `send`, `receive` and `wait` also after the transport's idle time-out, and
    when another thread calls `close`, which wakes them.
    """

    def send(self, data: bytes) -> None:
        """Write all of `data` to the program's standard input; blocks while it is full.

        A program that has closed its input makes this raise `ConnectionLost`.
        """
        ...

    def send_eof(self) -> None:
        """Close the program's standard input."""
        ...

    def receive(self, size: int) -> bytes:
        """Up to `size` bytes of its standard output, as soon as some are there; b"" at the end."""
        ...

    def stderr_tail(self) -> bytes:
        """The last bytes (at most 64 KiB) that the program has written to standard error."""
        ...

    def wait(self) -> int:
        """Wait for the end and return the exit status; -N if signal N ended the program.

        Raises `ConnectionLost` where the connection ended without an exit status.
        """
        ...

    def close(self) -> None:
        """Give the channel back, ending the program if it still runs. May be called twice."""
        ...


class Transport(Protocol):
    """A way to a machine. Safe to use from many threads."""

    def open(self, command: str) -> Channel:
        """Start `command`, one line given to the machine's login shell, and return its channel.

        Connects first where there is no connection. Waits where too many channels are open.

        Raises:
            Unreachable: no connection could be made (transient).
            NeedsLogin: the machine wants a person.
            HostKeyRefused: the host key is unknown or has changed.
        """
        ...

    def close(self) -> None:
        """Close all channels and the connection. May be called twice."""
        ...
