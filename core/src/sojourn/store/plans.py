"""What the store keeps about workflows, nodes and steps: plain values.

Times are seconds since the epoch. Fields that end in "as JSON" hold text that the store does
not read.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Membership:
    """A job's place in a workflow. `node` is the path of nested workflows, iterations and node."""

    workflow: str
    node: str
    signature: str
    machine: str
    step: str = ""
    seen_at: float = 0.0
    current: bool = True
    """Whether the last run of the workflow has it in this place; what it replaced is superseded."""


@dataclass(frozen=True, slots=True)
class WorkflowRecord:
    """A workflow as it was last run, with what it takes to run it again."""

    name: str
    version: str = ""
    script: str = ""
    arguments: str = "[]"
    """As JSON."""
    directory: str = ""
    environment: str = "[]"
    """Names of the variables that matter, as JSON; never their values."""
    script_digest: str = ""
    machine: str = ""
    status: str = ""
    """"running", "suspended", "done" or "failed"."""
    suspended_on: tuple[str, ...] = ()
    """Signatures of the jobs that it waits for."""
    created_at: float = 0.0
    last_run_at: float | None = None
    paused: bool = False
    owner: str = ""
    """The process that runs it now, in its own words; "" if none does."""
    owned_since: float | None = None
    resumes: int = 0
    resume_failures: int = 0
    """Failed resumes in a row."""
    resumed_at: float | None = None
    log: str = ""
    """Path of the last resume's log."""
    detail: str = ""
    """Why it failed, or is not resumed."""
    interpreter: str = ""
    """Path of the Python that ran the script."""
    options: str = "[]"
    """Options of `sojourn run` to be given again, as JSON."""


@dataclass(frozen=True, slots=True)
class NodeRecord:
    """What a node of a workflow was when it was last seen: tells what has changed since."""

    workflow: str
    node: str
    kind: str
    """"job" or "step"."""
    name: str
    signature: str
    components: str = "{}"
    """As JSON."""
    seen_at: float = 0.0


@dataclass(frozen=True, slots=True)
class StepRecord:
    """The remembered value of an ordinary step."""

    signature: str
    name: str = ""
    module: str = ""
    workflow: str = ""
    created_at: float = 0.0
    seconds: float | None = None
    """How long it took."""
    consumed: str = "{}"
    """Digests of the inputs that it used, as JSON."""
    value: str = "null"
    """As JSON."""
    components: str = "{}"
    """As JSON."""
