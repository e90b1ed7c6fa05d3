"""`${VARIABLE}` in the values of `machines.yaml`.

`${NAME}` is replaced by the variable NAME of the environment in which Sojourn runs. `$${` stands
for a `${` that is meant for the machine's shell. A lone `$`, as in `$HOME`, is left alone.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from sojourn.errors import ConfigError
from sojourn.machines.reading import KeyPath

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}?")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPE_HINT = "write $${ for a ${ that the machine's shell shall see"

Complain = Callable[[str, KeyPath, str], ConfigError]
"""Makes the error about the value at a path, from a message and a hint."""


def expand(value: Any, environ: Mapping[str, str], complain: Complain, path: KeyPath = ()) -> Any:
    """`value`, and all that it holds, with variables replaced; keys are left as they are.

    Raises:
        ConfigError: a variable is not set, or what stands in the braces is no name.
    """
    if isinstance(value, dict):
        return {key: expand(held, environ, complain, (*path, key)) for key, held in value.items()}
    if isinstance(value, list):
        return [expand(held, environ, complain, (*path, i)) for i, held in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        if match[0] == "$${":
            return "${"
        if _NAME.fullmatch(match[1]) is None or not match[0].endswith("}"):
            raise complain(f"{match[0].splitlines()[0]!r} names no variable", path, _ESCAPE_HINT)
        if match[1] not in environ:
            raise complain(
                f"the environment variable {match[1]} is not set",
                path,
                f"set it, or {_ESCAPE_HINT}",
            )
        return environ[match[1]]

    return _REFERENCE.sub(replacement, value)
