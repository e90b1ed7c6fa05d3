"""One client of the machine under test: what a program would do through core, hook by hook."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.site import layout
from sojourn.site.context import MachineContext
from sojourn.testing.waiting import eventually
from sojourn.transports.metering import Meter
from sojourn.values.messages import (
    Change,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    Phase,
    PollAnswer,
    Settled,
    Settlement,
)
from sojourn.values.resources import Resources

if TYPE_CHECKING:
    from sojourn.testing.bench import Bench

Answers = list[PollAnswer]


@dataclass(slots=True)
class Client:
    """A client. It remembers what it has handed in, so that it can be ended."""

    bench: "Bench"
    context: MachineContext
    meter: Meter
    refs: dict[tuple[str, int], JobRef] = field(default_factory=dict)
    _ended: set[tuple[str, int]] = field(default_factory=set)

    # --- jobs -------------------------------------------------------------------------------------

    def order(self, command: str = "true", **words: Any) -> JobOrder:
        """An order that no other test has; resources are the machine's defaults unless given."""
        asked = words.pop("resources", Resources())
        given: dict[str, Any] = {"signature": secrets.token_hex(32), "attempt": 1, "name": "kit"}
        resources = asked.over(self.context.machine.defaults)
        return JobOrder(command=command, resources=resources, **{**given, **words})

    def submit(self, orders: Sequence[JobOrder]) -> list[Settlement]:
        """Hand in a batch."""
        settled = self.bench.backend.submit(self.context, orders)
        for one in settled:
            if one.outcome in (Settled.HANDED_IN, Settled.PENDING):
                self.refs[one.signature, one.attempt] = ref(one)
        return settled

    def take(self, *orders: JobOrder) -> list[JobRef]:
        """Hand in a batch that must be taken as a whole."""
        settled = self.submit(orders)
        refused = [
            f"{one.outcome}, {one.reason or 'for no reason that was read'};"
            f" the scheduler had printed {one.evidence!r}"
            for one in settled
            if one.outcome is not Settled.HANDED_IN
        ]
        assert not refused, f"{len(refused)} of {len(orders)} were not taken, first: {refused[0]}"
        return [ref(one) for one in settled]

    def poll(self, jobs: Sequence[JobRef]) -> Answers:
        """Poll."""
        answers = self.bench.backend.poll(self.context, jobs)
        for answer in answers:
            if answer.site is not None and answer.site.exit is not None:
                self._ended.add((answer.signature, answer.attempt))
        return answers

    def find(self, jobs: Sequence[JobRef]) -> list[Settlement]:
        """Find out."""
        return self.bench.backend.find(self.context, jobs)

    def cancel(self, *jobs: JobRef) -> list[Change]:
        """Cancel."""
        return self.bench.backend.cancel(self.context, jobs)

    def fetch(self, jobs: Sequence[JobRef], into: Path) -> list[FetchAnswer]:
        """Fetch each job's outputs into a directory of its own under `into`."""
        return self.bench.backend.fetch(self.context, requests(jobs, into))

    # --- waiting ----------------------------------------------------------------------------------

    def until(
        self,
        jobs: Sequence[JobRef],
        condition: Callable[[Answers], bool],
        *,
        seconds: float | None = None,
        saying: str = "",
    ) -> Answers:
        """Poll until `condition` holds for the answers, at most `seconds` (the bench's patience)."""
        last: list[Answers] = [[]]

        def holds() -> bool:
            last[0] = self.poll(jobs)
            return condition(last[0])

        eventually(
            holds,
            self.bench.patience if seconds is None else seconds,
            0.1,
            lambda: f"{saying}; the last answers began with\n" + "\n".join(map(told, last[0][:3])),
        )
        return last[0]

    def ended(self, jobs: Sequence[JobRef], *, seconds: float | None = None) -> Answers:
        """Poll until every job has left its exit file."""

        def all_there(answers: Answers) -> bool:
            return all(a.site is not None and a.site.exit is not None for a in answers)

        return self.until(jobs, all_there, seconds=seconds, saying="waiting for exit files")

    def over(self, jobs: Sequence[JobRef]) -> Answers:
        """Poll until every job has left its exit file and the scheduler shows none as running."""
        self.ended(jobs)
        return self.gone(jobs)

    def started(self, jobs: Sequence[JobRef]) -> Answers:
        """Poll until every job has started."""

        def all_started(answers: Answers) -> bool:
            return all(a.site is not None and a.site.started for a in answers)

        return self.until(jobs, all_started, saying="waiting for a start")

    def gone(self, jobs: Sequence[JobRef], *, seconds: float | None = None) -> Answers:
        """Poll until the scheduler shows none of the jobs as waiting or running."""
        over = (Phase.ENDED, Phase.ABSENT)

        def all_over(answers: Answers) -> bool:
            return all(answer.word.phase in over for answer in answers)

        return self.until(jobs, all_over, seconds=seconds, saying="waiting for an end")

    # --- what lies there --------------------------------------------------------------------------

    def job_dir(self, job: JobRef | JobOrder) -> str:
        """An attempt's directory, as seen from the root."""
        return f"jobs/{layout.attempt(job.signature, job.attempt)}"

    def stdout(self, job: JobRef) -> str:
        """What a job has printed."""
        return self.bench.said(f"cat {self.job_dir(job)}/stdout")

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """Fill the dict with what the block costs the machine: trips, scheduler_calls, ..."""
        before = self.meter.snapshot().as_dict()
        cost: dict[str, int] = {}
        yield cost
        after = self.meter.snapshot().as_dict()
        cost.update({name: after[name] - before[name] for name in after})

    def clear(self) -> None:
        """Cancel whatever was handed in and not seen to end."""
        left = [job for key, job in self.refs.items() if key not in self._ended]
        if left:
            self.bench.calm(left)


def ref(settlement: Settlement) -> JobRef:
    """What core would ask about later."""
    return JobRef(
        settlement.signature,
        settlement.attempt,
        settlement.token,
        settlement.index,
        settlement.scheduler_id,
    )


def requests(jobs: Sequence[JobRef], into: Path) -> list[FetchRequest]:
    """Requests for all outputs, each into a directory of its own."""
    made = []
    for job in jobs:
        target = into / job.signature
        target.mkdir(parents=True, exist_ok=True)
        made.append(FetchRequest(job.signature, job.attempt, target))
    return made


def told(answer: PollAnswer) -> str:
    """An answer in a line, for whoever has to find out why it is not another."""
    word, site = answer.word, answer.site
    seen = "not looked at" if site is None else "no attempt" if not site.present else str(site)
    return (
        f"  {answer.signature[:8]}: {word.phase} ({word.native or 'no native state'}),"
        f" reason {word.reason!r}, outcome {word.outcome}, raw {word.raw!r}; in its directory: {seen}"
    )


def essence(answers: Sequence[Any]) -> list[Any]:
    """Answers without what may differ from one asking to the next: words, times and usage."""
    return [_lasting(one) if isinstance(one, PollAnswer) else one for one in answers]


def _lasting(answer: PollAnswer) -> tuple[object, ...]:
    site = answer.site and replace(answer.site, claim_age=0.0)
    return answer.signature, answer.attempt, answer.word.phase, answer.word.outcome, site
