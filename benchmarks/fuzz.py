"""`python -m benchmarks fuzz`: machines that answer nonsense, as many and as long as is wanted."""

import argparse
import multiprocessing
import os
import secrets
import time
from collections import Counter

from tests.support.fuzzing import run

_AT_ONCE = 2000


def main(arguments: list[str]) -> None:
    """Replay mutated dialogues, and tell how they ended and how many there were in a second."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks fuzz",
        description="Mutates recorded dialogues with machines, bytes and numbers of what they"
        " answer, and fails at the first that raises anything but a MachineError.",
    )
    parser.add_argument("--dialogues", type=int, default=20_000, help="how many (20000)")
    parser.add_argument("--seed", type=int, default=None, help="repeats a run (a new one)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (0)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    last = given.first + given.dialogues
    parts = [(seed, min(_AT_ONCE, last - at), at) for at in range(given.first, last, _AT_ONCE)]
    ends: Counter[str] = Counter()
    begun = time.monotonic()
    with multiprocessing.Pool(given.processes) as pool:
        for part in pool.imap_unordered(_part, parts):
            ends.update(part)
            if time.monotonic() - begun > given.seconds:
                pool.terminate()
                break
    seconds = time.monotonic() - begun
    print(f"seed {seed}: {ends.total():,} dialogues in {seconds:.0f} s,", end=" ")
    print(f"{ends.total() / seconds:,.0f} a second with {given.processes} processes")
    for how, count in ends.most_common():
        print(f"  {how:<24} {count:>12,}")


def _part(part: tuple[int, int, int]) -> dict[str, int]:
    seed, dialogues, first = part
    return run(seed, dialogues, first=first)
