"""Existing Slurm scripts, taken apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import ScriptParts
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_slurm.directives import split

SCRIPT = """\
#!/bin/bash -l
# A comment, and an empty line:

#SBATCH --job-name=mine --nodes=2   # two of them
#SBATCH -o out.txt
#SBATCH --time 1:00:00
#SBATCH -p long --mem=4G
#SBATCH --mail-user="me@here, you@there"
##SBATCH --nodes=9
 #SBATCH --nodes=8
#PBS -l walltime=1:00:00
module load gcc
#SBATCH --ntasks=7
srun ./solve
"""


def parts(*lines: str, explicit: tuple[str, ...] = ()) -> ScriptParts:
    return split("\n".join(("#!/bin/sh", *lines, "true")), frozenset(explicit))


def test_a_script() -> None:
    taken = split(SCRIPT, frozenset())
    assert taken.directives == (
        "#SBATCH --nodes=2",
        "#SBATCH --time 1:00:00",
        "#SBATCH -p long --mem=4G",
        '#SBATCH --mail-user="me@here, you@there"',
    )
    assert taken.dropped == ("--job-name=mine", "-o out.txt")
    assert taken.foreign == ("#PBS -l walltime=1:00:00",)


def test_explicit_words_win() -> None:
    taken = split(SCRIPT, frozenset({"nodes", "walltime", "memory"}))
    assert taken.directives == (
        "#SBATCH -p long",
        '#SBATCH --mail-user="me@here, you@there"',
    )
    assert taken.dropped == ("--job-name=mine", "-o out.txt"), "what is replaced is not dropped"


@pytest.mark.parametrize(
    ("word", "option"),
    [
        *(("nodes", option) for option in ("-N 2", "-N2", "--nodes=2-4", "--nodes 2")),
        *(("tasks", option) for option in ("-n 4", "--ntasks=4", "--ntasks 4")),
        *(("tasks_per_node", f"--{p}tasks-per-node=4") for p in ("n", "")),
        *(("cpus_per_task", option) for option in ("-c4", "--cpus-per-task=4")),
        *(("gpus_per_node", option) for option in ("-G 1", "--gpus=1", "--gres=gpu:a100:2")),
        *(("gpus_per_node", option) for option in ("--gpus-per-node=1", "--gpus-per-task 1")),
        *(("memory", option) for option in ("--mem=4G", "--mem-per-cpu=1G", "--mem-per-gpu=1G")),
        *(("memory_per_cpu", option) for option in ("--mem=4G", "--mem-per-cpu 1G")),
        *(("walltime", option) for option in ("-t 5", "-t5", "--time=5", "--time-min=3")),
        *(("queue", option) for option in ("-p a", "-pa", "--partition=a", "--part=a")),
        *(("account", option) for option in ("-A a", "--account=a")),
        *(("qos", option) for option in ("-q a", "--qos=a")),
        ("reservation", "--reservation=a"),
        *(("constraint", option) for option in ("-C a", '--constraint="a|b"')),
        *(("exclusive", option) for option in ("--exclusive", "--exclusive=user", "-s")),
    ],
)
def test_every_spelling_gives_way_to_its_word(word: str, option: str) -> None:
    line = f"#SBATCH {option}"
    assert parts(line).directives == (line,)
    assert parts(line, explicit=(word,)) == ScriptParts(())
    assert parts(f"{line} --comment=x", explicit=(word,)).directives == ("#SBATCH --comment=x",)


@pytest.mark.parametrize(
    "option",
    [
        *("-J a", "-Ja", "--job-name=a", "--job a", "-o a", "--output=a", "--out=a", "-e a"),
        *("--error a", "-i a", "--input=a", "-D /x", "--chdir=/x", "-a 1-3", "--array=1-3%2"),
        *(
            "--export-file=x",
            "--export-f x",
            "--get-user-env",
            "-M far",
            "--clusters=far",
            "--parsable",
        ),
        *("-W", "--wait", "--requeue", "--no-requeue", "--open-mode=append"),
    ],
)
def test_what_is_ours_is_dropped_and_named(option: str) -> None:
    taken = parts(f"#SBATCH {option} --nice=5")
    assert taken.directives == ("#SBATCH --nice=5",)
    assert taken.dropped == (option,)


@pytest.mark.parametrize(
    "option",
    [
        *("--gres=lustre:1", "--mem-bind=local", "--nodelist=n1", "--exclude n2", "--hint=compute"),
        *("-x n1", "-w n1", "-L lic:1", "--signal=B:USR1@60", "-H", "--begin=now+1hour"),
        *("--wait-all-nodes=1", "--nonsense", "stray", "--export-what=1", "-k"),
        *("--export=ALL", "--export A,B", "--export=NIL", "--export=ALL,A=1"),
    ],
)
def test_the_rest_is_kept_whatever_is_explicit(option: str) -> None:
    everything = frozenset(Resources.model_fields)
    line = f"#SBATCH {option}"
    assert split(f"#!/bin/sh\n{line}\ntrue\n", everything) == ScriptParts((line,))


def test_a_flag_does_not_swallow_what_follows() -> None:
    taken = parts("#SBATCH --no-requeue -N 2")
    assert taken == ScriptParts(("#SBATCH -N 2",), ("--no-requeue",))


def test_the_rest_of_a_line_is_quoted_again() -> None:
    taken = parts('#SBATCH -J x --comment="a # b" --constraint="a\\"b"')
    assert taken.directives == ('#SBATCH "--comment=a # b" "--constraint=a\\"b"',)


def test_an_open_quote_is_left_to_sbatch() -> None:
    line = '#SBATCH --comment="open'
    assert parts(line).directives == (line,)


@pytest.mark.parametrize(
    "line",
    ["#PBS -q workq", "#BSUB -n 4", "#$ -pe smp 4", "#COBALT -n 2", "#OAR -l nodes=2", "#PJM -L x"],
)
def test_other_schedulers_are_named(line: str) -> None:
    assert parts(line) == ScriptParts((), (), (line,))


def test_after_the_first_command_nothing_counts() -> None:
    taken = split("#!/bin/sh\necho\n#SBATCH -N 2\n#PBS -q a\n", frozenset())
    assert taken == ScriptParts(())


@pytest.mark.parametrize("line", ["#SBATCH hetjob", "#SBATCH packjob", "#SBATCH  HETJOB "])
def test_heterogeneous_jobs_are_refused(line: str) -> None:
    with pytest.raises(UnsupportedResource, match="heterogeneous"):
        parts("#SBATCH -N 1", line, "#SBATCH -N 2")


def test_the_old_magic_word_counts_too() -> None:
    assert parts("#SLURM -N 2").directives == ("#SBATCH -N 2",)


@pytest.mark.parametrize("start", ["", "\n", "# c\n", " ", "\ufeff"])
def test_a_script_that_sbatch_does_not_take_is_refused(start: str) -> None:
    with pytest.raises(UnsupportedResource, match="does not begin with #!"):
        split(f"{start}#PBS -q x\ntrue\n", frozenset())


def test_no_script() -> None:
    assert split("", frozenset({"nodes"})) == ScriptParts(())


option = st.sampled_from(
    ["-N 2", "-J a", "--mem=1G", "--nice=3", "-t5", "--x y", "--gres=gpu:1", "#c", '"q r"', "-a1-2"]
)
line = st.one_of(
    st.lists(option, max_size=4).map(lambda words: "#SBATCH " + " ".join(words)),
    st.text(max_size=30),
)
explicit = st.frozensets(st.sampled_from(["nodes", "memory", "walltime", "gpus_per_node"]))


@given(st.lists(line, max_size=8), explicit)
def test_what_is_left_stays_as_it_is(lines: list[str], words: frozenset[str]) -> None:
    taken = split("\n".join(["#!/bin/sh", *lines]), words)
    again = split("\n".join(["#!/bin/sh", *taken.directives]), words)
    assert again == ScriptParts(taken.directives)


@pytest.mark.parametrize("option", ["-d afterok:3", "--dependency=singleton", "--depend=afterok:3"])
def test_a_script_that_waits_for_another_job_is_refused(option: str) -> None:
    with pytest.raises(UnsupportedResource, match=r"cannot be kept") as refused:
        parts(f"#SBATCH {option} --nice=5")
    assert "workflow" in refused.value.hint


@pytest.mark.parametrize("option", ["-a 1-3", "--array=1-3%2"])
def test_what_becomes_of_an_array_is_said(option: str) -> None:
    (remark,) = parts(f"#SBATCH {option}").remarks
    assert option in remark
    assert "runs once" in remark
