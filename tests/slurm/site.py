"""The backend against a real Slurm, as an ordinary user would meet it, without core in between."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sojourn.batch.scheduler import (
    CommandResult,
    Conversation,
    Header,
    SubmitCall,
    SubmitReply,
    T,
    Verdict,
)
from sojourn.values.messages import Phase, SchedulerWord
from sojourn.values.resources import Resources
from sojourn_slurm.scheduler import Slurm
from tests.support import users
from tests.support.slurm import RealSlurm
from tests.support.waiting import eventually


@dataclass
class Site:
    """One user's directory beside a real Slurm; `name` is what all jobs are called there."""

    slurm: RealSlurm
    user: str
    directory: Path
    scheduler: Slurm
    name: str = field(default_factory=lambda: f"sj{secrets.token_hex(6)}")

    def run(self, command: str, environment: Mapping[str, str] = {}) -> CommandResult:
        """Run a shell command as the user, in the directory."""
        entry = pwd.getpwnam(self.user)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd=self.directory,
            env={
                "PATH": f"{self.slurm.bin}{os.pathsep}/usr/bin:/bin",
                "HOME": entry.pw_dir,
                "USER": self.user,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def hear(self, conversation: Conversation[T]) -> T:
        """Run the commands of a conversation; its value."""
        try:
            command = next(conversation)
            while True:
                command = conversation.send(self.run(command))
        except StopIteration as end:
            value: T = end.value
            return value

    def hand_in(
        self,
        body: str,
        first: int | None = None,
        last: int | None = None,
        after: tuple[str, ...] = (),
        environment: Mapping[str, str] = {},
        **words: object,
    ) -> SubmitReply:
        """Hand in a script with these resource words."""
        resources = Resources.model_validate({"walltime": "5m", "memory": "10MiB", **words})
        header = Header(self.name, str(self.directory), first is not None)
        lines = ["#!/bin/sh", *self.scheduler.directives(resources, header), body, ""]
        script = self.directory / f"{secrets.token_hex(4)}.sh"
        script.write_text("\n".join(lines))
        call = SubmitCall(script.name, self.name, first, last, after)
        return self.scheduler.read_submit(
            self.run(self.scheduler.submit_command(call), environment)
        )

    def submit(
        self,
        body: str,
        first: int | None = None,
        last: int | None = None,
        after: tuple[str, ...] = (),
        environment: Mapping[str, str] = {},
        **words: object,
    ) -> str:
        """The same, which must be taken; the id."""
        reply = self.hand_in(body, first, last, after, environment, **words)
        assert reply.verdict is Verdict.TAKEN, reply
        return reply.id

    def word(self, one: str) -> SchedulerWord:
        """The word on one job."""
        return self.hear(self.scheduler.look([one]))[one]

    def awaited(self, one: str, phase: Phase, timeout: float = 60.0) -> SchedulerWord:
        """The word on one job, as soon as it is in that phase."""
        return eventually(
            lambda: word if (word := self.word(one)).phase is phase else None,
            timeout=timeout,
            saying=lambda: str(self.word(one)),
        )  # type: ignore[return-value]

    def printed(self, job: str) -> str:
        """What a job printed, when it has ended."""
        self.awaited(job, Phase.ENDED)
        return (self.directory / f"slurm-{job}.out").read_text()


@contextmanager
def site_of(
    slurm: RealSlurm, user: str = users.USERS[0], directory: str = "site"
) -> Iterator[Site]:
    """A site with facts that were probed; at the end its jobs are cancelled."""
    entry = pwd.getpwnam(user)
    base = Path(entry.pw_dir) / f"slurm-{secrets.token_hex(4)}"
    where = base / directory
    where.mkdir(parents=True)
    for path in (base, where):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    site = Site(slurm, user, where, Slurm())
    try:
        site.scheduler = Slurm(None, site.hear(site.scheduler.probe()))
        yield site
    finally:
        if slurm.controller.pid is not None:
            site.run(f"scancel --name={site.name}")
        shutil.rmtree(base, ignore_errors=True)
