"""What a forked child process must not share with its parent: connections, and locks that a
thread of the parent held when it forked, which nobody would ever release in the child."""

import os
from typing import Protocol
from weakref import WeakSet


class Inherited(Protocol):
    """Something of the parent that a child has a copy of."""

    def forget_inherited(self) -> None:
        """Start afresh, without a word to whoever is at the other end of a connection.

        Called in the child before anything else runs there, so it must not wait.
        """
        ...


_inherited: WeakSet[Inherited] = WeakSet()


def forget_in_child(inherited: Inherited) -> None:
    """Call `inherited.forget_inherited()` in every child that this process forks, for as long as
    `inherited` exists."""
    _inherited.add(inherited)


def _forget() -> None:
    for inherited in list(_inherited):
        inherited.forget_inherited()


os.register_at_fork(after_in_child=_forget)
