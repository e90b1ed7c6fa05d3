"""The first file is valid as it stands, and so is what its comments suggest."""

import re
from pathlib import Path

from sojourn.contract import BackendInfo
from sojourn.machines.initial import INITIAL
from sojourn.machines.loading import Machines, load_machines
from sojourn.machines.reading import parse
from sojourn.plugins.registry import Registry
from tests.core.machines.conftest import Named, ToyKeys


def load(tmp_path: Path, text: str) -> Machines:
    registry = Registry(discover=False)
    resources = frozenset({"queue", "account", "walltime"})
    for name, keys in (("local", ToyKeys), ("slurm", None)):
        registry.register(Named(BackendInfo(name, "", resources, config_model=keys)), name=name)
    file = tmp_path / "machines.yaml"
    file.write_text(text)
    return load_machines(registry, {"SOJOURN_MACHINES": str(file)})


def test_as_it_stands(tmp_path: Path) -> None:
    machines = load(tmp_path, INITIAL)
    assert machines.names() == ["local"]
    assert machines.default().backend == "local"


def test_with_all_its_suggestions_taken(tmp_path: Path) -> None:
    text = re.sub(r"^(\s*)# (?=\s*[a-z_]+:|  )", r"\1", INITIAL, flags=re.MULTILINE)
    assert text != INITIAL
    machines = load(tmp_path, text)
    assert machines.names() == ["local", "cluster"]
    assert machines.default().name == "local"
    cluster = machines.get("cluster")
    assert cluster.transport == "ssh"
    assert cluster.defaults.walltime == 3600
    assert cluster.setup == "module load gcc/12\n"
    assert cluster.group == "physics"


def test_it_fits_a_narrow_window() -> None:
    assert max(map(len, INITIAL.splitlines())) <= 100
    assert parse(INITIAL, Path("m")).data.keys() == {"machines"}
