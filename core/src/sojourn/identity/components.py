"""What a job's signature is made of. What is not given is left out, so that a word which a
later release adds leaves the signatures of all jobs without it as they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from sojourn.defaults import SIGNATURE_FORMAT
from sojourn.errors import InvalidJob
from sojourn.identity.resolve import ResolvedInput
from sojourn.identity.script_text import without_directives
from sojourn.values.job import Job
from sojourn.values.jsonable import plain
from sojourn.values.resources import Resources

_NOTHING: tuple[Any, ...] = (None, "", {}, [], ())
"""What a plugin adds that adds nothing."""

_AS_GIVEN = (
    *("env", "parameters", "version", "check"),
    *("workdir", "stdin", "stdout", "stderr"),
)


def components_of(
    job: Job,
    inputs: Sequence[ResolvedInput],
    *,
    script: str = "",
    extra: Mapping[str, Any] | None = None,
    machine: str | None = None,
    defaults: Resources | None = None,
) -> dict[str, Any]:
    """The components of `job`, JSON-able; see docs/identity.md.

    `script` is the text of its script, `extra` what each plugin adds, by the plugin's name.
    `machine` and its `defaults` count only where `job.identity` draws them in.

    Raises:
        InvalidJob: a plugin's part is not JSON, or `identity` draws in a machine and there is none.
    """
    components: dict[str, Any] = {"format": SIGNATURE_FORMAT, **_what_runs(job, script)}
    if job.setup:
        components["setup"] = "\n".join(job.setup).split("\n")
    components |= {word: value for word in _AS_GIVEN if (value := getattr(job, word))}
    if job.accept_exit != (0,):
        components["accept_exit"] = list(job.accept_exit)
    if job.outputs:
        components["outputs"] = sorted(
            output if isinstance(output, str) else output.path for output in job.outputs
        )
    if inputs:
        components["inputs"] = {given.name: given.component for given in inputs}
    plugins = {name: part for name, part in (extra or {}).items() if part not in _NOTHING}
    if plugins:
        components["plugins"] = plain(plugins, "plugins")
    if job.identity:
        components["identity"] = _drawn_in(job, machine, defaults)
    return components


def _what_runs(job: Job, script: str) -> dict[str, Any]:
    if job.command is None:
        return {"script": without_directives(script)}
    return {"command": job.command if isinstance(job.command, str) else list(job.command)}


def _drawn_in(job: Job, machine: str | None, defaults: Resources | None) -> dict[str, Any]:
    resources = job.resources.over(defaults) if defaults is not None else job.resources
    words = resources.model_dump(mode="json")
    drawn: dict[str, Any] = {}
    for word in job.identity:
        if word == "machine":
            if machine is None:
                raise InvalidJob(
                    "the machine belongs to this job's identity, and none is named",
                    hint="say on which machine: on=NAME",
                )
            drawn[word] = machine
        elif word == "name":
            drawn[word] = job.name
        else:
            drawn[word] = words[word.removeprefix("resources.")]
    return drawn
