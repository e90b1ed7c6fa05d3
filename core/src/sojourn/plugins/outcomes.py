"""What came of loading a plugin: one that fits, or the reason why it is not used."""

import inspect
from dataclasses import dataclass
from enum import StrEnum

from sojourn.contract import BackendInfo, ChannelInfo, TransportInfo
from sojourn.errors import ContractError, PluginError
from sojourn.plugins.compatibility import Kind


class Reason(StrEnum):
    """Why a plugin is not used; the value completes "plugin X ..."."""

    CLASH = "is not used"
    IMPORT = "does not load"
    CONTRACT = "does not fit"
    HOOKS = "breaks the contract"


@dataclass(frozen=True, slots=True)
class LoadedPlugin:
    """A plugin that fits. `plugin` is the module or object that its entry point names."""

    name: str
    plugin: object
    kinds: tuple[Kind, ...]
    backend: BackendInfo | None = None
    transports: tuple[TransportInfo, ...] = ()
    channels: tuple[ChannelInfo, ...] = ()
    distribution: str = ""
    version: str = ""

    @property
    def summary(self) -> str:
        """What it says of itself, in one line: in its infos, or else where it begins."""
        backend = [self.backend.summary] if self.backend is not None else []
        transports = [info.summary for info in self.transports]
        said = "; ".join([*backend, *transports, *(info.summary for info in self.channels)])
        return said or next(iter((inspect.getdoc(self.plugin) or "").splitlines()), "")

    def failed(self, reason: "Reason", cause: str) -> "LoadFailure":
        """The same plugin, not used after all."""
        return LoadFailure(
            self.name,
            reason,
            cause,
            hint=f"uninstall {self.distribution or 'one of the two'}",
            kinds=self.kinds,
            distribution=self.distribution,
            version=self.version,
        )


@dataclass(frozen=True, slots=True)
class LoadFailure:
    """A plugin that is installed and not used. `cause` is one line, `detail` the traceback.

    `kinds` is what it would have been, as far as it could be looked at.
    """

    name: str
    reason: Reason
    cause: str
    hint: str = ""
    detail: str = ""
    kinds: tuple[Kind, ...] = ()
    distribution: str = ""
    version: str = ""

    def error(self) -> PluginError:
        """The error for somebody who needs this plugin."""
        kind = ContractError if self.reason in (Reason.CONTRACT, Reason.HOOKS) else PluginError
        return kind(str(self), hint=self.hint)

    def __str__(self) -> str:
        source = " ".join(filter(None, (self.distribution, self.version)))
        name = f"plugin {self.name!r} ({source})" if source else f"plugin {self.name!r}"
        return f"{name} {self.reason}: {self.cause}"


Outcome = LoadedPlugin | LoadFailure


def one_line(error: BaseException) -> str:
    """An exception in one line: its type, and the first line of what it says."""
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {said}" if said else type(error).__name__
