"""A scheduler's directives as a table: written for a job, and taken out of existing scripts."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.directives import Language
from sojourn.batch.options import Option, quoted
from sojourn.batch.scheduler import ScriptParts
from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources


def even(number: int) -> str:
    """A value that not all numbers have."""
    if number % 2:
        raise ValueError("it is odd")
    return str(number // 2)


LETTERS = Language(
    command="runit",
    marks=("#RUN",),
    example="-q slow",
    options={"queue": "-q {}", "walltime": ("-l time={}", even), "account": "-A {}"},
    ours=frozenset({"-N", "-W block"}),
    lists={"-l": "=", "-W": "="},
    valued=frozenset({"-W"}),
    indented=True,
    passed=("#", ":"),
)
WORDS = Language(
    command="send",
    marks=("#SEND", "#OLD"),
    example="--nice=1",
    options={"nodes": "--nodes={}", "memory": "--mem={}"},
    ours=frozenset({"--job-name", "--output"}),
    says={"--mem-per-cpu": frozenset({"memory", "memory_per_cpu"})},
    short={"-N": "--nodes", "-J": "--job-name"},
    comments=True,
)


def test_what_every_job_says_then_what_is_asked_then_native() -> None:
    resources = Resources(queue="a b", walltime=8, native=["-p 3", "#RUN -x"])
    assert LETTERS.written(resources, "-N sj1") == [
        *("#RUN -N sj1", '#RUN -q "a b"', "#RUN -l time=4", "#RUN -p 3", "#RUN -x"),
    ]
    assert LETTERS.written(Resources()) == []


def test_words_beyond_the_table_are_not_its_business() -> None:
    assert WORDS.asked(Resources(nodes=2, qos="high")) == ["--nodes=2"]


@pytest.mark.parametrize(
    ("language", "words", "named"),
    [
        (LETTERS, {"walltime": 7}, "`walltime` cannot be 7: it is odd"),
        (LETTERS, {"memory": 1, "memory_per_cpu": 1}, "runit takes either"),
        (LETTERS, {"native": ["-N x"]}, "-N is Sojourn's own"),
        (LETTERS, {"native": ["-l a=1 -W x=1,block=true"]}, "-W block is Sojourn's own"),
        (LETTERS, {"native": ["--long=1"]}, "takes options of runit"),
        (LETTERS, {"native": ["word"]}, "takes options of runit"),
        (LETTERS, {"native": ["-o 'x"]}, "`native` cannot be"),
        (WORDS, {"native": ["-Jx"]}, "--job-name is Sojourn's own"),
        (WORDS, {"native": ["--outp=x"]}, "--output is Sojourn's own"),
    ],
)
def test_what_cannot_be_is_named(language: Language, words: dict[str, object], named: str) -> None:
    with pytest.raises(UnsupportedResource) as raised:
        language.written(Resources.model_validate(words))
    assert named in raised.value.message


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("#RUN -q slow", "#RUN -q slow"),
        ("#RUN -qslow -A  x", "#RUN -A x"),
        ("#RUN -l time=3,mem=4", "#RUN -l mem=4"),
        ("#RUN -lmem=4,time=3", "#RUN -lmem=4"),
        ("#RUN -l time=3", ""),
        ("#RUN -W block=true,umask=2", "#RUN -W umask=2"),
        ("#RUN -W group=a,b,block=true", "#RUN -W group=a,b"),
        ("#RUN -l group=a,b,time=1", "#RUN -l group=a -l b"),
        ("#RUN\t-M  'a  b'", "#RUN\t-M  'a  b'"),
        ("#RUN -M 'open -q x", "#RUN -M 'open -q x"),
        ("#RUN -p -100 -N x", "#RUN -p -100"),
        ("#RUN", ""),
        ("#RUNX -A x", ""),
        (" \t#RUN  -A x", "#RUN  -A x"),
        (" #RUNX -A x", ""),
    ],
)
def test_one_line(line: str, kept: str) -> None:
    explicit = {"walltime"} if "time" in line else {"queue"} if "-qs" in line else set()
    assert LETTERS.split(line, explicit).directives == ((kept,) if kept else ())


def test_a_script() -> None:
    text = "\n".join(
        [
            *("#!/bin/sh", "", "#SEND --nodes 2 # two", "#OLD --job-name x --hold", "# a comment"),
            *("#PBS -q x", "#SENDER", "#SEND --mem-per-cpu=1 -N3", "true", "#SEND --nodes=9"),
        ]
    )
    assert WORDS.split(text, frozenset()) == ScriptParts(
        ("#SEND --nodes 2 # two", "#SEND --hold", "#SEND --mem-per-cpu=1 -N3"),
        ("--job-name x",),
        ("#PBS -q x",),
    )
    assert WORDS.split(text, {"nodes"}).directives == ("#SEND --hold", "#SEND --mem-per-cpu=1")
    assert WORDS.split(text, {"memory"}).directives[-1] == "#SEND -N3"
    assert WORDS.split(text, set(), ["--hold"]).directives == (
        *("#SEND --nodes 2 # two", "#SEND --mem-per-cpu=1 -N3"),
    )


def test_indented_lines_are_directives_where_their_command_reads_them_so() -> None:
    text = "  #SEND --hold\n  #OLD --hold\n#SEND --nodes=2\n  #PBS -q x\n  #SBATCH -N 2\n"
    assert WORDS.split(text, set()) == ScriptParts(("#SEND --nodes=2",), (), ("  #PBS -q x",))
    assert LETTERS.split("  #RUN -q x\n#RUN -A y\n", {"queue"}) == ScriptParts(("#RUN -A y",))


def test_things_of_a_list_are_options_of_their_own() -> None:
    options = LETTERS.options_of(
        "#RUN -l time=3,select=2:ncpus=4 -h\n:\n#RUN -q x\nrun\n#RUN -A y\n"
    )
    assert options == [
        Option("-l time", ("-l", "time=3"), "time=3"),
        Option("-l select", ("-l", "select=2:ncpus=4"), "select=2:ncpus=4"),
        Option("-h", ("-h",)),
        Option("-q", ("-q", "x"), "x"),
    ]


@pytest.mark.parametrize(
    ("token", "name"),
    [("--no", "--no"), ("--nod=1", "--nodes"), ("--mem-p=1", "--mem-per-cpu"), ("--me=1", "--me")],
)
def test_abbreviations_are_read_where_they_can_mean_one_thing_only(token: str, name: str) -> None:
    assert [option.name for option in WORDS.read(token)] == [name]


@given(st.text(st.characters(exclude_characters="\n\r"), min_size=1))
def test_quoting_is_undone_by_reading(text: str) -> None:
    assert shlex.split(quoted(text)) == [text]


_LINES = st.one_of(
    st.text(max_size=30),
    st.text(max_size=20).map(lambda text: f"#RUN {text}"),
    st.sampled_from(["#RUN -q x -l time=1,b=2", "#RUN -W block=1,c -A y", "#SEND -N 2", "true"]),
)


@given(st.lists(_LINES), st.frozensets(st.sampled_from(["queue", "walltime", "account"])))
def test_what_is_left_of_any_script_stays_as_it_is(
    lines: list[str], explicit: frozenset[str]
) -> None:
    parts = LETTERS.split("\n".join(lines), explicit)
    assert LETTERS.split("\n".join(parts.directives), explicit) == ScriptParts(parts.directives)
