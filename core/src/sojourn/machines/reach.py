"""How a machine is reached: the few keys of an entry that may come from somebody else.

None of them names a file or a command of this computer, and none is expanded: a ticket's author
decides nothing but where this computer connects to, as whom, and which root it uses there.
"""

import re
from collections.abc import Mapping
from typing import Any

HOST = r"^[A-Za-z0-9]([A-Za-z0-9._:-]{0,252}[A-Za-z0-9])?$"
USER = r"^[A-Za-z0-9_][A-Za-z0-9._@+\\-]{0,63}$"
ROOT = r"^(~|~?/[^\x00-\x1f\x7f$`\\]{0,1023})$"
WORD = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"

PATTERNS = {"backend": WORD, "transport": WORD, "host": HOST, "user": USER, "root": ROOT}
KEYS = frozenset(PATTERNS) | {"port"}
REMOTE = ("ssh", "openssh")
"""Transports that lead to another computer."""

_HERE = re.compile(r"localhost(\..*)?|127\..*|::1|0\.0\.0\.0|::|0", re.IGNORECASE)
_PORTS = range(1, 65536)


def why_not(keys: Mapping[str, Any]) -> str:
    """Why these keys, which somebody else has written, cannot be an entry; "" if they can."""
    foreign = sorted(set(keys) - KEYS)
    if foreign:
        return f"the key {foreign[0]!r} is not taken from others"
    for key, pattern in PATTERNS.items():
        if key in keys and not (isinstance(keys[key], str) and re.search(pattern, keys[key])):
            return f"{key}: {keys[key]!r} is not taken from others"
    port = keys.get("port", 22)
    if isinstance(port, bool) or port not in _PORTS:
        return f"port: {port!r} is no port"
    if "backend" not in keys:
        return "it does not say which backend runs its jobs"
    if "host" not in keys or keys.get("transport", REMOTE[0]) not in REMOTE:
        return "it is reached without a network, on the computer of whoever exported it"
    if keys["backend"] == "local" or _HERE.fullmatch(keys["host"]):
        return "it would be this computer"
    return ""


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two entries reach the same place, as far as their keys tell."""
    return all(one.get(key) == other.get(key) for key in ("backend", "host", "user")) and (
        one.get("port", 22),
        str(one.get("root", "")).rstrip("/"),
    ) == (other.get("port", 22), str(other.get("root", "")).rstrip("/"))


def described(keys: Mapping[str, Any]) -> str:
    """The entry in one line, for a person."""
    to = f"{keys['user']}@{keys['host']}" if keys.get("user") else f"{keys['host']}"
    port = f" port {keys['port']}" if keys.get("port") else ""
    root = f", root {keys['root']}" if keys.get("root") else ""
    return f"{keys['backend']} at {to}{port}{root}"
