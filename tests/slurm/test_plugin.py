"""The backend as core finds it."""

import subprocess

import pytest
from pydantic import ValidationError

from sojourn.batch.backend import BatchBackend
from sojourn.contract import Capability
from sojourn.plugins.registry import Registry
from sojourn.values.resources import Resources
from sojourn_slurm import Slurm, SlurmOptions, info, plugin


def test_it_is_found_by_its_name() -> None:
    found = Registry().backend("slurm")
    assert found.info == info


def test_what_it_says_of_itself() -> None:
    assert isinstance(plugin, BatchBackend)
    assert info.resources == set(Resources.model_fields)
    assert info.capabilities == set(Capability)
    assert info.config_model is SlurmOptions


@pytest.mark.parametrize("wrong", [{"cluster": "a;b"}, {"accounting": "maybe"}, {"clster": "a"}])
def test_wrong_keys(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SlurmOptions.model_validate(wrong)


@pytest.mark.parametrize(
    ("variables", "id_", "index"),
    [
        ({"SLURM_JOB_ID": "7"}, "7", ""),
        (
            {"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "0"},
            "7_0",
            "0",
        ),
        ({}, "", ""),
    ],
)
def test_what_a_job_calls_itself(variables: dict[str, str], id_: str, index: str) -> None:
    text = f'set -u; printf "%s|%s" "{Slurm.id_variable}" "{Slurm.index_variable}"'
    done = subprocess.run(["/bin/sh", "-c", text], env=variables, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == (f"{id_}|{index}", "")
    if id_:
        job = variables.get("SLURM_ARRAY_JOB_ID", variables["SLURM_JOB_ID"])
        assert Slurm().task_id(job, int(index) if index else None) == id_
