"""Who stands behind the commands, and what `machines check` says of them."""

import pytest

from sojourn.batch.scheduler import CommandResult
from sojourn.errors import SchedulerUnavailable
from sojourn.values.messages import CheckLine
from sojourn.values.resources import Resources
from sojourn_pbs import Pbs, PbsOptions
from sojourn_pbs.check import check
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.probe import probe
from tests.pbs.recorded import OPEN, OPEN_OFF, WRAPPERS, answered, output, replay

FACTS = {
    "dialect": "openpbs",
    "version": "23.06.06",
    "default_queue": "workq",
    "array_limit": "10000",
    "query_other_jobs": "True",
    "server_state": "Active",
    "scheduling": "True",
    "server": "pbs-host",
    "history": "on",
}


def test_openpbs_is_found_out() -> None:
    assert replay(probe(), "probe") == FACTS
    assert replay(probe(), "probe__v23.06.06") == FACTS
    assert replay(probe(), "probe-history-off") == {**FACTS, "history": "off"}
    assert replay(probe(), "probe-hidden") == {**FACTS, "query_other_jobs": "False"}


def test_a_server_that_is_down_leaves_what_the_commands_tell() -> None:
    facts = replay(probe(), "probe-server-down")
    assert facts == {"dialect": "openpbs", "version": "23.06.06"}
    assert Pbs(None, facts).array_limit() == 10000


def test_slurms_commands_are_found_out() -> None:
    facts = replay(probe(), "o-probe")
    assert facts["dialect"] == Dialect.WRAPPERS
    assert Pbs(None, facts).array_limit() == 1


@pytest.mark.parametrize("said", ["Version: 6.1.2\nCommit: 661e092", "version: 4.2.10"])
def test_torque_is_found_out(said: str) -> None:
    """Assumed from its source: no Torque was recorded."""
    server = "Server: t\n    default_queue = batch\n    max_job_array_size = 50\n"
    facts, _ = answered(probe(), CommandResult(0, f"{said}\n@status 0\n{server}@status 0\n", ""))
    assert facts["dialect"] == Dialect.TORQUE
    assert facts["version"] == said.splitlines()[0].partition(": ")[2]
    assert Pbs(None, facts).array_limit() == 50


@pytest.mark.parametrize("name", ["qstat_--version", "qstat_--version__v23.06.06"])
def test_versions(name: str) -> None:
    said = output(name).stdout
    facts, _ = answered(probe(), CommandResult(0, f"{said}@status 0\n@status 255\n", ""))
    assert facts["version"] == "23.06.06"


def test_no_qstat() -> None:
    answer = CommandResult(0, "sh: 1: qstat: not found\n@status 127\n", "")
    with pytest.raises(SchedulerUnavailable) as raised:
        answered(probe(), answer)
    assert "path:" in raised.value.hint


@pytest.mark.parametrize(
    ("wanted", "found", "dialect"),
    [
        ("auto", "", Dialect.OPENPBS),
        ("auto", "torque", Dialect.TORQUE),
        ("auto", "torque-over-slurm", Dialect.WRAPPERS),
        ("torque", "", Dialect.TORQUE),
        ("torque", "openpbs", Dialect.TORQUE),
        ("torque", "torque-over-slurm", Dialect.WRAPPERS),
        ("openpbs", "torque", Dialect.OPENPBS),
    ],
)
def test_the_dialect_can_be_set(wanted: str, found: str, dialect: Dialect) -> None:
    options = PbsOptions.model_validate({"dialect": wanted})
    assert Pbs(options, {"dialect": found} if found else {}).dialect is dialect


def told(lines: list[CheckLine]) -> dict[str, tuple[bool | None, str, str]]:
    """Each line by what it is about."""
    return {line.what: (line.ok, line.detail, line.advice) for line in lines}


def test_a_machine_in_order() -> None:
    lines = told(list(replay(check(OPEN, Resources()), "check")))
    assert all(ok is not False for ok, _, _ in lines.values())
    assert lines["server"][1] == "pbs-host, Active"
    assert lines["queue"][1] == "workq: enabled, started"
    assert lines["job history"][0] is True


def test_a_walltime_beyond_the_queues() -> None:
    defaults = Resources(queue="small", walltime="1h")
    lines = told(list(replay(check(OPEN, defaults), "check-small-too-long")))
    assert lines["walltime"] == (False, "01:00:00 is more than small allows", "at most 00:10:00")
    assert "resources_max.ncpus = 2" in lines["limits"][1]


def test_queues_that_do_not_run_or_do_not_exist() -> None:
    lines = told(list(replay(check(OPEN, Resources(queue="stopped")), "check-stopped")))
    assert lines["queue"][:2] == (False, "stopped: enabled, not started")
    lines = told(list(replay(check(OPEN, Resources(queue="smal")), "check-no-such-queue")))
    assert lines["queue"] == (False, "no queue smal", "did you mean 'small'?")


def test_history_off_is_a_remark_with_what_follows_from_it() -> None:
    lines = told(list(replay(check(OPEN_OFF, Resources()), "check-history-off")))
    ok, detail, advice = lines["job history"]
    assert ok is None
    assert "off" in detail
    assert "LOST" in advice


def test_a_server_that_is_down() -> None:
    lines = told(list(replay(check(OPEN, Resources()), "check-server-down")))
    assert lines["server"][0] is False
    assert "Connection refused" in lines["server"][1]


def test_root_cannot_run_jobs() -> None:
    lines = told(list(replay(check(OPEN, Resources()), "check-as-root")))
    assert lines["user"][0] is False


def test_slurms_commands_are_said_to_be_what_they_are() -> None:
    lines = told(list(replay(check(WRAPPERS, Resources(queue="normal")), "o-check")))
    assert lines["queue"][0] is True
    assert "backend: slurm" in lines["scheduler"][2]
    defaults = Resources(queue="inactive", qos="x")
    lines = told(list(replay(check(WRAPPERS, defaults), "o-check-inactive")))
    assert lines["queue"][0] is False
    assert lines["defaults"][0] is False
    lines = told(list(replay(check(WRAPPERS, Resources(queue="normal")), "o-check-down")))
    assert lines["queues"][0] is False
