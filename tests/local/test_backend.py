"""The plugin as core sees it: loading, refusals, settling, scripts and checks."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sojourn.contract import Capability
from sojourn.errors import SiteError, UnsupportedResource
from sojourn.machines.loading import load_machines
from sojourn.plugins.registry import Registry
from sojourn.states import State
from sojourn.values.messages import FetchRequest, JobRef, Phase, Settled
from sojourn_local import backend, processes
from sojourn_local.config import LocalConfig
from sojourn_local.layout import FOLDERS
from tests.local.conftest import Stands
from tests.local.stand import Stand, kill, ref
from tests.support import users
from tests.support.waiting import eventually

NAMES = [
    "with space",
    'quote\'d "name"',
    "new\nline",
    "-dash",
    "näme-日本",
    "x" * 200,
    "$HOME `id`",
]


def test_core_finds_it_and_takes_its_hooks() -> None:
    registry = Registry()
    found = registry.backend("local")
    assert found.info.config_model is LocalConfig
    assert found.info.transports == {"local"}
    assert found.info.capabilities == frozenset(Capability)


def test_keys_in_machines_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text("machines:\n  here: {backend: local, slots: 3, grace: 500ms}\n")
    environ = {**os.environ, "SOJOURN_MACHINES": str(file)}
    with pytest.raises(Exception, match="grace"):
        load_machines(Registry(), environ).get("here")
    file.write_text("machines:\n  here: {backend: local, slots: 3, grace: 0.5s}\n")
    machine = load_machines(Registry(), environ).get("here")
    assert machine.options == LocalConfig(slots=3, grace=0.5)
    for wrong in ("slots: 0", "slots: true", "slots: many", "transport: ssh", "slot: 3"):
        file.write_text(f"machines:\n  here: {{backend: local, {wrong}}}\n")
        with pytest.raises(Exception, match=r"machines\.yaml:2: "):
            load_machines(Registry(), environ).get("here")


def test_slots_are_as_many_as_cpus_if_not_given() -> None:
    assert LocalConfig().slots == len(os.sched_getaffinity(0))


def test_an_unsupported_resource_changes_nothing(stand: Stand) -> None:
    orders = [stand.order("true"), stand.order("true", queue="debug")]
    with pytest.raises(UnsupportedResource, match="queue=debug"):
        backend.sojourn_submit(stand.context, orders)
    with pytest.raises(UnsupportedResource, match="queue=debug"):
        backend.sojourn_script(stand.context, orders)
    assert not stand.root.exists()


def test_one_attempt_is_handed_in_once(stands: Stands) -> None:
    one, two = stands(), stands()
    order = one.order("echo ran >>../count; sleep 0.2")
    first = one.submit(order)
    again = two.submit(order, two.order("true"))
    assert again[0] == first[0]
    one.ended(first[0])
    assert ref(backend.sojourn_submit(two.context, [order])[0]) == first[0]
    assert (one.work(first[0]).parent / "count").read_text() == "ran\n"


def test_find_settles_what_is_there_and_closes_what_is_not(stands: Stands) -> None:
    stand = stands(slots=1)
    running, waiting = stand.submit(stand.order("sleep 600"), stand.order("true"))
    stand.running(running)
    bare = [replace(job, scheduler_id="", token="", index=0) for job in (running, waiting)]
    for job in (running, waiting):  # As if the client had died before the ids were written.
        (stand.layout.attempt(job.signature, 1) / "id").unlink()
    nothing = JobRef("0" * 64, 1)
    settled = backend.sojourn_find(stand.context, [*bare, nothing])
    assert [one.outcome for one in settled] == [
        Settled.HANDED_IN,
        Settled.PENDING,
        Settled.ABSENT,
    ]
    claim = stand.layout.attempt(waiting.signature, 1) / "claim"
    token, index, time, kind = claim.read_text().split()
    claim.write_text(f"{token} {index} {int(time) - 120} {kind}\n")
    settled = backend.sojourn_find(stand.context, bare)
    assert [ref(one) for one in settled] == [running, waiting]
    # Now it is in no queue any more, and has not started.
    entry = next(file for file in stand.layout.queue.rglob("*") if file.is_file())
    entry.unlink()
    (claim.parent / "id").unlink()
    settled = backend.sojourn_find(stand.context, [bare[1]])
    assert settled[0].outcome is Settled.CLOSED
    stand.cancel(running)


def test_poll_finds_a_job_by_its_attempt_alone(stand: Stand) -> None:
    job = stand.run("sleep 600")
    stand.running(job)
    bare = replace(job, scheduler_id="", token="", index=0)

    def phase() -> bool:
        return stand.word(bare).phase is Phase.RUNNING

    eventually(phase)
    stand.cancel(bare)
    assert stand.ended(bare).outcome is State.CANCELLED


def test_polling_what_was_never_there(stand: Stand) -> None:
    answer = stand.poll(JobRef("0" * 64, 1, scheduler_id="000000000000.0"), JobRef("1" * 64, 1))
    assert [one.word.phase for one in answer] == [Phase.ABSENT] * 2
    assert [one.site is not None and one.site.present for one in answer] == [False, False]
    assert not stand.root.exists()


def test_strange_names_travel(stand: Stand, tmp_path: Path) -> None:
    command = 'for n in *; do cp -- "$n" "out-$n"; done'
    order = replace(
        stand.order(command),
        outputs=tuple(f"out-{name[:190]}" for name in NAMES),
        inputs=(),
        setup=tuple(
            f"printf %s {index} >'{quoted(name[:190])}'" for index, name in enumerate(NAMES)
        ),
    )
    order = replace(order, setup=(), command="\n".join((*order.setup, command)))
    job = stand.submit(order)[0]
    assert stand.ended(job).outcome is State.COMPLETED
    site = stand.poll(job)[0].site
    assert site is not None
    assert site.exit is not None
    assert site.exit.ok, site.exit
    target = tmp_path / "target"
    target.mkdir()
    answer = backend.sojourn_fetch(stand.context, [FetchRequest(job.signature, 1, target)])[0]
    assert not answer.error
    for index, name in enumerate(NAMES):
        assert (target / f"out-{name[:190]}").read_text() == str(index)


def quoted(name: str) -> str:
    """For inside of single quotes."""
    return name.replace("'", "'\\''")


def test_fetch_names_what_is_missing(stand: Stand, tmp_path: Path) -> None:
    job = stand.submit(replace(stand.order("echo x >out"), outputs=("out",)))[0]
    stand.ended(job)
    (stand.work(job) / "out").unlink()
    request = FetchRequest(job.signature, 1, tmp_path)
    assert "'out'" in backend.sojourn_fetch(stand.context, [request])[0].error


def test_the_script_shows_all_and_contacts_nothing(stand: Stand) -> None:
    order = replace(
        stand.order("run-me --now", walltime="1h", memory="1GiB"), secret_env={"TOKEN": "hidden"}
    )
    text = backend.sojourn_script(stand.context, [order])
    assert text.startswith("#!/bin/sh\n")
    assert "run-me --now" in text
    assert "walltime=3600" in text
    assert "hidden" not in text
    assert not stand.root.exists()


def test_check(stand: Stand) -> None:
    lines = backend.sojourn_check(stand.context)
    assert {line.what for line in lines} == {"locks", "interpreter", "processes", "slots"}
    assert all(line.ok for line in lines if line.what != "slots")
    assert not stand.root.exists()


def test_everything_is_private_whatever_the_umask(stand: Stand) -> None:
    stand.root.mkdir(0o755)
    before = os.umask(0)
    try:
        order = replace(stand.order("true"), secret_env={"TOKEN": "hidden"})
        first = stand.submit(order, stand.order("sleep 600"), stand.order("sleep 600"))
        stand.ended(first[0])
        last = stand.submit(stand.order("true"))
        backend.sojourn_hold(stand.context, last)
        backend.sojourn_release(stand.context, last)
        stand.cancel(*first, *last)
    finally:
        os.umask(before)
    ours = [stand.layout.log, *stand.layout.submission(first[0].token).glob("output")]
    for name in FOLDERS:
        ours += [stand.root / name, *(stand.root / name).rglob("*")]
    modes = {}
    for path in ours:
        with suppress(FileNotFoundError):  # a wish that was granted meanwhile
            modes[path] = path.stat().st_mode
    assert len(modes) > 8
    assert not [path for path, mode in modes.items() if mode & 0o077]


@pytest.mark.root
def test_a_root_of_another_user_is_read_and_left_alone(stands: Stands, readable_path: Path) -> None:
    """Even root does not run somebody else's jobs as itself."""
    stand = stands(readable_path / "root", slots=1)
    blocker, waiting = stand.submit(stand.order("sleep 600"), stand.order("true"))
    start = stand.running(blocker)
    kill([start.runner, start.pid])
    eventually(lambda: not processes.is_alive(start.runner, start.runner_start))
    for path in (stand.root, *stand.root.rglob("*")):
        os.chown(path, 12345, -1, follow_symlinks=False)
    phases = [answer.word.phase for answer in stand.poll(blocker, waiting)]
    assert phases == [Phase.RUNNING, Phase.WAITING]
    with pytest.raises(SiteError, match="another user"):
        stand.run("true")
    with pytest.raises(SiteError, match="another user"):
        stand.cancel(waiting)
    assert [line.ok for line in backend.sojourn_check(stand.context) if line.what == "queue"] == [
        False
    ]
    assert not stand.runners()


AS_A_USER = """
    import os, pwd, sys
    from pathlib import Path
    from tests.local.stand import Stand
    user, root, sys.executable = pwd.getpwnam(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    before = Stand(root / "before")
    before.ended(before.run("true"))  # All that is needed has been imported, rights or no rights.
    before.close()
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    stand = Stand(root / "own")
    try:
        job, big = stand.run("id -un; echo $HOME"), stand.run("sleep 600", walltime=1)
        print(stand.ended(job).outcome, (stand.work(job).parent / "stdout").read_text())
        print(stand.ended(big).outcome)
        print(stand.layout.slots.owner())
    finally:
        stand.close()
"""


@pytest.mark.root
def test_an_ordinary_user_runs_jobs(readable_path: Path) -> None:
    """The whole way without any rights."""
    readable_path.chmod(0o1777)
    with user_and_interpreter() as (user, interpreter):
        command = [sys.executable, "-c", textwrap.dedent(AS_A_USER), user, str(readable_path)]
        told = subprocess.run([*command, interpreter], capture_output=True, text=True)
        expected = ["COMPLETED", user, str(users.home(user)), "TIMEOUT", user]
        assert told.stdout.split() == expected, told.stderr


@contextmanager
def user_and_interpreter() -> Iterator[tuple[str, str]]:
    """An ordinary user, and a Python that this user may run."""
    users.hold(os.getpid())
    try:
        user = users.USERS[0]
        for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
            program = "import sys; sys.exit(sys.version_info < (3, 11))"
            command = ["runuser", "-u", user, "--", python, "-c", program]
            if subprocess.run(command, capture_output=True).returncode == 0:
                yield user, python
                return
        pytest.skip("no Python that an ordinary user may run")
    finally:
        users.release(os.getpid())


def test_a_root_that_cannot_be_written_is_a_clear_error(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.root.write_text("a file, not a directory")
    with pytest.raises(SiteError, match="root"):
        stand.run("true")
