"""Groups whose commands are loaded when they are needed, one module each."""

from collections import Counter
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
        found = super().resolve_command(ctx, args)
        if found[1] is not None and not ctx.resilient_parsing:
            _refuse_repetitions(ctx, found[1], args[0], found[2])
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands under their headings, without loading one."""
        width = max(map(len, self._entries), default=0)
        for heading, entries in self._sections:
            with formatter.section(heading):
                formatter.write_dl([(entry.name.ljust(width), entry.summary) for entry in entries])


def _refuse_repetitions(
    ctx: click.Context, command: click.Command, name: str, args: Sequence[str]
) -> None:
    """Of an option that takes one value click would take the last, and drop the others in silence.

    Raises:
        UsageError: one is given more than once.
    """
    inner = click.Context(command, parent=ctx, info_name=name, **command.context_settings)
    try:
        _, _, given = command.make_parser(inner).parse_args(list(args))
    except click.UsageError as error:
        error.ctx = error.ctx or inner  # so that it names the command that was meant
        raise
    for option, times in Counter(given).items():
        one_value = isinstance(option, click.Option) and not (
            option.multiple or option.is_flag or option.count
        )
        if times > 1 and one_value:
            from sojourn.errors import UsageError

            word = max(option.opts, key=len)
            raise UsageError(
                f"{word} is given {'twice' if times == 2 else f'{times} times'}, "
                f"and {inner.command_path} takes one",
                hint="leave all but one out",
            )
