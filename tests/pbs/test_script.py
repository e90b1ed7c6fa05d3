"""Existing PBS scripts: what is kept, what is ours, what is another scheduler's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import CommandResult
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_pbs import Pbs
from sojourn_pbs.script import split, vanished
from tests.pbs.recorded import answered

SCRIPT = """#!/bin/bash
# a comment
#PBS -N mine -l walltime=02:00:00
#PBS -l select=2:ncpus=8:mpiprocs=4:mem=16gb
#PBS -q workq
#PBS -A abc123
#PBS -o out.txt
#PBS -j oe
#PBS -M me@example.org -m abe
#SBATCH --ntasks=3
#PBS -W umask=022,stagein=a@b:c

cd $PBS_O_WORKDIR
#PBS -q too-late
"""


def test_what_is_kept_and_what_is_ours() -> None:
    parts = split(SCRIPT, frozenset())
    assert parts.directives == (
        "#PBS -l walltime=02:00:00",
        "#PBS -l select=2:ncpus=8:mpiprocs=4:mem=16gb",
        "#PBS -q workq",
        "#PBS -A abc123",
        "#PBS -M me@example.org -m abe",
        "#PBS -W stagein=a@b:c",
    )
    assert parts.dropped == ("-N mine", "-o out.txt", "-j oe", "-W umask=022")
    assert parts.foreign == ("#SBATCH --ntasks=3",)
    assert parts.resources is None


@pytest.mark.parametrize(
    ("word", "gone"),
    [
        ("walltime", "walltime"),
        ("queue", "-q workq"),
        ("reservation", "-q workq"),
        ("account", "-A abc123"),
    ],
)
def test_an_explicit_word_wins(word: str, gone: str) -> None:
    before = split(SCRIPT, frozenset()).directives
    after = split(SCRIPT, frozenset({word})).directives
    assert len(after) == len(before) - 1
    assert gone not in "\n".join(after)


def test_one_part_of_a_select_can_be_replaced_and_the_others_stay() -> None:
    parts = split(SCRIPT, frozenset({"memory"}))
    assert "select" not in "\n".join(parts.directives)
    assert parts.resources == Resources(nodes=2, tasks_per_node=4, cpus_per_task=2, memory="16GiB")
    assert Resources(memory="32GiB").over(parts.resources) == Resources(
        nodes=2, tasks_per_node=4, cpus_per_task=2, memory="32GiB"
    )


@pytest.mark.parametrize(
    ("directive", "explicit", "words"),
    [
        ("-l nodes=2:ppn=8:gpus=1:fast", "walltime", None),
        ("-l nodes=2:ppn=8:gpus=1:fast", "nodes", Resources(
            nodes=2, cpus_per_task=8, gpus_per_node=1, constraint="fast")),
        ("-l nodes=2:ppn=8,mem=32gb", "cpus_per_task", Resources(
            nodes=2, cpus_per_task=8, memory="16GiB")),
        ("-l ncpus=4,mem=8gb", "memory", Resources(cpus_per_task=4, memory="8GiB")),
        ("-l mem=8gb", "cpus_per_task", None),
        ("-l select=ncpus=4", "memory", Resources(cpus_per_task=4)),
        ("-l select=3:ncpus=2:host=n1", "tasks", Resources(cpus_per_task=2, constraint="host=n1")),
        ("-l select=1:ncpus=1 -l place=scatter:excl", "memory", Resources(
            nodes=1, cpus_per_task=1, exclusive=True)),
        ("-l ncpus=2,vmem=4gb", "memory", Resources(cpus_per_task=2)),
    ],
)  # fmt: skip
def test_geometry_as_words(directive: str, explicit: str, words: Resources | None) -> None:
    parts = split(f"#PBS {directive}\n", frozenset({explicit}))
    assert parts.resources == words
    assert bool(parts.directives) == (words is None)


@pytest.mark.parametrize(
    "directive",
    ["-l select=1:ncpus=2+3:ncpus=1", "-l nodes=node01:ppn=2", "-l select=2 -l place=group=rack"],
)
def test_what_words_cannot_say_is_not_replaced_in_part(directive: str) -> None:
    text = f"#PBS {directive}\n"
    assert split(text, frozenset({"walltime"})).directives == (text.strip(),)
    with pytest.raises(UnsupportedResource) as raised:
        split(text, frozenset({"nodes"}))
    assert "nodes" in raised.value.message


@pytest.mark.parametrize(
    "line",
    [
        "#PBS -J 0-9", "#PBS -t 0-9", "#PBS -d /tmp", "#PBS -D /", "#PBS -w /tmp", "#PBS -e err",
        "#PBS -k oe", "#PBS -koed", "#PBS -I", "#PBS -X", "#PBS -z", "#PBS -S /bin/tcsh",
        "#PBS -r y", "#PBS -W block=true", "#PBS -W sandbox=PRIVATE",
        "#PBS -R e", "#PBS -N 'two words'",
    ],
)  # fmt: skip
def test_what_sojourn_sets_itself(line: str) -> None:
    parts = split(f"#!/bin/sh\n{line}\ntrue\n", frozenset())
    assert parts.directives == ()
    assert len(parts.dropped) == 1


@pytest.mark.parametrize(
    "line",
    ["#PBS\t-P proj", "#PBS-P proj", "#PBS   -l   walltime=10   -q small", "#PBS -V", "#PBS -h",
     "#PBS -lwalltime=1", "#PBS -v A=1,B='x y'", "#PBS -p 10 -a 1200", '#PBS -M "a b"',
     "#PBS -l place=excl,select=1:ncpus=2", "#PBS -W 'x=y'", "#PBS --unknown", "#PBS -M 'open"],
)  # fmt: skip
def test_lines_are_kept_as_they_stand(line: str) -> None:
    assert split(f"{line}\n", frozenset()).directives == (line,)


@pytest.mark.parametrize("line", ["# PBS -q x", "#pbs -q x", "#PBSX -q x", ": #PBS -q x", "#PBS"])
def test_what_is_no_directive(line: str) -> None:
    """As recorded: `#pbs` is a comment, and nothing after the first command is read."""
    assert split(f"{line}\n", frozenset()).directives == ()


def test_qsub_reads_indented_lines_too() -> None:
    """As recorded with OpenPBS, whose qsub skips blanks before the mark."""
    parts = split("#!/bin/sh\n  #PBS -q a\n\t#PBS -N mine\n true\n#PBS -A b\n", frozenset())
    assert (parts.directives, parts.dropped) == (("#PBS -q a",), ("-N mine",))


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("-W group_list=a,b,umask=022", "-W group_list=a,b"),
        ("-W umask=022,group_list=a@h,b", "-W group_list=a@h,b"),
        ("-W stagein=a@h:b,c@h:d,block=true", "-W stagein=a@h:b,c@h:d"),
        ("-W group_list=a,b -N x", "-W group_list=a,b"),
    ],
)
def test_a_value_may_be_a_list_itself(line: str, kept: str) -> None:
    assert split(f"#PBS {line}\n", frozenset()).directives == (f"#PBS {kept}",)


def test_blank_lines_comments_and_colons_do_not_end_the_directives() -> None:
    text = "#!/bin/sh\n\n# c\n: \n#PBS -q a\n  # d\n#PBS -A b\ntrue\n#PBS -P c\n"
    assert split(text, frozenset()).directives == ("#PBS -q a", "#PBS -A b")


@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.text(max_size=30).map(lambda text: f"#PBS {text}"),
            st.sampled_from(SCRIPT.splitlines()),
        )
    ),
    st.frozensets(st.sampled_from(sorted(Resources.model_fields))),
)
def test_any_script_is_taken_apart(lines: list[str], explicit: frozenset[str]) -> None:
    text = "\n".join(lines)
    try:
        parts = split(text, explicit)
    except UnsupportedResource:
        assert explicit
        return
    assert all(line.startswith("#PBS") and "\n" not in line for line in parts.directives)
    again = split("\n".join(parts.directives), frozenset())
    assert again.dropped == ()


@pytest.mark.parametrize("option", ["-W depend=afterok:1.h", "-W umask=022,depend=afterany:1:2"])
def test_a_script_that_waits_for_another_job_is_refused(option: str) -> None:
    with pytest.raises(UnsupportedResource, match=r"depend=.*cannot be kept") as refused:
        split(f"#!/bin/sh\n#PBS {option}\n", frozenset())
    assert "workflow" in refused.value.hint


def test_what_becomes_of_an_array_is_said() -> None:
    (remark,) = split("#!/bin/sh\n#PBS -J 0-9\n", frozenset()).remarks
    assert "-J 0-9" in remark
    assert "runs once" in remark


ROUTE = "Queue: route\n    queue_type = Route\n    route_destinations = inner\n\n"


@pytest.mark.parametrize(
    ("script", "asked"),
    [("#PBS -q route\n#PBS -l walltime=5\n", "route"), ("#PBS -l walltime=5\n", "workq")],
)
def test_a_job_that_vanished_from_a_routing_queue(script: str, asked: str) -> None:
    site = Pbs(None, {"dialect": "openpbs", "default_queue": "workq"})
    told, commands = answered(vanished(site, script), CommandResult(0, ROUTE, ""))
    assert commands == [f"qstat -Q -f {asked}"]
    assert "(inner) reject" in told
    other = ROUTE.replace("Route", "Execution")
    assert answered(vanished(site, script), CommandResult(0, other, ""))[0] == ""
    assert answered(vanished(site, script), CommandResult(170, "", "Unknown queue"))[0] == ""
