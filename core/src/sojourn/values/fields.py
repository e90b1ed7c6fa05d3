"""Reading the fields of a job: each function takes what was given and returns its one form.

All raise `InvalidJob` for what cannot be.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.nearest import did_you_mean
from sojourn.values.inputs import Input, Remote, local_path, read_input
from sojourn.values.jsonable import plain, shown
from sojourn.values.names import label, relative, shell_text, text, variable
from sojourn.values.patterns import read_pattern
from sojourn.values.resources import Resources

IDENTITY_WORDS = ("machine", "name", *(f"resources.{word}" for word in Resources.model_fields))
"""What `identity` may draw into a signature."""


def read_command(value: object) -> str | tuple[str, ...] | None:
    """A shell line, or a tuple of arguments."""
    if value is None or isinstance(value, str):
        return None if value is None else shell_text(value, "command")
    arguments = tuple(
        text(argument, f"argument {at} of the command")
        for at, argument in enumerate(_many(value, "command"))
    )
    if not arguments or not arguments[0]:
        raise InvalidJob("command is empty")
    return arguments


def read_script(value: object) -> Path | None:
    """An absolute path."""
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike):
        raise InvalidJob(f"script is {shown(value)}", hint="give the path of a batch script")
    return local_path(value, "script")


def read_inputs(value: object) -> dict[str, Input]:
    """Sound names, none of which lies inside another."""
    if not isinstance(value, Mapping):
        raise InvalidJob(
            f"inputs is {shown(value)}", hint='write inputs={"name in the job": "path"}'
        )
    inputs: dict[str, Input] = {}
    for given, source in value.items():
        name = relative(given, "name of an input")
        if name in inputs:
            raise InvalidJob(f"two inputs are called {shown(name)}")
        inputs[name] = read_input(name, source)
    for name in inputs:
        for end, character in enumerate(name):
            if character == "/" and name[:end] in inputs:
                raise InvalidJob(
                    f"input {shown(name)} would lie inside input {shown(name[:end])}",
                    hint="put them beside each other",
                )
    return inputs


def read_outputs(value: object) -> tuple[str | Remote, ...]:
    """Sound patterns, each once."""
    given = (value,) if isinstance(value, str | Remote) else _many(value, "outputs")
    outputs: dict[str, str | Remote] = {}
    for entry in given:
        if isinstance(entry, Remote) and (entry.digest is not None or entry.version is not None):
            raise InvalidJob(f"output {shown(entry.path)} has a digest or version before it exists")
        pattern = read_pattern(entry.path if isinstance(entry, Remote) else entry)
        output = Remote(pattern) if isinstance(entry, Remote) else pattern
        if outputs.setdefault(pattern, output) != output:
            raise InvalidJob(f"output {shown(pattern)} is both fetched and Remote")
    return tuple(outputs.values())


def read_setup(value: object) -> tuple[str, ...]:
    """Entries of one or more lines, each a whole for the shell; blank ones are left out."""
    given = (value,) if isinstance(value, str) else _many(value, "setup")
    return tuple(entry.strip("\n") for entry in given if text(entry, "setup").strip())


def read_env(value: object) -> dict[str, str]:
    """Names and texts; integers are written out."""
    if not isinstance(value, Mapping):
        raise InvalidJob(f"env is {shown(value)}", hint='write env={"NAME": "value"}')
    read: dict[str, str] = {}
    for name, given in value.items():
        number = isinstance(given, int) and not isinstance(given, bool)
        name = variable(name, "name in env")
        read[name] = text(str(given) if number else given, f"env {name}")
    return read


def read_secret_env(value: object) -> dict[str, str | None]:
    """Names, with a value or None. No message ever holds a value."""
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, Mapping):
        return {variable(name, "name in secret_env"): None for name in _many(value, "secret_env")}
    read: dict[str, str | None] = {}
    for name, secret in value.items():
        name = variable(name, "name in secret_env")
        if secret is not None and (not isinstance(secret, str) or "\0" in secret):
            raise InvalidJob(f"the value of secret {name} is no text")
        read[name] = secret
    return read


def read_parameters(value: object) -> dict[str, Any]:
    """A mapping of JSON values."""
    if not isinstance(value, Mapping):
        raise InvalidJob(
            f"parameters is {shown(value)}", hint='give them names: parameters={"replicate": 3}'
        )
    read: dict[str, Any] = plain(value, "parameters")
    return read


def read_version(value: object) -> str | None:
    """A label."""
    return label(value, "version")


def read_identity(value: object) -> tuple[str, ...]:
    """Known words, sorted, each once."""
    words = (value,) if isinstance(value, str) else _many(value, "identity")
    for word in words:
        if word not in IDENTITY_WORDS:
            raise InvalidJob(
                f"identity cannot draw in {shown(word)}",
                hint=did_you_mean(str(word), IDENTITY_WORDS),
            )
    return tuple(word for word in IDENTITY_WORDS if word in words)


def read_check(value: object) -> str | None:
    """A shell line."""
    return None if value is None else shell_text(value, "check")


def read_accept_exit(value: object) -> tuple[int, ...]:
    """Exit codes, sorted, each once."""
    codes = (value,) if isinstance(value, int) else _many(value, "accept_exit")
    for code in codes:
        if not isinstance(code, int) or isinstance(code, bool) or not 0 <= code <= 255:
            raise InvalidJob(f"accept_exit holds {shown(code)}", hint="exit codes are 0 to 255")
    if not codes:
        raise InvalidJob("accept_exit is empty, so that no end would count as success")
    return tuple(sorted(set(codes)))


def read_workdir(value: object) -> str | None:
    """A name in the job's directory."""
    return None if value is None else relative(value, "workdir")


def read_stdin(value: object) -> str | None:
    """A name in the job's directory."""
    return None if value is None else relative(value, "stdin")


def read_stdout(value: object) -> str | None:
    """A name in the job's directory."""
    return None if value is None else relative(value, "stdout")


def read_stderr(value: object) -> str | None:
    """A name in the job's directory."""
    return None if value is None else relative(value, "stderr")


def read_name(value: object) -> str | None:
    """Any text that is not blank."""
    return None if value is None else shell_text(value, "name")


def _many(value: object, what: str) -> tuple[Any, ...]:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return tuple(value)
    raise InvalidJob(f"{what} is {shown(value)}", hint="give a list")
