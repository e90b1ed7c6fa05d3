"""The keys that the transports add to an entry of `machines.yaml`.

A password or a passphrase is never a key: an unknown key is an error that names it.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

DEFAULT_SSH_CONFIG = Path("~/.ssh/config")

_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None or match[2] not in _UNITS:
        raise ValueError(f"{value!r} is not a duration: a number of seconds, or like 30s or 2m")
    return float(match[1]) * _UNITS[match[2]]


def _plain_word(value: str) -> str:
    # A leading dash would be an option to the ssh program, a blank or a control character
    # cannot be part of a name.
    if not value or value.startswith("-") or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError(f"{value!r} is not a name: it is empty, starts with '-' or has blanks")
    return value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
PlainWord = Annotated[str, AfterValidator(_plain_word)]
UserPath = Annotated[Path, AfterValidator(Path.expanduser)]


class LocalConfig(BaseModel):
    """`transport: local` has no keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SshConfig(BaseModel):
    """Keys of both SSH transports. What is not given here comes from `ssh_config`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: PlainWord = Field(description="A host name, an address or an alias of ~/.ssh/config.")
    port: int | None = Field(default=None, ge=1, le=65535)
    user: PlainWord | None = None
    identity_file: UserPath | None = Field(
        default=None, description="A private key, tried before those of ~/.ssh/config."
    )
    known_hosts_file: UserPath | None = Field(
        default=None, description="Where this machine's host key is looked up."
    )
    ssh_config: UserPath = Field(
        default_factory=DEFAULT_SSH_CONFIG.expanduser,
        description="Its settings hold where a key here does not.",
    )
    connect_timeout: Seconds = Field(
        default=20.0, description="Seconds, or like 30s; for one connection, retries included."
    )
