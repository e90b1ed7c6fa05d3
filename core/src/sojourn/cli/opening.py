"""Opening what a command works with: the store alone, or a whole session."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.session.session import Session
    from sojourn.store.reading import JobReader
    from sojourn.store.store import Store


@contextmanager
def open_reader() -> "Iterator[JobReader]":
    """The jobs and machines of the store; loads as little as can be."""
    from sojourn.store.reading import JobReader

    with JobReader() as reader:
        yield reader


@contextmanager
def open_store() -> "Iterator[Store]":
    """The store; loads nothing else."""
    from sojourn.store.store import Store

    with Store() as store:
        yield store


@contextmanager
def open_session() -> "Iterator[Session]":
    """A session that speaks to the person at the terminal."""
    from sojourn.cli.output import note
    from sojourn.cli.transfers import TransferLine
    from sojourn.plugins.registry import Registry
    from sojourn.session.session import Session

    transfers = TransferLine()
    with Session(registry=Registry(report=note), report=note, progress=transfers) as session:
        try:
            yield session
        finally:
            transfers.clear()
