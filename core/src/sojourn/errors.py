"""The one error tree.

Every error that a user may see derives from `SojournError`, says in its message what went
wrong and where, and in `hint` what to do. Foreign exceptions are translated where they arise.
`exit_status` is what the command line ends with; the numbers stand here and nowhere else.
"""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sojourn.states import State

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NEEDS_PERSON = 3
"""What is left to wait for does not go on before somebody changes something."""
EXIT_SUSPENDED = 75
"""EX_TEMPFAIL of sysexits.h: try again later."""
EXIT_INTERRUPTED = 130


class SojournError(Exception):
    """Base of all errors. `str(error)` is one line; `hint` says what to do about it.

    The hint is a note, too, so that a traceback ends with it.
    """

    exit_status: int = EXIT_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if hint:
            self.add_note(self.hint_note)

    @property
    def hint_note(self) -> str:
        """The hint, as a traceback shows it."""
        return f"  hint: {self.hint}"

    def __str__(self) -> str:
        return self.message


# --- what the user gave is wrong: exit status 2, nothing changed --------------------------------


class UsageError(SojournError):
    """A request that cannot be carried out as it was given."""

    exit_status = EXIT_USAGE


class ConfigError(UsageError):
    """A mistake in a configuration file; names file and line where they are known."""

    def __init__(
        self, message: str, *, file: Path | None = None, line: int | None = None, hint: str = ""
    ) -> None:
        where = "" if file is None else f"{file}:{line}: " if line is not None else f"{file}: "
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line


class UnknownMachine(UsageError):
    """No machine of that name is configured."""


class InvalidJob(UsageError):
    """A job that cannot be: a missing input, an output outside its directory, ..."""


class UnsupportedResource(InvalidJob):
    """A resource word that the machine's backend cannot honour."""


class NoSuchJob(UsageError):
    """No job answers to that signature prefix or scheduler id."""


class AmbiguousSignature(UsageError):
    """More than one job answers to that prefix."""


class NotPossible(UsageError):
    """The request makes no sense in the job's state, or the backend cannot do it."""


class NeedsConfirmation(UsageError):
    """Something costly was about to happen and nobody said yes."""


# --- plugins ------------------------------------------------------------------------------------


class PluginError(SojournError):
    """A plugin is missing, does not load, or breaks the contract."""

    exit_status = EXIT_USAGE


class UnknownBackend(PluginError):
    """No installed plugin provides that backend or transport."""


class ContractError(PluginError):
    """A plugin was built for another version of the contract, or broke one of its rules."""


# --- machines: no job's state changes because of these -------------------------------------------


class MachineError(SojournError):
    """A machine could not do what was asked; no job's state changes because of it."""

    def __init__(self, message: str, *, machine: str = "", hint: str = "") -> None:
        super().__init__(f"{machine}: {message}" if machine else message, hint=hint)
        self.machine = machine


class TransientError(MachineError):
    """Worth trying again: retried with back-off where repeating is safe."""


class Unreachable(TransientError):
    """No connection could be made."""


class ConnectionLost(TransientError):
    """The connection was cut; whether the operation took effect is not known."""


class BadAnswer(ConnectionLost):
    """An answer that makes no sense or is too large; whether the operation took effect is not known."""


class NeedsLogin(MachineError):
    """The machine wants a person; nothing is tried again until `sojourn login`."""


class HostKeyRefused(MachineError):
    """The host key is unknown or has changed."""


class SiteError(MachineError):
    """The machine answered that it cannot: root not writable, file system full, tool missing."""


class SchedulerUnavailable(TransientError):
    """The machine answered, its scheduler did not; jobs keep their states."""


# --- local records --------------------------------------------------------------------------------


class StoreError(SojournError):
    """The store cannot be used; earlier records are whole."""


class ResultError(SojournError):
    """The result cache cannot be used, or what is to go into it is not sound."""


class DamagedResult(ResultError):
    """A cached result is not what it was when it was put there; fetching it again replaces it."""


class Occupied(SojournError):
    """Another process is doing this already; `holder` says which, in words."""

    def __init__(self, message: str, *, holder: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.holder = holder


# --- jobs and steps -------------------------------------------------------------------------------


class JobError(SojournError):
    """Something is wrong with one job."""

    def __init__(self, message: str, *, signature: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.signature = signature


class JobFailed(JobError):
    """A job ended in a final state other than COMPLETED; not run again by itself.

    `stderr_tail` holds the last lines of its standard error, as far as they could be read.
    """

    def __init__(
        self,
        message: str,
        *,
        signature: str,
        state: "State",
        exit_code: int | None = None,
        reason: str = "",
        stderr_tail: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, signature=signature, hint=hint)
        self.state = state
        self.exit_code = exit_code
        self.reason = reason
        self.stderr_tail = stderr_tail


class SubmitRefused(JobError):
    """The scheduler refused this job (unknown queue, expired account, ...); it stays NEW."""


class StaleResult(JobError):
    """The job's result was made from other bytes than its inputs have now."""


class TransferFailed(JobError):
    """A job's files could not be brought here whole; what is on the machine is untouched."""


class StepFailed(SojournError):
    """An ordinary step of a workflow raised."""


class WorkflowFailed(SojournError):
    """A workflow cannot go on: some of its nodes failed. `failures` are their errors."""

    def __init__(self, message: str, *, failures: tuple[Exception, ...], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.failures = failures
