"""The keys of `notify.yaml`, and those that core's own channels add to their entries."""

from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from sojourn.machines.model import Line, Seconds
from sojourn.notify.window import LONGEST, WINDOW
from sojourn.values.notification import Topic

UNREACHABLE_AFTER = 900.0
"""Seconds for which a machine may not answer before it is told."""

USUAL = tuple(topic for topic in Topic if topic is not Topic.WORKFLOW_PROGRESS)
"""What a channel is told of where nothing else is said."""


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


class GeneralOptions(_Options):
    """What holds for all channels."""

    window: Seconds = WINDOW
    """Seconds, or text such as 30s, that the first thing to tell waits for others."""
    longest: Seconds = LONGEST
    """How long anything waits at most while there is ever more to tell."""
    unreachable_after: Seconds = UNREACHABLE_AFTER
    """How long a machine may not answer before it is told."""


class ChannelOptions(_Options):
    """What every channel's entry may hold."""

    channel: Annotated[str, Field(min_length=1)]
    """The kind of channel: terminal, desktop, command, apprise, or a plugin's."""
    only: Annotated[tuple[Topic, ...], BeforeValidator(_one_or_many)] = USUAL
    """What it is told of; without it everything but workflow-progress."""


class TerminalOptions(_Options):
    """Keys of the channel terminal."""

    bell: bool = False
    """Whether the terminal is rung."""


class DesktopOptions(_Options):
    """Keys of the channel desktop."""

    seconds: Seconds | None = None
    """How long a notification is shown; the desktop decides if not given."""


class CommandOptions(_Options):
    """Keys of the channel command."""

    run: Line | Annotated[tuple[str, ...], Field(min_length=1)]
    """A shell line, or a list of a program and its arguments."""
    timeout: Seconds = 60.0
    """How long it may take; it is killed then, with all that it has started."""


class AppriseOptions(_Options):
    """Keys of the channel apprise."""

    urls: Annotated[tuple[SecretStr, ...], BeforeValidator(_one_or_many)] = ()
    """Addresses as Apprise has them; take secrets from variables: mailto://${USER}:${PASSWORD}@..."""
    config: Path | None = None
    """A configuration file of Apprise's own, instead or besides."""

    @model_validator(mode="after")
    def _something(self) -> "AppriseOptions":
        if not self.urls and self.config is None:
            raise ValueError("give urls, or a config file of Apprise's")
        return self
