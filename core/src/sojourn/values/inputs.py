"""What can be put into a job's directory, and how it is written down.

An input is a local file or directory, bytes, a path on the machine (`Remote`), the output of
another job (`JobOutput`), or a node of a workflow: any object with `__sojourn_input__()`, asked
each time, which returns one of the others or a `NodeOutput`. A dict, list, number or boolean is a
file that holds its JSON. A string is always a path: `Input(text=...)` is a file with that text,
`Input(json=...)` one with the JSON of any value.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from pydantic_core import core_schema

from sojourn.errors import InvalidJob
from sojourn.values.jsonable import json_bytes, plain, plain_text, shown
from sojourn.values.names import hexdigest, label, relative, text

if TYPE_CHECKING:
    from sojourn.values.job import Job


_NOT_GIVEN: Any = object()


@dataclass(frozen=True, slots=True)
class Remote:
    """A path on the machine.

    As an input: absolute, never copied through the client. It is told apart by size and time
    of change, which are asked of the machine, unless `digest` (SHA-256) or `version` (a label
    of your own, which ignores the time) says what it holds. As an output: a name or pattern in
    the job's directory which stays on the machine until it is asked for.

    Raises:
        InvalidJob: a malformed path or digest, or both `digest` and `version`.
    """

    path: str
    digest: str | None = None
    version: str | int | None = None

    def __post_init__(self) -> None:
        given = os.fspath(self.path) if isinstance(self.path, os.PathLike) else self.path
        object.__setattr__(self, "path", text(given, "Remote path"))
        object.__setattr__(self, "version", label(self.version, "version of a Remote path"))
        if not self.path:
            raise InvalidJob("a Remote path is empty")
        if self.digest is not None:
            if self.version is not None:
                raise InvalidJob(f"Remote({self.path!r}) has both a digest and a version")
            object.__setattr__(self, "digest", hexdigest(self.digest, "digest of a Remote path"))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutput:
    """The output `name` of another job: of a `Job` object, or of a known signature.

    Raises:
        InvalidJob: neither or both of `job` and `signature`, or a malformed one.
    """

    name: str
    job: "Job | None" = field(default=None, repr=False)
    signature: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", relative(self.name, "output"))
        if (self.job is None) == (self.signature is None):
            raise InvalidJob("an output belongs to either a job or a signature")
        if self.signature is not None:
            object.__setattr__(self, "signature", hexdigest(self.signature, "signature"))


@dataclass(frozen=True, slots=True)
class NodeOutput:
    """An output of a workflow's node, known by the node's signature before it exists.

    `value` is what it is by now: a local path, bytes or a path on the machine; None while it
    lies with the job that makes it, or has not been made. The identity is the same either way.
    """

    signature: str
    name: str = ""
    value: Path | bytes | Remote | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "signature", hexdigest(self.signature, "signature of a node"))
        object.__setattr__(self, "name", text(self.name, "output of a node"))
        if isinstance(self.value, str | os.PathLike):
            object.__setattr__(self, "value", local_path(self.value, "value of a node"))


@runtime_checkable
class Node(Protocol):
    """Anything that stands for an input which a workflow knows."""

    def __sojourn_input__(self) -> object:
        """One of the forms of an input, or a `NodeOutput`."""
        ...


Origin: TypeAlias = Path | bytes | Remote | JobOutput | NodeOutput
"""Where an input comes from, once a node has been asked."""

Source: TypeAlias = Origin | Node
"""What an `Input` holds."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input and how it is put there: copied, or with `readonly` as a link.

    Exactly one of `source` (anything that can be an input), `text` (a file with this text, in
    UTF-8) and `json` (a file with the JSON of this value: keys sorted, in ASCII) is given.

    Raises:
        InvalidJob: none of them or more than one, or something that is no input.
    """

    source: Source
    readonly: bool = False

    def __init__(
        self,
        source: "InputLike" = _NOT_GIVEN,
        readonly: bool = False,
        *,
        text: str = _NOT_GIVEN,
        json: "Json" = _NOT_GIVEN,
    ) -> None:
        if sum(given is not _NOT_GIVEN for given in (source, text, json)) != 1:
            raise InvalidJob("an Input has exactly one of a source, text= and json=")
        if text is not _NOT_GIVEN:
            source = _text(text)
        elif json is not _NOT_GIVEN:
            source = _json(json, "input")
        if isinstance(source, Input):  # Input(Input(x, readonly=True)) stays read-only
            readonly = readonly or source.readonly
        object.__setattr__(self, "source", _source(source, "input"))
        object.__setattr__(self, "readonly", readonly)

    def __repr__(self) -> str:
        held = f"<{len(self.source)} bytes>" if isinstance(self.source, bytes) else self.source
        return f"Input({held!s}, readonly={self.readonly})"

    @classmethod
    def __get_pydantic_core_schema__(cls, *_: object) -> core_schema.CoreSchema:
        return core_schema.is_instance_schema(cls)


Json: TypeAlias = "Mapping[str, Any] | Sequence[Any] | str | int | float | bool | None"
"""What JSON can hold."""

InputLike: TypeAlias = (
    Input
    | Source
    | str
    | os.PathLike[str]
    | bytearray
    | memoryview
    | Mapping[str, Any]
    | list[Any]
    | tuple[Any, ...]
    | int
    | float
)
"""What may be given for an input."""


def origin_of(source: Source, name: str) -> Origin:
    """The source itself, or what the node that it is says of itself.

    Raises:
        InvalidJob: the node answers with something that is no input.
    """
    for _ in range(8):
        if isinstance(source, Origin):
            return source
        source = _source(source.__sojourn_input__(), f"input {shown(name)}")
    raise InvalidJob(f"input {shown(name)} is a node that only ever names another node")


def read_input(name: str, value: object) -> Input:
    """The input that `value` stands for.

    Raises:
        InvalidJob: it stands for none.
    """
    if isinstance(value, Input):
        return value
    return Input(_source(value, f"input {shown(name)}"))


def local_path(value: "str | os.PathLike[str]", what: str) -> Path:
    """An absolute path; what is relative starts from the current directory, `~` is the home."""
    given = os.fspath(value)
    if not isinstance(given, str) or not given or "\0" in given:
        raise InvalidJob(f"{what} is no path: {shown(given)}")
    return Path(os.path.abspath(os.path.expanduser(given)))  # noqa: PTH100, PTH111 (resolve() reads the disk)


def _text(value: object) -> bytes:
    if not isinstance(value, str):
        raise InvalidJob(f"text= of an Input is {shown(value)}", hint="use json= for other values")
    return plain_text(value, "text of an Input").encode()


def _json(value: object, what: str) -> bytes:
    return json_bytes(plain(value, what))


def _source(value: object, what: str) -> Source:
    if isinstance(value, Input):
        return value.source
    if isinstance(value, str | Path):  # first, since they are the most and a Protocol is slow
        return local_path(value, what)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Remote):
        if not value.path.startswith("/"):
            raise InvalidJob(
                f"{what}: Remote path {shown(value.path)} is not absolute",
                hint="write the whole path as it is on the machine",
            )
        return value
    if isinstance(value, JobOutput | NodeOutput | Node):
        return value
    if isinstance(value, os.PathLike):
        return local_path(value, what)
    if isinstance(value, Mapping | list | tuple | int | float):
        return _json(value, what)
    hint = "give a path, bytes, a value that JSON can hold, Remote(...) or an output of a job"
    if hasattr(value, "output"):
        hint = "name the output: job.output('name')"
    raise InvalidJob(f"{what} is a {type(value).__name__}, which is no input", hint=hint)
