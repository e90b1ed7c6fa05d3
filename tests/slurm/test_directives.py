"""From resource words to directives."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.options import quoted
from sojourn.batch.scheduler import Header
from sojourn.batch.units import mebibytes
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_slurm import Slurm
from sojourn_slurm.directives import OPTIONS, OTHERS, clock, warning

PLAIN = Slurm()
HEADER = Header("sj0123456789ab", "/scratch/me/submissions/01")
ALWAYS = [
    "#SBATCH --job-name=sj0123456789ab",
    "#SBATCH --chdir=/scratch/me/submissions/01",
    "#SBATCH --output=/scratch/me/submissions/01/slurm-%j.out",
    "#SBATCH --export=NONE",
]


def asked(**words: object) -> list[str]:
    """The directives that are there because of these words."""
    lines = PLAIN.directives(Resources.model_validate(words), HEADER)
    assert lines[:4] == ALWAYS
    return [line.removeprefix("#SBATCH ") for line in lines[4:]]


def test_what_every_job_says() -> None:
    assert asked() == ["--no-requeue"]


@pytest.mark.parametrize(
    ("word", "value", "expected"),
    [
        ("nodes", 2, "--nodes=2"),
        ("tasks", 16, "--ntasks=16"),
        ("tasks_per_node", 8, "--ntasks-per-node=8"),
        ("cpus_per_task", 4, "--cpus-per-task=4"),
        ("gpus_per_node", 2, "--gpus-per-node=2"),
        ("memory", "16GiB", "--mem=16384M"),
        ("memory", 1, "--mem=1M"),
        ("memory", 2**20 + 1, "--mem=2M"),
        ("memory_per_cpu", "500MB", "--mem-per-cpu=477M"),
        ("walltime", "2h", "--time=0-02:00:00"),
        ("walltime", 61, "--time=0-00:02:00"),
        ("walltime", "3d 4h 5m", "--time=3-04:05:00"),
        ("queue", "long,short", "--partition=long,short"),
        ("account", "abc123", "--account=abc123"),
        ("qos", "high", "--qos=high"),
        ("reservation", "school", "--reservation=school"),
        ("constraint", "fast&big", "--constraint=fast&big"),
        ("constraint", "[rack1*2&rack2*4]", "--constraint=[rack1*2&rack2*4]"),
        ("exclusive", True, "--exclusive"),
        ("native", ("--nice=100",), "--nice=100"),
        ("native", ("#SBATCH --licenses=a:1 # two",), "--licenses=a:1 # two"),
    ],
)
def test_words(word: str, value: object, expected: str) -> None:
    assert asked(**{word: value}) == ["--no-requeue", expected]


def test_requeue() -> None:
    assert asked(requeue=True) == ["--requeue"]
    assert asked(requeue=False) == ["--no-requeue"]


def test_what_asks_for_nothing() -> None:
    assert asked(exclusive=False, gpus_per_node=0) == ["--no-requeue"]


def test_the_kind_of_gpu() -> None:
    assert "--gpus-per-node=a100:2" in asked(gpus_per_node=2, gpu_type="a100")
    lines = Slurm(None, {"SelectType": "select/cons_res"}).directives(
        Resources(gpus_per_node=2, gpu_type="a100"), HEADER
    )
    assert "#SBATCH --gres=gpu:a100:2" in lines


def test_every_word_of_the_vocabulary_is_treated() -> None:
    assert {*OPTIONS, *OTHERS} == set(Resources.model_fields)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"gpu_type": "a100"}, "gpus_per_node"),
        ({"memory": "1GiB", "memory_per_cpu": "1GiB"}, "memory_per_cpu"),
        ({"native": ["--job-name=mine"]}, "--job-name"),
        ({"native": ["-J mine"]}, "--job-name"),
        ({"native": ["-Jmine"]}, "--job-name"),
        ({"native": ["#SBATCH --output x"]}, "--output"),
        ({"native": ["-a 1-3"]}, "--array"),
        ({"native": ["--export-file=x"]}, "--export-file"),
        ({"native": ["nice=100"]}, "--nice=100"),
        ({"native": ["-"]}, "native"),
    ],
)
def test_what_cannot_be_honoured_is_named(words: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedResource) as raised:
        PLAIN.directives(Resources.model_validate(words), HEADER)
    assert named in f"{raised.value} {raised.value.hint}"


def test_native_has_the_last_word() -> None:
    assert asked(memory="4GiB", native=("--mem=0",))[-1] == "--mem=0"


def test_an_array_writes_a_file_for_each_task() -> None:
    lines = PLAIN.directives(Resources(), Header("sj0", "/x", array=True))
    assert "#SBATCH --output=/x/slurm-%A_%a.out" in lines


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("/a b/%j", '#SBATCH --chdir="/a b/%j"'),
        ("/a b/%j", '#SBATCH --output="/a b/%%j/slurm-%j.out"'),
        ('/a"b', '#SBATCH --chdir="/a\\"b"'),
        ("/a\\b", '#SBATCH --chdir="/a\\\\b"'),
        ("/a\\b", '#SBATCH --output="/a\\\\\\\\b/slurm.out"'),
        ("/a#b", '#SBATCH --chdir="/a#b"'),
        ("/ü", "#SBATCH --chdir=/ü"),
    ],
)
def test_odd_directories(directory: str, expected: str) -> None:
    assert expected in PLAIN.directives(Resources(), Header("sj0", directory))


def test_a_directory_that_would_break_the_line_is_not_named() -> None:
    lines = PLAIN.directives(Resources(), Header("sj0", "/a\n#SBATCH --uid=0"))
    assert not [line for line in lines if "chdir" in line or "\n" in line]


@given(st.text(st.characters(exclude_characters="\n\r"), min_size=1))
def test_quoting_is_undone_by_reading(text: str) -> None:
    assert shlex.split(f"--x={quoted(text)}", comments=True) == [f"--x={text}"]


@given(st.integers(1, 10**9))
def test_time_is_rounded_up_to_minutes(seconds: int) -> None:
    days, rest = clock(seconds).split("-")
    hours, minutes, zero = rest.split(":")
    given_ = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60
    assert zero == "00"
    assert (int(hours) < 24, int(minutes) < 60) == (True, True)
    assert 0 <= given_ - seconds < 60


@given(st.integers(1, 2**60))
def test_memory_is_rounded_up(size: int) -> None:
    given_ = int(mebibytes(size).removesuffix("M")) * 2**20
    assert 0 <= given_ - size < 2**20


@pytest.mark.parametrize(
    ("line", "signal"),
    [
        ("#SBATCH --signal=B:USR1@60", "USR1"),
        ("#SBATCH --signal B:SIGUSR2", "USR2"),
        ("#SBATCH --sig=b:10@120 # warn me", "USR1"),
        ("#SBATCH --signal=RB:TERM@60", "TERM"),
        ("#SBATCH --signal=B:INT -n 2", "INT"),
        ("#SBATCH --signal=B:TERM@60 --signal=USR1@60", ""),
        ("#SBATCH --signal=USR1@60", ""),
        ("#SBATCH --signal=R:USR1@60", ""),
        ("#SBATCH --signal=B:KILL@60", ""),
        ("#SBATCH --signal=B:nonsense", ""),
        ("#SBATCH --nice=1", ""),
    ],
)
def test_a_warning_that_only_the_batch_script_gets(line: str, signal: str) -> None:
    assert warning([*ALWAYS, line]) == signal
    assert PLAIN.warning([*ALWAYS, line]) == signal
