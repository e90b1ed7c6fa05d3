"""A job written down for the store, and read back by another process.

Local paths are absolute, bytes are base64, outputs of other jobs go by signature, and of
secrets only the names are kept.
"""

import base64
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sojourn.errors import InvalidJob
from sojourn.values.inputs import Input, JobOutput, NodeOutput, Origin, Remote, origin_of
from sojourn.values.jsonable import shown

if TYPE_CHECKING:
    from sojourn.values.job import Job

FORMAT = 1
"""Form of these records."""

_AS_THEY_ARE = (
    *("env", "parameters", "version", "check", "name"),
    *("workdir", "stdin", "stdout", "stderr"),
)
_LISTS = ("setup", "identity")


def write(job: "Job", signatures: Mapping[int, str]) -> dict[str, Any]:
    """The record of `job`; what is not given is left out."""
    record: dict[str, Any] = {"format": FORMAT}
    if job.command is not None:
        record["command"] = job.command if isinstance(job.command, str) else list(job.command)
    if job.script is not None:
        record["script"] = str(job.script)
    record |= {word: deepcopy(value) for word in _AS_THEY_ARE if (value := getattr(job, word))}
    record |= {word: list(value) for word in _LISTS if (value := getattr(job, word))}
    if job.inputs:
        record["inputs"] = {
            name: _write_input(name, given, signatures) for name, given in job.inputs.items()
        }
    if job.outputs:
        record["outputs"] = [
            {"remote": output.path} if isinstance(output, Remote) else output
            for output in job.outputs
        ]
    resources = job.resources.model_dump(mode="json", exclude_defaults=True)
    if resources:
        record["resources"] = resources
    if job.secret_env:
        record["secret_env"] = list(job.secret_env)
    if job.accept_exit != (0,):
        record["accept_exit"] = list(job.accept_exit)
    return record


def read(record: Mapping[str, Any]) -> dict[str, Any]:
    """The keywords of the job that `record` describes.

    Raises:
        InvalidJob: not a record of a job, or one of a later release.
    """
    if not isinstance(record, Mapping) or record.get("format") != FORMAT:
        raise InvalidJob("this is no record of a job that this release can read")
    words = {word: value for word, value in record.items() if word != "format"}
    try:
        if "inputs" in words:
            words["inputs"] = {
                name: Input(_read_source(entry), readonly=bool(entry.get("readonly", False)))
                for name, entry in words["inputs"].items()
            }
        if "outputs" in words:
            words["outputs"] = [
                Remote(output["remote"]) if isinstance(output, Mapping) else output
                for output in words["outputs"]
            ]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InvalidJob(f"the record of a job is damaged: {error!r}") from error
    return words


def _write_input(name: str, given: Input, signatures: Mapping[int, str]) -> dict[str, Any]:
    record = _write_source(name, origin_of(given.source, name), signatures)
    return {**record, "readonly": True} if given.readonly else record


def _write_source(name: str, source: Origin, signatures: Mapping[int, str]) -> dict[str, Any]:
    match source:
        case Path():
            return {"path": str(source)}
        case bytes():
            return {"base64": base64.b64encode(source).decode("ascii")}
        case Remote():
            known = {"digest": source.digest, "version": source.version}
            return {"remote": source.path} | {key: word for key, word in known.items() if word}
        case JobOutput():
            signature = source.signature or signatures.get(id(source.job))
            if signature is None:
                raise InvalidJob(f"input {shown(name)} comes from a job that has not been signed")
            return {"output": source.name, "of": signature}
        case NodeOutput():
            node: dict[str, Any] = {"node": source.signature, "output": source.name}
            if source.value is not None:
                node["value"] = _write_source(name, source.value, signatures)
            return node


def _read_source(record: Mapping[str, Any]) -> Origin:
    if "path" in record:
        return Path(record["path"])
    if "base64" in record:
        return base64.b64decode(record["base64"], validate=True)
    if "remote" in record:
        return Remote(record["remote"], record.get("digest"), record.get("version"))
    if "of" in record:
        return JobOutput(name=record["output"], signature=record["of"])
    value = _read_source(record["value"]) if "value" in record else None
    if isinstance(value, JobOutput | NodeOutput):
        raise InvalidJob("the record of a job is damaged: a node holds a node")
    return NodeOutput(record["node"], record["output"], value)
