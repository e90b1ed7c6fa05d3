"""Bringing results here: into the result cache, once and whole."""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.errors import DamagedResult, TransferFailed
from sojourn.results.manifest import FileEntry, Manifest
from sojourn.results.staging import staged_at_once
from sojourn.session.consumed import attempt_in, output_digest
from sojourn.session.links import Link
from sojourn.store.records import JobRecord
from sojourn.values.messages import FetchAnswer, FetchRequest

if TYPE_CHECKING:
    from sojourn.results.cache import ResultCache
    from sojourn.results.result import Result
    from sojourn.results.staging import Staging
    from sojourn.store.store import Store


_NAMED = 3
"""So many links that were left out are named."""


@dataclass(slots=True)
class Fetcher:
    """Fetches from one machine."""

    link: Link
    store: "Store"
    results: "ResultCache"

    def fetch(self, records: Sequence[JobRecord]) -> dict[str, "Result | TransferFailed"]:
        """Bring the results of completed jobs into the cache, in one trip, or in a few for
        thousands of them: those of the trips before are there when a later one fails.

        Raises:
            MachineError: the machine could not be reached; nothing half-way is visible.
        """
        found: dict[str, Result | TransferFailed] = {}
        for group in staged_at_once(records):
            found |= self._fetch(group)
        return found

    def _fetch(self, records: Sequence[JobRecord]) -> dict[str, "Result | TransferFailed"]:
        found: dict[str, Result | TransferFailed] = {}
        context, backend = self.link.context, self.link.backend
        with ExitStack() as stack:
            staged = self._staged(stack, records)
            requests = [
                FetchRequest(
                    record.signature,
                    record.attempt,
                    staged[record.signature].files,
                    staged[record.signature].logs,
                )
                for record in records
            ]
            answers = self.link.contact(lambda: backend.fetch(context, requests))
            come: list[tuple[JobRecord, FetchAnswer]] = []
            for record, answer in zip(records, answers, strict=True):
                if answer.error or answer.exit is None:
                    found[record.signature] = self._failed(record, answer)
                else:
                    come.append((record, answer))
            results = self.results.commit_all(
                [(staged[one.signature], self._manifest(one, answer)) for one, answer in come]
            )
            for (record, answer), result in zip(come, results, strict=True):
                found[record.signature] = result
                self._tell_left_out(record, answer)
        return found

    def files(
        self,
        records: Sequence[JobRecord],
        into: Mapping[str, Path],
        *,
        partial: Mapping[str, tuple[str, ...]] | None = None,
        remote: Sequence[str] = (),
    ) -> dict[str, FetchAnswer]:
        """Bring files into directories of the caller's, never into the cache.

        `partial` names by signature what to bring of jobs that have not ended, or not well;
        without it, outputs that stayed on the machine and match `remote`.
        """
        context, backend = self.link.context, self.link.backend
        requests = [
            FetchRequest(
                record.signature,
                record.attempt,
                into[record.signature],
                remote=() if partial else tuple(remote),
                partial=partial.get(record.signature, ()) if partial else (),
            )
            for record in records
        ]
        answers = self.link.contact(lambda: backend.fetch(context, requests))
        return {answer.signature: answer for answer in answers}

    def more(
        self, records: Sequence[JobRecord], patterns: Sequence[str]
    ) -> dict[str, "Result | TransferFailed"]:
        """Bring outputs that stayed on the machine, and match `patterns`, into the results that
        are in the cache already; trips as for `fetch`.

        Raises:
            MachineError: the machine could not be reached.
            ResultError: a result is not in the cache.
        """
        found: dict[str, Result | TransferFailed] = {}
        for group in staged_at_once(records):
            found |= self._more(group, patterns)
        return found

    def _more(
        self, records: Sequence[JobRecord], patterns: Sequence[str]
    ) -> dict[str, "Result | TransferFailed"]:
        from sojourn.results.adding import add

        found: dict[str, Result | TransferFailed] = {}
        with ExitStack() as stack:
            staged = self._staged(stack, records)
            into = {signature: staging.files for signature, staging in staged.items()}
            answers = self.files(records, into, remote=patterns)
            for record in records:
                answer, staging = answers[record.signature], staged[record.signature]
                if answer.error or answer.exit is None:
                    found[record.signature] = self._failed(record, answer)
                else:
                    found[record.signature] = add(self.results, staging, _entries(answer))
                    self._tell_left_out(record, answer)
        return found

    def _staged(self, stack: ExitStack, records: Sequence[JobRecord]) -> dict[str, "Staging"]:
        """By signature the places where results are put together, in use as long as the stack."""
        return {
            record.signature: stack.enter_context(
                self.results.staging(record.signature, record.attempt)
            )
            for record in records
        }

    def _tell_left_out(self, record: JobRecord, answer: FetchAnswer) -> None:
        """Say which links are not in a result, and keep it with the job."""
        links = answer.left_out
        if not links:
            return
        named = ", ".join(f"{link.name!r} to {link.target!r}" for link in links[:_NAMED])
        more = f" and {len(links) - _NAMED} more" if len(links) > _NAMED else ""
        one = len(links) == 1
        what = "a link that leads" if one else f"{len(links)} links that lead"
        reason = f"its result is without {what} out of it: {named}{more}"
        self.link.context.say(f"job {record.name or record.signature[:8]}: {reason}")
        self.store.update_fields(record.signature, record.machine, reason=reason)

    def _failed(self, record: JobRecord, answer: FetchAnswer) -> TransferFailed:
        short = record.signature[:8]
        hint = f"if its files are gone there, `sojourn retry {short}` runs it again"
        if answer.exit is not None:
            hint = f"`sojourn fetch {short} --partial` brings what can be had; {hint}"
        return TransferFailed(
            f"the result of {record.name or record.signature[:12]} could not be brought from "
            f"{record.machine}: {answer.error or 'there is no exit file'}",
            signature=record.signature,
            hint=hint,
        )

    def _manifest(self, record: JobRecord, answer: FetchAnswer) -> Manifest:
        assert answer.exit is not None
        return Manifest(
            signature=record.signature,
            attempt=record.attempt,
            machine=record.machine,
            exit_code=answer.exit.status,
            files=_entries(answer),
            remote={file.name: file.size for file in answer.exit.files if file.remote},
            consumed=self._consumed(record),
            submitted_at=record.submitted_at,
            started_at=answer.exit.started_at,
            finished_at=answer.exit.finished_at,
            imported=record.imported,
        )

    def _consumed(self, record: JobRecord) -> dict[str, str]:
        """Digests of what went in. What was taken from where a parent has left it on the machine
        is known by its attempt, unless the very result of that is here."""
        consumed: dict[str, str] = json.loads(record.consumed)
        inputs = json.loads(record.components).get("inputs", {})
        for name, component in inputs.items():
            if component.get("kind") == "output":
                was = consumed.get(name, "")
                made_by = (record.machine, attempt_in(was)) if was else None
                digest = self._made(component["signature"], component["output"], made_by)
                if digest:
                    consumed[name] = digest
            elif "digest" in component:
                consumed[name] = component["digest"]
        return consumed

    def _made(self, parent: str, output: str, made_by: tuple[str, int | None] | None) -> str:
        """The digest of a parent's output, if its result is here and comes from the machine and
        the attempt `made_by`, or whatever is here if who handed the job in was somebody else."""
        with suppress(DamagedResult):
            result = self.results.get(parent)
            if result is not None and made_by in (None, (result.machine, result.manifest.attempt)):
                return output_digest(result, output)
        return ""


def _entries(answer: FetchAnswer) -> tuple[FileEntry, ...]:
    """What was brought, as a manifest has it."""
    return tuple(
        FileEntry(
            file.name,
            size=file.size if file.kind == "f" else 0,
            kind=file.kind,
            digest=answer.digests.get(file.name, ""),
            target=file.target,
        )
        for file in answer.files
    )
