"""Making the files that docs/identity-vectors.json describes."""

from pathlib import Path
from typing import Any

from sojourn.values.inputs import JobOutput
from sojourn.values.job import Job, Remote
from sojourn.values.remote import RemoteEntry, RemotePath
from tests.core.identity import independent


def make_directory(root: Path, entries: dict[str, dict[str, Any]]) -> Path:
    """A directory as described; what is not listed as a directory is made one where needed."""
    root.mkdir(parents=True)
    for path, entry in entries.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if "link" in entry:
            place.symlink_to(entry["link"])
        elif "directory" in entry:
            place.mkdir(exist_ok=True)
        else:
            make_file(place, entry)
    return root


def make_file(place: Path, entry: dict[str, Any]) -> Path:
    """A file as described."""
    place.write_bytes(independent.content(entry))
    place.chmod(0o755 if entry.get("executable") else 0o644)
    return place


def remote_path(described: dict[str, Any]) -> RemotePath:
    """What the machine says of a path."""
    if "entries" not in described:
        return RemotePath(_entry({"kind": "file", **described}), described["real"])
    entries = {name: _entry(facts) for name, facts in described["entries"].items()}
    return RemotePath(RemoteEntry("directory"), described["real"], entries)


def _entry(facts: dict[str, Any]) -> RemoteEntry:
    return RemoteEntry(**{word: value for word, value in facts.items() if word != "real"})


def make_job(root: Path, words: dict[str, Any]) -> Job:
    """A job as described, with its files below `root`."""
    root.mkdir(parents=True, exist_ok=True)
    given = dict(words)
    if "script" in words:
        given["script"] = make_file(root / "script.sh", {"text": words["script"]})
    if "inputs" in words:
        given["inputs"] = {
            name: _source(root / f"input-{at}", entry)
            for at, (name, entry) in enumerate(words["inputs"].items())
        }
    if "outputs" in words:
        given["outputs"] = [
            Remote(output["remote"]) if isinstance(output, dict) else output
            for output in words["outputs"]
        ]
    return Job(**given)


def _source(place: Path, entry: dict[str, Any]) -> Any:
    if "of" in entry:
        return JobOutput(name=entry["output"], signature=entry["of"])
    if "remote" in entry:
        return Remote(entry["remote"], entry.get("digest"), entry.get("version"))
    if "entries" in entry:
        return make_directory(place, entry["entries"])
    if entry.get("bytes"):
        return independent.content(entry)
    return make_file(place, entry)
