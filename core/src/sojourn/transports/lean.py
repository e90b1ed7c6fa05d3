"""Loading paramiko without what it needs for nothing that Sojourn asks of it."""

import importlib
import sys
from importlib.util import find_spec
from typing import Any


def load_paramiko() -> None:
    """Import paramiko, but not yet the package invoke, which takes longer than all the rest.

    paramiko uses it for `Match exec` in its own reader of ssh's configuration; whoever reads a
    file that way gets it then.

    Raises:
        ModuleNotFoundError: paramiko is not installed.
    """
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]
    try:
        importlib.import_module("paramiko")
    finally:
        sys.modules.pop("invoke", None)
    config: Any = sys.modules.get("paramiko.config")
    if config is not None and find_spec("invoke") is not None:
        config.invoke = _Later("invoke")


class _Later:
    """A module that is imported when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)
