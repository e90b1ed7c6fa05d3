"""R50 to R54: what a transport must do. A transport's author inherits this, and needs no backend."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sojourn.contract import BackendInfo, hookimpl
from sojourn.errors import ConnectionLost, MachineError
from sojourn.machines.loading import load_machines
from sojourn.testing.marks import rule
from sojourn.testing.transports import WrappingRegistry
from sojourn.testing.waiting import eventually
from sojourn.transports.base import Channel, Transport

EVERY_BYTE = bytes(range(256))
BIG = 4 << 20


class Nothing:
    """A backend for machines of which nothing but the transport is used."""

    @hookimpl
    def sojourn_backend_info(self) -> BackendInfo:
        """What it is."""
        return BackendInfo("nothing", "a machine without a scheduler", frozenset())


def everything(channel: Channel) -> bytes:
    """All that the program still prints."""
    parts = []
    while piece := channel.receive(65_536):
        parts.append(piece)
    return b"".join(parts)


class TransportSuite:
    """What every transport does. `machine_entry` gives the keys of a machine that uses it."""

    @pytest.fixture
    def kit_plugins(self) -> dict[str, str]:
        """Plugins that are not installed: name -> `module:attribute`."""
        return {}

    @pytest.fixture
    def transport(
        self, machine_entry: dict[str, Any], kit_plugins: dict[str, str], tmp_path: Path
    ) -> Iterator[Transport]:
        """The transport under test."""
        file = tmp_path / "machines.yaml"
        entry = {"backend": "nothing", **machine_entry}
        file.write_text(json.dumps({"machines": {"machine": entry}}))
        registry = WrappingRegistry({"nothing": f"{__name__}:Nothing", **kit_plugins})
        machine = load_machines(registry, {"SOJOURN_MACHINES": str(file)}).get("machine")
        with closing(registry.open_transport(machine, interactive=False)) as transport:
            yield transport

    @rule("R50")
    def test_bytes_pass_unharmed_both_ways(self, transport: Transport) -> None:
        with closing(transport.open("cat")) as channel:
            channel.send(EVERY_BYTE * 3)
            channel.send_eof()
            assert everything(channel) == EVERY_BYTE * 3
            assert channel.wait() == 0

    @rule("R50")
    def test_a_command_is_one_line_for_the_login_shell(self, transport: Transport) -> None:
        with closing(transport.open("printf '%s|' \"a  b\" 'c\"d' $((6 * 7))")) as channel:
            channel.send_eof()
            assert everything(channel) == b'a  b|c"d|42|'

    @rule("R51")
    def test_much_passes_both_ways_at_once(self, transport: Transport) -> None:
        data = EVERY_BYTE * (BIG // 256)
        with closing(transport.open("cat")) as channel:

            def send() -> None:
                channel.send(data)
                channel.send_eof()

            sender = threading.Thread(target=send)
            sender.start()
            assert everything(channel) == data
            sender.join()
            assert channel.wait() == 0

    @rule("R51")
    def test_many_channels_are_open_at_once(self, transport: Transport) -> None:
        channels = [transport.open("cat") for _ in range(3)]
        for number, channel in enumerate(channels):
            channel.send(b"%d" % number)
            channel.send_eof()
        assert [everything(channel) for channel in channels] == [b"0", b"1", b"2"]
        for channel in channels:
            channel.close()

    @rule("R52")
    @pytest.mark.parametrize(
        ("command", "status"), [("true", 0), ("exit 7", 7), ("kill -9 $$", -9)]
    )
    def test_the_exit_status_is_the_programs(
        self, transport: Transport, command: str, status: int
    ) -> None:
        with closing(transport.open(f"sh -c '{command}'")) as channel:
            channel.send_eof()
            everything(channel)
            assert channel.wait() in {status, 128 - status if status < 0 else status}

    @rule("R53")
    def test_errors_are_kept_apart(self, transport: Transport) -> None:
        with closing(transport.open("echo out; echo err >&2")) as channel:
            channel.send_eof()
            assert everything(channel) == b"out\n"
            channel.wait()
            eventually(lambda: channel.stderr_tail().strip() == b"err", timeout=10)

    @rule("R53")
    def test_much_noise_on_stderr_blocks_nothing(self, transport: Transport) -> None:
        noise = "i=0; while [ $i -lt 4000 ]; do echo 'noise noise noise noise noise' >&2; i=$((i+1)); done"
        with closing(transport.open(f"{noise}; echo done")) as channel:
            channel.send_eof()
            assert everything(channel) == b"done\n"
            channel.wait()
            assert len(channel.stderr_tail()) <= 65_536

    @rule("R54")
    def test_a_closed_channel_ends_its_program(self, transport: Transport) -> None:
        channel = transport.open("echo $$; exec sleep 300")
        pid = int(channel.receive(100))
        channel.close()
        channel.close()

        def gone() -> bool:
            with closing(transport.open(f"kill -0 {pid} 2>/dev/null; echo $?")) as look:
                look.send_eof()
                return everything(look).strip() != b"0"

        eventually(gone, timeout=20)

    @rule("R54")
    def test_what_is_closed_says_so(self, transport: Transport) -> None:
        channel = transport.open("cat")
        channel.close()
        with pytest.raises(ConnectionLost):
            channel.send(b"x")
        transport.close()
        transport.close()
        with pytest.raises(MachineError):
            transport.open("true")
