"""Resource words as `#PBS` lines."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import Header
from sojourn.batch.units import size
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_pbs import info
from sojourn_pbs.dialects import Site
from sojourn_pbs.directives import directives
from tests.pbs.recorded import OPEN, REAL_TORQUE, WRAPPERS

HEADER = Header("sj0123456789ab", "/scratch/me/a b")
TORQUE = REAL_TORQUE


def lines(dialect: Site, **words: object) -> list[str]:
    """The lines beyond those that every job has."""
    found = directives(dialect, Resources.model_validate(words), HEADER)
    every = directives(dialect, Resources(), HEADER)
    return [line.removeprefix("#PBS ") for line in found if line not in every]


def test_what_every_job_says() -> None:
    assert directives(OPEN, Resources(), HEADER) == [
        *("#PBS -N sj0123456789ab", "#PBS -S /bin/sh", "#PBS -m n", "#PBS -r n"),
    ]
    assert "#SBATCH --no-requeue" in directives(WRAPPERS, Resources(), HEADER)
    assert "#SBATCH --export=NONE" in directives(WRAPPERS, Resources(), HEADER)


def test_the_name_fits_the_oldest_versions() -> None:
    (name,) = (line for line in directives(OPEN, Resources(), HEADER) if " -N " in line)
    assert re.fullmatch(r"#PBS -N [a-z][a-z0-9]{0,14}", name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"cpus_per_task": 8}, ["-l select=1:ncpus=8:mpiprocs=1"]),
        ({"memory": "16GiB"}, ["-l select=1:ncpus=1:mpiprocs=1:mem=16384mb"]),
        (
            {"nodes": 2, "tasks_per_node": 4, "cpus_per_task": 2, "memory": "1GiB"},
            [
                "-l select=2:ncpus=8:mpiprocs=4:ompthreads=2:mem=1024mb",
                "-l place=scatter",
            ],
        ),
        ({"tasks": 64}, ["-l select=64:ncpus=1:mpiprocs=1"]),
        (
            {"tasks": 4, "memory": "8GiB"},
            ["-l select=1:ncpus=4:mpiprocs=4:ompthreads=1:mem=8192mb"],
        ),
        (
            {"tasks": 10, "nodes": 3},
            [
                "-l select=1:ncpus=4:mpiprocs=4:ompthreads=1+2:ncpus=3:mpiprocs=3:ompthreads=1",
                "-l place=scatter",
            ],
        ),
        (
            {"tasks": 8, "tasks_per_node": 4},
            ["-l select=2:ncpus=4:mpiprocs=4:ompthreads=1", "-l place=scatter"],
        ),
        (
            {"tasks": 4, "cpus_per_task": 3, "memory_per_cpu": "2GiB"},
            ["-l select=4:ncpus=3:mpiprocs=1:mem=6144mb"],
        ),
        ({"gpus_per_node": 2}, ["-l select=1:ncpus=1:mpiprocs=1:ngpus=2"]),
        ({"exclusive": True}, ["-l select=1:ncpus=1:mpiprocs=1", "-l place=exclhost"]),
        (
            {"nodes": 2, "exclusive": True},
            ["-l select=2:ncpus=1:mpiprocs=1", "-l place=scatter:exclhost"],
        ),
        (
            {"constraint": "gpu_model=a100&fast"},
            ["-l select=1:ncpus=1:mpiprocs=1:gpu_model=a100:fast=True"],
        ),
        ({"walltime": "26h"}, ["-l walltime=26:00:00"]),
        ({"walltime": 90}, ["-l walltime=00:01:30"]),
        ({"queue": "workq", "account": "abc123"}, ["-q workq", "-A abc123"]),
        ({"queue": "workq", "reservation": "R12.server"}, ["-q R12"]),
        ({"native": ["-P proj", "#PBS -l software=x"]}, ["-P proj", "-l software=x"]),
        ({"exclusive": False, "gpus_per_node": 0}, ["-l select=1:ncpus=1:mpiprocs=1"]),
    ],
)
def test_openpbs(words: dict[str, object], expected: list[str]) -> None:
    assert lines(OPEN, **words) == expected


@pytest.mark.parametrize(
    ("words", "torque", "wrappers"),
    [
        ({"cpus_per_task": 8}, ["-l nodes=1:ppn=8"], None),
        ({"tasks": 6}, ["-l nodes=1:ppn=6"], None),
        ({"nodes": 2, "tasks_per_node": 3, "cpus_per_task": 2}, ["-l nodes=2:ppn=6"], None),
        ({"tasks": 5, "nodes": 2}, ["-l nodes=1:ppn=3+1:ppn=2"], None),
        ({"gpus_per_node": 2}, ["-l nodes=1:ppn=1:gpus=2"], None),
        ({"memory": "1GiB"}, ["-l nodes=1:ppn=1", "-l mem=1024mb"], None),
        (
            {"memory": "1GiB", "nodes": 2, "tasks_per_node": 4},
            ["-l nodes=2:ppn=4", "-l pmem=256mb"],
            ["-l nodes=2:ppn=4", "-l mem=1024mb"],
        ),
        (
            {"memory_per_cpu": "1GiB", "tasks": 4},
            ["-l nodes=1:ppn=4", "-l pmem=1024mb"],
            ["-l nodes=1:ppn=4", "-l mem=4096mb"],
        ),
        ({"walltime": 90}, ["-l walltime=00:01:30"], None),
    ],
)
def test_torque(words: dict[str, object], torque: list[str], wrappers: list[str] | None) -> None:
    assert lines(TORQUE, **words) == torque
    assert lines(WRAPPERS, **words) == (torque if wrappers is None else wrappers)


def test_torques_own() -> None:
    assert lines(TORQUE, constraint="fast:big") == ["-l nodes=1:ppn=1:fast:big"]
    assert lines(TORQUE, exclusive=True) == ["-l nodes=1:ppn=1", "-n"]


def test_restarts() -> None:
    assert lines(OPEN, requeue=True) == ["-r y"]
    assert lines(WRAPPERS, requeue=True) == ["#SBATCH --requeue"]
    array = Header("sj0123456789ab", "/x", array=True)
    assert "#PBS -r y" in directives(OPEN, Resources(), array), "OpenPBS takes no other arrays"
    assert "#PBS -r n" in directives(TORQUE, Resources(), array)


@pytest.mark.parametrize(
    ("dialect", "words", "named", "hint"),
    [
        (OPEN, {"qos": "high"}, "qos", "queue"),
        (OPEN, {"gpu_type": "a100"}, "gpu_type", "constraint"),
        (OPEN, {"memory": 1, "memory_per_cpu": 1}, "memory_per_cpu", "leave one out"),
        (OPEN, {"constraint": "fast|big"}, "constraint", "all of which"),
        (OPEN, {"tasks": 2, "nodes": 3}, "nodes", "nodes=2"),
        (OPEN, {"tasks": 9, "nodes": 2, "tasks_per_node": 4}, "tasks_per_node", "nodes=3"),
        (OPEN, {"account": "a b"}, "account", ""),
        (OPEN, {"queue": 'x"; y'}, "queue", ""),
        (TORQUE, {"reservation": "R1"}, "reservation", "queue"),
        (WRAPPERS, {"constraint": "fast"}, "constraint", "slurm"),
        (WRAPPERS, {"exclusive": True}, "exclusive", "slurm"),
        (WRAPPERS, {"qos": "x"}, "qos", "slurm"),
        (OPEN, {"native": "-N mine"}, "-N mine", ""),
        (OPEN, {"native": "-l walltime=1 -W block=true"}, "block", ""),
        (OPEN, {"native": "-o 'x"}, "native", ""),
        (OPEN, {"native": "--exclusive"}, "native", "-p 100"),
    ],
)
def test_what_cannot_be_honoured_is_named(
    dialect: Site, words: dict[str, object], named: str, hint: str
) -> None:
    with pytest.raises(UnsupportedResource) as raised:
        directives(dialect, Resources.model_validate(words), HEADER)
    assert named in raised.value.message
    assert hint in raised.value.hint


def test_every_word_is_either_honoured_or_not_claimed() -> None:
    samples: dict[str, object] = {
        **{"queue": "q", "account": "a", "reservation": "R1", "constraint": "c", "exclusive": True},
        **{"requeue": True, "native": ("-p 1",)},
    }
    for word in Resources.model_fields:
        value = samples.get(word, "x" if word in ("qos", "gpu_type") else 2**30)
        if word in info.resources:
            assert lines(OPEN, **{word: value}), word
        else:
            with pytest.raises(UnsupportedResource):
                lines(OPEN, **{word: value})


_COUNTS = st.one_of(st.none(), st.integers(1, 40))


@given(_COUNTS, _COUNTS, _COUNTS, _COUNTS, st.one_of(st.none(), st.integers(1, 2**40)))
def test_a_select_adds_up(
    nodes: int | None, tasks: int | None, each: int | None, cpus: int | None, memory: int | None
) -> None:
    words = Resources(
        nodes=nodes, tasks=tasks, tasks_per_node=each, cpus_per_task=cpus, memory=memory
    )
    try:
        found = directives(OPEN, words, HEADER)
    except UnsupportedResource:
        assert tasks is not None
        assert nodes is not None
        return
    select = next((line for line in found if "select=" in line), "")
    assert bool(select) == any((nodes, tasks, each, cpus, memory))
    shares = [one for one in select.partition("select=")[2].split("+") if one]
    chunks = [dict(re.findall(r"(\w+)=(\w+)", f"n={one}")) for one in shares]
    counted = [
        (int(chunk["n"]), int(chunk["mpiprocs"]), int(chunk["ncpus"]), chunk.get("mem"))
        for chunk in chunks
    ]
    total = sum(count * on for count, on, _, _ in counted)
    if not select:
        return
    assert all(all_cpus == on * (cpus or 1) for _, on, all_cpus, _ in counted)
    if tasks is not None:
        assert total == tasks
    if nodes is not None:
        assert sum(count for count, *_ in counted) == nodes
    if memory is not None:
        assert all((size(mem or "") or 0) >= memory for *_, mem in counted)
    if each is not None:
        assert all(on <= each for _, on, _, _ in counted)


def test_what_a_native_option_repeats_is_left_out() -> None:
    """Seen: OpenPBS takes the first of two `-l walltime`, and the last of two `-q`."""
    resources = Resources(
        walltime=600,
        queue="workq",
        cpus_per_task=2,
        native=["-l walltime=60,software=x", "-q small"],
    )
    lines = OPEN.directives(resources, HEADER)
    assert [line for line in lines if "walltime" in line or "-q" in line] == [
        *("#PBS -l walltime=60,software=x", "#PBS -q small"),
    ]
    assert any("select=1:ncpus=2" in line for line in lines)
    own = OPEN.directives(resources.model_copy(update={"native": ("-l select=1:ncpus=1",)}), HEADER)
    assert [line for line in own if "select" in line] == ["#PBS -l select=1:ncpus=1"]
