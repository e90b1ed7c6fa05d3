"""What every transport of this package is made of: another one, with something in between."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sojourn.plugins.registry import Registry
from sojourn.transports.base import Channel, Transport

if TYPE_CHECKING:
    from sojourn.machines.model import Machine

Wrapper = Callable[[Transport], Transport]
"""Puts something in front of a transport."""


class PassedOn:
    """A channel that passes everything on; subclasses change what they are about."""

    def __init__(self, inner: Channel) -> None:
        self._inner = inner

    def send(self, data: bytes) -> None:
        """See `Channel.send`."""
        self._inner.send(data)

    def send_eof(self) -> None:
        """See `Channel.send_eof`."""
        self._inner.send_eof()

    def receive(self, size: int) -> bytes:
        """See `Channel.receive`."""
        return self._inner.receive(size)

    def stderr_tail(self) -> bytes:
        """See `Channel.stderr_tail`."""
        return self._inner.stderr_tail()

    def wait(self) -> int:
        """See `Channel.wait`."""
        return self._inner.wait()

    def close(self) -> None:
        """See `Channel.close`."""
        self._inner.close()


class WrappedTransport:
    """A transport whose channels are wrapped by `_wrap`."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner

    def _wrap(self, channel: Channel) -> Channel:
        return channel

    def open(self, command: str) -> Channel:
        """See `Transport.open`."""
        return self._wrap(self._inner.open(command))

    def close(self) -> None:
        """See `Transport.close`."""
        self._inner.close()


class Kept(WrappedTransport):
    """A transport that many clients share: closing it leaves it open for the others."""

    def close(self) -> None:
        """Nothing: whoever made it closes it."""


class WrappingRegistry(Registry):
    """A registry whose transports get something in front; `plugins` are registered by path.

    `plugins` maps a plugin's name to `module:attribute`, for plugins that are not installed; an
    attribute that is a class is called.
    """

    def __init__(
        self, plugins: dict[str, str] | None = None, wrapper: Wrapper | None = None
    ) -> None:
        super().__init__()
        self._wrapper = wrapper
        for name, path in (plugins or {}).items():
            self.register(_load(path), name=name)

    def open_transport(self, machine: "Machine", *, interactive: bool = True) -> Transport:
        """See `Registry.open_transport`."""
        transport = super().open_transport(machine, interactive=interactive)
        return transport if self._wrapper is None else self._wrapper(transport)


def _load(path: str) -> object:
    from importlib import import_module

    module, _, attribute = path.partition(":")
    loaded: object = import_module(module)
    for part in filter(None, attribute.split(".")):
        loaded = getattr(loaded, part)
    return loaded() if isinstance(loaded, type) else loaded
