"""Whether a result that is here is the newest there is."""

from collections.abc import Collection
from contextlib import suppress
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult

if TYPE_CHECKING:
    from sojourn.results.cache import ResultCache
    from sojourn.results.result import Result
    from sojourn.session.trust import Sourced, Trust
    from sojourn.store.store import Store


def latest(
    results: "ResultCache", store: "Store", signature: str, trust: "Trust", on: Collection[str]
) -> "Result | None":
    """A job's result, if it is here, not to be replaced by a retry's, and counts for the
    machines `on`.

    Raises:
        DamagedResult: it is here, but not what it was.
    """
    result = results.get(signature)
    if result is None:
        return None
    record = store.get(signature, result.machine)
    if record is None or record.attempt < result.manifest.attempt:
        source: Sourced = result.manifest
    elif record.attempt == result.manifest.attempt:
        source = record  # whom the user trusts by now
    else:
        return None
    return result if trust.counts(source, on) else None


def latest_whole(
    results: "ResultCache", store: "Store", signature: str, trust: "Trust", on: Collection[str]
) -> "Result | None":
    """The same, and None for one that was damaged."""
    with suppress(DamagedResult):
        return latest(results, store, signature, trust, on)
    return None
