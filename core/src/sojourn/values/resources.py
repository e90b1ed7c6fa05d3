"""What a job asks of a machine, in one vocabulary for all schedulers."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

_SIZES = {
    "": 1, "b": 1,
    "k": 1000, "kb": 1000, "m": 1000**2, "mb": 1000**2, "g": 1000**3, "gb": 1000**3,
    "t": 1000**4, "tb": 1000**4,
    "kib": 1024, "mib": 1024**2, "gib": 1024**3, "tib": 1024**4,
}  # fmt: skip
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_memory(value: object) -> int:
    """Bytes from an integer or from text such as `16GiB`, `500 MB`, `1.5 TiB`."""
    if isinstance(value, bool):
        raise ValueError("memory is a size such as 16GiB")
    if isinstance(value, int):
        return value
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(value))
    if match is None or match[2].lower() not in _SIZES:
        raise ValueError(
            f"{value!r} is not a size; write it like 16GiB, 500MB or a number of bytes"
        )
    return int(float(match[1]) * _SIZES[match[2].lower()])


def parse_walltime(value: object) -> int:
    """Seconds from an integer or from text such as `2h`, `1d 12h`, `90m`, `1:30:00`, `2-12:00:00`."""
    if isinstance(value, bool):
        raise ValueError("walltime is a duration such as 2h30m")
    if isinstance(value, int | float):
        return int(value)
    text = str(value).strip()
    clock = re.fullmatch(r"(?:(\d+)-)?(\d+):(\d{1,2})(?::(\d{1,2}))?", text)
    if clock is not None:
        days, first, second, third = (int(part or 0) for part in clock.groups())
        if clock[4] is None and clock[1] is None:  # MM:SS is how both schedulers read two fields
            return first * 60 + second
        return days * 86400 + first * 3600 + second * 60 + third
    if text.isdigit():
        return int(text)
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd])", text)
    if parts and re.fullmatch(r"(?:\s*\d+(?:\.\d+)?\s*[smhd])+\s*", text):
        return int(sum(float(number) * _UNITS[unit] for number, unit in parts))
    raise ValueError(f"{value!r} is not a duration; write it like 2h, 90m, 1d12h or 1:30:00")


Memory = Annotated[
    int, Field(gt=0), BeforeValidator(parse_memory, json_schema_input_type=int | str)
]
Walltime = Annotated[
    int, Field(gt=0), BeforeValidator(parse_walltime, json_schema_input_type=int | str)
]
Count = Annotated[int, Field(gt=0)]
Native = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value,
        json_schema_input_type=str | list[str],
    ),
    PlainSerializer(list),
]


class Resources(BaseModel):
    """Resource words; a word that is None is left to the machine's defaults or the scheduler.

    `memory` is per node and `memory_per_cpu` per CPU, both in bytes; `walltime` is in seconds.
    Both are also read from text (`16GiB`, `2h30m`). `native` holds raw directives, handed to
    the scheduler as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    nodes: Count | None = None
    tasks: Count | None = None
    tasks_per_node: Count | None = None
    cpus_per_task: Count | None = None
    gpus_per_node: Annotated[int, Field(ge=0)] | None = None
    gpu_type: str | None = None
    memory: Memory | None = None
    memory_per_cpu: Memory | None = None
    walltime: Walltime | None = None
    queue: str | None = None
    account: str | None = None
    qos: str | None = None
    reservation: str | None = None
    constraint: str | None = None
    exclusive: bool | None = None
    requeue: bool | None = None
    native: Native = ()

    def over(self, defaults: Self) -> Self:
        """These words, and where one is not given, that of `defaults`; `native` adds up."""
        given = self.given()
        return defaults.model_copy(update={**given, "native": (*defaults.native, *self.native)})

    def given(self) -> dict[str, object]:
        """The words that are set, by name, without `native` if it is empty."""
        words = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in words.items() if value not in (None, ())}
