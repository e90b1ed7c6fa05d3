"""Records of jobs, made up."""

import hashlib
import time
from typing import Any

from sojourn.states import State
from sojourn.store.records import JobRecord

NOW = time.time()


def signature(word: str) -> str:
    """A signature of its own for each word."""
    return hashlib.sha256(word.encode()).hexdigest()


def record(word: str, state: State = State.COMPLETED, **more: Any) -> JobRecord:
    """A job on `here` that is called `word`."""
    given: dict[str, Any] = {
        "signature": signature(word),
        "machine": "here",
        "name": word,
        "backend": "local",
        "state": state,
        "created_at": NOW - 100,
        "submitted_at": NOW - 90,
    }
    return JobRecord(**{**given, **more})
