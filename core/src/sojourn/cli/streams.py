"""Standard streams that whoever started the program has closed."""

import os
import sys


def open_streams() -> None:
    """Open the null device in the place of closed standard streams.

    Otherwise the next file that is opened, which may be the store, would be standard output.
    """
    for name, descriptor, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
            null = os.open(os.devnull, flags)
            if null != descriptor:
                os.dup2(null, descriptor)
                os.close(null)
        if getattr(sys, name) is None:
            stream = os.fdopen(descriptor, mode, encoding="utf-8", closefd=False)
            setattr(sys, name, stream)
