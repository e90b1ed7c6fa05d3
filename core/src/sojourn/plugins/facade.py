"""A backend with types: what core calls instead of pluggy, which has none."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import pluggy

from sojourn.contract import BackendInfo, Capability
from sojourn.errors import ContractError, NotPossible
from sojourn.plugins import answers
from sojourn.plugins.asking import ask, implements
from sojourn.values.messages import (
    Change,
    CheckLine,
    FetchAnswer,
    FetchRequest,
    JobOrder,
    JobRef,
    PollAnswer,
    Settlement,
)

if TYPE_CHECKING:
    from sojourn.site.context import MachineContext

Answer = TypeVar("Answer")

_NEEDS = {"sojourn_hold": Capability.HOLD, "sojourn_release": Capability.HOLD}
_VERBS = {
    "sojourn_submit": "submit jobs",
    "sojourn_find": "find jobs",
    "sojourn_poll": "tell how jobs are",
    "sojourn_fetch": "fetch files",
    "sojourn_cancel": "cancel jobs",
    "sojourn_hold": "hold jobs",
    "sojourn_release": "release jobs",
    "sojourn_script": "show its script",
    "sojourn_check": "check a machine",
}


class Backend:
    """One backend plugin, and no other.

    Every method raises, besides what its hook documents:

    * `NotPossible`: the backend has no such hook, or does not claim the capability;
    * `ContractError`: its answer breaks a rule of the contract;
    * `PluginError`: it raised something that is none of Sojourn's errors.

    An empty batch is answered with an empty list, and nobody is asked. Answers come in the
    order of the batch.
    """

    def __init__(self, manager: pluggy.PluginManager, info: BackendInfo) -> None:
        self._manager = manager
        self.info = info

    @property
    def name(self) -> str:
        """The plugin's name, which is the word in `backend:`."""
        return self.info.name

    def can(self, capability: Capability) -> bool:
        """Whether the backend claims `capability`."""
        return capability in self.info.capabilities

    def submit(self, context: "MachineContext", orders: Sequence[JobOrder]) -> list[Settlement]:
        """Hand in a batch. See `Hooks.sojourn_submit`."""
        return self._batch("sojourn_submit", context, "orders", orders, answers.settlements)

    def find(self, context: "MachineContext", jobs: Sequence[JobRef]) -> list[Settlement]:
        """Settle attempts with an unknown outcome. See `Hooks.sojourn_find`."""
        return self._batch("sojourn_find", context, "jobs", jobs, answers.settlements)

    def poll(self, context: "MachineContext", jobs: Sequence[JobRef]) -> list[PollAnswer]:
        """Report evidence. See `Hooks.sojourn_poll`."""
        return self._batch("sojourn_poll", context, "jobs", jobs, answers.polls)

    def cancel(self, context: "MachineContext", jobs: Sequence[JobRef]) -> list[Change]:
        """End jobs. See `Hooks.sojourn_cancel`."""
        return self._batch("sojourn_cancel", context, "jobs", jobs, answers.cancellations)

    def hold(self, context: "MachineContext", jobs: Sequence[JobRef]) -> list[Change]:
        """Keep waiting jobs from starting. See `Hooks.sojourn_hold`."""
        return self._batch("sojourn_hold", context, "jobs", jobs, answers.changes)

    def release(self, context: "MachineContext", jobs: Sequence[JobRef]) -> list[Change]:
        """Let held jobs start. See `Hooks.sojourn_release`."""
        return self._batch("sojourn_release", context, "jobs", jobs, answers.changes)

    def fetch(
        self, context: "MachineContext", requests: Sequence[FetchRequest]
    ) -> list[FetchAnswer]:
        """Bring files here. See `Hooks.sojourn_fetch`; one request for each signature."""
        if not requests:
            return []
        given = self._ask("sojourn_fetch", context=context, requests=requests)
        keys = [request.signature for request in requests]
        return self._checked("sojourn_fetch", lambda: answers.fetched(keys, given))

    def script(self, context: "MachineContext", orders: Sequence[JobOrder]) -> str:
        """Render what submit would hand in. See `Hooks.sojourn_script`; "" for an empty batch."""
        if not orders:
            return ""
        given = self._ask("sojourn_script", context=context, orders=orders)
        return self._checked("sojourn_script", lambda: answers.text(given))

    def check(self, context: "MachineContext") -> list[CheckLine]:
        """Try what the backend needs of the machine. See `Hooks.sojourn_check`."""
        given = self._ask("sojourn_check", context=context)
        return self._checked("sojourn_check", lambda: answers.check_lines(given))

    def _batch(
        self,
        hook: str,
        context: "MachineContext",
        argument: str,
        batch: Sequence[JobOrder] | Sequence[JobRef],
        check: Callable[[Sequence[tuple[str, int]], object], list[Answer]],
    ) -> list[Answer]:
        if not batch:
            return []
        given = self._ask(hook, context=context, **{argument: batch})
        keys = [(item.signature, item.attempt) for item in batch]
        return self._checked(hook, lambda: check(keys, given))

    def _ask(self, hook: str, **arguments: object) -> object:
        needed = _NEEDS.get(hook)
        lacks = needed is not None and needed not in self.info.capabilities
        if lacks or not implements(self._manager, self.name, hook):
            raise NotPossible(f"backend {self.name} cannot {_VERBS[hook]}")
        return ask(self._manager, self.name, hook, **arguments)

    def _checked(self, hook: str, check: Callable[[], Answer]) -> Answer:
        try:
            return check()
        except ContractError as rule:
            raise ContractError(
                f"plugin {self.name!r} breaks the contract in {hook}: {rule}",
                hint="tell its author; no job's state has been changed by this answer",
            ) from None
