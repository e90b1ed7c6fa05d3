"""R55 and R56: what the submit command prints beside an id, or instead of one."""

import shlex

import pytest

from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.marks import rule
from sojourn.testing.situations import LONG
from sojourn.testing.suites.base import Suite
from sojourn.values.messages import Phase, Settled

WORDS = "Thursday is not in your plan"
"""Words that no scheduler is known to say."""


def wrapped(bench: Bench, command: str, body: str) -> Client:
    """A client whose submit command is `body`; `$real` is the path of the command itself."""
    if not command:
        pytest.skip("no command to wrap: fixture submit_command is empty")
    real = shlex.quote(bench.said(f"command -v {command}").strip())
    script = shlex.quote(f"#!/bin/sh\nreal={real}\n{body}\n")
    bench.said(f"mkdir -p odd && printf %s {script} >odd/{command} && chmod +x odd/{command}")
    odd = f"{bench.said('pwd').strip()}/odd"
    return bench.client(path=(odd, *bench.machine.path))


class Printed(Suite):
    """Submit commands that say odd things."""

    @rule("R55")
    def test_words_that_nobody_knows_are_told_and_refuse_nothing(
        self, bench: Bench, submit_command: str
    ) -> None:
        client = wrapped(bench, submit_command, f"echo '{WORDS}' >&2; exit 1")
        (answer,) = client.submit([client.order("true")])
        assert answer.outcome in (Settled.UNCLEAR, Settled.PENDING)
        assert WORDS in answer.reason

    @rule("R56")
    @pytest.mark.parametrize(
        "body",
        [
            '"$real" "$@" || exit; echo "100 units remain"',
            '"$real" "$@" || exit; echo 100',
            'echo "3 messages wait"; exec "$real" "$@"',
            '"$real" "$@"; exit 1',
        ],
    )
    def test_other_lines_are_no_id(self, bench: Bench, submit_command: str, body: str) -> None:
        client = wrapped(bench, submit_command, body)
        (answer,) = client.submit([client.order(LONG)])
        assert answer.outcome in (Settled.HANDED_IN, Settled.PENDING)
        if answer.outcome is Settled.HANDED_IN:
            job = client.refs[answer.signature, answer.attempt]
            client.started([job])
            (polled,) = client.poll([job])
            assert polled.word.phase not in (Phase.ABSENT, Phase.UNKNOWN), answer.scheduler_id
            assert polled.site is not None
            assert polled.site.started_id in ("", answer.scheduler_id), "the id of another job"
