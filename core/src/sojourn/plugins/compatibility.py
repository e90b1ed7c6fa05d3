"""Whether a plugin fits this core: its contract's number, and the shape of its hooks."""

import inspect
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pluggy

from sojourn import __version__
from sojourn.contract import GROUP, Hooks
from sojourn.defaults import CONTRACT_VERSION
from sojourn.nearest import nearest

OLDEST_CONTRACT = 1
"""The oldest contract whose plugins still work: hooks grow only by added arguments."""

CONTRACT_ATTRIBUTE = "sojourn_contract"
"""A plugin of any kind may say with it which contract it was built for."""


class Kind(StrEnum):
    """What a plugin is, by the hooks it implements; it may be several things."""

    BACKEND = "backend"
    TRANSPORT = "transport"
    SIGNATURE = "signature"
    LISTENER = "listener"
    CHANNEL = "channel"


_KIND_OF_HOOK = {
    "sojourn_backend_info": Kind.BACKEND,
    "sojourn_open_transport": Kind.TRANSPORT,
    "sojourn_job_signature": Kind.SIGNATURE,
    "sojourn_suspended": Kind.LISTENER,
    "sojourn_resumed": Kind.LISTENER,
    "sojourn_job_event": Kind.LISTENER,
    "sojourn_notify": Kind.CHANNEL,
}


def new_manager() -> pluggy.PluginManager:
    """A plugin manager that knows the contract's hooks and has no plugin."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    return manager


def contract_fault(
    number: object, *, oldest: int = OLDEST_CONTRACT, newest: int = CONTRACT_VERSION
) -> tuple[str, str] | None:
    """Why a plugin built for contract `number` does not fit, and what to upgrade; None if it does.

    The second text has a `{plugin}` to be filled in.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        return (
            f"its contract version is {number!r}, not a number",
            "its author must state the contract as a number",
        )
    if number > newest:
        return (
            f"it is newer than this Sojourn: built for contract {number}, "
            f"while sojourn {__version__} knows contracts up to {newest}",
            "pip install --upgrade sojourn",
        )
    if number < oldest:
        return (
            f"it is older than this Sojourn: built for contract {number}, "
            f"while sojourn {__version__} needs at least {oldest}",
            "pip install --upgrade {plugin}",
        )
    return None


def implemented_hooks(plugin: object) -> dict[str, list[pluggy.HookImpl]]:
    """The hooks that `plugin` implements, known or not, by name."""
    scratch = pluggy.PluginManager(GROUP)  # knows no hook, so verifies none
    scratch.register(plugin, name="plugin")
    return {
        caller.name: list(caller.get_hookimpls())
        for caller in scratch.get_hookcallers(plugin) or ()
    }


def kinds_of(plugin: object) -> tuple[Kind, ...]:
    """What `plugin` is, by the hooks it implements."""
    found = {_KIND_OF_HOOK[name] for name in implemented_hooks(plugin) if name in _KIND_OF_HOOK}
    return tuple(kind for kind in Kind if kind in found)


def hook_faults(plugin: object) -> Iterator[str]:
    """What is wrong with the hooks of `plugin`, one line each: wrong names, wrong arguments."""
    known = _arguments_by_hook()
    implemented = implemented_hooks(plugin)
    for name, implementations in implemented.items():
        if name not in known:
            if not all(each.optionalhook for each in implementations):
                yield f"there is no hook {name}{_suggestion(name, known)}"
            continue
        for each in implementations:
            for argument in each.argnames:
                if argument not in known[name]:
                    likely = _suggestion(argument, known[name])
                    yield f"hook {name} has no argument {argument!r}{likely}"
    for name in sorted(known.keys() - implemented.keys()):
        if inspect.isroutine(inspect.getattr_static(plugin, name, None)):
            yield f"{name} is not marked with @sojourn.hookimpl"
    if not implemented:
        yield "it implements no hook"


def _arguments_by_hook() -> dict[str, tuple[str, ...]]:
    hooks: dict[str, Any] = vars(new_manager().hook)
    return {
        name: hook.spec.argnames
        for name, hook in hooks.items()
        if isinstance(hook, pluggy.HookCaller) and hook.spec is not None
    }


def _suggestion(word: str, words: Any) -> str:
    found = nearest(word, words)
    return f"; did you mean {found!r}?" if found else ""
