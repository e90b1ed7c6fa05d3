"""Bringing jobs and claims into the situations that rules are about."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from shlex import quote

import pytest

from sojourn.contract import Capability
from sojourn.session.judging import Judgement, judge
from sojourn.site import layout
from sojourn.states import State
from sojourn.store.records import JobRecord
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.waiting import eventually
from sojourn.values.messages import (
    JobOrder,
    JobRef,
    Parent,
    Phase,
    PollAnswer,
    Settled,
    TaskInput,
)

COUNT = 'echo ran >> "${SOJOURN_JOB_DIR%/*}.count"'
"""A command that leaves a line for every time it was run, where no attempt's removal reaches it."""
LONG = "sleep 120"
"""A command that does not end by itself while a test lasts."""
UNTIL_TOLD = 'while [ ! -e "$SOJOURN_JOB_DIR/go" ]; do sleep 0.2; done'
"""A command that ends when `tell` says so."""


def tell(bench: Bench, jobs: Iterable[JobRef]) -> None:
    """Let jobs end that run `UNTIL_TOLD`."""
    where = " ".join(f"jobs/{layout.attempt(job.signature, job.attempt)}/go" for job in jobs)
    bench.said(f"touch {where}")


def runs(bench: Bench, jobs: Sequence[JobRef | JobOrder]) -> list[int]:
    """How often the command of each job, which is `COUNT`, was run, in all its attempts."""
    files = " ".join(f"jobs/{layout.job(job.signature)}.count" for job in jobs)
    said = bench.said(f"for f in {files}; do cat $f 2>/dev/null | wc -l; done")
    return [int(word) for word in said.split()]


CROWD = 24
"""Jobs that are handed in to fill a machine where no job can be made to wait for another."""


def waiting(client: Client, command: str = COUNT) -> tuple[JobRef, list[JobRef]]:
    """A job that waits in the queue, and those whose end (see `tell`) lets it go on.

    Skips the test where none can be made to wait.
    """
    chains = client.bench.can(Capability.CHAINS)
    blockers = [client.order(UNTIL_TOLD) for _ in range(1 if chains else CROWD)]
    last = client.order(command)
    *others, job = client.take(*blockers, after(last, *blockers) if chains else last)
    waits = (Phase.WAITING, Phase.HELD)
    if not chains:
        client.started(others[:1])
        if client.poll([job])[0].word.phase not in waits:
            pytest.skip(f"the machine takes {CROWD} jobs at once, and chains are not offered")
    client.until(
        [job],
        lambda answers: answers[0].word.phase in waits,
        saying="waiting for a job to be shown waiting",
    )
    return job, others


def after(child: JobOrder, *parents: JobOrder, taking: str = "") -> JobOrder:
    """The order as a child of others; `taking` is an output of each that becomes its input."""
    inputs = [
        TaskInput(f"from{n}", "output", signature=p.signature, attempt=p.attempt, output=taking)
        for n, p in enumerate(parents)
        if taking
    ]
    return replace(
        child,
        parents=tuple(Parent(p.signature, p.attempt) for p in parents),
        inputs=(*child.inputs, *inputs),
    )


# --- claims -------------------------------------------------------------------------------------------


def claim(bench: Bench, order: JobOrder, text: str | None, *, age: int = 0) -> None:
    """Write what a submission leaves that got no further than its claim; None: not even that.

    The claim says that it was made `age` seconds ago; `text` is what is in front of that.
    """
    folder = f"jobs/{layout.attempt(order.signature, order.attempt)}"
    lines = [f"mkdir -p {folder}", f"echo '{{}}' > {folder}/../job.json"]
    if text:
        lines.append(f'echo "{text} $(($(date +%s) - {age})) s" > {folder}/claim')
    elif text is not None:
        lines += [f": > {folder}/claim", f"touch -t 200001010000 {folder}/claim"]
    bench.said("\n".join(lines))


def grow_old(bench: Bench, jobs: Sequence[JobRef | JobOrder]) -> None:
    """Make claims look two minutes old, so that they are settled and not waited for.

    Only for attempts of which nobody works on the submission any more.
    """
    lines = []
    for job in jobs:
        place = quote(f"jobs/{layout.attempt(job.signature, job.attempt)}/claim")
        lines.append(
            f"if [ -e {place} ]; then t=; read -r t i a k <{place}; "
            f'[ -z "$k" ] || echo "$t $i $((a - 120)) $k" >{place}; '
            f"touch -t 200001010000 {place}; fi"
        )
    bench.said("\n".join(lines))


def finish(client: Client, orders: Sequence[JobOrder]) -> list[JobRef]:
    """Bring attempts with an unknown outcome to their end, as core does; the jobs that ran.

    Nobody may work on their submissions any more.
    """
    unknown = list(orders)
    done: list[JobRef] = []
    for _ in range(5):
        if not unknown:
            break
        grow_old(client.bench, unknown)
        refs = [JobRef(order.signature, order.attempt) for order in unknown]
        settled = {answer.signature: answer for answer in client.find(refs)}
        again = []
        for order in unknown:
            match settled[order.signature].outcome:
                case Settled.HANDED_IN:
                    found = settled[order.signature]
                    done.append(
                        JobRef(
                            order.signature,
                            order.attempt,
                            found.token,
                            found.index,
                            found.scheduler_id,
                        )
                    )
                case Settled.CLOSED:
                    again.append(replace(order, attempt=order.attempt + 1))
                case _:
                    again.append(order)
        if again:
            client.submit(again)
        unknown = again
    assert not unknown, f"{len(unknown)} attempts could not be settled"
    for job in done:
        client.refs[job.signature, job.attempt] = job
    client.ended(done)
    return done


# --- judging ------------------------------------------------------------------------------------------


def judged(
    answer: PollAnswer, now: float, *, state: State = State.RUNNING, **known: object
) -> Judgement:
    """What core makes of an answer about a job that was in `state`."""
    record = JobRecord(answer.signature, "machine", state=state, attempt=answer.attempt)
    return judge(replace(record, **known), answer, now)  # type: ignore[arg-type]


def quiet(bench: Bench, file: str) -> None:
    """Wait until a file, which something wrote to all the time, does not grow any more."""
    sizes: list[str] = []

    def same() -> bool:
        sizes.append(bench.said(f"wc -c <{file}"))
        return len(sizes) > 1 and sizes[-1] == sizes[-2]

    with suppress(RuntimeError):
        eventually(same, 30, 0.8, f"{file} still grows")
