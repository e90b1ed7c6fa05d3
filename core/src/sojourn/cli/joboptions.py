"""The options that describe one job, and the `Job` they describe."""

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sojourn.errors import UsageError

if TYPE_CHECKING:
    from sojourn.values.job import Job

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
    "setup", "check", "accept_exit", "parameters", "name", "script", "command",
)  # fmt: skip


def make_job(
    *,
    inputs: Sequence[str],
    remote_inputs: Sequence[str],
    outputs: Sequence[str],
    remote_outputs: Sequence[str],
    resources: Sequence[str],
    env: Sequence[str],
    secret_env: Sequence[str],
    setup: Sequence[str],
    check: str | None,
    accept_exit: Sequence[int],
    parameters: Sequence[str],
    name: str | None,
    script: Path | None,
    command: Sequence[str],
) -> "Job":
    """The job that the options describe.

    Raises:
        InvalidJob, UsageError: they do not describe one.
    """
    from sojourn.values.job import Job, Remote

    if not command and script is None:
        raise UsageError(
            "there is nothing to run", hint="end with `-- COMMAND...`, or give --script FILE"
        )
    if command and script is not None:
        raise UsageError("there is both a script and a command", hint="leave one of them out")
    named: dict[str, Any] = {}
    for what, given in (("--input", inputs), ("--remote-input", remote_inputs)):
        for text in given:
            entry, path = named_path(text, what)
            if entry in named:
                raise UsageError(
                    f"two inputs are called {entry!r}", hint=f"name one: {what} NAME=PATH"
                )
            named[entry] = Path(path) if what == "--input" else Remote(path)
    return Job(
        command=None if script is not None else command_of(command),
        script=script,
        inputs=named,
        outputs=[*outputs, *map(Remote, remote_outputs)],
        resources=assignments(resources, "--resource", repeated=("native",)),
        env=assignments(env, "--env"),
        secret_env=list(secret_env),
        setup=list(setup),
        check=check,
        accept_exit=tuple(accept_exit) or (0,),
        parameters=assignments(parameters, "--parameter"),
        name=name,
    )


def command_of(words: Sequence[str]) -> str | list[str]:
    """Several words are a list of arguments, which no shell interprets; one is a shell line."""
    return words[0] if len(words) == 1 else list(words)


def named_path(text: str, option: str) -> tuple[str, str]:
    """Name and path of `NAME=PATH`; without a name, the path's last part is it."""
    name, given, path = text.partition("=")
    if not given:
        name, path = Path(text).name, text
    if not name or not path:
        raise UsageError(
            f"{option} {text!r} names nothing", hint=f"write {option} NAME=PATH, or {option} PATH"
        )
    return name, path


def assignments(
    given: Sequence[str], option: str, *, repeated: Sequence[str] = ()
) -> dict[str, Any]:
    """`K=V` as a mapping; the words in `repeated` may come more than once.

    Raises:
        UsageError: no `=`, or a word twice.
    """
    found: dict[str, Any] = {}
    for text in given:
        word, equals, value = text.partition("=")
        if not equals or not word:
            raise UsageError(
                f"{option} {text!r} is not K=V", hint=f"such as {option} {_LIKE[option]}"
            )
        if word in repeated:
            found.setdefault(word, []).append(value)
        elif word in found:
            raise UsageError(f"{option} {word} is given twice")
        else:
            found[word] = value
    return found


_LIKE = {
    "--resource": "memory=16GiB",
    "--env": "OMP_NUM_THREADS=8",
    "--parameter": "replicate=3",
}
