"""A real batch scheduler, small enough to read: a queue in a directory, for the tests of plugins.

`Toy.make(directory)` puts its commands there; no daemon runs while there is nothing to do.

    toysub [-N NAME] [-a FIRST-LAST] [-w ID[:ID...]] [-t SECONDS] [-m MEMORY] [-q QUEUE] SCRIPT
    toystat [-n NAME] [ID...]
    toydel ID...    toyhold ID...    toyrel ID...

Lines of SCRIPT that begin with `#TOY` are options as well; those of the command line win. An
array's tasks are `ID.INDEX`. The job runs in the directory in which it was submitted, with
nothing of the submitter's environment, and with TOY_ID, TOY_JOB and TOY_INDEX in its own.
"""

import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

COMMANDS = ("toysub", "toystat", "toydel", "toyhold", "toyrel")


@dataclass(frozen=True, slots=True)
class Toy:
    """A toy scheduler in a directory."""

    directory: Path

    @property
    def bin(self) -> Path:
        """Where its commands are: what a machine's `path` needs."""
        return self.directory / "bin"

    @classmethod
    def make(cls, directory: Path, *, slots: int = 4) -> "Toy":
        """Put a scheduler that runs `slots` jobs at a time into a directory."""
        toy = cls(directory)
        toy.bin.mkdir(parents=True)
        program = Path(__file__).with_name("scheduler.py")
        for command in COMMANDS:
            words = map(quote, (sys.executable, "-I", "-S", str(program), command, str(directory)))
            file = toy.bin / command
            file.write_text(f'#!/bin/sh\nTOY_SLOTS={slots} exec {" ".join(words)} "$@"\n')
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
        return toy
