"""Reading `notify.yaml`, which lies beside `machines.yaml`: what is told, and how.

```yaml
notify:
  window: 30s
  channels:
    terminal: {}
    mail: {channel: apprise, urls: "mailtos://${MAIL}", only: [workflow-ready, job-failed]}
```
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from sojourn.errors import ConfigError, PluginError
from sojourn.home import expanded
from sojourn.machines.mistakes import explain, keys_of
from sojourn.machines.places import OVERRIDE, site_files, user_file
from sojourn.machines.reading import Document, KeyPath, parse, text_of
from sojourn.machines.variables import expand
from sojourn.nearest import did_you_mean
from sojourn.notify.options import ChannelOptions, GeneralOptions
from sojourn.values.notification import Channel, Topic

if TYPE_CHECKING:
    from sojourn.plugins.registry import Registry

Model = TypeVar("Model", bound=BaseModel)

FILE_NAME = "notify.yaml"
_TOP = "notify"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A channel, and what it is told of."""

    channel: Channel
    topics: frozenset[Topic]


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """What is told, how soon, and by which channels; `file` is where that stands, if anywhere."""

    general: GeneralOptions
    channels: tuple[Wanted, ...]
    file: Path | None = None


def notify_file(environ: Mapping[str, str] | None = None) -> Path | None:
    """The file that holds: beside the one that SOJOURN_MACHINES names, else the user's, else
    the site's; None if there is none."""
    named = (os.environ if environ is None else environ).get(OVERRIDE)
    places = [expanded(named)] if named else [user_file(), *site_files()]
    files = (place.with_name(FILE_NAME) for place in places)
    return next((file for file in files if file.is_file()), None)


def load_settings(registry: "Registry", environ: Mapping[str, str] | None = None) -> NotifySettings:
    """Read the configuration; without a file, the terminal alone is told.

    Raises:
        ConfigError: a mistake, with file, line and key.
    """
    file = notify_file(environ)
    if file is None:
        implied = Document(Path("(no notify.yaml)"), {"notify": {"channels": {"terminal": {}}}}, {})
        return _settings(implied, registry, os.environ)
    document = parse(text_of(file), file, top=_TOP)
    return _settings(document, registry, os.environ if environ is None else environ, file)


def _settings(
    document: Document, registry: "Registry", environ: Mapping[str, str], file: Path | None = None
) -> NotifySettings:
    for key in document.data:
        if key != _TOP:
            hint = did_you_mean(str(key), [_TOP], what="the only key here is")
            raise document.error(f"unknown key {key!r} at the top of the file", key, hint=hint)
    section = document.data.get(_TOP) or {}
    if not isinstance(section, dict):
        raise document.error("'notify' must hold a mapping", _TOP)
    given = {key: value for key, value in section.items() if key != "channels"}
    complain = _Complainer(document, ())
    for key in given:
        if key not in GeneralOptions.model_fields:
            known = {"channels", *GeneralOptions.model_fields}
            raise complain(f"unknown key {key!r}", (key,), did_you_mean(str(key), known))
    general = _validated(GeneralOptions, expand(given, environ, complain), complain)
    entries = section.get("channels")
    if entries is None:
        entries = {}
    if not isinstance(entries, dict):
        raise document.error("'channels' must hold a name and a mapping for each", _TOP, "channels")
    channels = tuple(
        _wanted(str(name), entry, registry, environ, _Complainer(document, ("channels", name)))
        for name, entry in entries.items()
    )
    return NotifySettings(general, channels, file)


@dataclass(frozen=True)
class _Complainer:
    """Makes errors about keys below one place of the file."""

    document: Document
    place: KeyPath

    def __call__(self, message: str, path: KeyPath = (), hint: str = "") -> ConfigError:
        who = f"channel {self.place[-1]!r}: " if self.place else ""
        return self.document.error(who + message, _TOP, *self.place, *path, hint=hint)

    def line_of(self, path: KeyPath) -> int | None:
        return self.document.line(_TOP, *self.place, *path)


def _wanted(
    name: str,
    entry: Any,
    registry: "Registry",
    environ: Mapping[str, str],
    complain: _Complainer,
) -> Wanted:
    if entry is None:
        entry = {}
    if not isinstance(entry, dict):
        raise complain("needs a mapping of keys", hint="such as {channel: desktop}")
    given: dict[str, Any] = expand(dict(entry), environ, complain)
    given.setdefault("channel", name)
    common = {key: given.pop(key) for key in list(given) if key in ChannelOptions.model_fields}
    options = _validated(ChannelOptions, common, complain)
    try:
        model = registry.channel(options.channel).config_model
    except PluginError as error:
        raise complain(error.message, ("channel",), error.hint) from error
    known = keys_of(model)
    for key in given:
        if key not in known:
            words = did_you_mean(str(key), known | ChannelOptions.model_fields.keys())
            raise complain(f"unknown key {key!r}", (key,), words)
    own = None if model is None else _validated(model, given, complain)
    return Wanted(Channel(name, options.channel, own), frozenset(options.only))


def _validated(model: type[Model], keys: Mapping[str, Any], complain: _Complainer) -> Model:
    try:
        return model.model_validate(keys)
    except ValidationError as error:
        raise explain(error, model, complain, complain.line_of) from error
