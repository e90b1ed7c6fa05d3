"""Looking at an imported plugin: its contract, its hooks, and what it says of itself."""

from collections.abc import Iterator, Sequence
from typing import Any

import pluggy

from sojourn.contract import GROUP, BackendInfo, ChannelInfo, Hooks, TransportInfo
from sojourn.plugins.compatibility import (
    CONTRACT_ATTRIBUTE,
    Kind,
    contract_fault,
    hook_faults,
    kinds_of,
)
from sojourn.plugins.outcomes import LoadedPlugin, LoadFailure, Outcome, Reason, one_line

_FOR_THE_AUTHOR = f"tell its author; the hooks are in {Hooks.__module__}"


def examine(name: str, plugin: object, *, distribution: str = "", version: str = "") -> Outcome:
    """Look at a plugin, and ask it what it is. Never raises.

    The contract comes first: what a newer one allows is no fault of the plugin. Its number is
    taken from the attribute `sojourn_contract`, and from what it says of its backend and
    transports; a plugin that states none was built for the first.
    """
    kinds: tuple[Kind, ...] = ()

    def failure(reason: Reason, cause: str, hint: str = _FOR_THE_AUTHOR) -> LoadFailure:
        return LoadFailure(
            name, reason, cause, hint, kinds=kinds, distribution=distribution, version=version
        )

    try:
        hash(plugin)  # pluggy keeps plugins in sets
        kinds = kinds_of(plugin)
        fault = _contract_fault([getattr(plugin, CONTRACT_ATTRIBUTE, 1)])
        backends, transports, channels = ([], [], []) if fault else _told(plugin)
        stated = [*(each.contract for each in backends), *(each.contract for each in transports)]
        fault = fault or _contract_fault([*stated, *(each.contract for each in channels)])
        if fault is not None:
            return failure(Reason.CONTRACT, fault[0], fault[1].format(plugin=distribution or name))
        faults = [*hook_faults(plugin), *_info_faults(name, kinds, backends, transports)]
        faults += _channel_faults(kinds, channels)
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever it is, it is the plugin's
        return failure(Reason.HOOKS, one_line(error))
    if faults:
        return failure(Reason.HOOKS, "; ".join(faults))
    if Kind.TRANSPORT in kinds and not transports:
        transports = [TransportInfo(name, "")]
    return LoadedPlugin(
        name,
        plugin,
        kinds,
        backend=backends[0] if backends else None,
        transports=tuple(transports),
        channels=tuple(channels),
        distribution=distribution,
        version=version,
    )


def _contract_fault(numbers: Sequence[object]) -> tuple[str, str] | None:
    return next(filter(None, map(contract_fault, numbers)), None)


def _told(
    plugin: object,
) -> tuple[list[BackendInfo], list[TransportInfo], list[ChannelInfo]]:
    """What the plugin says of its backend, its transports and its channels."""
    alone: Any = pluggy.PluginManager(GROUP)  # knows no hook: faults are not its matter
    alone.register(plugin, name="plugin")
    backends = alone.hook.sojourn_backend_info() if _has(alone, "sojourn_backend_info") else []
    told = alone.hook.sojourn_transport_info() if _has(alone, "sojourn_transport_info") else []
    for info in backends:
        if not isinstance(info, BackendInfo):
            raise TypeError(f"sojourn_backend_info must answer a BackendInfo, not {info!r}")
    transports = [info for answer in told for info in answer]
    for info in transports:
        if not isinstance(info, TransportInfo):
            raise TypeError(f"sojourn_transport_info must answer TransportInfos, not {info!r}")
    told = alone.hook.sojourn_channel_info() if _has(alone, "sojourn_channel_info") else []
    channels = [info for answer in told for info in answer]
    for info in channels:
        if not isinstance(info, ChannelInfo):
            raise TypeError(f"sojourn_channel_info must answer ChannelInfos, not {info!r}")
    return backends, transports, channels


def _has(manager: Any, hook: str) -> bool:
    return hasattr(manager.hook, hook)


def _info_faults(
    name: str,
    kinds: Sequence[Kind],
    backends: Sequence[BackendInfo],
    transports: Sequence[TransportInfo],
) -> Iterator[str]:
    if Kind.BACKEND in kinds and len(backends) != 1:
        yield "sojourn_backend_info must answer one BackendInfo"
    for info in backends:
        if info.name != name:
            yield f"its backend calls itself {info.name!r}, while its entry point is {name!r}"
    if transports and Kind.TRANSPORT not in kinds:
        yield "it announces transports without sojourn_open_transport"


def _channel_faults(kinds: Sequence[Kind], channels: Sequence[ChannelInfo]) -> Iterator[str]:
    if channels and Kind.CHANNEL not in kinds:
        yield "it announces channels without sojourn_notify"
    if Kind.CHANNEL in kinds and not channels:
        yield "it has sojourn_notify, but sojourn_channel_info names no channel"
