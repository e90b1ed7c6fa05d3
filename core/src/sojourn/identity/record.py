"""A signed job written down, so that another process can hand in exactly this one later.

What is read back carries the digests of then: a file that has changed since no longer fits
its digest, which whoever uploads it notices, and never becomes another job in silence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.identity.canonical import signature_of
from sojourn.identity.resolve import ResolvedInput
from sojourn.identity.signature import SignedJob
from sojourn.values.inputs import JobOutput, NodeOutput, Origin, origin_of
from sojourn.values.job import Job

_TEXTS = ("digest", "signature", "output", "remote")
_OTHERS = ("size", "executable", "readonly")


def to_json(signed: SignedJob) -> dict[str, Any]:
    """`signed` as a JSON-able dict. Values of secrets are left out."""
    signatures = {id(parent.job): parent.signature for parent in signed.upstream}
    record: dict[str, Any] = {
        "signature": signed.signature,
        "job": signed.job.to_json(signatures),
        "components": signed.components,
        "inputs": {given.name: _write(given) for given in signed.inputs},
    }
    if signed.script:
        record["script"] = signed.script
    return record


def from_json(record: Mapping[str, Any]) -> SignedJob:
    """The signed job that `to_json` wrote; no file is looked at.

    Raises:
        InvalidJob: not such a record, or a damaged one.
    """
    try:
        job, components = Job.from_json(record["job"]), record["components"]
        if signature_of(components) != record["signature"]:
            raise InvalidJob(
                "the record of a job is damaged: its components have another signature"
            )
        inputs = tuple(
            _read(name, entry, components["inputs"][name], origin_of(job.inputs[name].source, name))
            for name, entry in record["inputs"].items()
        )
        return SignedJob(job, record["signature"], components, inputs, record.get("script", ""))
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidJob(f"the record of a job is damaged: {error!r}") from error


def _write(given: ResolvedInput) -> dict[str, Any]:
    words = {word: value for word in (*_TEXTS, *_OTHERS) if (value := getattr(given, word))}
    return {"kind": given.kind, **words}


def _read(
    name: str, entry: Mapping[str, Any], component: Mapping[str, Any], source: Origin
) -> ResolvedInput:
    held: object = source.value if isinstance(source, NodeOutput) else source
    local = entry["kind"] in ("file", "tree")
    if local and not isinstance(held, Path | bytes):
        raise InvalidJob(f"the record of a job is damaged: input {name!r} has no source")
    if entry["kind"] == "output" and not isinstance(source, JobOutput | NodeOutput):
        raise InvalidJob(f"the record of a job is damaged: input {name!r} has no job")
    words = {word: entry[word] for word in (*_TEXTS, *_OTHERS) if word in entry}
    return ResolvedInput(
        name,
        entry["kind"],
        component,
        path=held if local and isinstance(held, Path) else None,
        content=held if local and isinstance(held, bytes) else None,
        **words,
    )
