"""`sojourn submit`: one job from the command line."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from sojourn.cli import joblist, output
from sojourn.cli.ending import failed as tell
from sojourn.cli.joboptions import describing
from sojourn.cli.opening import open_session
from sojourn.cli.options import as_json, on_machine, renewing
from sojourn.cli.questions import ask_to_update, has_person
from sojourn.cli.waiting import outcome, tell_failures, wait_for
from sojourn.errors import EXIT_DONE, EXIT_FAILED, EXIT_SUSPENDED, MachineError
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord

if TYPE_CHECKING:
    from sojourn.session.renewal import RenewalPolicy
    from sojourn.session.session import Session
    from sojourn.values.job import Job


@click.command(context_settings={"allow_interspersed_args": False})
@on_machine
@describing
@renewing
@click.option("--wait", is_flag=True, help="Stay until it has ended, and fetch its result.")
@as_json
def command(
    make_job: "Callable[[], Job]",
    machine: str | None,
    update: bool,
    no_retry_changed: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Hand in one job and print its signature.

    A COMMAND of several words is a list of arguments, which no shell interprets; a single
    word is a shell line. The same job handed in twice is one job: its signature is printed
    again, and nothing runs twice. If it failed and asks for other resources now, it runs again;
    if it waits in the queue with others, --update replaces it. With --wait: 0 if it completed,
    1 if not; Ctrl-C leaves it running and ends with 75.

    \b
    Examples:
      sojourn submit -m hpc --input mesh.dat --output field.csv -- ./solve mesh.dat
      sojourn submit -m hpc --output 'out/*.csv' -- 'mkdir out && ./all.sh > out/log.csv'
      sojourn submit -m hpc --resource walltime=2h --resource memory=16GiB --script job.sbatch
      sojourn fetch $(sojourn submit --wait --output x -- 'date > x') -o .
    """
    from sojourn.session.renewal import RenewalPolicy

    job = make_job()
    with open_session() as session:
        signature = session.sign([job], machine)[0].signature
        before = session.store.by_signature(signature)
        again = any(record.state is not State.NEW for record in before)
        policy = RenewalPolicy(
            update, not no_retry_changed, ask_to_update if has_person() else None
        )
        record = _hand_in(session, job, machine, signature, policy)
        again = again and not _is_next(before, record)
        if not as_json:
            click.echo(signature)
        if record is None:
            if as_json:
                output.rows([])
            output.note(f"its result is here: {session.results.place(signature)}/files")
            return EXIT_DONE
        if again:
            output.note(_known(record))
        status = _stay(session, record) if wait else _standing(session, record, again)
        if as_json:
            joblist.show(session.again([record]) or [record], as_json=True)
    return status


def _hand_in(
    session: "Session",
    job: "Job",
    machine: str | None,
    signature: str,
    policy: "RenewalPolicy",
) -> JobRecord | None:
    """The job's record; None where a result of an earlier store makes it needless."""
    try:
        handle = session.submit(
            [job],
            machine,
            update=policy.update,
            retry_changed=policy.retry_changed,
            confirm=policy.confirm,
        )[0]
    except MachineError:
        if session.store.by_signature(signature):
            output.note(f"job {signature[:8]} is recorded, and handed in at the next contact")
        raise
    return session.store.get(signature, handle.machine)


def _is_next(before: Sequence[JobRecord], record: JobRecord | None) -> bool:
    """Whether the job has gone on to its next attempt."""
    earlier = {one.machine: one.attempt for one in before}
    return record is not None and record.attempt > earlier.get(record.machine, record.attempt)


def _known(record: JobRecord) -> str:
    word = "has ended before" if record.state in FINAL else "is on its way already"
    return f"this job {word} ({record.state} on {record.machine}): nothing was handed in again"


def _standing(session: "Session", record: JobRecord, again: bool) -> int:
    """What is to be said without waiting."""
    if record.state in FINAL and record.state is not State.COMPLETED:
        tell_failures(session, [record])
        return EXIT_FAILED
    if not again:
        where = f"as {record.scheduler_id} " if record.scheduler_id else ""
        why = f": {record.reason}" if record.reason else ""
        output.note(f"{record.state} {where}on {record.machine}{why}")
        for line in joblist.machine_notes(session.store, [record]):
            output.note(line)
    return EXIT_DONE


def _stay(session: "Session", record: JobRecord) -> int:
    try:
        record = wait_for(session, [record])[0]
    except KeyboardInterrupt:
        output.note(f"the job goes on; `sojourn wait {record.signature[:8]}` waits for it again")
        return EXIT_SUSPENDED
    tell_failures(session, [record])
    if record.state is State.COMPLETED:
        from sojourn.errors import TransferFailed

        result = session.cached(record.signature, machine=record.machine)
        if result is None or result.manifest.attempt < record.attempt:
            fetched = session.fetch_results([record])[record.signature]
            if isinstance(fetched, TransferFailed):
                return tell(fetched)
            result = fetched
        output.note(f"COMPLETED; its result is in {result.path}")
    return outcome(session, [record])
