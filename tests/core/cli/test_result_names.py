"""The directories of `fetch -o`."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli.result_names import FIELDS, directories, plain_word
from sojourn.errors import UsageError
from sojourn.store.plans import Membership
from sojourn.store.records import JobRecord
from tests.core.cli.desk import Desk
from tests.core.cli.samples import record, signature
from tests.core.cli.test_generations import run


def fit(at: int) -> JobRecord:
    return record(f"fit[{at}]", workflow="sweep", step="fit")


def nowhere(_: JobRecord) -> Sequence[Membership]:
    return ()


def names(target: str, *jobs: JobRecord) -> list[str]:
    found = directories(Path(target), jobs, nowhere)
    return [str(found.place(job.signature)) for job in jobs]


def test_several_jobs_go_by_their_names_without_a_hash() -> None:
    assert names("out", fit(0), fit(1), record("plot")) == ["out/fit-0", "out/fit-1", "out/plot"]


def test_a_single_job_has_the_directory_for_itself() -> None:
    assert names("out", fit(0)) == ["out"]


def test_a_part_of_the_signature_tells_apart_what_a_name_does_not() -> None:
    one, two = (record("same", signature=signature(word)) for word in "ab")
    nameless = record("", signature=signature("c"))
    assert names("out", one, two, nameless) == [
        f"out/same-{one.signature[:8]}",
        f"out/same-{two.signature[:8]}",
        f"out/{nameless.signature[:8]}",
    ]


def test_a_template_has_fields_and_formats() -> None:
    assert names("out/{step}/{index:03}", fit(0), fit(12)) == ["out/fit/000", "out/fit/012"]
    assert names("/there/{workflow}-{name}", fit(3)) == ["/there/sweep-fit-3"]
    assert names("{machine}.{attempt}.{signature:.8}", fit(3)) == [
        f"here.1.{fit(3).signature[:8]}"
    ]  # fmt: skip
    assert names("a {{b}}/{name}", fit(1)) == ["a {b}/fit-1"]


def test_the_place_in_the_workflow_is_asked_for_first() -> None:
    job = record("my name", workflow="first", step="fit")

    def places(one: JobRecord) -> Sequence[Membership]:
        return [
            Membership("first", "fit#3", one.signature, one.machine, "fit"),
            Membership("other", "loop[2]/fit[7]", one.signature, one.machine, "fit"),
        ]

    def found(workflow: str | None) -> str:
        return directories(Path("{workflow}-{node}-{index}"), [job], places, workflow).names[
            job.signature
        ]

    assert found(None) == "first-fit_3-2"
    assert found("other") == "other-loop-2_fit-7-7"


@pytest.mark.parametrize(
    ("target", "said", "hint"),
    [
        ("out/{indx}", "unknown field {indx}", "did you mean 'index'?"),
        ("{name.__class__}", "unknown field {name.__class__}", "name"),
        ("{}", "unknown field {}", "fields are: attempt, index"),
        ("{name", "expected '}'", "twice"),
        ("{name:d}", "Unknown format code", ""),
        ("{step}/../x", "leads nobody knows where", ""),
    ],
)
def test_a_wrong_template_is_an_error(target: str, said: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        names(target, fit(0))
    assert said in str(caught.value)
    assert hint in caught.value.hint


def test_a_field_that_a_job_does_not_have_names_the_job() -> None:
    with pytest.raises(UsageError, match=f"job {record('plot').signature[:8]} has no step"):
        names("{step}", fit(0), record("plot"))


def test_two_jobs_with_one_directory_are_both_named() -> None:
    with pytest.raises(UsageError) as caught:
        names("out/{step}", fit(0), fit(1))
    for part in (fit(0).signature[:8], "fit[0]", fit(1).signature[:8], "fit[1]", "'fit'"):
        assert part in str(caught.value)
    assert "{index}" in caught.value.hint


@given(st.text(max_size=200))
def test_a_value_is_one_harmless_directory_name(text: str) -> None:
    word = plain_word(text)
    assert "/" not in word
    assert "\0" not in word
    assert len(word) <= 100
    assert not word.startswith((".", "-"))


def test_results_of_a_workflow_are_sorted_into_a_tree(desk: Desk) -> None:
    run(desk, 2)
    done = desk("fetch", "--workflow", "sweep", "-o", "out/{step}/{index}")
    assert done.out.split() == ["out/fit/0", "out/fit/1"]
    assert (desk.here / "out" / "fit" / "1" / "out").read_text() == "1 1\n"
    desk("fetch", "--workflow", "sweep", "-o", "plain")
    assert {path.name for path in (desk.here / "plain").iterdir()} == {"fit-0", "fit-1"}


def test_nothing_is_written_or_fetched_when_names_collide(desk: Desk) -> None:
    run(desk, 2)
    done = desk("fetch", "--workflow", "sweep", "-o", "out/{step}", status=2)
    assert "fit[0]" in done.err
    assert "fit[1]" in done.err
    assert not (desk.here / "out").exists()


def test_the_help_names_every_field(desk: Desk) -> None:
    text = desk("fetch", "--help").out
    assert all(f"{{{field}}}" in text for field in FIELDS)
