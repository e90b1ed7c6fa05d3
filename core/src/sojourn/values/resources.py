"""What a job asks of a machine, in one vocabulary for all schedulers."""

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Self, TypedDict, Unpack

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from sojourn.values.outside import MOST
from sojourn.values.validation import UserValue

_SIZES = {
    "": 1, "b": 1,
    "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3,
    "t": 1000**4, "tb": 1000**4,
    "ki": 1024, "kib": 1024, "mi": 1024**2, "mib": 1024**2, "gi": 1024**3, "gib": 1024**3,
    "ti": 1024**4, "tib": 1024**4,
}  # fmt: skip
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Z]*)", re.ASCII)
_PERIOD = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])", re.ASCII)
_PERIODS = re.compile(rf"(?:{_PERIOD.pattern}\s*)+", re.ASCII)
_CLOCK = re.compile(r"(?:(\d+)-)?(\d+)(?::([0-5]?\d))?(?::([0-5]?\d))?", re.ASCII)


def parse_memory(value: object) -> int:
    """Bytes from a number or from text such as `16GiB`, `500 MB`, `1.5 TiB`.

    K, M, G and T are powers of 1000, Ki, Mi, Gi and Ti powers of 1024. What is no whole number
    of bytes is rounded up.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _whole(value, "memory")
    match = _SIZE.fullmatch(str(value).strip())
    if match is None or match[2].lower() not in _SIZES:
        raise ValueError(
            f"{value!r} is not a size; write it like 16GiB, 500MB or a number of bytes"
        )
    return math.ceil(Fraction(match[1]) * _SIZES[match[2].lower()])


def parse_walltime(value: object) -> int:
    """Seconds from a number or from text such as `2h`, `1d 12h`, `90m`, `1:30:00`, `2-12:00:00`.

    Clock times are read as both kinds of scheduler read them: two fields are minutes and
    seconds, or with days before them hours and minutes. A bare number is seconds. What is no
    whole number of seconds is rounded up.
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _whole(value, "walltime")
    text = str(value).strip()
    clock = _CLOCK.fullmatch(text)
    if clock is not None:
        return _clock(*clock.groups())
    if _PERIODS.fullmatch(text):
        return math.ceil(
            sum(Fraction(number) * _UNITS[unit] for number, unit in _PERIOD.findall(text))
        )
    raise ValueError(f"{value!r} is not a duration; write it like 2h, 90m, 1d12h or 1:30:00")


def _clock(days: str | None, first: str, second: str | None, third: str | None) -> int:
    if days is not None:  # D-HH[:MM[:SS]]
        return ((int(days) * 24 + int(first)) * 60 + int(second or 0)) * 60 + int(third or 0)
    fields = [int(field) for field in (first, second, third) if field is not None]
    return sum(field * 60**place for place, field in enumerate(reversed(fields)))


def _whole(value: float, what: str) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{what} is {value}, which is not a finite number")
    return math.ceil(value)


def _no_switch(value: object) -> object:
    if isinstance(value, bool):  # which would pass for 1 or 0
        raise ValueError(f"{value} is no number")
    return value


def _one_line(value: str) -> str:
    """What stands in a line of directives must not begin another."""
    if not value.strip() or not value.isprintable():
        raise ValueError(f"{value!r} is not a word of one line")
    return value


Memory = Annotated[
    int, Field(gt=0, le=MOST), BeforeValidator(parse_memory, json_schema_input_type=int | str)
]
"""Bytes, also read from text."""
Walltime = Annotated[
    int, Field(gt=0, le=2**40), BeforeValidator(parse_walltime, json_schema_input_type=int | str)
]
"""Seconds, also read from text."""
Count = Annotated[int, Field(gt=0, le=2**31), BeforeValidator(_no_switch)]
Word = Annotated[str, AfterValidator(_one_line)]
Native = Annotated[
    tuple[Word, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value,
        json_schema_input_type=str | list[str],
    ),
    PlainSerializer(list),
]


class ResourceWords(TypedDict, total=False):
    """The words of `Resources` as they may be written, for type checkers."""

    nodes: int | None
    tasks: int | None
    tasks_per_node: int | None
    cpus_per_task: int | None
    gpus_per_node: int | None
    gpu_type: str | None
    memory: float | str | None
    memory_per_cpu: float | str | None
    walltime: float | str | timedelta | None
    queue: str | None
    account: str | None
    qos: str | None
    reservation: str | None
    constraint: str | None
    exclusive: bool | None
    requeue: bool | None
    native: str | Sequence[str]


class Resources(UserValue):
    """Resource words; a word that is None is left to the machine's defaults or the scheduler.

    `memory` is per node and `memory_per_cpu` per CPU, both in bytes; `walltime` is in seconds.
    Both are also read from text (`16GiB`, `2h30m`). `native` holds raw directives, handed to
    the scheduler as they are.

    Raises:
        InvalidJob: an unknown word or a value that cannot be, when made by hand.
    """

    nodes: Count | None = None
    """Computers."""
    tasks: Count | None = None
    """Processes in all."""
    tasks_per_node: Count | None = None
    """Processes on each node."""
    cpus_per_task: Count | None = None
    """CPUs of each process."""
    gpus_per_node: Annotated[int, Field(ge=0, le=2**31), BeforeValidator(_no_switch)] | None = None
    """GPUs on each node."""
    gpu_type: Word | None = None
    """Which kind of GPU, as the site calls it."""
    memory: Memory | None = None
    """Memory of each node, in bytes or as text: 16GiB."""
    memory_per_cpu: Memory | None = None
    """Memory for each CPU, instead of `memory`."""
    walltime: Walltime | None = None
    """Longest running time, in seconds or as text: 2h30m."""
    queue: Word | None = None
    """Queue or partition."""
    account: Word | None = None
    """Account or project that is charged."""
    qos: Word | None = None
    """Quality of service."""
    reservation: Word | None = None
    """A reservation to run in."""
    constraint: Word | None = None
    """Features that the nodes must have."""
    exclusive: bool | None = None
    """Whether nodes are shared with no other job."""
    requeue: bool | None = None
    """Whether the scheduler may start the job again; it does not by default."""
    native: Native = ()
    """Raw directives, handed to the scheduler as they are."""

    if TYPE_CHECKING:

        def __init__(self, **words: Unpack[ResourceWords]) -> None: ...

    def over(self, defaults: Self) -> Self:
        """These words, and where one is not given, that of `defaults`; `native` adds up.

        Of two words that say the same thing in two ways, the default gives way.
        """
        given = self.given()
        if not given:
            return defaults
        told = {other for pair in _EITHER for word in pair if word in given for other in pair}
        cleared: dict[str, None] = dict.fromkeys(told)
        native = (*defaults.native, *self.native)
        return defaults.model_copy(update={**cleared, **given, "native": native})

    def given(self) -> dict[str, object]:
        """The words that are set, by name, without `native` if it is empty."""
        return {name: value for name, value in self.__dict__.items() if value not in (None, ())}


_EITHER = (("memory", "memory_per_cpu"),)
"""Words of which schedulers take one only."""
