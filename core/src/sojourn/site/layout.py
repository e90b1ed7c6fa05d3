"""Names under a machine's root: pure, and the only place that knows them."""

import re

_QUEUE_NAME = re.compile(r"sj[0-9a-f]{12}")


def blob(digest: str) -> str:
    """A blob's path under the root."""
    return f"blobs/{digest[:2]}/{digest}"


def job(signature: str) -> str:
    """A job's directory under `jobs`, as the programs name it."""
    return f"{signature[:2]}/{signature}"


def attempt(signature: str, number: int) -> str:
    """An attempt's directory under `jobs`, as the programs name it."""
    return f"{job(signature)}/{number}"


def attempt_path(root: str, signature: str, number: int) -> str:
    """An attempt's absolute path on the machine."""
    return f"{root}/jobs/{attempt(signature, number)}"


def submission(root: str, token: str) -> str:
    """A submission's absolute directory on the machine."""
    return f"{root}/submissions/{token}"


def queue_name(token: str) -> str:
    """The name under which a submission stands in the queue: never the user's."""
    return f"sj{token[:12]}"


def is_queue_name(text: str) -> bool:
    """Whether it is such a name, standing where an id was never learned."""
    return _QUEUE_NAME.fullmatch(text) is not None
