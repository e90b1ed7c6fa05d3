"""What the shell's completion offers: jobs, workflows, steps and machines that are known here."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from sojourn.store.records import JobLine

_NEWEST = 500
"""Only among so many jobs: completion must be quick."""


def jobs(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Signatures, each with its name and state."""
    from click.shell_completion import CompletionItem

    return [
        CompletionItem(line.signature[:8], help=f"{line.name} {line.state}".strip())
        for line in _known()
        if line.signature.startswith(incomplete.lower())
    ]


def workflows(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of workflows."""
    return matching((line.workflow for line in _known()), incomplete)


def steps(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of steps."""
    return matching((line.step for line in _known()), incomplete)


def machines(_: click.Context, __: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of machines."""
    from sojourn.machines.loading import load_machines

    return matching(load_machines().names(), incomplete)


def matching(names: Iterable[str], incomplete: str) -> "list[CompletionItem]":
    """Those of `names` that may be meant."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(name) for name in sorted(set(names)) if name.startswith(incomplete)]


def _known() -> "Sequence[JobLine]":
    from sojourn.cli.opening import open_store

    with open_store() as store:
        return store.listing(limit=_NEWEST)
