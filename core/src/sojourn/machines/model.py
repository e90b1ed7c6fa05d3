"""A machine: where jobs go, how it is reached, and what holds there."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, InstanceOf, SerializeAsAny

from sojourn.defaults import DEFAULT_ROOT, LOST_AFTER, POLL_INTERVAL
from sojourn.values.resources import Resources, parse_walltime

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""A machine's name: no colon (`MACHINE:ID` names a job), nothing that looks like an option."""


def parse_seconds(value: object) -> float:
    """Seconds from a number or from text such as `30`, `0.5s`, `2m`, `1h30m`."""
    if isinstance(value, bool):
        raise ValueError("write a duration such as 30s")
    if isinstance(value, int | float):
        return float(value)
    plain = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*s?\s*", str(value))
    return float(plain[1]) if plain is not None else float(parse_walltime(value))


def _no_switch(value: object) -> object:
    if isinstance(value, bool):  # which would pass for 1
        raise ValueError("write a number")
    return value


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Seconds = Annotated[
    float,
    Field(gt=0, allow_inf_nan=False),
    BeforeValidator(parse_seconds, json_schema_input_type=float | str),
]
"""A duration in seconds, also read from text."""

Count = Annotated[int, Field(gt=0), BeforeValidator(_no_switch)]
"""A whole number above zero; a backend's own model may use it too."""

Word = Annotated[str, Field(min_length=1, pattern=r"^[^\s]+$")]
Line = Annotated[str, Field(min_length=1, pattern=r"^[^\n\r\x00]+$")]


class Poll(BaseModel):
    """How often a machine is asked about its jobs."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    interval: Seconds = POLL_INTERVAL
    """Seconds between two polls, or text such as 30s; a slow machine is polled less often."""


class Machine(BaseModel):
    """One entry of `machines.yaml`, checked and complete.

    In the file all keys stand flat in one mapping: core's own (the fields here but `name`,
    `options` and `connection`), the backend's, which make up `options`, and the transport's,
    which make up `connection`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: Annotated[str, Field(pattern=NAME_PATTERN)]
    """The name of the entry."""
    backend: Word
    """The plugin that speaks to the scheduler: local, slurm, pbs, ..."""
    transport: Word = "local"
    """How the machine is reached: local, ssh or openssh; ssh where a host is given, else local."""
    root: Annotated[str, Field(pattern=r"^(~|~?/[^\n\r\x00]*)$")] = DEFAULT_ROOT
    """Directory on the machine under which everything of Sojourn's lies; absolute, or from ~/."""
    shell: Line = "sh"
    """What a job's command is run with, such as `bash -l`."""
    path: Annotated[
        tuple[Line, ...],
        BeforeValidator(_one_or_many, json_schema_input_type=str | list[str]),
    ] = ()
    """Directories in which the scheduler's commands are, if not on PATH."""
    setup: str = ""
    """Shell lines before every job's own setup; not part of a job's identity."""
    defaults: Resources = Resources()
    """Resource words for jobs that do not give them. An existing script (`--script`) gets none of
    them: its own directives and words given beside it hold."""
    poll: Poll = Poll()
    """How often the machine is asked about its jobs."""
    max_jobs: Count | None = None
    """Most jobs of ours in the machine's queue at a time; no limit of our own if not given."""
    group: Word | None = None
    """Unix group that shares the root; without it everything is readable by the user alone."""
    trust: bool = False
    """Whether jobs that others submitted there, and results of tickets, count on every machine."""
    lost_after: Seconds = LOST_AFTER
    """Seconds of watched absence after which a job that has vanished is LOST."""
    options: InstanceOf[SerializeAsAny[BaseModel]] | None = None
    """The backend's own keys, as an instance of its configuration model."""
    connection: InstanceOf[SerializeAsAny[BaseModel]] | None = None
    """The transport's own keys, as an instance of its configuration model."""


CORE_KEYS = frozenset(Machine.model_fields) - {"name", "options", "connection"}
"""Keys of an entry that core itself reads."""
