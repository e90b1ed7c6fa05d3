"""The backend as core finds it."""

import subprocess

import pytest
from pydantic import ValidationError

from sojourn.batch.backend import BatchBackend
from sojourn.contract import Capability
from sojourn.plugins.registry import Registry
from sojourn.values.resources import Resources
from sojourn_pbs import Pbs, PbsOptions, info, plugin


def test_it_is_found_by_its_name() -> None:
    assert Registry().backend("pbs").info == info


def test_what_it_says_of_itself() -> None:
    assert isinstance(plugin, BatchBackend)
    assert info.resources == set(Resources.model_fields) - {"qos", "gpu_type"}
    assert info.capabilities == set(Capability)
    assert info.config_model is PbsOptions


@pytest.mark.parametrize("wrong", [{"dialect": "slurm"}, {"dialct": "auto"}])
def test_wrong_keys(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PbsOptions.model_validate(wrong)


@pytest.mark.parametrize(
    ("variables", "id_", "index"),
    [
        ({"PBS_JOBID": "7.h"}, "7.h", ""),
        ({"PBS_JOBID": "9[3].h", "PBS_ARRAY_INDEX": "3", "PBS_ARRAY_ID": "9[].h"}, "9[3].h", "3"),
        ({"PBS_JOBID": "9[0].h", "PBS_ARRAYID": "0"}, "9[0].h", "0"),
        ({"SLURM_JOB_ID": "12"}, "12", ""),
        ({}, "", ""),
    ],
)
def test_what_a_job_calls_itself(variables: dict[str, str], id_: str, index: str) -> None:
    """As recorded of OpenPBS: a subjob's PBS_JOBID is what `task_id` makes of the array's id."""
    text = f'set -u; printf "%s|%s" "{Pbs.id_variable}" "{Pbs.index_variable}"'
    done = subprocess.run(["/bin/sh", "-c", text], env=variables, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{id_}|{index}", "")
    if index:
        assert Pbs().task_id("9[].h", int(index)) == id_


def test_ids_of_tasks() -> None:
    assert Pbs().task_id("9[].host.domain", 12) == "9[12].host.domain"
    assert Pbs().task_id("9.host", None) == "9.host"
    assert Pbs().task_id("9[]", 0) == "9[0]"
