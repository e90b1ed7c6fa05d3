"""The error for a job that ended in another way than it should: what it says to do."""

import pytest

from sojourn.session.failures import error_of
from sojourn.states import State
from sojourn.store.records import JobRecord


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (State.OUT_OF_MEMORY, "raise memory in the script"),
        (State.TIMEOUT, "--resource walltime="),
        (State.FAILED, "sojourn logs"),
    ],
)
def test_what_was_too_little_is_to_be_raised(state: State, advice: str) -> None:
    """The same job with the same resources would end in the same way."""
    error = error_of(JobRecord("ab" * 32, "hpc", state=state, attempt=1))
    assert advice in error.hint
