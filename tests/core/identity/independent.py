"""A second implementation of docs/identity.md, with nothing but json, hashlib and re.

It knows only the page, not the code, so that the page is enough for another language. A job
is described as in docs/identity-vectors.json.
"""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

DIRECTIVES = json.loads(
    (Path(__file__).resolve().parents[3] / "docs" / "identity-directives.json").read_text()
)


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
    component = {"kind": "remote", "path": entry["remote"]}
    found = remote[entry["remote"]]
    if found["real"] != entry["remote"]:
        component["real"] = found["real"]
    if "entries" in found:
        return component | {"listing": digest(remote_listing(found["entries"]))}
    return component | {
        word: found[word] for word in ("size", "mtime", "executable") if word in found
    }


def remote_listing(entries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Section 3, a directory on the machine; described as each thing's part of the listing."""
    return {
        path: entry
        for path, entry in entries.items()
        if entry != {"kind": "directory"} or not any(o.startswith(f"{path}/") for o in entries)
    }


BLANKS = " \t\r\v\f"


def script_text(text: str) -> str:
    """Section 2, the text of a script."""
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    command = next(
        (at for at, line in enumerate(lines) if re.match(r"\s*[^#\s]", line, re.A)), None
    )
    head = lines[:command] if command is not None else lines
    return "".join(map(_what_counts, head)) + "".join(lines[len(head) :])


def _what_counts(line: str) -> str:
    bare = line.rstrip("\n")
    for table in DIRECTIVES:
        for mark in table["marks"]:
            blanks = "[ \t\r\v\f]*" if table.get("indented") else ""
            found = re.fullmatch(rf"{blanks}{re.escape(mark)}((?:[ \t\r\v\f-].*)?)", bare, re.S)
            if found:
                left = _what_is_left(table, found[1])
                if left is None:
                    return line
                return f"{mark} {left}" + line[len(bare) :] if left else ""
    return line


def _what_is_left(table: dict[str, Any], text: str) -> str | None:
    words = [word for word in re.split(f"[{BLANKS}]+", text) if word]
    if table.get("comments"):
        comment = [at for at, word in enumerate(words) if word.startswith("#")]
        words = words[: comment[0]] if comment else words
    if any(re.search(r"[\"'\\]", re.sub(r"\"[^\"\\]*\"|'[^'\\]*'", "", w)) for w in words):
        return None
    kinds = {name: kind for kind, names in table["options"].items() for name in names}
    left: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        value: str | None = None
        if table.get("words") or not word.startswith("-"):
            name = word
        elif word.startswith("--"):
            name, equals, rest = word.partition("=")
            value = rest if equals else None
        else:
            name, value = word[:2], word[2:] or None
        takes = {"flag": 0, "optional": 0, "value": 1, "two": 2, "list": 1}.get(kinds.get(name, ""))
        if value is not None and takes == 1:
            takes = 0
        elif value is not None and kinds.get(name) == "flag":
            takes = None
        if takes is not None and at + takes < len(words):
            if kinds[name] == "list":
                things = _unknown_things(table, words[at + takes] if value is None else value)
                left += [f"{name} {things}"] if things else []
            at += 1 + takes
        elif re.match(r"--[\w-]+=", word):
            left.append(word)
            at += 1
        else:
            left += words[at:]
            break
    return " ".join(left)


def _unknown_things(table: dict[str, Any], value: str) -> str:
    if '"' in value or "'" in value:
        return value
    unknown = []
    for thing in value.split(","):
        name, _, held = thing.partition("=")
        parts = [part.split("=")[0] for part in re.split("[+:]", held) if "=" in part]
        if name not in table["things"] or set(parts) - set(table.get("chunks", [])):
            unknown.append(thing)
    return ",".join(unknown)


_PLAIN = ("check", "workdir", "stdin", "stdout", "stderr")


def job(vector: dict[str, Any]) -> dict[str, Any]:
    """Section 2, from a described job."""
    words = vector["job"]
    components: dict[str, Any] = {"format": 2}
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
    components |= {word: words[word] for word in _PLAIN if word in words}
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
