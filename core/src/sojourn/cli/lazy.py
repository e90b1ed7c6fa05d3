"""Groups whose commands are loaded when they are needed, one module each."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from sojourn.cli.registry import Entry

Sections = Sequence[tuple[str, Sequence[Entry]]]


class LazyGroup(click.Group):
    """A group that knows its commands by their entries alone."""

    def __init__(self, *arguments: Any, sections: Sections = (), **words: Any) -> None:
        super().__init__(*arguments, **words)
        self._sections = sections
        self._entries = {entry.name: entry for _, entries in sections for entry in entries}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, in the order of the help page."""
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, loaded now."""
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the nearest name in the error."""
        name = args[0]
        if name not in self._entries and not name.startswith("-") and not ctx.resilient_parsing:
            from sojourn.errors import UsageError
            from sojourn.nearest import did_you_mean

            raise UsageError(
                f"{ctx.command_path} has no command {name!r}",
                hint=did_you_mean(name, self._entries, what="there is"),
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands under their headings, without loading one."""
        width = max(map(len, self._entries), default=0)
        for heading, entries in self._sections:
            with formatter.section(heading):
                formatter.write_dl([(entry.name.ljust(width), entry.summary) for entry in entries])
