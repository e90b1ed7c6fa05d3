"""Which jobs' directories may go: made-up evidence, real decisions."""

import hashlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sojourn.garbage.policy import ACTIVE, NEEDED, UNFETCHED, YOUNG, Knowledge, plan
from sojourn.site.survey import FoundJob
from sojourn.states import ACTIVE as ACTIVE_STATES
from sojourn.states import FINAL, State
from sojourn.store.records import JobRecord
from sojourn.values.messages import ExitReport, SiteEvidence

NOW = 1_000_000.0
OLD = 10_000.0
"""Everything that ended longer ago is old."""


def _sig(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _exit(ok: bool = True, ago: float = 2 * OLD) -> ExitReport:
    status = 0 if ok else 1
    return ExitReport(status, "command", "", NOW - ago - 5, NOW - ago, ok=ok)


def _ended(ok: bool = True, ago: float = 2 * OLD, claim: str = "t0") -> SiteEvidence:
    return SiteEvidence(True, claim=claim, id="7 -", started=True, exit=_exit(ok, ago))


def _running(claim: str = "t1") -> SiteEvidence:
    return SiteEvidence(True, claim=claim, id="8 -", started=True)


def _job(word: str, *attempts: SiteEvidence, parents: tuple[str, ...] = ()) -> FoundJob:
    record = {"created_at": NOW - 9 * OLD, "parents": [_sig(parent) for parent in parents]}
    return FoundJob(_sig(word), record, dict(enumerate(attempts, 1)))


def _record(word: str, state: State, **more: Any) -> JobRecord:
    return JobRecord(_sig(word), "m", state=state, finished_at=NOW - 3 * OLD, **more)


def _plan(*jobs: FoundJob, known: Knowledge | None = None, unfetched: bool = False) -> tuple[list[str], dict[str, int], set[str]]:  # fmt: skip
    made = plan(jobs, known or Knowledge(), now=NOW, older_than=OLD, unfetched=unfetched)
    return [signature for signature, _, _ in made.removable], made.kept, made.live


def test_an_old_failure_goes_and_a_young_one_stays() -> None:
    removable, kept, live = _plan(
        _job("old", _ended(ok=False)), _job("young", _ended(False, ago=5))
    )
    assert removable == [_sig("old")]
    assert kept == {YOUNG: 1}
    assert live == set()


def test_a_result_that_is_not_here_stays_unless_let_go() -> None:
    job = _job("a", _ended())
    assert _plan(job)[:2] == ([], {UNFETCHED: 1})
    assert _plan(job, known=Knowledge(complete={_sig("a")}))[0] == [_sig("a")]
    assert _plan(job, unfetched=True)[0] == [_sig("a")]


def test_whatever_may_still_run_stays_with_its_submission() -> None:
    for seen in (
        _running(),
        SiteEvidence(True, claim="t1"),
        SiteEvidence(True, claim="t1", id="8 -"),
    ):
        removable, kept, live = _plan(_job("a", seen))
        assert (removable, kept, live) == ([], {ACTIVE: 1}, {"t1"})


def test_every_attempt_must_have_ended() -> None:
    assert _plan(_job("a", _ended(False), _running("t2")))[1:] == ({ACTIVE: 1}, {"t2"})
    assert _plan(_job("a", _ended(False), _ended(False)))[0] == [_sig("a")]


def test_the_newest_end_counts() -> None:
    assert _plan(_job("a", _ended(False), _ended(False, ago=10)))[1] == {YOUNG: 1}


def test_a_closed_attempt_has_ended() -> None:
    job = _job("a", SiteEvidence(True, claim="t1", closed=True))
    assert _plan(job)[0] == [_sig("a")]


def test_what_the_store_knows_to_have_ended_without_an_exit_file_goes() -> None:
    known = Knowledge({_sig("a"): _record("a", State.TIMEOUT)})
    removable, _, live = _plan(_job("a", _running()), known=known)
    assert removable == [_sig("a")]
    assert live == set()


def test_a_job_that_is_active_here_stays_whatever_lies_there() -> None:
    for state in ACTIVE_STATES:
        known = Knowledge({_sig("a"): _record("a", state, token="t9")})
        removable, kept, live = _plan(_job("a", _ended(False)), known=known)
        assert (removable, kept) == ([], {ACTIVE: 1})
        assert "t9" in live


def test_parents_of_what_has_not_ended_stay() -> None:
    jobs = _job("parent", _ended(False)), _job("child", _running(), parents=("parent",))
    assert _plan(*jobs)[:2] == ([], {NEEDED: 1, ACTIVE: 1})
    waiting = _record("elsewhere", State.NEW, parents=(_sig("parent"),))
    known = Knowledge({waiting.signature: waiting})
    assert _plan(_job("parent", _ended(False)), known=known)[:2] == ([], {NEEDED: 1})


def test_a_job_without_any_claim_goes_by_its_record() -> None:
    assert _plan(_job("never handed in"))[0] == [_sig("never handed in")]


def test_a_damaged_record_is_no_reason_to_remove() -> None:
    assert _plan(FoundJob(_sig("a"), {}, {}))[:2] == ([], {ACTIVE: 1})


_EVIDENCE = st.one_of(
    st.builds(_ended, st.booleans(), st.floats(0, 5 * OLD), st.sampled_from(["t1", "t2"])),
    st.builds(_running, st.sampled_from(["t3", "t4"])),
    st.just(SiteEvidence(True, claim="t5", closed=True)),
    st.just(SiteEvidence(True)),
)


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.lists(_EVIDENCE, max_size=3)),
    st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(State)),
    st.booleans(),
)
def test_nothing_that_may_run_is_ever_removed(
    found: dict[str, list[SiteEvidence]], states: dict[str, State], unfetched: bool
) -> None:
    known = Knowledge({_sig(word): _record(word, state) for word, state in states.items()})
    jobs = [_job(word, *seen) for word, seen in found.items()]
    removable, kept, live = _plan(*jobs, known=known, unfetched=unfetched)
    assert len(removable) + sum(kept.values()) == len(jobs)
    for word, seen in found.items():
        state = states.get(word)
        if state is not None and state not in FINAL:
            assert _sig(word) not in removable
        open_ = [one for one in seen if one.claim and not one.closed and one.exit is None]
        if open_ and state is None:
            assert _sig(word) not in removable
            assert {one.claim for one in open_} <= live
