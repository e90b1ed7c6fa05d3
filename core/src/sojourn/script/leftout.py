"""Telling which directives of an existing batch script do not count: pure."""

from collections.abc import Iterable, Iterator

from sojourn.identity.script_text import directives_of
from sojourn.values.messages import JobOrder


def told(
    order: JobOrder, dropped: Iterable[str], foreign: Iterable[str], remarks: Iterable[str] = ()
) -> Iterator[str]:
    """A line for people about each kind of directive that is left out; `dropped` are ours to
    set, `foreign` those that another kind of scheduler understands, `remarks` what follows."""
    what = order.name or order.signature[:8]
    for lines, why in (
        (list(dropped), "Sojourn sets names, output files, directories and arrays itself"),
        (list(foreign), "they are for another kind of scheduler"),
    ):
        if lines:
            yield f"script of {what}: left out {', '.join(line.strip() for line in lines)} ({why})"
    for remark in remarks:
        yield f"script of {what}: {remark}"


def all_foreign(order: JobOrder) -> Iterator[str]:
    """The same for a backend that understands no directives at all."""
    return told(order, (), directives_of(order.script))
