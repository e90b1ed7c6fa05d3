"""A connection made before the first channel is asked for."""

from pathlib import Path

import pytest

from sojourn.errors import HostKeyRefused
from sojourn.transports.connection import Connection
from sojourn.transports.ssh import SshTransport
from tests.support.sshd import Sshd
from tests.transports.conftest import Opened, run, settings_for

pytestmark = pytest.mark.sshd


class Counting(SshTransport):
    """Counts how often it tries."""

    tried = 0

    def _connect(self) -> Connection:
        self.tried += 1
        return super()._connect()


def test_the_first_channel_uses_it(sshd: Sshd, opened: Opened) -> None:
    transport = opened("ssh", sshd)
    transport.connect()
    assert transport.connections == 1
    assert run(transport, "exit 3") == (b"", 3)
    assert transport.connections == 1


def test_what_went_wrong_is_told_by_the_first_channel_alone(sshd: Sshd, tmp_path: Path) -> None:
    unknown = tmp_path / "known_hosts"
    unknown.touch()
    transport = Counting(settings_for(sshd, known_hosts_file=unknown), interactive=False)
    transport.connect()
    with pytest.raises(HostKeyRefused):
        transport.open("true")
    assert transport.tried == 1
    with pytest.raises(HostKeyRefused):
        transport.open("true")
    assert transport.tried == 2
    transport.close()
