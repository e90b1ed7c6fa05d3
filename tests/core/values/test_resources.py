"""Sizes, durations and resource words."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from sojourn.errors import InvalidJob
from sojourn.values.resources import Resources, parse_memory, parse_walltime


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (5, 5),
        ("5", 5),
        (" 5 B ", 5),
        ("16GiB", 16 * 2**30),
        ("16 gib", 16 * 2**30),
        ("16Gi", 16 * 2**30),
        ("16GB", 16 * 10**9),
        ("16g", 16 * 10**9),
        ("500 MB", 500 * 10**6),
        ("1.5 TiB", 3 * 2**39),
        ("0.1KiB", 103),  # 102.4, rounded up
        ("1.1TiB", 1209462790554),  # 1209462790553.6
        ("9007199254740993", 9007199254740993),
        ("9007.199254740993TB", 9007199254740993),
        (1.5, 2),
        (2.0**60, 2**60),
    ],
)
def test_sizes(given: Any, size: int) -> None:
    assert parse_memory(given) == size


@pytest.mark.parametrize(
    "given",
    ["", "GiB", "-1", "1e3", "1.GiB", ".5GiB", "1 GiB x", "1PiBs", True, None, "١GiB", "1,5GB"],
)
def test_no_sizes(given: Any) -> None:
    with pytest.raises(ValueError, match="is not a size; write it like 16GiB"):
        parse_memory(given)


@pytest.mark.parametrize("given", [float("nan"), float("inf")])
def test_numbers_that_are_neither_size_nor_duration(given: float) -> None:
    for parse in (parse_memory, parse_walltime):
        with pytest.raises(ValueError, match="not a finite number"):
            parse(given)


@given(st.integers(0, 10**7), st.sampled_from(["", "K", "MB", "Gi", "TiB"]), st.integers(0, 999))
def test_a_size_is_exact_or_the_next_whole_byte(whole: int, unit: str, thousandths: int) -> None:
    factor = {"": 1, "K": 1000, "MB": 10**6, "Gi": 2**30, "TiB": 2**40}[unit]
    exact = (Decimal(whole) + Decimal(thousandths) / 1000) * factor
    size = parse_memory(f"{whole}.{thousandths:03}{unit}")
    assert exact <= size < exact + 1


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (90, 90),
        ("90", 90),
        (1.2, 2),
        ("2h", 7200),
        ("2h30m", 9000),
        ("1d 12h", 129600),
        ("90 m", 5400),
        ("1.5h", 5400),
        ("0.5s", 1),
        ("0.1h", 360),
        ("1:30", 90),  # as Slurm and PBS read it: minutes and seconds
        ("90:00", 5400),
        ("1:30:00", 5400),
        ("100:00:01", 360001),
        ("2-12", 216000),
        ("2-12:30", 217800),
        ("2-12:00:05", 216005),
        (timedelta(days=1, hours=2), 93600),
        (timedelta(seconds=0.5), 1),
    ],
)
def test_durations(given: Any, seconds: int) -> None:
    assert parse_walltime(given) == seconds


@pytest.mark.parametrize(
    "given",
    [
        "",
        "h",
        "2x",
        "-5",
        "1:60",
        "1:75:00",
        "1:2:3:4",
        "1h:30",
        "2h 30",
        "1-",
        True,
        None,
        "²",
        "1 30",
    ],
)
def test_no_durations(given: Any) -> None:
    with pytest.raises(ValueError, match="is not a duration; write it like 2h"):
        parse_walltime(given)


@given(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_all_ways_to_write_a_duration_agree(
    days: int, hours: int, minutes: int, seconds: int
) -> None:
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    for text in (
        f"{days}-{hours}:{minutes:02}:{seconds:02}",
        f"{days * 24 + hours}:{minutes}:{seconds}",
        f"{(days * 24 + hours) * 60 + minutes}:{seconds:02}",
        f"{days}d{hours}h {minutes} m {seconds}s",
    ):
        assert timedelta(seconds=parse_walltime(text)) == whole


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"memry": 1}, "Resources has no 'memry'"),
        ({"memory": 0}, "memory: input should be greater than 0"),
        ({"memory": "much"}, "memory: 'much' is not a size"),
        ({"walltime": "soon"}, "walltime: 'soon' is not a duration"),
        ({"tasks": 0}, "tasks: input should be greater than 0"),
        ({"tasks": True}, "tasks: True is no number"),
        ({"tasks": "4.5"}, "tasks: input should be a valid integer"),
        ({"gpus_per_node": -1}, "gpus_per_node: input should be greater"),
        ({"queue": ""}, "queue: '' is not a word of one line"),
        ({"queue": "a\n#SBATCH -x"}, r"queue: 'a\\n#SBATCH -x' is not a word of one line"),
        ({"account": 12}, "account: input should be a valid string"),
        ({"native": ["-x", "a\nb"]}, "native.1: 'a.*' is not a word of one line"),
        ({"native": 3}, "native: input should be a valid tuple"),
    ],
)
def test_words_that_cannot_be(words: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidJob, match=said) as caught:
        Resources(**words)
    assert "\n" not in str(caught.value)


def test_the_nearest_word_is_named() -> None:
    with pytest.raises(InvalidJob) as caught:
        Resources(wall_time="2h")  # type: ignore[call-arg]
    assert caught.value.hint == "did you mean 'walltime'?"


def test_as_part_of_a_file_mistakes_stay_with_their_places() -> None:
    class File(BaseModel):
        defaults: Resources

    with pytest.raises(ValidationError) as caught:
        File.model_validate({"defaults": {"memry": 1}})
    assert caught.value.errors()[0]["loc"] == ("defaults", "memry")


def test_text_from_a_command_line() -> None:
    given = Resources.model_validate(
        {"tasks": "4", "exclusive": "yes", "memory": "1GiB", "native": "-x"}
    )
    assert given.given() == {"tasks": 4, "exclusive": True, "memory": 2**30, "native": ("-x",)}


def test_what_is_given_hides_the_defaults_and_native_adds_up() -> None:
    defaults = Resources(queue="q", tasks=2, requeue=True, gpus_per_node=1, native=["-a"])
    job = Resources(tasks=4, requeue=False, gpus_per_node=0, native=["-b"])
    assert job.over(defaults).given() == {
        "queue": "q",
        "tasks": 4,
        "requeue": False,
        "gpus_per_node": 0,
        "native": ("-a", "-b"),
    }
    assert Resources().over(defaults) == defaults
    assert defaults.over(Resources()) == defaults


def test_one_way_to_ask_for_memory_hides_the_other() -> None:
    per_node, per_cpu = Resources(memory=8), Resources(memory_per_cpu=2)
    assert per_cpu.over(per_node).given() == {"memory_per_cpu": 2}
    assert per_node.over(per_cpu).given() == {"memory": 8}
    both = Resources(memory=8, memory_per_cpu=2)  # for the scheduler to judge
    assert both.over(Resources(memory=1)).given() == both.given()


def test_it_never_changes() -> None:
    with pytest.raises(ValidationError):
        Resources(tasks=1).tasks = 2
