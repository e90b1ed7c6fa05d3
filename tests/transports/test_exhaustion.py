"""What this computer refuses is said of this computer, and leaves nothing behind."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sojourn.errors import Unreachable
from sojourn.transports.base import Transport
from tests.transports.conftest import run


@contextmanager
def at_most(descriptors: int) -> Iterator[None]:
    """As after `ulimit -n`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_too_few_descriptors_are_named_and_none_is_kept(transport: Transport, kind: str) -> None:
    run(transport, "echo in")  # what is loaded or connected once is not counted
    before = open_descriptors()
    told: list[Unreachable] = []
    for more in range(14):
        with at_most(before + more):
            try:
                assert run(transport, "echo in") == (b"in\n", 0)
            except Unreachable as error:
                told.append(error)
    assert all("this computer allows no more open files" in str(error) for error in told)
    assert all("ulimit -n" in error.hint for error in told)
    if kind != "ssh":  # which needs none for a channel
        assert told
    assert run(transport, "echo in") == (b"in\n", 0)
    assert open_descriptors() <= before


@pytest.mark.parametrize("number", [5, 1])
def test_what_else_is_refused_is_said(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "pipe", refused)
    if type(transport).__name__ != "SshTransport":
        with pytest.raises(Unreachable, match=os.strerror(number)):
            transport.open("true")
