"""What every test has: a home of its own, time limits, and, where it can be had, a real Slurm."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import slurm_packages
from tests.support.processes import end_all, with_environment
from tests.support.slurm import RealSlurm
from tests.support.testbed import VARIABLE, Testbed
from tests.support.waiting import eventually

pytest_plugins = ["tests.support.machines", "sojourn.testing.plugin"]

RUN = "SOJOURN_TEST_RUN"
"""In the environment of whatever a test starts: what is left at the end is found by it."""
OWNER = "SOJOURN_TEST_OWNER"
"""The process at whose end the testbed ends."""
PRIVATE = ("SOJOURN_MACHINES", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SLURM_CONF", "NO_COLOR", "COLUMNS")
"""What a developer may have set and no test should see."""

settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("ci")


def pytest_configure(config: pytest.Config) -> None:
    """Settle, before xdist makes its workers, what all processes of the run share."""
    if hasattr(config, "workerinput"):
        return
    # A run in the background of a shell ignores Ctrl-C, and under nohup also a hang-up, and so
    # would all that tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.environ[RUN] = secrets.token_hex(8)
    if VARIABLE not in os.environ:
        os.environ[OWNER] = str(os.getpid())
        directory = Path(tempfile.gettempdir()) / f"sojourn-slurm-{secrets.token_hex(4)}"
        os.environ[VARIABLE] = str(directory / "testbed.json")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End the testbed that this run made, and see that no process stays behind."""
    if hasattr(session.config, "workerinput"):
        return
    file = Path(os.environ[VARIABLE])
    if os.environ.pop(OWNER, "") == str(os.getpid()) and file.exists():
        Testbed.load(file).down()
    with suppress(AssertionError):
        eventually(lambda: not left_behind(), timeout=5)  # what is about to end may do so
        return
    session.config.stash[LEFT] = [describe(pid) for pid in left_behind()]
    session.exitstatus = pytest.ExitCode.TESTS_FAILED
    end_all(left_behind)


def left_behind() -> set[int]:
    """The processes that this run has started, but for those in which it runs."""
    return set(with_environment(f"{RUN}={os.environ[RUN]}")) - ancestors()


LEFT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the processes that were left behind."""
    for line in config.stash.get(LEFT, []):
        terminalreporter.write_line(f"left behind by a test (now killed): {line}", red=True)


def ancestors() -> set[int]:
    """This process and those above it, as far as they are known."""
    found, pid = set(), os.getpid()
    while pid > 1:
        found.add(pid)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        pid = int(fields[1])
    return found


def describe(pid: int) -> str:
    """A process in one line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return f"{pid} (ended meanwhile)"
    return f"{pid} {b' '.join(words).decode(errors='replace')[:300]}"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs root, a Slurm or an sshd where there is none, saying so."""
    if item.get_closest_marker("root") and os.geteuid() != 0:
        pytest.skip("needs root")
    if item.get_closest_marker("slurm") or item.get_closest_marker("torque"):
        reason = slurm_packages.why_not()
        if reason:
            pytest.skip(reason)
    if item.get_closest_marker("sshd"):
        try:
            slurm_packages.program("sshd")
        except FileNotFoundError as error:
            pytest.skip(str(error))


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home directory and a `SOJOURN_HOME` of its own; returns the latter."""
    home = tmp_path_factory.mktemp("home")
    sojourn_home = home / "sojourn"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(home / "etc"))
    monkeypatch.setenv("SOJOURN_HOME", str(sojourn_home))
    for name in PRIVATE:
        monkeypatch.delenv(name, raising=False)
    return sojourn_home


@pytest.fixture
def readable_path() -> Iterator[Path]:
    """A directory like `tmp_path` that every user of this computer can enter."""
    path = Path(tempfile.mkdtemp(prefix="sojourn-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def testbed() -> Testbed:
    """The run's shared Slurms and their sshd; starts them if nobody has."""
    file = Path(os.environ[VARIABLE])
    if not file.exists():
        reason = (
            slurm_packages.why_not() if OWNER in os.environ else f"{VARIABLE}={file}: no such file"
        )
        if reason:
            pytest.skip(reason)
        Testbed.new(file.parent, int(os.environ[OWNER])).up()
    return Testbed.load(file)


@pytest.fixture
def slurm(testbed: Testbed) -> RealSlurm:
    """The real Slurm with accounting."""
    return testbed.slurm


@pytest.fixture
def plain_slurm(testbed: Testbed) -> RealSlurm:
    """The real Slurm without accounting."""
    return testbed.plain_slurm
