"""Transports: core's own by the public hooks, others from plugins, keys included."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from sojourn.contract import TransportInfo, hookimpl
from sojourn.errors import ContractError, PluginError, UnknownBackend
from sojourn.machines.model import Machine
from sojourn.plugins.registry import Registry
from tests.core.plugins.conftest import Install
from tests.core.plugins.distributions import BACKEND


class PigeonKeys(BaseModel):
    """Keys of the transport `pigeon`."""

    loft: str


class Wire:
    """Something with a transport's two methods."""

    def open(self, command: str) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        return None


class Post:
    """A plugin that opens one transport."""

    def __init__(self, word: str = "pigeon", opened: Any = None) -> None:
        self.word = word
        self.opened = opened
        self.asked: list[tuple[str, bool]] = []

    @hookimpl
    def sojourn_transport_info(self) -> list[TransportInfo]:
        return [TransportInfo(self.word, "By post", config_model=PigeonKeys)]

    @hookimpl
    def sojourn_open_transport(self, machine: Machine, interactive: bool) -> Any:
        self.asked.append((machine.name, interactive))
        if isinstance(self.opened, Exception):
            raise self.opened
        return self.opened


class Plain:
    """A plugin that opens a transport and announces none: it is called as the plugin is."""

    @hookimpl
    def sojourn_open_transport(self, machine: Machine) -> Any:
        return Wire() if machine.transport == "plain" else None


def machine(transport: str) -> Machine:
    return Machine(name="there", backend="toy", transport=transport)


def test_cores_own_transports_are_a_plugin() -> None:
    registry = Registry(discover=False)
    assert [info.name for info in registry.known_transports()] == ["local", "ssh", "openssh"]
    opened = registry.open_transport(machine("local"))
    channel = opened.open("printf hello")
    channel.send_eof()
    assert channel.receive(100) == b"hello"
    assert channel.wait() == 0
    channel.close()
    opened.close()


def test_a_transport_of_cores_own_loads_no_other_plugin(plugin: Install) -> None:
    plugin("pigeon", "raise AssertionError('loaded')")
    registry = Registry(report=lambda line: pytest.fail(line))
    registry.open_transport(machine("local")).close()
    assert registry.transport("ssh").summary == "SSH by paramiko"


@pytest.mark.parametrize("interactive", [True, False])
def test_a_plugin_opens_its_own_transport(interactive: bool) -> None:
    registry = Registry(discover=False)
    post = Post(opened=Wire())
    registry.register(post, name="post")
    assert registry.transport("pigeon").config_model is PigeonKeys
    assert registry.open_transport(machine("pigeon"), interactive=interactive) is post.opened
    assert post.asked == [("there", interactive)]
    registry.open_transport(machine("local")).close()
    assert len(post.asked) == 1


def test_a_transport_is_found_under_its_plugins_name_or_any_other(plugin: Install) -> None:
    text = """
        from sojourn.contract import TransportInfo, hookimpl
        @hookimpl
        def sojourn_transport_info(): return [TransportInfo("{word}", "By {word}")]
        @hookimpl
        def sojourn_open_transport(machine): return None
        """
    plugin("pigeon", text.format(word="pigeon"))
    plugin("post", text.format(word="letter"))
    registry = Registry(report=lambda line: None)
    assert registry.transport("pigeon").summary == "By pigeon"
    assert registry.transport("letter").summary == "By letter"
    with pytest.raises(UnknownBackend, match="'pigeon'"):
        registry.open_transport(machine("pigeon"))


def test_an_unannounced_transport_is_called_as_its_plugin() -> None:
    registry = Registry(discover=False)
    registry.register(Plain(), name="plain")
    assert registry.transport("plain") == TransportInfo("plain", "")
    assert isinstance(registry.open_transport(machine("plain")), Wire)


def test_an_unknown_transport_is_named_with_the_nearest(plugin: Install) -> None:
    plugin("alpha", BACKEND.format(name="alpha"))
    registry = Registry(report=lambda line: None)
    with pytest.raises(UnknownBackend, match="no installed plugin offers transport 'shs'") as it:
        registry.transport("shs")
    assert it.value.hint == "did you mean 'ssh'?"
    with pytest.raises(UnknownBackend) as it:
        registry.transport("alpha")
    assert it.value.hint == "there is: local, openssh, ssh"


def test_a_transport_plugin_that_does_not_load_says_why(plugin: Install) -> None:
    plugin("pigeon", "import no_such_module_at_all")
    with pytest.raises(PluginError, match=r"plugin 'pigeon' .* does not load: ModuleNotFoundError"):
        Registry().transport("pigeon")


def test_a_transport_belongs_to_one_plugin() -> None:
    registry = Registry(discover=False)
    with pytest.raises(PluginError, match="transport 'ssh' is that of plugin 'sojourn'"):
        registry.register(Post("ssh"), name="post")
    registry.register(Post("pigeon"), name="post")
    with pytest.raises(PluginError, match="transport 'pigeon' is that of plugin 'post'"):
        registry.register(Post("pigeon"), name="other")


def test_what_is_opened_is_a_transport() -> None:
    registry = Registry(discover=False)
    registry.register(Post(opened=Path()), name="post")
    with pytest.raises(ContractError, match="'post' breaks the contract in sojourn_open_transport"):
        registry.open_transport(machine("pigeon"))


def test_a_transport_plugin_that_fails_is_named() -> None:
    registry = Registry(discover=False)
    registry.register(Post(opened=OSError("no birds")), name="post")
    with pytest.raises(PluginError, match=r"plugin 'post' failed in .*: OSError: no birds"):
        registry.open_transport(machine("pigeon"))
