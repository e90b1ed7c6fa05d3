"""The keys that the transports add to an entry of `machines.yaml`.

A password or a passphrase is never a key: an unknown key is an error that names it.
"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sojourn.home import expanded
from sojourn.machines.model import Seconds

DEFAULT_SSH_CONFIG = Path("~/.ssh/config")


def _plain_word(value: str) -> str:
    # A leading dash would be an option to the ssh program; a blank or a control character
    # cannot be part of a name.
    if not value or value.startswith("-") or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError(f"{value!r} is no name: it is empty, starts with '-' or has blanks")
    return value


PlainWord = Annotated[str, AfterValidator(_plain_word)]
UserPath = Annotated[Path, AfterValidator(expanded)]


class LocalConfig(BaseModel):
    """`transport: local` has no keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SshConfig(BaseModel):
    """Keys of both SSH transports. What is not given here comes from `ssh_config`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    host: PlainWord
    """A host name, an address, or an alias of ~/.ssh/config."""
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """The port of sshd; 22 if nothing says otherwise."""
    user: PlainWord | None = None
    """The name to log in with."""
    identity_file: UserPath | None = None
    """A private key, tried before those of ~/.ssh/config."""
    known_hosts_file: UserPath | None = None
    """Where this machine's host key is looked up, instead of ~/.ssh/known_hosts."""
    ssh_config: UserPath = Field(default_factory=lambda: expanded(DEFAULT_SSH_CONFIG))
    """A file in the format of ~/.ssh/config; its settings hold where a key here does not."""
    connect_timeout: Seconds = 20.0
    """Seconds for one connection with its repetitions, or text such as 30s."""
