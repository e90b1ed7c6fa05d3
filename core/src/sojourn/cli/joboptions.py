"""The options that describe one job."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from sojourn.cli.jobmaking import make_job

Function = TypeVar("Function", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--input",
        "inputs",
        multiple=True,
        metavar="[NAME=]PATH",
        help="A file or directory to put into the job's directory, under NAME.",
    ),
    click.option(
        "--remote-input",
        "remote_inputs",
        multiple=True,
        metavar="[NAME=]PATH",
        help="A path that is on the machine already; it is never copied through here.",
    ),
    click.option(
        "--output",
        "outputs",
        multiple=True,
        metavar="GLOB",
        help="What must be there at the end, and is brought back (* ? [] as in a shell).",
    ),
    click.option(
        "--remote-output",
        "remote_outputs",
        multiple=True,
        metavar="GLOB",
        help="The same, left on the machine until asked for.",
    ),
    click.option(
        "--resource",
        "resources",
        multiple=True,
        metavar="K=V",
        help="A resource word: memory=16GiB, walltime=2h, cpus_per_task=8, queue=long, ...",
    ),
    click.option("--env", multiple=True, metavar="K=V", help="A variable for the job."),
    click.option(
        "--secret-env",
        multiple=True,
        metavar="NAME",
        help="A variable of yours whose value goes along, outside signature and logs.",
    ),
    click.option("--setup", multiple=True, metavar="LINE", help="A shell line before the command."),
    click.option(
        "--check", metavar="LINE", help="A shell line that must succeed after the command."
    ),
    click.option(
        "--accept-exit",
        multiple=True,
        type=click.IntRange(0, 255),
        metavar="N",
        help="An exit code that counts as success, instead of 0.",
    ),
    click.option(
        "--parameter",
        "parameters",
        multiple=True,
        metavar="K=V",
        help="What else tells this job from others, such as the number of a replicate.",
    ),
    click.option(
        "--workdir",
        metavar="DIR",
        help="Directory inside the job's directory in which the command runs.",
    ),
    click.option("--stdin", metavar="NAME", help="Input that the command reads as standard input."),
    click.option(
        "--stdout",
        metavar="NAME",
        help="Output into which standard output goes, instead of into the job's log.",
    ),
    click.option("--stderr", metavar="NAME", help="The same for standard error."),
    click.option("--name", metavar="N", help="What people call it."),
    click.option(
        "--script",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="An existing batch script, run as it is; its directives are kept.",
    ),
    click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[-- COMMAND...]"),
)


def describing(function: Function) -> Function:
    """Let a command take the options of one job, as a function `make_job` that makes it."""

    @wraps(function)
    def described(**given: Any) -> Any:
        words = {name: given.pop(name) for name in _WORDS}
        return function(make_job=lambda: make_job(**words), **given)

    wrapped: Any = described
    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    result: Function = wrapped
    return result


_WORDS = (
    "inputs", "remote_inputs", "outputs", "remote_outputs", "resources", "env", "secret_env",
    "setup", "check", "accept_exit", "parameters", "workdir", "stdin", "stdout",
    "stderr", "name", "script", "command",
)  # fmt: skip
