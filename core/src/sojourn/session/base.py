"""What every part of a session stands on: machines, store, results, signatures."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self

from sojourn.session.changes import Recorder
from sojourn.session.links import Link, Links
from sojourn.session.submitting import Submitter
from sojourn.session.trust import Trust
from sojourn.site.context import Progress, no_progress
from sojourn.site.look import look_at
from sojourn.values.job import Job
from sojourn.values.remote import RemotePath

if TYPE_CHECKING:
    from sojourn.identity.signature import SignedJob
    from sojourn.machines.loading import Machines
    from sojourn.plugins.registry import Registry
    from sojourn.store.digests import StoredMemo
    from sojourn.values.resources import Resources


class SessionBase:
    """Opens what a session needs, when it is needed, and closes it."""

    def __init__(
        self,
        *,
        machines: "Machines | None" = None,
        home: Path | None = None,
        registry: "Registry | None" = None,
        interactive: bool = True,
        progress: Progress = no_progress,
        report: Callable[[str], None] | None = None,
    ) -> None:
        from sojourn.machines.loading import load_machines
        from sojourn.plugins.registry import Registry
        from sojourn.results.cache import ResultCache
        from sojourn.store.store import Store

        self.registry = registry or Registry()
        self.machines = machines or load_machines(self.registry)
        self.trust = Trust(self.machines)
        self.store = Store(None if home is None else home / "store.sqlite3")
        self.results = ResultCache(None if home is None else home / "results")
        self._memo = self.store.digest_memo()
        self._report = report or _say_nothing
        self._links = Links(
            self.machines,
            self.registry,
            self.store,
            interactive=interactive,
            progress=progress,
            say=self._report,
        )
        self.recorder = Recorder(self.store, self.registry)
        self._damaged: set[str] = set()
        self._asked_on: dict[str, set[str]] = {}
        """The machines that a job was asked for on: there its result counts for its children."""
        self._sought: set[tuple[str, str, int]] = set()
        """Attempts whose results a machine was asked for, in order to compare them."""
        self._renewals_told: set[tuple[str, str, int, str]] = set()
        """Jobs asked for otherwise than before, and what was reported of them."""
        self._seen: dict[str, dict[str, RemotePath | None]] = {}

    def sign(self, jobs: Sequence[Job], on: str | None = None) -> list["SignedJob"]:
        """The signatures of jobs, with all that was found out on the way; see `identity`."""
        from sojourn.identity.signature import sign_many

        machine = self._machine(on)
        signed = sign_many(
            jobs,
            memo=self._memo,
            identify_remote=lambda paths: self._look_at(machine, paths),
            extra=self.registry.signature_extras,
            machine=machine,
            defaults=self._defaults(machine),
        )
        self._memo.flush()
        return signed

    @property
    def memo(self) -> "StoredMemo":
        """What remembers digests of unchanged files."""
        return self._memo

    def look_at(self, machine: str, paths: Sequence[str]) -> Mapping[str, RemotePath | None]:
        """What lies at paths on a machine, None where there is nothing: asked once a session, in
        a trip of its own. What is asked here, `sign` need not ask any more.

        Raises:
            MachineError: the machine could not be asked.
        """
        return self._look_at(machine, paths)

    def link(self, machine: str | None = None) -> Link:
        """The way to a machine, for what no method here does."""
        return self._links.get(self._machine(machine))

    def forget_link(self, machine: str) -> None:
        """Close the connection to a machine; the next contact makes another."""
        self._links.forget(machine)

    def use_machines(self, machines: "Machines") -> None:
        """Go by another configuration from now on; connections that do not fit it are closed."""
        self.machines = machines
        self.trust = Trust(machines)
        self._links.use(machines)

    def _machine(self, on: str | None) -> str:
        return self.machines.default().name if on is None else self.machines.get(on).name

    def _defaults(self, machine: str) -> "Resources":
        return self.machines.get(machine).defaults

    def _look_at(self, machine: str, paths: Sequence[str]) -> Mapping[str, RemotePath | None]:
        """What Remote paths hold: asked once a session, in a trip of its own."""
        link = self._links.get(machine)
        seen = self._seen.setdefault(machine, {})
        new = [path for path in paths if path not in seen]

        def look() -> dict[str, RemotePath | None]:
            with link.context.trip() as dialogue:
                return look_at(dialogue, new)

        if new:
            seen |= link.contact(look)
        return seen

    def submitter(self, link: Link) -> Submitter:
        """What hands jobs in to a machine."""
        return Submitter(
            link, self.store, self.results, self._memo, self.recorder, self.trust, self._asked_on
        )

    def close(self) -> None:
        """Close connections and the store. Jobs go on."""
        self._memo.flush()
        self._links.close()
        self.store.close()

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a Session cannot be sent to another process: make one there (with Session() as ...)"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _say_nothing(_line: str) -> None:
    """Nobody listens."""
