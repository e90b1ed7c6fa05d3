"""qsub: its command line, run by a real shell, and every answer that was recorded."""

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.batch.scheduler import CommandResult, SubmitCall, SubmitReply, Verdict
from sojourn_pbs import Pbs
from sojourn_pbs.dialects import Dialect
from sojourn_pbs.submit import read_submit
from tests.pbs.recorded import CONVERSATIONS, TORQUE, named, output, result

NAME = "sj0123456789ab"

REFUSED = [
    *("bad_queue", "bad_resource", "bad_resource_in_select", "bad_select", "bad_walltime"),
    *("bad_mem", "bad_project", "bad_directive_in_script", "bad_option", "bad_name_space"),
    *("over_ncpus_limit", "over_walltime_limit", "disabled_queue", "as_root", "no_such_script"),
    *("mixed_select_and_nodes", "mixed_select_ncpus", "directory", "bad_-v_missing_var"),
    *("array_of_one", "bad_array_range", "bad_-W"),
]
UNSURE = ["server_down_qsub", "server_down_qsub_-f", "qsub_error_unknown_server"]


@pytest.mark.parametrize("name", [f"qsub_error_{name}" for name in REFUSED])
def test_what_is_refused_for_what_it_asks(name: str) -> None:
    reply = read_submit(output(name))
    assert (reply.verdict, reply.id) == (Verdict.REFUSED, "")
    assert reply.reason
    assert "usage" not in reply.reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("qsub_error_bad_queue", "Unknown queue"),
        ("qsub_error_bad_resource_in_select", "Unknown resource: foo"),
        ("qsub_error_over_walltime_limit", "Job violates queue and/or server resource limits"),
    ],
)
def test_the_reason_is_pbs_s_own(name: str, reason: str) -> None:
    assert read_submit(output(name)).reason == reason


@pytest.mark.parametrize("name", ["qsub_error_over_max_queued", "qsub_error_array_too_big"])
def test_a_full_queue_is_no_refusal(name: str) -> None:
    assert read_submit(output(name)).verdict is Verdict.FULL


@pytest.mark.parametrize("name", [*UNSURE, "qsub_from_deleted_cwd"])
def test_without_a_dependable_answer_the_job_may_be_there(name: str) -> None:
    reply = read_submit(output(name))
    assert reply.verdict is Verdict.UNAVAILABLE
    assert reply.reason


@pytest.mark.parametrize("name", named(r"^qsub_(?!.*(error|block|version|onlyone|hold_ok|-I))"))
def test_an_id_alone_is_taken(name: str) -> None:
    recorded = output(name)
    if recorded.status or name in ("qsub_-z_ok", "qsub_command_not_found"):
        assert read_submit(recorded).verdict is not Verdict.TAKEN
    else:
        assert read_submit(recorded) == SubmitReply(Verdict.TAKEN, recorded.stdout.strip())


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("ok", Verdict.TAKEN),
        ("array", Verdict.TAKEN),
        ("array-of-one", Verdict.TAKEN),
        ("after-gone", Verdict.TAKEN),
        ("too-large", Verdict.FULL),
        ("full", Verdict.FULL),
        ("unknown-queue", Verdict.REFUSED),
        ("unknown-resource", Verdict.REFUSED),
        ("over-limit", Verdict.REFUSED),
        ("disabled", Verdict.REFUSED),
        ("root", Verdict.REFUSED),
        ("server-down", Verdict.UNAVAILABLE),
    ],
)
def test_answers_to_this_backends_own_commands(name: str, verdict: Verdict) -> None:
    reply = read_submit(result(CONVERSATIONS / f"qsub-{name}.txt"))
    assert reply.verdict is verdict
    assert bool(reply.id) == (verdict is Verdict.TAKEN)


@pytest.mark.parametrize(
    ("name", "verdict", "reason"),
    [
        ("qsub", Verdict.TAKEN, ""),
        ("qsub-badqueue", Verdict.REFUSED, "invalid partition specified: nosuch"),
        ("qsub-nofile", Verdict.REFUSED, "Unable to open file nosuch.sh"),
        ("qsub-badopt", Verdict.REFUSED, "Unknown option: nosuch"),
        ("o-qsub-ok", Verdict.TAKEN, ""),
        ("o-qsub-account", Verdict.REFUSED, "Invalid account"),
        ("o-qsub-memory", Verdict.REFUSED, "Memory specification can not be satisfied"),
        ("o-qsub-full", Verdict.FULL, "QOSMaxSubmitJobPerUserLimit"),
        ("o-qsub-down", Verdict.UNAVAILABLE, "Unable to contact slurm controller"),
    ],
)
def test_slurms_qsub_prints_errors_on_standard_output(
    name: str, verdict: Verdict, reason: str
) -> None:
    recorded = result(TORQUE / f"{name}.txt")
    reply = read_submit(recorded)
    assert reply.verdict is verdict
    assert reason in reply.reason
    assert "The command was" not in reply.reason


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("qsub: submit error (Unknown queue MSG=cannot locate queue)", Verdict.REFUSED),
        ("qsub: submit error (Maximum number of jobs already in queue for user)", Verdict.FULL),
        ("qsub: submit error (Bad Job Array Request MSG=...)", Verdict.FULL),
        ("qsub: submit error (Could not connect to batch server)", Verdict.UNAVAILABLE),
        ("socket_connect error (VERIFY THAT trqauthd IS RUNNING)", Verdict.UNAVAILABLE),
    ],
)
def test_torques_words(words: str, verdict: Verdict) -> None:
    """Assumed from its source: no Torque was recorded."""
    assert read_submit(CommandResult(1, "", words)).verdict is verdict


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (183, "Premature end of message"),
        (163, "PBS server internal error"),
        (185, "Request not allowed: Server shutting down"),
        (168, "Error (15033) submitting job"),
        (1, "Resource temporarily unavailable"),
    ],
)
def test_a_server_that_went_away_meanwhile_refuses_nothing(status: int, words: str) -> None:
    """The first was seen while a server was stopped; the others are in its source."""
    reply = read_submit(CommandResult(status, "", f"qsub: {words}\n"))
    assert (reply.verdict, reply.reason) == (Verdict.UNAVAILABLE, words)


@given(st.integers(0, 255), st.text(max_size=50), st.text(max_size=50))
def test_whatever_it_prints_only_an_id_is_taken(status: int, out: str, err: str) -> None:
    reply = read_submit(CommandResult(status, out, err))
    assert (reply.verdict is Verdict.TAKEN) == bool(reply.id)
    if reply.id:
        assert status == 0
        assert reply.id in out
    else:
        assert reply.reason


# --- the command, run by a shell, on doubles ----------------------------------------------------
#
# Recorded of OpenPBS: qsub prints the id alone; qstat ends with 153 for a job that the server does
# not know and with 35 for one that has finished; a job that waits for an unknown one is dropped at
# once, though qsub has printed its id. Assumed: nothing else of them matters here.

QSTAT = """#!/bin/sh
echo "qstat $*" >>"$LOG"
[ "$1" != -f ] || {
  ending=$(grep -c "^qstat -f $ENDING" "$LOG")
  [ -n "$ENDING" ] && [ "$ending" -lt 3 ] && state=E || state=H
  printf 'Job Id: %s\n    job_state = %s\n    depend = afterany:%s@h\n' "$2" "$state" "$DEPEND"
  exit 0
}
for one; do case " $GONE " in *" $one "*) exit 153 ;; esac; done
for one; do
  [ "$one" = "$LEFT" ] && grep -q "^$LEFT_AT" "$LOG" && exit 153
done
case " $FINISHED " in *" $1 "*) exit 35 ;; esac
case " $DOWN " in *" $1 "*) exit 255 ;; esac
"""
QSUB = """#!/bin/sh
{ printf 'qsub'; printf ' <%s>' "$@"; echo; } >>"$LOG"
[ -z "$REFUSE" ] || { echo 'qsub: Unknown queue' >&2; exit 170; }
n=$(grep -c '^qsub' "$LOG")
echo "10$n.host"
"""


QALTER = """#!/bin/sh
echo "qalter $*" >>"$LOG"
"""


class Doubles:
    """A folder with a qsub, a qstat and a qalter that write down what they are asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        self.log.touch()
        for name, text in (("qsub", QSUB), ("qstat", QSTAT), ("qalter", QALTER)):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def run(
        self, dialect: Dialect, call: SubmitCall, *, place: str = "a b,c:d", **known: str
    ) -> CommandResult:
        """Run the command as core does, in a directory with an odd name."""
        where = self.folder / place
        where.mkdir(exist_ok=True)
        command = Pbs(None, {"dialect": dialect}).submit_command(call)
        environment = {"PATH": f"{self.folder}:{os.defpath}", "LOG": str(self.log), **known}
        environment.setdefault("LEFT_AT", "qsub")
        done = subprocess.run(
            ["sh", "-c", f"umask 027; {command}"],
            cwd=where, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return CommandResult(done.returncode, done.stdout, done.stderr)

    @property
    def calls(self) -> list[str]:
        """The calls of qsub."""
        return [line for line in self.log.read_text().splitlines() if line.startswith("qsub")]


@pytest.fixture
def doubles(tmp_path: Path) -> Doubles:
    return Doubles(tmp_path)


COMMON = f"<-N> <{NAME}> <-o> <./> <-j> <oe>"


def test_a_single_job(doubles: Doubles) -> None:
    done = doubles.run(Dialect.OPENPBS, SubmitCall("job.sh", NAME))
    assert read_submit(done) == SubmitReply(Verdict.TAKEN, "101.host")
    assert doubles.calls == [f"qsub {COMMON} <-W> <umask=0027> <job.sh>"]


@pytest.mark.parametrize(
    ("dialect", "first", "last", "words"),
    [
        (Dialect.OPENPBS, 0, 9, "<-J> <0-9>"),
        (Dialect.OPENPBS, 4, 4, "<-J> <4-5:2>"),
        (Dialect.TORQUE, 0, 9, "<-t> <0-9>"),
        (Dialect.TORQUE, 4, 4, "<-t> <4-4>"),
    ],
)
def test_arrays(doubles: Doubles, dialect: Dialect, first: int, last: int, words: str) -> None:
    doubles.run(dialect, SubmitCall("job.sh", NAME, first, last))
    assert doubles.calls == [f"qsub {COMMON} {words} <-W> <umask=0027> <job.sh>"]


def test_after_jobs_and_the_arrays_of_subjobs(doubles: Doubles) -> None:
    """OpenPBS takes no subjob to wait for: `qsub: illegal -W value`."""
    call = SubmitCall("job.sh", NAME, after=("1.h", "2[3].h", "2[4].h", "3.h"))
    assert read_submit(doubles.run(Dialect.OPENPBS, call)).id == "101.host"
    assert doubles.calls == [
        f"qsub {COMMON} <-W> <umask=0027> <-W> <depend=afterany:1.h:3.h,afterany:2[].h> <job.sh>"
    ]


def test_torque_has_a_word_of_its_own_for_arrays(doubles: Doubles) -> None:
    call = SubmitCall("job.sh", NAME, after=("1.h", "2[3].h"))
    doubles.run(Dialect.TORQUE, call)
    assert "<depend=afterany:1.h,afteranyarray:2[].h>" in doubles.calls[0]


@pytest.mark.parametrize("known", [{"GONE": "1.h 2[].h"}, {"FINISHED": "1.h 2[].h"}])
def test_parents_that_have_gone_are_not_waited_for(doubles: Doubles, known: dict[str, str]) -> None:
    call = SubmitCall("job.sh", NAME, after=("1.h", "2[3].h"))
    assert read_submit(doubles.run(Dialect.OPENPBS, call, **known)).id == "101.host"
    assert doubles.calls == [f"qsub {COMMON} <-W> <umask=0027> <job.sh>"]


def test_a_parent_that_cannot_be_asked_about_is_waited_for(doubles: Doubles) -> None:
    doubles.run(Dialect.OPENPBS, SubmitCall("job.sh", NAME, after=("1.h",)), DOWN="1.h")
    assert "<depend=afterany:1.h>" in doubles.calls[0]


def test_a_child_that_the_server_dropped_is_handed_in_again(doubles: Doubles) -> None:
    call = SubmitCall("job.sh", NAME, after=("1.h", "3.h"))
    done = doubles.run(Dialect.OPENPBS, call, GONE="101.host")
    assert read_submit(done) == SubmitReply(Verdict.TAKEN, "102.host")
    assert len(doubles.calls) == 2


def test_a_child_that_was_left_waiting_is_handed_in_again(doubles: Doubles) -> None:
    """Seen with history off: a parent ended while its child was handed in, and never let it go."""
    call = SubmitCall("job.sh", NAME, after=("1.h", "3.h"))
    done = doubles.run(Dialect.OPENPBS, call, LEFT="1.h", DEPEND="3.h@h:1.h")
    assert read_submit(done) == SubmitReply(Verdict.TAKEN, "102.host")
    assert ["afterany:1.h:3.h" in line for line in doubles.calls] == [True, False]
    assert "afterany:3.h" in doubles.calls[1]
    assert "qalter -W depend=afterany:102.host 101.host\n" in doubles.log.read_text()


def test_a_parent_that_is_ending_is_looked_at_again(doubles: Doubles) -> None:
    """Seen: registered with a parent in state E, a child waited for ever."""
    call = SubmitCall("job.sh", NAME, after=("1.h",))
    known = {"ENDING": "1.h", "LEFT": "1.h", "LEFT_AT": "qstat -f 1.h", "DEPEND": "1.h"}
    done = doubles.run(Dialect.OPENPBS, call, **known)
    assert read_submit(done) == SubmitReply(Verdict.TAKEN, "102.host")
    assert "depend" not in doubles.calls[1]


@pytest.mark.parametrize("depend", ["3.h", "31.h"])
def test_a_child_that_was_let_go_is_left_alone(doubles: Doubles, depend: str) -> None:
    call = SubmitCall("job.sh", NAME, after=("1.h", "3.h"))
    done = doubles.run(Dialect.OPENPBS, call, LEFT="1.h", DEPEND=depend)
    assert read_submit(done) == SubmitReply(Verdict.TAKEN, "101.host")
    assert len(doubles.calls) == 1
    assert "qalter" not in doubles.log.read_text()


def test_it_is_not_tried_for_ever(doubles: Doubles) -> None:
    gone = " ".join(f"10{number}.host" for number in range(1, 9))
    done = doubles.run(Dialect.OPENPBS, SubmitCall("job.sh", NAME, after=("1.h",)), GONE=gone)
    assert read_submit(done).id == "105.host"


def test_a_refusal_of_a_child_is_passed_on(doubles: Doubles) -> None:
    done = doubles.run(Dialect.OPENPBS, SubmitCall("job.sh", NAME, after=("1.h",)), REFUSE="yes")
    assert (done.status, read_submit(done).verdict) == (170, Verdict.REFUSED)
    assert len(doubles.calls) == 1


@pytest.mark.parametrize(("place", "out"), [("a b,c:d", "scheduler.out"), ("50% off", "/dev/null")])
def test_slurms_qsub(doubles: Doubles, place: str, out: str) -> None:
    call = SubmitCall("job.sh", NAME, after=("1", "2"))
    assert doubles.run(Dialect.WRAPPERS, call, place=place).stdout == "101.host\n"
    words = f"<-o> <{out}> <-j> <oe> <-W> <depend=afterany:1:2> <job.sh>"
    assert doubles.calls == [f"qsub {words}"]


@pytest.mark.parametrize("dialect", list(Dialect))
def test_no_option_that_hands_on_the_environment(dialect: Dialect) -> None:
    """`-v` strips quotes, doubles backslashes and fails on an apostrophe."""
    for call in (SubmitCall("job.sh", NAME), SubmitCall("job.sh", NAME, 0, 1, ("1.h",))):
        words = Pbs(None, {"dialect": dialect}).submit_command(call).split()
        assert not {"-v", "-V"} & set(words)
