"""Whether a result that is here is the newest there is."""

from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult

if TYPE_CHECKING:
    from sojourn.results.cache import ResultCache
    from sojourn.results.result import Result
    from sojourn.store.store import Store


def latest(results: "ResultCache", store: "Store", signature: str) -> "Result | None":
    """A job's result, if it is here and not to be replaced by a retry's.

    Raises:
        DamagedResult: it is here, but not what it was.
    """
    result = results.get(signature)
    if result is None:
        return None
    record = store.get(signature, result.machine)
    return result if record is None or record.attempt <= result.manifest.attempt else None


def latest_whole(results: "ResultCache", store: "Store", signature: str) -> "Result | None":
    """The same, and None for one that was damaged."""
    with suppress(DamagedResult):
        return latest(results, store, signature)
    return None
