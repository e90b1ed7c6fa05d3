"""Signing jobs: one at a time or a batch, with the jobs whose outputs they take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sojourn.errors import InvalidJob
from sojourn.identity.canonical import signature_of
from sojourn.identity.components import components_of
from sojourn.identity.digests import DigestMemo, Digests
from sojourn.identity.remote import IdentifyRemote, identify, needs_asking
from sojourn.identity.resolve import ResolvedInput, Resolver, job_of
from sojourn.identity.script_text import read_script
from sojourn.values.inputs import Origin, origin_of
from sojourn.values.job import Job
from sojourn.values.resources import Resources


@dataclass(frozen=True, slots=True)
class SignedJob:
    """A job, its signature, and all that was found out on the way.

    `components` is what the signature is over; `script` the whole text of the job's script;
    `upstream` the signed jobs of those inputs that were given as outputs of `Job` objects.
    """

    job: Job
    signature: str
    components: Mapping[str, Any] = field(repr=False)
    inputs: tuple[ResolvedInput, ...] = ()
    script: str = field(default="", repr=False)
    upstream: tuple["SignedJob", ...] = field(default=(), repr=False, compare=False)

    @property
    def parents(self) -> tuple[str, ...]:
        """Signatures of what must have ended before this job can run, each once, in order."""
        return tuple(
            dict.fromkeys(given.signature for given in self.inputs if given.kind == "output")
        )

    @property
    def consumed(self) -> dict[str, str]:
        """Name of an input -> digest of its bytes, as far as they are known here."""
        return {given.name: given.digest for given in self.inputs if given.digest}


Extra = Callable[[Job], Mapping[str, Any]]
"""What plugins add to a job's identity, by the plugins' names."""


def sign(
    job: Job,
    *,
    memo: DigestMemo | None = None,
    identify_remote: IdentifyRemote | None = None,
    extra: Extra | None = None,
    machine: str | None = None,
    defaults: Resources | None = None,
) -> SignedJob:
    """Sign one job; see `sign_many`."""
    return sign_many(
        [job],
        memo=memo,
        identify_remote=identify_remote,
        extra=extra,
        machine=machine,
        defaults=defaults,
    )[0]


def sign_many(
    jobs: Sequence[Job],
    *,
    memo: DigestMemo | None = None,
    identify_remote: IdentifyRemote | None = None,
    extra: Extra | None = None,
    machine: str | None = None,
    defaults: Resources | None = None,
) -> list[SignedJob]:
    """Sign a batch, in its order. Files are read, unless `memo` knows them unchanged.

    `identify_remote` is called at most once, with all paths on the machine that have neither
    digest nor version. `machine` and its `defaults` matter only to jobs whose `identity`
    draws them in.

    Raises:
        InvalidJob: a missing or unreadable input, or one without an identity.
    """
    asked = _with_upstream(jobs)
    sources = [source for _, inputs in asked.values() for source in inputs.values()]
    remotes = identify(filter(None, map(needs_asking, sources)), identify_remote)
    signatures: dict[int, str] = {}
    resolver = Resolver(Digests(memo), remotes, signatures)
    signed: dict[int, SignedJob] = {}
    for job, inputs in asked.values():
        resolved = tuple(
            resolver.resolve(name, source, job.inputs[name].readonly)
            for name, source in inputs.items()
        )
        script = read_script(job.script) if job.script is not None else ""
        components = components_of(
            job,
            resolved,
            script=script,
            extra=extra(job) if extra is not None else None,
            machine=machine,
            defaults=defaults,
        )
        upstream = {id(parent): signed[id(parent)] for parent in _parents(inputs)}
        signatures[id(job)] = signature_of(components)
        signed[id(job)] = SignedJob(
            job, signatures[id(job)], components, resolved, script, tuple(upstream.values())
        )
    return [signed[id(job)] for job in jobs]


_Asked = dict[int, tuple[Job, dict[str, Origin]]]


def _with_upstream(jobs: Sequence[Job]) -> _Asked:
    """All jobs, and those whose outputs they take, parents first; each node asked once."""
    done: _Asked = {}
    begun: _Asked = {}
    waiting = list(reversed(jobs))
    while waiting:
        job = waiting[-1]
        if id(job) in done:
            waiting.pop()
        elif id(job) in begun:
            done[id(job)] = begun[id(job)]
            waiting.pop()
        else:
            inputs = {name: origin_of(given.source, name) for name, given in job.inputs.items()}
            begun[id(job)] = (job, inputs)
            for parent in _parents(inputs):
                if id(parent) in begun and id(parent) not in done:
                    raise InvalidJob("jobs take each other's outputs, so that none can be first")
                waiting.append(parent)
    return done


def _parents(inputs: Mapping[str, Origin]) -> list[Job]:
    return [parent for parent in map(job_of, inputs.values()) if parent is not None]
