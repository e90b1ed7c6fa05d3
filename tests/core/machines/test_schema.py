"""The schema for editors is valid, and agrees with what the loader takes and refuses."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from ruamel.yaml import YAML

from sojourn.errors import SojournError
from sojourn.machines.initial import INITIAL
from sojourn.machines.model import CORE_KEYS, Machine
from sojourn.machines.schema import machines_schema
from sojourn.plugins.registry import Registry
from tests.core.machines.conftest import Load
from tests.core.machines.test_loading import DESIGN, MISTAKES

GOOD = [
    "backend: toy",
    "backend: toy, slots: 3",
    "backend: toy, slots: '${SLOTS}'",
    "backend: bare",
    "backend: big, host: x",
    "backend: big, host: x, port: 22, user: me, identity_file: ~/.ssh/id, connect_timeout: 5s",
    "backend: big, transport: openssh, host: x, ssh_config: /etc/ssh/config",
    "backend: big, defaults: {walltime: 2h, queue: x}, poll: {interval: 3s}",
    "backend: big, defaults: {walltime: 7200}, poll: {interval: 0.5}, path: /opt/bin, max_jobs: 3",
    "backend: big, path: [/a, /b], setup: module load gcc, lost_after: 5m, group: physics",
    "backend: big, root: ~/a, shell: bash -l, flavour: x, ports: [1, 2]",
    "backend: big, root: '${HERE}/x'",
    "backend: '${WHICH}'",
]
UNSEEN = {
    "backend: big, low: 5, high: 3",  # a rule of the model's own
    "backend: big, poll: {interval: soon}",  # durations and sizes are text to a schema
    "backend: big, poll: {interval: 0}",
    "backend: big, poll: {interval: .inf}",
    "backend: big, defaults: {walltime: soon}",
    "backend: big, password: hunter2",
    "backend: big, max_jobs: true",
    "backend: big, flavour: 2024-01-31",
    "",
}
"""Mistakes that a schema need not see."""


@pytest.fixture
def validator(registry: Registry) -> Draft7Validator:
    schema = json.loads(json.dumps(machines_schema(registry)))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def mistakes(validator: Draft7Validator, text: str) -> list[str]:
    data: Any = YAML(typ="safe", pure=True).load(text)
    return [error.message for error in validator.iter_errors(data)]


@pytest.mark.parametrize("keys", GOOD)
def test_what_the_loader_takes_is_valid(validator: Draft7Validator, load: Load, keys: str) -> None:
    text = f"machines:\n  a: {{{keys}}}\n"
    load(text, SLOTS="2", HERE="/here", WHICH="toy").get("a")
    assert mistakes(validator, text) == []


@pytest.mark.parametrize("keys", [keys for keys in MISTAKES if keys not in UNSEEN])
def test_what_the_loader_refuses_is_not(validator: Draft7Validator, load: Load, keys: str) -> None:
    text = f"machines:\n  a: {{{keys}}}\n"
    with pytest.raises(SojournError):
        load(text).get("a")
    assert mistakes(validator, text)


@pytest.mark.parametrize("text", [DESIGN, INITIAL, "default: a\nmachines:\n", "machines: {}\n"])
def test_whole_files_are_valid(registry: Registry, text: str) -> None:
    from sojourn.contract import BackendInfo
    from tests.core.machines.conftest import Named

    registry.register(Named(BackendInfo("local", "Here", frozenset())), name="local")
    assert mistakes(Draft7Validator(machines_schema(registry)), text) == []


@pytest.mark.parametrize("text", ["machine: {}\n", "machines: []\n", "default: 3\n", "[]\n"])
def test_other_files_are_not(validator: Draft7Validator, text: str) -> None:
    assert mistakes(validator, text)


def test_without_any_backend_there_is_still_a_schema() -> None:
    schema = machines_schema(Registry(discover=False))
    Draft7Validator.check_schema(schema)
    text = "machines:\n  a: {backend: slurm, host: x}\n"
    assert mistakes(Draft7Validator(schema), text) == []


def test_every_key_is_there_and_explained(registry: Registry) -> None:
    properties = machines_schema(registry)["properties"]["machines"]["additionalProperties"][
        "properties"
    ]
    assert properties.keys() >= CORE_KEYS | {"slots", "flavour", "host", "port"}
    for key in CORE_KEYS:
        assert Machine.model_fields[key].description == properties[key]["description"]


def test_it_is_one_file_that_refers_to_nothing_else(registry: Registry, tmp_path: Path) -> None:
    text = json.dumps(machines_schema(registry))
    definitions = json.loads(text)["definitions"]
    used = {part.partition('"')[0] for part in text.split("#/definitions/")[1:]}
    assert used == definitions.keys()
