"""What this computer refuses a transport: descriptors, processes, threads."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from sojourn.errors import Unreachable


@contextmanager
def own_limits(machine: str) -> Iterator[None]:
    """Translate an `OSError` of this computer's, with which the machine has nothing to do.

    Raises:
        Unreachable: it names the limit where there is one.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):
            raise Unreachable(
                f"this computer allows no more open files ({error.strerror})",
                machine=machine,
                hint="Raise the limit before you start Sojourn: ulimit -n 1024",
            ) from error
        what = error.strerror or str(error)
        raise Unreachable(f"this computer starts no program: {what}", machine=machine) from error
