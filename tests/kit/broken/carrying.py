"""Transports that each break one rule."""

from collections.abc import Sequence
from typing import ClassVar

from sojourn.contract import TransportInfo, hookimpl
from sojourn.machines.model import Machine
from sojourn.testing.transports.wrapping import PassedOn, WrappedTransport
from sojourn.transports.base import Channel, Transport
from sojourn.transports.config import LocalConfig
from sojourn.transports.local import LocalTransport
from tests.kit.broken import breaks
from tests.kit.broken.whole import NAME


class Carrier:
    """A plugin whose transport is the local one with `transport` in front."""

    transport: ClassVar[type[WrappedTransport]] = WrappedTransport

    @hookimpl
    def sojourn_transport_info(self) -> Sequence[TransportInfo]:
        return [TransportInfo(NAME, "this computer", config_model=LocalConfig)]

    @hookimpl
    def sojourn_open_transport(self, machine: Machine) -> Transport | None:
        if machine.transport != NAME:
            return None
        return self.transport(LocalTransport(machine=machine.name))


class _Terminal(WrappedTransport):
    def _wrap(self, channel: Channel) -> Channel:
        return _TerminalChannel(channel)


class _TerminalChannel(PassedOn):
    def receive(self, size: int) -> bytes:
        return super().receive(size // 2 or 1).replace(b"\n", b"\r\n")


@breaks("R50", machine="transport")
class ConvertsNewlines(Carrier):
    """Passes bytes through a terminal."""

    transport = _Terminal


class _Single(WrappedTransport):
    last: Channel | None = None

    def _wrap(self, channel: Channel) -> Channel:
        if self.last is not None:
            self.last.close()
        self.last = channel
        return channel


@breaks("R51", machine="transport")
class HasOneChannel(Carrier):
    """Ends a channel when the next one is opened."""

    transport = _Single


class _Zero(WrappedTransport):
    def _wrap(self, channel: Channel) -> Channel:
        return _ZeroChannel(channel)


class _ZeroChannel(PassedOn):
    def wait(self) -> int:
        super().wait()
        return 0


@breaks("R52", machine="transport")
class LosesTheStatus(Carrier):
    """Says of every program that it has ended well."""

    transport = _Zero


class _Mixed(WrappedTransport):
    def open(self, command: str) -> Channel:
        return super().open(f"exec 2>&1; {command}")


@breaks("R53", machine="transport")
class MixesErrorsIn(Carrier):
    """Passes on standard error among the answers."""

    transport = _Mixed


class _Careless(WrappedTransport):
    def _wrap(self, channel: Channel) -> Channel:
        return _CarelessChannel(channel)


class _CarelessChannel(PassedOn):
    def close(self) -> None:
        """Forgets to."""


@breaks("R54", machine="transport")
class LeavesPrograms(Carrier):
    """Does not end the program of a channel that is closed."""

    transport = _Careless
