"""Free ports on loopback."""

import random
import socket
from contextlib import closing


def free_port() -> int:
    """A port that nothing listens on.

    From below the range that the kernel gives to outgoing connections, so that none of
    those takes it in the meantime.
    """
    while True:
        port = random.randrange(20000, 32000)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
