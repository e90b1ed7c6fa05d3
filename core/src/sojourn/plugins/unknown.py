"""What to say when a backend or a transport is not there: what to install, or to write instead."""

from collections.abc import Iterable, Sequence

from sojourn.contract import TransportInfo
from sojourn.errors import UnknownBackend
from sojourn.nearest import did_you_mean, nearest
from sojourn.plugins.outcomes import LoadedPlugin, Outcome

EXTRAS = ("local", "slurm", "pbs")
"""Backends that come as extras of the distribution `sojourn`."""


def backend(name: str, installed: Iterable[Outcome]) -> UnknownBackend:
    """The error about a backend that no installed plugin provides."""
    plugins = [each for each in installed if isinstance(each, LoadedPlugin)]
    backends = sorted(each.name for each in plugins if each.backend is not None)
    if name in EXTRAS:
        return UnknownBackend(f"backend {name!r} is not installed", hint=_install(name))
    if any(each.name == name for each in plugins):
        return UnknownBackend(f"plugin {name!r} is no backend", hint=_instead(name, backends))
    return UnknownBackend(
        f"no installed plugin provides backend {name!r}", hint=_instead(name, backends)
    )


def transport(name: str, known: Sequence[TransportInfo]) -> UnknownBackend:
    """The error about a transport that no installed plugin offers."""
    return UnknownBackend(
        f"no installed plugin offers transport {name!r}",
        hint=did_you_mean(name, {info.name for info in known}, what="there is"),
    )


def _instead(name: str, backends: Sequence[str]) -> str:
    found = nearest(name, {*backends, *EXTRAS})
    if found in backends:
        return f"did you mean {found!r}?"
    if found is not None:
        return f"did you mean {found!r}? It is not installed: {_install(found)}"
    if backends:
        return f"installed: {', '.join(backends)}"
    return (
        "no backend is installed; for jobs on this computer: "
        f"{_install('local')}, for a cluster: {_install('slurm')} or {_install('pbs')}"
    )


def _install(name: str) -> str:
    return f'pip install "sojourn[{name}]"'
