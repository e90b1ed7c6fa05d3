"""From the words of a command line to the job that they describe. Pure."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.errors import UsageError

if TYPE_CHECKING:
    from sojourn.values.job import Job


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
    workdir: str | None,
    stdin: str | None,
    stdout: str | None,
    stderr: str | None,
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
    words: Any = assignments(resources, "--resource", repeated=("native",))
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
        resources=words,
        env=assignments(env, "--env"),
        secret_env=list(secret_env),
        setup=list(setup),
        check=check,
        accept_exit=tuple(accept_exit) or (0,),
        parameters=assignments(parameters, "--parameter"),
        workdir=workdir,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
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
