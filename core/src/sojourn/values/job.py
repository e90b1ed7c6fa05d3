"""A job: what to run, with what, and what comes of it. Building one touches no file."""

import shlex
from collections.abc import Mapping, Sequence
from os import PathLike, environ
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, PlainValidator, model_validator

from sojourn.errors import InvalidJob
from sojourn.values import fields, records
from sojourn.values.inputs import Input as Input
from sojourn.values.inputs import InputLike, JobOutput
from sojourn.values.inputs import Remote as Remote
from sojourn.values.jsonable import shown
from sojourn.values.patterns import covers, is_glob
from sojourn.values.resources import Resources, ResourceWords
from sojourn.values.validation import UserValue

_Long = Field(repr=False)
_Secret = Field(repr=False, exclude=True)


def _empty() -> Any:
    return Field(default_factory=dict)


class Job(UserValue):
    """What to run on a machine, and all that determines its result.

    Keywords only; exactly one of `command` and `script` is given.

    Raises:
        InvalidJob: a mistaken keyword or value. Files are looked at when the job is signed.
    """

    command: Annotated[str | tuple[str, ...] | None, PlainValidator(fields.read_command)] = None
    """A shell line, or a list of arguments which no shell interprets."""
    script: Annotated[Path | None, PlainValidator(fields.read_script)] = None
    """An existing batch script, run instead of a command."""
    inputs: Annotated[dict[str, Input], PlainValidator(fields.read_inputs), _Long] = _empty()
    """Name in the job's directory -> what is put there; see `sojourn.values.inputs`."""
    outputs: Annotated[tuple[str | Remote, ...], PlainValidator(fields.read_outputs)] = ()
    """Names or patterns (`* ? [ ]`) that must be there at the end; `Remote(...)` stays there."""
    resources: Resources = Resources()
    """What it asks of the machine; not part of its identity."""
    setup: Annotated[tuple[str, ...], PlainValidator(fields.read_setup)] = ()
    """Shell lines before the command, in a text or a list; one that fails ends the job."""
    env: Annotated[dict[str, str], PlainValidator(fields.read_env)] = _empty()
    """Environment variables; nothing is inherited from whoever submits."""
    secret_env: Annotated[
        dict[str, str | None], PlainValidator(fields.read_secret_env), _Secret
    ] = _empty()
    """Variables outside identity, store and logs: names alone, taken from this process's
    environment when the job is handed in, or names with values."""
    parameters: Annotated[dict[str, Any], PlainValidator(fields.read_parameters)] = _empty()
    """JSON values that tell this job from others, such as the number of a replicate."""
    version: Annotated[str | None, PlainValidator(fields.read_version)] = None
    """A label of what the identity does not see, such as a code's release; 2 is "2"."""
    identity: Annotated[tuple[str, ...], PlainValidator(fields.read_identity)] = ()
    """What is drawn into the identity besides: `machine`, `name`, `resources.WORD`."""
    check: Annotated[str | None, PlainValidator(fields.read_check)] = None
    """A shell line that must succeed after the command."""
    accept_exit: Annotated[tuple[int, ...], PlainValidator(fields.read_accept_exit)] = (0,)
    """Exit codes that count as success."""
    workdir: Annotated[str | None, PlainValidator(fields.read_workdir)] = None
    """A directory inside the job's directory in which the command and the check run; it is made
    if it is not there. Names of inputs, outputs and streams do not change with it."""
    stdin: Annotated[str | None, PlainValidator(fields.read_stdin)] = None
    """The input, or the file in an input directory, that the command reads as standard input;
    by default it reads nothing."""
    stdout: Annotated[str | None, PlainValidator(fields.read_stdout)] = None
    """The output into which the command's standard output goes, instead of into the job's log."""
    stderr: Annotated[str | None, PlainValidator(fields.read_stderr)] = None
    """The same for standard error; it may be the output that `stdout` names."""
    name: Annotated[str | None, PlainValidator(fields.read_name)] = None
    """What people call it; not part of its identity."""

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            command: str | Sequence[str] | None = None,
            script: str | PathLike[str] | None = None,
            inputs: Mapping[str, InputLike] = ...,
            outputs: Sequence[str | Remote] | str | Remote = (),
            resources: Resources | ResourceWords = ...,
            setup: str | Sequence[str] = (),
            env: Mapping[str, str | int] = ...,
            secret_env: Sequence[str] | Mapping[str, str | None] = (),
            parameters: Mapping[str, Any] = ...,
            version: str | int | None = None,
            identity: Sequence[str] = (),
            check: str | None = None,
            accept_exit: Sequence[int] | int = (0,),
            workdir: str | None = None,
            stdin: str | None = None,
            stdout: str | None = None,
            stderr: str | None = None,
            name: str | None = None,
        ) -> None: ...

    @model_validator(mode="after")
    def _whole(self) -> "Job":
        if self.command is None and self.script is None:
            raise InvalidJob("a job needs a command or a script", hint="Job(command=...)")
        if self.command is not None and self.script is not None:
            raise InvalidJob("a job has either a command or a script, not both")
        both = self.env.keys() & self.secret_env.keys()
        if both:
            raise InvalidJob(f"{min(both)} stands in both env and secret_env")
        self._check_streams()
        return self

    def _check_streams(self) -> None:
        inside = [name for name in self.inputs if f"{self.stdin}/".startswith(f"{name}/")]
        if self.stdin is not None and not inside:
            raise InvalidJob(
                f"stdin is {shown(self.stdin)}, which is not an input of the job",
                hint=f"add it: inputs={{{self.stdin!r}: PATH}}",
            )
        outputs = (*self.fetched_outputs, *self.remote_outputs)
        for word, name in (("stdout", self.stdout), ("stderr", self.stderr)):
            if name is not None and not any(covers(pattern, name) for pattern in outputs):
                raise InvalidJob(
                    f"{word} is {shown(name)}, which is not an output of the job",
                    hint=f"add it: outputs=[{name!r}]",
                )
            if name is not None and name == self.stdin:
                raise InvalidJob(f"{word} would overwrite {shown(name)}, which stdin reads")

    @property
    def command_line(self) -> str:
        """The command as a shell line, a list of arguments quoted; "" for a script."""
        if self.command is None:
            return ""
        return self.command if isinstance(self.command, str) else shlex.join(self.command)

    @property
    def fetched_outputs(self) -> tuple[str, ...]:
        """The names and patterns that make up the result."""
        return tuple(output for output in self.outputs if isinstance(output, str))

    @property
    def remote_outputs(self) -> tuple[str, ...]:
        """The names and patterns that stay on the machine until they are asked for."""
        return tuple(output.path for output in self.outputs if isinstance(output, Remote))

    def output(self, name: str) -> JobOutput:
        """The output `name`, as an input of another job.

        `name` is one of `outputs`, or matched by one, or lies below one that is a directory.

        Raises:
            InvalidJob: no output covers it, or it is a pattern.
        """
        patterns = (*self.fetched_outputs, *self.remote_outputs)
        output = JobOutput(name=name, job=self)
        if output.name in patterns and is_glob(output.name):
            raise InvalidJob(
                f"{shown(name)} is a pattern of outputs, not one output",
                hint="name one file, or let the directory be the output",
            )
        if not any(covers(pattern, output.name) for pattern in patterns):
            raise InvalidJob(
                f"the job has no output {shown(name)}",
                hint=f"its outputs are: {', '.join(patterns) or 'none'}",
            )
        return output

    def replace(self, **changes: Any) -> "Job":
        """The same job with some fields changed, validated again.

        Raises:
            InvalidJob: as when a job is made.
        """
        given = {word: getattr(self, word) for word in self.model_fields_set}
        return Job(**{**given, **changes})

    def secrets(self, environment: Mapping[str, str] | None = None) -> dict[str, str]:
        """The values of `secret_env`, from `environment` (default: this process's) where not given.

        Raises:
            InvalidJob: a variable is not set.
        """
        source = environ if environment is None else environment
        values: dict[str, str] = {}
        for name, given in self.secret_env.items():
            value = source.get(name) if given is None else given
            if value is None:
                raise InvalidJob(
                    f"the secret {name} is not set in the environment",
                    hint=f"values of secrets are not recorded: export {name}=... and try again",
                )
            values[name] = value
        return values

    def to_json(self, signatures: Mapping[int, str] | None = None) -> dict[str, Any]:
        """This job as a JSON-able dict, from which another process can hand it in.

        `signatures` maps `id(job)` to the signature of each job whose output is an input; not
        needed where there is none. Values of secrets are left out.

        Raises:
            InvalidJob: the signature of an input's job is not known.
        """
        return records.write(self, signatures or {})

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> "Job":
        """The job that `to_json` wrote.

        Raises:
            InvalidJob: not such a record, or one of a later release.
        """
        return cls(**records.read(record))
