"""A second implementation of docs/identity.md, with nothing but json, hashlib and re.

It knows only the page, not the code, so that the page is enough for another language. A job
is described as in docs/identity-vectors.json.
"""

import base64
import hashlib
import json
import re
from typing import Any


def number(value: float) -> str:
    """A float as ECMAScript's Number::toString writes it, from its shortest digits."""
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) - leading + int(exponent or 0)  # digits before the decimal point
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = f"e{'+' if point > 0 else '-'}{abs(point - 1)}"
    return f"{sign}{digits[0]}{'.' if digits[1:] else ''}{digits[1:]}{power}"


def canonical(value: Any) -> str:
    """RFC 8785."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
    return f"{{{','.join(f'{canonical(key)}:{canonical(value[key])}' for key in keys)}}}"


def digest(value: Any) -> str:
    """Section 1."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def content(entry: dict[str, Any]) -> bytes:
    """What a described file holds."""
    return base64.b64decode(entry["base64"]) if "base64" in entry else entry["text"].encode()


def file(entry: dict[str, Any]) -> dict[str, Any]:
    """Section 3, a file or bytes."""
    component = {"kind": "file", "digest": hashlib.sha256(content(entry)).hexdigest()}
    return component | ({"executable": True} if entry.get("executable") else {})


def listing(entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Section 4. Described directories are all listed, also those that are not empty."""
    listed: dict[str, Any] = {}
    for path, entry in entries.items():
        if "link" in entry:
            listed[path] = {"kind": "link", "target": entry["link"]}
        elif "directory" not in entry:
            listed[path] = file(entry)
        elif not any(other.startswith(f"{path}/") for other in entries):
            listed[path] = {"kind": "directory"}
    return listed


def identity(entry: dict[str, Any], remote: dict[str, Any]) -> dict[str, Any]:
    """Section 3."""
    if "of" in entry:
        return {"kind": "output", "signature": entry["of"], "output": entry["output"]}
    if "entries" in entry:
        return {"kind": "directory", "digest": digest(listing(entry["entries"]))}
    if "remote" not in entry:
        return file(entry)
    if "digest" in entry:
        return {"kind": "remote", "digest": entry["digest"]}
    if "version" in entry:
        return {"kind": "remote", "path": entry["remote"], "version": str(entry["version"])}
    size, time = remote[entry["remote"]]
    return {"kind": "remote", "path": entry["remote"], "size": size, "mtime": time}


def script_text(text: str) -> str:
    """Section 2, the text of a script."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    command = next(
        (at for at, line in enumerate(lines) if re.match(r"\s*[^#\s]", line, re.A)), None
    )
    head = lines[:command] if command is not None else lines
    return "".join(line for line in head if not _taken_out(line)) + "".join(lines[len(head) :])


def _taken_out(line: str) -> bool:
    words = line.split()
    if not re.match(r"#(SBATCH|PBS)(\s|$)", line, re.A):
        return False
    if words[0] == "#PBS":
        return not any(word.startswith(("-v", "-V", "-S")) for word in words[1:])
    kept = ("--export", "--export-file", "--get-user-env")
    return not any(word.partition("=")[0] in kept for word in words[1:])


def job(vector: dict[str, Any]) -> dict[str, Any]:
    """Section 2, from a described job."""
    words = vector["job"]
    components: dict[str, Any] = {"format": 1}
    if "command" in words:
        components["command"] = words["command"]
    else:
        components["script"] = script_text(words["script"])
    setup = words.get("setup", [])
    entries = [entry.strip("\n") for entry in ([setup] if isinstance(setup, str) else setup)]
    entries = [entry for entry in entries if entry.strip()]
    if entries:
        components["setup"] = "\n".join(entries).split("\n")
    if words.get("env"):
        components["env"] = {name: str(value) for name, value in words["env"].items()}
    if words.get("parameters"):
        components["parameters"] = words["parameters"]
    if "version" in words:
        components["version"] = str(words["version"])
    if "check" in words:
        components["check"] = words["check"]
    if words.get("accept_exit", [0]) != [0]:
        components["accept_exit"] = sorted(set(words["accept_exit"]))
    if words.get("outputs"):
        names = [out["remote"] if isinstance(out, dict) else out for out in words["outputs"]]
        components["outputs"] = sorted(set(names))
    if words.get("inputs"):
        components["inputs"] = {
            name: identity(entry, vector.get("remote", {}))
            for name, entry in words["inputs"].items()
        }
    plugins = {
        name: part
        for name, part in vector.get("plugins", {}).items()
        if part not in ({}, [], "", None)
    }
    if plugins:
        components["plugins"] = plugins
    if words.get("identity"):
        components["identity"] = {
            word: _drawn_in(word, words, vector) for word in words["identity"]
        }
    return components


def _drawn_in(word: str, words: dict[str, Any], vector: dict[str, Any]) -> Any:
    if word == "machine":
        return vector["machine"]
    if word == "name":
        return words.get("name")
    return {**vector.get("defaults", {}), **words.get("resources", {})}.get(word.partition(".")[2])
