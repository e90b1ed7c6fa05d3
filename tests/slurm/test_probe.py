"""Finding out what a Slurm is, and checking it."""

import pytest

from sojourn.batch.scheduler import CommandResult
from sojourn.values.resources import Resources
from sojourn_slurm.probe import facts
from sojourn_slurm.scheduler import Slurm
from sojourn_slurm.site import SlurmOptions
from tests.slurm.recorded import answered, capture, replayed, steps

FEDERATION = """\
Federation: europe
Self:       here:10.0.0.1:6817 ID:1 FedState:ACTIVE Features:
"""


def test_a_real_probe() -> None:
    found = replayed(Slurm().probe(), "o-probe")
    assert found["version"] == "22.05.8"
    assert found["ClusterName"] == "testbed"
    assert found["SelectType"] == "select/cons_tres"
    assert "federation" not in found
    assert Slurm(None, found).accounting is True
    assert Slurm(None, found).array_limit() == 1000


def test_without_a_controller_the_version_is_all() -> None:
    found = replayed(Slurm().probe(), "o-probe-controller-down")
    assert found == {"version": "22.05.8"}
    assert Slurm(None, found).accounting is None


def test_a_slurm_without_accounting() -> None:
    found = facts(capture("a-scontrol-show-config-accounting").stdout)
    assert Slurm(None, found).accounting is False


def test_a_federation() -> None:
    found = facts(FEDERATION)
    assert found == {"federation": "europe"}
    slurm = Slurm(None, found)
    _, asked = answered(slurm.look(["7"]), "7|PENDING|1|N/A|N/A|0||Priority|")
    assert "squeue --federation" in asked[0]


@pytest.mark.parametrize(
    ("settings", "limit"),
    [
        ({}, 1000),
        ({"MaxArraySize": "1001"}, 1000),
        ({"MaxArraySize": "4000001"}, 4000000),
        ({"MaxArraySize": "0"}, 1),  # no arrays
        ({"MaxArraySize": "1001", "SchedulerParameters": "defer,max_array_tasks=50"}, 50),
        ({"MaxArraySize": "what"}, 1000),
    ],
)
def test_how_long_an_array_may_be(settings: dict[str, str], limit: int) -> None:
    assert Slurm(None, settings).array_limit() == limit


@pytest.mark.parametrize(
    ("options", "storage", "expected"),
    [
        ({}, "accounting_storage/slurmdbd", True),
        ({}, "accounting_storage/none", False),
        ({}, None, None),
        ({"accounting": "off"}, "accounting_storage/slurmdbd", False),
        ({"accounting": False}, "accounting_storage/slurmdbd", False),  # YAML's `off`
        ({"accounting": "on"}, "accounting_storage/none", True),
    ],
)
def test_whether_to_ask_the_accounting(
    options: dict[str, object], storage: str | None, expected: bool | None
) -> None:
    found = {} if storage is None else {"AccountingStorageType": storage}
    assert Slurm(SlurmOptions.model_validate(options), found).accounting is expected


# --- check --------------------------------------------------------------------------------------------


def test_a_machine_in_order() -> None:
    defaults = Resources(queue="normal", account="acct", walltime=600)
    lines = replayed(Slurm().check(defaults), "o-check")
    assert [(line.what, line.ok) for line in lines] == [
        ("Slurm's commands", True),
        ("controller", True),
        ("arrays", True),
        ("accounting", True),
        ("queue", True),
        ("account", True),
        ("a job", True),
    ]


def test_a_machine_that_is_not() -> None:
    lines = replayed(Slurm().check(Resources(queue="down", account="nosuch")), "o-check-bad")
    wrong = {line.what: line for line in lines if line.ok is False}
    assert wrong.keys() == {"queue", "account", "a job"}
    assert "normal" in wrong["queue"].advice
    assert "down" not in wrong["queue"].advice
    assert "acct" in wrong["account"].advice
    assert all(line.advice for line in wrong.values())


def test_a_controller_that_is_down_ends_the_check() -> None:
    lines = replayed(Slurm().check(Resources()), "o-probe-controller-down")
    assert [(line.what, line.ok) for line in lines] == [
        ("Slurm's commands", True),
        ("controller", False),
    ]
    assert lines[1].advice


CONFIG, PARTITIONS, TRIAL = (steps("o-check")[index][1] for index in (0, 2, 5))
NOTHING = CommandResult(0, "", "")


def checked(config: CommandResult, *others: CommandResult | str, queue: str | None = None) -> dict[
    str, tuple[bool | None, str]
]:  # fmt: skip
    """The lines of a check without accounting, by what they are about."""
    slurm = Slurm(SlurmOptions(accounting="off"))
    lines, _ = answered(slurm.check(Resources(queue=queue)), config, *others)
    return {line.what: (line.ok, f"{line.detail} {line.advice}") for line in lines}


def test_no_accounting_is_only_a_remark() -> None:
    found = checked(CONFIG, PARTITIONS, NOTHING, TRIAL)
    assert found["accounting"][0] is None
    assert found["queue"][0] is True, "the default one"


def test_a_queue_that_does_not_exist() -> None:
    ok, words = checked(CONFIG, PARTITIONS, NOTHING, TRIAL, queue="nrmal")["queue"]
    assert ok is False
    assert "nrmal" in words
    assert "normal" in words


def test_a_cluster_without_a_default_queue() -> None:
    none = CommandResult(0, PARTITIONS.stdout.replace("Default=YES", "Default=NO"), "")
    assert checked(CONFIG, none, NOTHING, TRIAL)["queue"][0] is False


def test_what_a_login_sets_is_told() -> None:
    ok, words = checked(CONFIG, PARTITIONS, "SBATCH_ACCOUNT\n", TRIAL)["environment"]
    assert ok is None
    assert "SBATCH_ACCOUNT" in words


def test_a_cluster_that_hides_jobs() -> None:
    private = CommandResult(0, CONFIG.stdout.replace("= none", "= jobs,usage", 1), "")
    private = CommandResult(
        0, CONFIG.stdout.replace("PrivateData             = none", "PrivateData = jobs"), ""
    )
    assert checked(private, PARTITIONS, NOTHING, TRIAL)["privacy"][0] is None


def test_an_old_slurm() -> None:
    old = CommandResult(0, CONFIG.stdout.replace("slurm-wlm 22.05.8", "slurm 19.05.5"), "")
    ok, words = checked(old, PARTITIONS, NOTHING, TRIAL)["Slurm's commands"]
    assert ok is None
    assert "20.11" in words
