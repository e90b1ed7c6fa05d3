"""Options that several commands share."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sojourn.cli import completing
from sojourn.cli.selection import STATE_WORDS, Choice
from sojourn.errors import UsageError
from sojourn.states import State

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Function = TypeVar("Function", bound=Callable[..., Any])


class Duration(click.ParamType):  # type: ignore[type-arg]  # not generic in click 8.1
    """Seconds, from text such as `90`, `30s`, `2h30m`, `7d`."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        from sojourn.machines.model import parse_seconds

        try:
            return parse_seconds(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Size(click.ParamType):  # type: ignore[type-arg]  # not generic in click 8.1
    """Bytes, from text such as `10GiB`."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from sojourn.values.resources import parse_memory

        try:
            return parse_memory(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class States(click.ParamType):  # type: ignore[type-arg]  # not generic in click 8.1
    """One state or several, separated by commas; ACTIVE and FINAL stand for groups."""

    name = "state"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> frozenset[State]:
        found: frozenset[State] = frozenset()
        for word in map(str.strip, str(value).split(",")):
            states = STATE_WORDS.get(word.upper())
            if states is None:
                from sojourn.nearest import did_you_mean

                self.fail(
                    f"there is no state {word!r}; {did_you_mean(word, STATE_WORDS)}", param, ctx
                )
            found |= states
        return found

    def shell_complete(
        self,
        ctx: click.Context,  # noqa: ARG002
        param: click.Parameter,  # noqa: ARG002
        incomplete: str,
    ) -> "list[CompletionItem]":
        """Every word that it takes."""
        return completing.matching(STATE_WORDS, incomplete.upper())


as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print a list of objects instead of a table."
)

one_job = click.argument("signature", metavar="SIG", shell_complete=completing.jobs)

on_machine = click.option(
    "-m",
    "--machine",
    "machine",
    metavar="MACHINE",
    shell_complete=completing.machines,
    help="The machine; may be left out where there is only one, or a default.",
)

of_machine = click.option(
    "-m",
    "--machine",
    "machine",
    metavar="MACHINE",
    shell_complete=completing.machines,
    help="The job on this machine, where several have it.",
)

timeout = click.option(
    "--timeout",
    type=Duration(),
    metavar="TIME",
    help="Give up waiting after this long (90s, 2h); the jobs go on.",
)


def choosing(function: Function) -> Function:
    """Let a command take `[SIG]...` and the options that choose jobs, as its `choice`."""

    @click.argument("signatures", nargs=-1, metavar="[SIG]...", shell_complete=completing.jobs)
    @click.option(
        "--workflow",
        metavar="NAME",
        shell_complete=completing.workflows,
        help="Jobs of this workflow, as its last run has them.",
    )
    @click.option(
        "--all-generations",
        is_flag=True,
        help="With --workflow: also the jobs that its last run has superseded.",
    )
    @click.option(
        "--step", metavar="NAME", shell_complete=completing.steps, help="Jobs of this step."
    )
    @click.option(
        "--state",
        type=States(),
        metavar="STATE",
        help="Jobs in this state; several with commas, or ACTIVE, or FINAL.",
    )
    @click.option(
        "-m",
        "--machine",
        metavar="MACHINE",
        shell_complete=completing.machines,
        help="Jobs on this machine.",
    )
    @wraps(function)
    def choose(
        signatures: tuple[str, ...],
        workflow: str | None,
        all_generations: bool,
        step: str | None,
        state: frozenset[State] | None,
        machine: str | None,
        **rest: Any,
    ) -> Any:
        if all_generations and workflow is None:
            raise UsageError(
                "--all-generations goes with --workflow",
                hint="without a workflow, jobs of all generations are meant anyway",
            )
        choice = Choice(signatures, workflow, step, state, machine, all_generations)
        return function(choice=choice, **rest)

    return choose  # type: ignore[return-value]


def renewing(command: Function) -> Function:
    """`--update` and `--no-retry-changed`: what follows where resources were changed."""
    update = click.option(
        "--update",
        is_flag=True,
        help="Replace jobs that wait in the queue with other resources than they ask for now.",
    )
    leave = click.option(
        "--no-retry-changed",
        is_flag=True,
        help="Leave failed jobs alone, also those that ask for other resources now.",
    )
    return update(leave(command))
