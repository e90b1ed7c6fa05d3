"""Reading `qstat -f`: every recorded output, and any other."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn_pbs.listing import records
from tests.pbs.recorded import TORQUE, named, output, result

FULL = [
    *named(r"^qstat_(-x_)?-f_(?!-F|unknown)"),
    *named("^text_nasty_"),
    "qstat_-B_-f",
    "qstat_-Q_-f",
]
NASTY = named("^text_nasty_")


@pytest.mark.parametrize("name", FULL)
def test_every_full_output_is_read_whole(name: str) -> None:
    text = output(name).stdout
    found = records(text)
    assert [one.id for one in found] == re.findall(r"^(?:Job Id|Queue|Server): (\S+)", text, re.M)
    for one in found:
        printed = re.search(rf": {re.escape(one.id)}\n(.*?)(?:\n\n|\Z)", text, re.S)
        assert printed is not None
        names = re.findall(r"^    ([\w.]+) =", printed[1], re.M)
        assert list(one.attributes) == [attribute.lower() for attribute in names]
        assert not any("\n\t" in value for value in one.attributes.values())


@pytest.mark.parametrize("state", ["running", "queued", "exiting", "suspended", "held_user"])
def test_text_says_the_same_as_json(state: str) -> None:
    (from_text,) = records(output(f"qstat_-f_{state}").stdout)
    jobs = json.loads(output(f"qstat_-f_-F_json_{state}").stdout)["Jobs"]
    assert list(jobs) == [from_text.id]
    for name, value in jobs[from_text.id].items():
        if isinstance(value, dict):
            continue
        assert from_text.get(name.lower()).strip() == str(value).strip(), name


def test_folded_lines_are_joined() -> None:
    (job,) = records(output("qstat_-f_queued").stdout)
    assert job.get("comment") == (
        "Not Running: Insufficient amount of resource: ncpus (R: 8 A: 4 T: 8)"
    )
    assert ",PBS_O_QUEUE=workq,PBS_O_HOST=pbs-host" in job.get("variable_list")
    (unfolded,) = records(output("qstat_-f_-w_running").stdout)
    (folded,) = records(output("qstat_-f_running").stdout)
    assert {name: value.rstrip() for name, value in unfolded.attributes.items()} == {
        name: value.rstrip() for name, value in folded.attributes.items()
    }


def test_several_jobs_of_one_command() -> None:
    found = records(output("qstat_-f_three_ids").stdout)
    assert [one.id for one in found] == ["116.pbs-host", "117.pbs-host", "118.pbs-host"]


def test_json_shows_only_the_first_of_several_ids_and_text_all() -> None:
    """The fact that the notes warn of, and why the text is what is read."""
    asked = ["116.pbs-host", "117.pbs-host", "118.pbs-host"]
    assert list(json.loads(output("qstat_-f_-F_json_three_ids__head").stdout)["Jobs"]) == asked[:1]
    assert list(json.loads(output("qstat_-f_-F_json_three_ids__v23.06.06").stdout)["Jobs"]) == asked
    assert [one.id for one in records(output("qstat_-f_three_ids").stdout)] == asked


def test_json_coerces_what_looks_like_numbers_and_text_does_not() -> None:
    (job,) = records(output("text_nasty_name_numeric_like").stdout)
    said = (job.get("job_name"), job.get("project"), job.get("account_name"))
    assert said == ("007", "1e5", "12")
    jobs = json.loads(output("json_nasty_name_numeric_like__v23.06.06").stdout)["Jobs"]
    assert jobs[job.id]["project"] != "1e5"
    numbered = json.loads(output("qstat_-f_-F_json_numeric_name__v23.06.06").stdout)["Jobs"]
    assert {type(one["Job_Name"]) for one in numbered.values()} == {int}
    variables = json.loads(output("json_nasty_var_json__head").stdout)["Jobs"]
    assert next(iter(variables.values()))["Variable_List"]["D"] == 7
    (job,) = records(output("text_nasty_var_json").stdout)
    assert "D=007" in job.get("variable_list")
    (job,) = records(output("text_nasty_name_null_true").stdout)
    assert (job.get("job_name"), job.get("project")) == ("null", "true")


@pytest.mark.parametrize("case", ["var_backslash", "var_utf8", "var_latin1"])
def test_json_can_be_invalid_and_text_is_read_all_the_same(case: str) -> None:
    """A backslash breaks the released client's JSON, other bytes its UTF-8; the text has both."""
    broken = False
    for client in ("head", "v23.06.06"):
        text = output(f"json_nasty_{case}__{client}").stdout
        try:
            json.loads(text)
        except json.JSONDecodeError:
            broken = True
        broken = broken or "\N{REPLACEMENT CHARACTER}" in text
    assert broken
    (job,) = records(output(f"text_nasty_{case}").stdout)
    assert (job.get("job_state"), job.get("hold_types")) == ("H", "u")


@pytest.mark.parametrize("name", NASTY)
def test_no_value_of_a_variable_hides_the_state(name: str) -> None:
    (job,) = records(output(name).stdout)
    assert job.get("job_state") == "H"
    assert job.get("resource_list.walltime") == "00:01:00"
    assert job.get("submit_host") == "pbs-host"


@pytest.mark.parametrize("name", [*FULL, *NASTY])
def test_the_submitters_environment_is_in_no_evidence(name: str) -> None:
    for one in records(output(name).stdout):
        assert "PBS_O_PATH" not in one.text
        assert one.text.startswith(("Job Id: ", "Queue: ", "Server: "))


def test_a_value_that_looks_like_attributes_changes_nothing() -> None:
    text = (
        "Job Id: 9.host\n    job_state = R\n    Variable_List = A=x\n    job_state = F\n"
        "    Exit_status = 0,B=y\n    etime = now\n"
    )
    (job,) = records(text)
    assert job.get("job_state") == "R"


@pytest.mark.parametrize(
    ("name", "state", "count"),
    [("qstat-f", "R", 13), ("qstat-f-held", "Q", 11), ("qstat-f-finished", "C", 13)],
)
def test_slurms_qstat_is_read_too(name: str, state: str, count: int) -> None:
    (job,) = records(result(TORQUE / f"{name}.txt").stdout)
    assert job.get("job_state") == state
    assert len(job.attributes) >= count - 2
    assert job.get("resource_list.ncpus") == "1"


def test_records_of_slurms_queues() -> None:
    text = "Queue:\tnormal\n\tqueue_type = Execution\n\tenabled = yes\n\nQueue:\tdown\n\tenabled = no\n"
    assert [(one.id, one.get("enabled")) for one in records(text)] == [
        ("normal", "yes"),
        ("down", "no"),
    ]


_LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["Job Id: 1.h", "Job Id:\t2", "    job_state = R", "\tjob_state = C", "\tmore", "", "x"]
        ),
        st.text(max_size=20),
    )
)


@given(_LINES)
def test_any_text_is_read_without_a_crash(lines: list[str]) -> None:
    for one in records("\n".join(lines)):
        assert one.id
        assert all(name == name.lower() for name in one.attributes)


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_]{1,12}(\.[a-z]{1,6})?", fullmatch=True).filter(
            lambda name: name.lower() != "variable_list"
        ),
        st.text(
            st.characters(blacklist_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=300
        ),
        max_size=8,
    )
)
def test_what_is_printed_folded_is_read_back(attributes: dict[str, str]) -> None:
    wanted = {}
    text = "Job Id: 1.host\n"
    for name, value in attributes.items():
        if name.lower() in wanted:
            continue
        wanted[name.lower()] = value
        line = f"    {name} = {value}"
        text += line[:79] + "".join(f"\n\t{line[at : at + 70]}" for at in range(79, len(line), 70))
        text += "\n"
    (job,) = records(text)
    assert dict(job.attributes) == wanted
