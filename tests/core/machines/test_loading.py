"""From entries to machines: what is asked for is checked, the rest is left alone."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from sojourn.defaults import LOST_AFTER, POLL_INTERVAL
from sojourn.errors import EXIT_USAGE, ConfigError, ContractError, UnknownBackend, UnknownMachine
from sojourn.machines.loading import load_machines
from sojourn.machines.model import Machine
from sojourn.plugins.registry import Registry
from sojourn.transports.config import LocalConfig, SshConfig
from tests.core.machines.conftest import BigKeys, Load, Named, ToyKeys

DESIGN = """\
    machines:
      here: {backend: toy, slots: 4}
      hpc:
        backend: big
        transport: ssh
        host: login.hpc
        root: /scratch/${USER}/sojourn
        shell: bash -l
        path: [/opt/pbs/bin]
        defaults: {queue: workq, walltime: 1h}
        setup: |
          module load gcc/12
        poll: {interval: 2m}
        max_jobs: 500
        group: physics
        lost_after: 300
        flavour: plain
        port: 2222
    """


def test_a_whole_file(load: Load) -> None:
    machines = load(DESIGN, USER="me")
    assert machines.names() == ["here", "hpc"]
    here, hpc = machines.get("here"), machines.get("hpc")
    assert (here.name, here.backend, here.transport) == ("here", "toy", "local")
    assert here.options == ToyKeys(slots=4)
    assert here.connection == LocalConfig()
    assert hpc.root == "/scratch/me/sojourn"
    assert (hpc.shell, hpc.path, hpc.setup) == (
        "bash -l",
        ("/opt/pbs/bin",),
        "module load gcc/12\n",
    )
    assert hpc.defaults.given() == {"queue": "workq", "walltime": 3600}
    assert (hpc.poll.interval, hpc.max_jobs, hpc.group) == (120.0, 500, "physics")
    assert hpc.lost_after == 300.0
    assert hpc.options == BigKeys(flavour="plain")
    assert isinstance(hpc.connection, SshConfig)
    assert (hpc.connection.host, hpc.connection.port) == ("login.hpc", 2222)


def test_what_is_not_said_has_defaults(load: Load) -> None:
    machine = load("machines:\n  a: {backend: bare}\n").get("a")
    assert machine == Machine(name="a", backend="bare", connection=LocalConfig())
    assert (machine.root, machine.shell, machine.path) == ("~/.sojourn", "sh", ())
    assert (machine.poll.interval, machine.lost_after) == (POLL_INTERVAL, LOST_AFTER)
    assert (machine.max_jobs, machine.group, machine.options) == (None, None, None)


@pytest.mark.parametrize(
    ("keys", "transport"),
    [
        ("backend: big", "local"),
        ("backend: big, host: x", "ssh"),
        ("backend: big, host: x, transport: openssh", "openssh"),
        ("backend: big, transport: local", "local"),
        ("backend: big, host: x, transport: '${WAY}'", "openssh"),
    ],
)
def test_a_host_means_ssh(load: Load, keys: str, transport: str) -> None:
    machines = load(f"machines:\n  a: {{{keys}}}\n", WAY="openssh")
    assert machines.get("a").transport == transport


def test_a_machine_is_a_value(load: Load) -> None:
    machines = load(DESIGN, USER="me")
    machine = machines.get("hpc")
    assert machines.get("hpc") is machine
    assert machine == load(DESIGN, USER="me").get("hpc")
    assert machine != machines.get("here")
    with pytest.raises(ValueError, match="frozen"):
        setattr(machine, "root", "/else")  # noqa: B010  mypy would refuse the plain way too
    assert machine.model_dump(mode="json")["connection"]["host"] == "login.hpc"


def test_only_the_machine_asked_for_is_checked(load: Load) -> None:
    machines = load("""\
        machines:
          good: {backend: toy}
          wrong: {backend: toy, slots: many}
          unset: {backend: toy, root: '${NOBODY}'}
          absent: {backend: slurm}
          shapeless: 3
        """)
    assert machines.names() == ["good", "wrong", "unset", "absent", "shapeless"]
    assert machines.get("good").name == "good"
    assert machines.entry("absent").backend == "slurm"


def test_a_file_is_parsed_once(load: Load, tmp_path: Path) -> None:
    machines = load("machines:\n  a: {backend: toy}\n  b: {backend: toy, slots: 2}\n")
    (tmp_path / "machines.yaml").unlink()
    assert machines.get("a").options == ToyKeys(slots=1)
    assert machines.get("b").options == ToyKeys(slots=2)


def test_many_threads_get_one_machine(load: Load) -> None:
    machines = load("machines:\n  a: {backend: toy}\n")
    start = threading.Barrier(8)

    def get(_: int) -> Machine:
        start.wait(10)
        return machines.get("a")

    with ThreadPoolExecutor(8) as pool:
        assert len({id(machine) for machine in pool.map(get, range(8))}) == 1


def test_an_unknown_machine_is_named_with_the_nearest(load: Load) -> None:
    machines = load(DESIGN)
    with pytest.raises(UnknownMachine, match="there is no machine 'hcp'") as caught:
        machines.get("hcp")
    assert caught.value.hint == "did you mean 'hpc'?"
    with pytest.raises(UnknownMachine) as caught:
        machines.get("frontier")
    assert caught.value.hint == "known: here, hpc"


def test_the_default_is_the_only_machine_or_the_one_named(load: Load) -> None:
    assert load("machines:\n  a: {backend: toy}\n").default().name == "a"
    two = "machines:\n  a: {backend: toy}\n  b: {backend: toy}\n"
    assert load(two + "default: b\n").default().name == "b"
    with pytest.raises(UnknownMachine, match="there are several") as caught:
        load(two).default()
    assert "a, b" in caught.value.hint
    with pytest.raises(ConfigError, match=r"machines.yaml:4: default names no machine: 'aa'") as it:
        load(two + "default: aa\n").default()
    assert it.value.hint
    with pytest.raises(ConfigError, match="default names no machine"):
        load(two + "default: [a]\n").default()


# --- mistakes -------------------------------------------------------------------------------------

MISTAKES = {
    # unknown keys, with the nearest valid one
    "bakcend: toy": ("'backend' is missing", "backend"),
    "backend: toy, slost: 3": ("unknown key 'slost'", "did you mean 'slots'?"),
    "backend: big, slots: 3": ("unknown key 'slots'", ""),
    "backend: big, Root: /x": ("unknown key 'Root'", "did you mean 'root'?"),
    "backend: big, hots: x": ("unknown key 'hots'", "did you mean 'host'?"),
    "backend: big, name: x": ("unknown key 'name'", ""),
    "backend: big, options: {}": ("unknown key 'options'", ""),
    "backend: big, connection: {}": ("unknown key 'connection'", ""),
    "backend: big, 3: x": ("unknown key '3'", "known: "),
    "backend: big, poll: {intervall: 3}": (
        "unknown key 'poll.intervall'",
        "did you mean 'interval'?",
    ),
    "backend: big, defaults: {wall: 1h}": (
        "unknown key 'defaults.wall'",
        "did you mean 'walltime'?",
    ),
    # keys of another transport
    "backend: big, port: 22": (
        "key 'port' belongs to transport ssh and openssh, not to local",
        "transport: ssh",
    ),
    "backend: big, transport: local, host: x": ("key 'host' belongs to transport ssh", "remove it"),
    # wrong values
    "backend: toy, slots: many": ("slots: input should be a valid integer", ""),
    "backend: toy, slots: 0": ("slots: input should be greater than 0, not 0", ""),
    "backend: big, root: relative/x": ("root: ", "absolute, or from ~/"),
    "backend: big, root: [/x]": ("root: input should be a valid string, not ['/x']", "Directory"),
    "backend: big, shell: ''": ("shell: ", "bash -l"),
    "backend: big, group: a b": ("group: ", "Unix group"),
    "backend: big, max_jobs: true": ("max_jobs: write a number", "Most jobs"),
    "backend: big, max_jobs: -1": ("max_jobs: input should be greater than 0, not -1", ""),
    "backend: big, path: {a: b}": ("path: ", "Directories"),
    "backend: big, poll: 30": ("poll: ", ""),
    "backend: big, poll: {interval: soon}": ("poll.interval: 'soon' is not a duration", "Seconds"),
    "backend: big, poll: {interval: 0}": ("poll.interval: input should be greater than 0", ""),
    "backend: big, poll: {interval: .inf}": ("poll.interval: ", ""),
    "backend: big, lost_after: true": ("lost_after: write a duration such as 30s", ""),
    "backend: big, flavour: 12": ("flavour: this must be text", "put it in quotes"),
    "backend: big, flavour: 2024-01-31": ("flavour: this must be text", "put it in quotes"),
    "backend: big, ports: [1, x]": ("ports.1: ", ""),
    "backend: big, low: 5, high: 3": ("low is above high", ""),
    "backend: big, defaults: {walltime: soon}": ("defaults.walltime: 'soon' is not a dur", ""),
    "backend: big, defaults: {account: 0123}": ("defaults.account: this must be text", "quotes"),
    "backend: big, transport: ssh": ("key 'host' is missing", "alias of ~/.ssh/config"),
    "backend: big, host: x, port: 99999": ("port: input should be less than", "sshd"),
    # what the backend cannot do
    "backend: bare, defaults: {queue: x}": (
        "backend 'bare' cannot honour the resource 'queue'",
        "",
    ),
    "backend: big, defaults: {memory: 2GB}": ("cannot honour the resource 'memory'", "it honours"),
    "backend: toy, transport: ssh, host: x": (
        "backend 'toy' does not go over transport 'ssh'",
        "it takes only transport: local",
    ),
    "backend: toy, host: x": (
        "backend 'toy' does not go over transport 'ssh'",
        "it takes only transport: local",
    ),
    # words that are no words
    "backend: [toy]": ("backend: this must be a word", ""),
    "backend: 3": ("backend: this must be a word", ""),
    "backend: big, transport: {a: b}": ("transport: this must be a word", ""),
    # secrets and emptiness
    "backend: big, password: hunter2": ("'password' has no place in this file", "SSH key"),
    "backend: big, ssh_passphrase: hunter2": ("'ssh_passphrase' has no place", "SSH key"),
    "backend: big, Pass-Word: hunter2": ("'Pass-Word' has no place", "SSH key"),
    "backend: big, root: ": ("key 'root' has no value", "remove the line"),
    "": ("needs a mapping of keys", "backend: slurm"),
}


@pytest.mark.parametrize("keys", MISTAKES)
def test_a_mistake_names_file_line_and_key(load: Load, tmp_path: Path, keys: str) -> None:
    message, hint = MISTAKES[keys]
    with pytest.raises(ConfigError) as caught:
        load(f"machines:\n  ok: {{backend: toy}}\n  bad: {{{keys}}}\n").get("bad")
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/machines.yaml:3: machine 'bad': ")
    assert message in said
    assert hint in caught.value.hint
    assert "\n" not in said + caught.value.hint
    assert "hunter2" not in said + caught.value.hint
    assert caught.value.exit_status == EXIT_USAGE


def test_the_line_is_that_of_the_key(load: Load) -> None:
    text = """\
        machines:
          bad:
            backend: big
            defaults:
              queue: x
              walltime: soon
            ports:
              - 1
              - x
            setup: 3
        """
    with pytest.raises(ConfigError) as caught:
        load(text).get("bad")
    assert caught.value.line == 6
    fixed = text.replace("soon", "1h")
    with pytest.raises(ConfigError) as caught:
        load(fixed).get("bad")
    assert caught.value.line == 10
    with pytest.raises(ConfigError) as caught:
        load(fixed.replace("setup: 3", "")).get("bad")
    assert caught.value.line == 9


@pytest.mark.parametrize("entry", ["", "3", "[a]", "text"])
def test_an_entry_is_a_mapping(load: Load, entry: str) -> None:
    machines = load(f"machines:\n  bad: {entry}\n")
    assert machines.entry("bad").backend == ""
    with pytest.raises(ConfigError, match=r"machines.yaml:2: machine 'bad': needs a mapping"):
        machines.get("bad")


def test_a_backend_that_is_not_installed_is_named_with_its_place(load: Load) -> None:
    with pytest.raises(UnknownBackend) as caught:
        load("machines:\n  a:\n    backend: slurm\n").get("a")
    assert "machines.yaml:3: machine 'a': backend 'slurm' is not installed" in str(caught.value)
    assert caught.value.hint == 'pip install "sojourn[slurm]"'


def test_a_transport_that_is_not_installed_is_named_with_its_place(load: Load) -> None:
    with pytest.raises(UnknownBackend) as caught:
        load("machines:\n  a:\n    backend: big\n    transport: shs\n").get("a")
    assert "machines.yaml:4: machine 'a': no installed plugin offers transport 'shs'" in str(
        caught.value
    )
    assert caught.value.hint == "did you mean 'ssh'?"


def test_a_backend_may_not_take_a_key_of_core(tmp_path: Path) -> None:
    from pydantic import BaseModel

    from sojourn.contract import BackendInfo

    class Greedy(BaseModel):
        root: str = ""
        host: str = ""

    registry = Registry(discover=False)
    info = BackendInfo("greedy", "", frozenset(), config_model=Greedy)
    registry.register(Named(info), name="greedy")
    file = tmp_path / "machines.yaml"
    file.write_text(
        dedent("""\
        machines:
          a: {backend: greedy, transport: local}
          b: {backend: greedy, host: x}
        """)
    )
    machines = load_machines(registry, {"SOJOURN_MACHINES": str(file)})
    with pytest.raises(ContractError, match="claim keys that are taken: root"):
        machines.get("a")
    with pytest.raises(ContractError, match="claim keys that are taken: host, root"):
        machines.get("b")


def test_the_installed_plugins_are_the_default(tmp_path: Path) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text("machines:\n  a: {backend: no_such_backend_at_all}\n")
    with pytest.raises(UnknownBackend, match="no_such_backend_at_all"):
        load_machines(environ={"SOJOURN_MACHINES": str(file)}).get("a")
