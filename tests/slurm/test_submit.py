"""Handing in: the call, and every answer that a real sbatch has given."""

import pytest

from sojourn.batch.scheduler import CommandResult, SubmitCall, Verdict
from sojourn_slurm import Slurm, SlurmOptions
from sojourn_slurm.submit import read_submit
from tests.slurm.recorded import capture, names, words_of

TAKEN, REFUSED, FULL, UNAVAILABLE, UNCLEAR = Verdict


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (SubmitCall("job.sh", "sj0"), "sbatch --parsable job.sh"),
        (SubmitCall("job.sh", "sj0", 3, 9), "sbatch --parsable --array=3-9 job.sh"),
        (SubmitCall("job.sh", "sj0", 0, 0), "sbatch --parsable --array=0-0 job.sh"),
        (
            SubmitCall("job.sh", "sj0", after=("38_3", "@3@")),
            "sbatch --parsable --dependency=afterany:38_3:@3@ job.sh",
        ),
    ],
)
def test_the_call(call: SubmitCall, expected: str) -> None:
    assert words_of(Slurm().submit_command(call)) == expected


def test_the_call_of_another_cluster() -> None:
    call = Slurm(SlurmOptions(cluster="far")).submit_command(SubmitCall("job.sh", "sj0"))
    assert words_of(call) == "sbatch --clusters=far --parsable job.sh"


VERDICTS = {
    "b-sbatch-ok-parsable": (TAKEN, "8"),
    "b-sbatch-parsable-cluster": (TAKEN, "9"),
    "b-sbatch-chdir-missing": (TAKEN, "25"),
    "b-oom-submit": (TAKEN, "45"),
    "b-array-pending-submit": (TAKEN, "38"),
    "o-submit": (TAKEN, "2"),
    "o-submit-array": (TAKEN, "1"),
    "o-submit-dependent": (TAKEN, "3"),
    "o-submit-too-long": (TAKEN, "5"),
    "d-dbd-sbatch": (TAKEN, "58"),
    "b-sbatch-err-account": (REFUSED, "Invalid account"),
    "b-sbatch-err-badoption": (REFUSED, "unrecognized option"),
    "b-sbatch-err-badtime": (REFUSED, "Invalid --time"),
    "b-sbatch-err-gres": (REFUSED, "generic resource"),
    "b-sbatch-err-mem": (REFUSED, "Memory specification can not be satisfied; Requested node"),
    "b-sbatch-err-nofile": (REFUSED, "Unable to open file"),
    "b-sbatch-err-noshebang": (REFUSED, "batch script"),
    "b-sbatch-err-partition": (REFUSED, "nosuch"),
    "b-enforcelimits-sbatch-err-cpus": (REFUSED, "More processors requested"),
    "b-enforcelimits-sbatch-err-nodes": (REFUSED, "Node count"),
    "b-enforcelimits-sbatch-err-time": (REFUSED, "time limit"),
    "o-submit-refused-account": (REFUSED, "Invalid account"),
    "o-submit-refused-feature": (REFUSED, "Invalid feature"),
    "o-submit-refused-option": (REFUSED, "--nosuchopt"),
    "o-submit-refused-partition": (REFUSED, "not available"),
    "o-submit-refused-qos": (REFUSED, "Invalid qos"),
    "b-sbatch-err-arraybig": (FULL, "Invalid job array specification"),
    "o-submit-full-array": (FULL, "Invalid job array specification"),
    "o-submit-full-qos": (FULL, "QOSMaxSubmitJobPerUserLimit"),
    "o-submit-full-qos-array": (FULL, "QOSMaxSubmitJobPerUserLimit"),
    "d-ctld-sbatch": (UNAVAILABLE, "Unable to contact slurm controller"),
    "d-munge-sbatch": (UNAVAILABLE, "Munge encode failed"),
    "o-submit-controller-down": (UNAVAILABLE, "Unable to contact slurm controller"),
}
NOT_OURS = {
    *("a-sbatch-ok", "a-sbatch-ok-parsable", "a-sbatch-bad-account", "b-sbatch-ok"),
    *("b-sbatch-array", "b-sbatch-begin-later", "b-sbatch-err-cpus", "b-sbatch-err-dep-unknown"),
    *("b-sbatch-err-nodes", "b-sbatch-err-qos", "b-sbatch-err-time", "b-sbatch-exit3"),
    *("b-sbatch-held", "b-sbatch-output-missing-dir", "b-sbatch-pbs-directives"),
    *("b-sbatch-stdin", "b-sbatch-test-only", "b-sbatch-wait", "b-sbatch-wrap"),
    *("d-slurmd-sbatch", "b-dep-afterfail-submit", "b-dep-afterok-submit"),
    *("b-dep-killinvalid-submit", "b-timeout-submit"),
}
"""Answers of the same form as others, or without --parsable."""


@pytest.mark.parametrize("name", VERDICTS)
def test_verdicts(name: str) -> None:
    reply = read_submit(capture(name))
    verdict, told = VERDICTS[name]
    assert reply.verdict is verdict
    assert (reply.id if verdict is TAKEN else reply.reason).startswith(told) or told in reply.reason
    assert "sbatch: error" not in reply.reason


def test_every_capture_is_used() -> None:
    recorded = {*names("*sbatch*"), *names("*submit*")} - {"b-sacct-just-submitted"}
    assert recorded == {*VERDICTS, *NOT_OURS}


def failed(*lines: str, status: int = 1) -> CommandResult:
    return CommandResult(status, "", "".join(f"sbatch: error: {line}\n" for line in lines))


POLICY = "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)"


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (failed("AssocMaxSubmitJobLimit", POLICY), FULL),
        (failed("QOSGrpSubmitJobsLimit", POLICY), FULL),
        (failed("AssocGrpSubmitJobsLimit", POLICY), FULL),
        (failed("MaxSubmitJobsPerAccount", POLICY), FULL),
        (failed(POLICY), FULL),
        (failed("QOSMaxWallDurationPerJobLimit", POLICY), REFUSED),
        (failed("QOSMaxCpuPerUserLimit", POLICY), REFUSED),
        (failed("Batch job submission failed: MaxJobCount limit reached"), FULL),
        (
            failed(
                "Slurm temporarily unable to accept job, sleeping and retrying",
                "Batch job submission failed: Resource temporarily unavailable",
            ),
            FULL,
        ),
        (failed("Batch job submission failed: Rate limit exceeded, please retry later"), FULL),
        (failed("Batch job submission failed: System submissions disabled"), FULL),
        (
            failed("Batch job submission failed: I/O error writing script/environment to file"),
            FULL,
        ),
        (failed("Batch job submission failed: Unspecified error"), UNCLEAR),
        (
            failed("Batch job submission failed: Socket timed out on send/recv operation"),
            UNAVAILABLE,
        ),
        (
            failed("Batch job submission failed: Zero Bytes were transmitted or received"),
            UNAVAILABLE,
        ),
        (failed("Batch job submission failed: Connection timed out"), UNAVAILABLE),
        (
            failed("Batch job submission failed: Slurm backup controller in standby mode"),
            UNAVAILABLE,
        ),
        (failed("Batch job submission failed: Job dependency problem"), REFUSED),
        # A site's own submit plugin: it may mean a refusal, and it may have a fault.
        (failed("Your budget is used up"), UNCLEAR),
        (
            failed("No hours left", "Batch job submission failed: Unspecified error"),
            UNCLEAR,
        ),
        (failed("The connection to our billing timed out; authentication expired"), UNCLEAR),
        (failed("fatal: Unable to process configuration file"), UNAVAILABLE),
        (failed("fatal: Could not establish a configuration source"), UNAVAILABLE),
        (failed("Invalid --time specification", status=255), REFUSED),
        (CommandResult(127, "", "sh: 1: sbatch: not found\n"), UNAVAILABLE),
        (CommandResult(126, "", "sh: 1: sbatch: Permission denied\n"), UNAVAILABLE),
        (CommandResult(2, "", "sh: 1: Syntax error\n"), UNCLEAR),
        (CommandResult(137, "", ""), UNAVAILABLE),
        (CommandResult(0, "", ""), UNCLEAR),
        (CommandResult(0, "155\n100\n", ""), UNCLEAR),
        (CommandResult(1, "155\n", ""), UNCLEAR),
        (CommandResult(0, "hello\n", ""), UNCLEAR),
    ],
)
def test_other_answers(result: CommandResult, verdict: Verdict) -> None:
    reply = read_submit(result)
    assert reply.verdict is verdict
    assert reply.reason
    assert not reply.id


def test_what_a_site_says_besides_does_not_matter() -> None:
    result = CommandResult(0, "Welcome! 12 messages\n\n4711;far\n", "sbatch: lua: nice job\n")
    assert read_submit(result).id == "4711"
