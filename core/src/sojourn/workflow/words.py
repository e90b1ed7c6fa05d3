"""The words of `@job` as they may be written, for type checkers; see `Job` and `Resources`."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from sojourn.values.inputs import InputLike, Remote
from sojourn.values.resources import Resources, ResourceWords


class JobWords(ResourceWords, total=False):
    """Fields of `Job`, resource words, and `on`, the name of a machine."""

    on: str | None
    command: str | Sequence[str] | None
    script: str | PathLike[str] | None
    inputs: Mapping[str, InputLike]
    outputs: Sequence[str | Remote] | str | Remote
    resources: Resources | ResourceWords
    setup: str | Sequence[str]
    env: Mapping[str, str | int]
    secret_env: Sequence[str] | Mapping[str, str | None]
    parameters: Mapping[str, Any]
    version: str | int | None
    identity: Sequence[str]
    check: str | None
    accept_exit: Sequence[int] | int
    workdir: str | None
    stdin: str | None
    stdout: str | None
    stderr: str | None
    name: str | None
