"""What the listener makes of what it is told, through Sojourn's own registry of plugins."""

import json
from pathlib import Path

import pytest
from sojourn.plugins.registry import Registry
from sojourn.states import State
from sojourn.values.events import JobEvent, Resumption, SuspensionNotice


def test_every_event_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWPLUGIN_FILE", str(tmp_path / "events"))
    said: list[str] = []
    registry = Registry(report=said.append)
    event = JobEvent("a" * 64, "here", "a job", 1, State.QUEUED, State.RUNNING, 1.5)
    registry.tell("sojourn_job_event", event=event)
    registry.tell("sojourn_suspended", notice=SuspensionNotice("flow", ("a" * 64,), 2.0))
    registry.tell("sojourn_resumed", resumption=Resumption("flow", ("a" * 64,), 3.0))
    lines = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert (lines[0]["new"], lines[0]["machine"]) == ("RUNNING", "here")
    assert [next(iter(line)) for line in lines[1:]] == ["suspended", "resumed"]
    assert not [line for line in said if "newplugin" in line]
