"""Records for the tests of the store."""

import hashlib
from dataclasses import replace
from typing import Any

from sojourn.store.records import JobRecord


def signature(number: int) -> str:
    """A signature like a real one."""
    return hashlib.sha256(str(number).encode()).hexdigest()


def job(number: int = 0, **values: Any) -> JobRecord:
    """A new job on the machine `hpc`."""
    return replace(JobRecord(signature(number), "hpc", name=f"job {number}"), **values)
