"""The backend against Torque's commands over a real Slurm, as an ordinary user would meet it."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sojourn.batch.scheduler import (
    CommandResult,
    Conversation,
    Header,
    SubmitCall,
    SubmitReply,
    Verdict,
)
from sojourn.values.messages import Phase, SchedulerWord
from sojourn.values.resources import Resources
from sojourn_pbs.scheduler import Pbs
from tests.support import users
from tests.support.slurm import RealSlurm
from tests.support.waiting import eventually

T = TypeVar("T")


@dataclass
class Site:
    """A user's directory with a difficult name, and what all jobs are called there."""

    slurm: RealSlurm
    directory: Path
    scheduler: Pbs = field(default_factory=Pbs)
    name: str = field(default_factory=lambda: f"sj{secrets.token_hex(6)}")

    def run(self, command: str, user: str = users.USERS[0]) -> CommandResult:
        """Run a shell command in the directory."""
        entry = pwd.getpwnam(user)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            user=entry.pw_uid,
            group=entry.pw_gid,
            extra_groups=[],
            cwd=self.directory,
            env={"PATH": f"{self.slurm.bin}{os.pathsep}/usr/bin:/bin", "HOME": entry.pw_dir,
                 "USER": user, "OF_THE_SUBMITTER": "yes"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )  # fmt: skip
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def hear(self, conversation: Conversation[T], user: str = users.USERS[0]) -> T:
        """Run the commands of a conversation; its value."""
        try:
            command = next(conversation)
            while True:
                command = conversation.send(self.run(command, user))
        except StopIteration as end:
            value: T = end.value
            return value

    def hand_in(self, body: str, after: tuple[str, ...] = (), **words: Any) -> SubmitReply:
        """Hand in a script with these resource words, in a directory of its own."""
        resources = Resources.model_validate({"walltime": "5m", "memory": "10MiB", **words})
        place = self.directory / secrets.token_hex(4)
        lines = self.scheduler.directives(resources, Header(self.name, str(place)))
        self.run(f"mkdir {place.name}")
        (place / "job.sh").write_text("\n".join(["#!/bin/sh", *lines, body, ""]))
        command = self.scheduler.submit_command(SubmitCall("job.sh", self.name, after=after))
        return self.scheduler.read_submit(self.run(f"cd {place.name} && umask 027 && {command}"))

    def submit(self, body: str, after: tuple[str, ...] = (), **words: Any) -> str:
        """The same, which must be taken; the id."""
        reply = self.hand_in(body, after, **words)
        assert reply.verdict is Verdict.TAKEN, reply
        return reply.id

    def word(self, job: str) -> SchedulerWord:
        """The word on one job."""
        return self.hear(self.scheduler.look([job]))[job]

    def awaited(self, job: str, phase: Phase, timeout: float = 60.0) -> SchedulerWord:
        """The word on one job, as soon as it is in that phase."""
        eventually(
            lambda: self.word(job).phase is phase,
            timeout=timeout,
            saying=lambda: str(self.word(job)),
        )
        return self.word(job)

    def printed(self) -> str:
        """What the jobs of this site have printed, all together."""
        return "".join(path.read_text() for path in self.directory.glob("*/scheduler.out"))


@contextmanager
def site_of(slurm: RealSlurm, directory: str = "a b,c'd:e") -> Iterator[Site]:
    """A site with facts that were probed; at the end its jobs are cancelled."""
    entry = pwd.getpwnam(users.USERS[0])
    base = Path(entry.pw_dir) / f"torque-{secrets.token_hex(4)}"
    where = base / directory
    where.mkdir(parents=True)
    for path in (base, where):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    site = Site(slurm, where)
    try:
        site.scheduler = Pbs(None, site.hear(site.scheduler.probe()))
        yield site
    finally:
        if slurm.controller.pid is not None:
            site.run(f"scancel --name={site.name}")
        shutil.rmtree(base, ignore_errors=True)
