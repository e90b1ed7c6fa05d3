"""Hooks that all plugins are asked: each by itself, so that none can silence another."""

import logging
from collections.abc import Mapping
from typing import Any

import pytest

from sojourn.contract import hookimpl
from sojourn.errors import ContractError, PluginError
from sojourn.plugins.registry import Registry
from sojourn.states import State
from sojourn.values.events import JobEvent, Resumption, SuspensionNotice
from sojourn.values.job import Job
from tests.core.plugins.conftest import Install

EVENT = JobEvent("a" * 64, "here", "fit", 1, State.QUEUED, State.RUNNING, 1.0)
JOB = Job(command="true")


class Recorder:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Any] = []

    @hookimpl
    def sojourn_job_event(self, event: JobEvent) -> None:
        self.heard.append(event)

    @hookimpl
    def sojourn_suspended(self, notice: SuspensionNotice) -> None:
        self.heard.append(notice)

    @hookimpl
    def sojourn_resumed(self, resumption: Resumption) -> None:
        self.heard.append(resumption)


class Raiser:
    """A listener that fails every time."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    @hookimpl
    def sojourn_job_event(self) -> None:
        raise self.error

    @hookimpl
    def sojourn_suspended(self) -> None:
        raise self.error


class Signer:
    """A plugin that adds to identities."""

    def __init__(self, extras: Any) -> None:
        self.extras = extras

    @hookimpl
    def sojourn_job_signature(self, job: Job) -> Mapping[str, Any] | None:
        if isinstance(self.extras, Exception):
            raise self.extras
        extras: Mapping[str, Any] | None = self.extras
        return extras


def registry(report: list[str] | None = None, **plugins: object) -> Registry:
    made = Registry(discover=False, report=None if report is None else report.append)
    for name, plugin in plugins.items():
        made.register(plugin, name=name)
    return made


def test_everyone_is_told() -> None:
    first, second = Recorder(), Recorder()
    everyone = registry(first=first, second=second)
    notice = SuspensionNotice("flow", ("a" * 64,), 1.0)
    resumption = Resumption("flow", (), 2.0)
    everyone.tell("sojourn_job_event", event=EVENT)
    everyone.tell("sojourn_suspended", notice=notice)
    everyone.tell("sojourn_resumed", resumption=resumption)
    assert first.heard == second.heard == [EVENT, notice, resumption]


@pytest.mark.parametrize("error", [ValueError("no disk\nleft"), SystemExit(1), PluginError("x")])
def test_one_that_raises_silences_no_other(error: BaseException) -> None:
    said: list[str] = []
    before, after = Recorder(), Recorder()
    everyone = registry(said, before=before, raiser=Raiser(error), after=after)
    everyone.tell("sojourn_job_event", event=EVENT)
    assert before.heard == after.heard == [EVENT]
    assert len(said) == 1
    assert "\n" not in said[0]


def test_a_failure_is_reported_once_for_each_hook() -> None:
    said: list[str] = []
    everyone = registry(said, raiser=Raiser(ValueError("no disk")))
    for _ in range(3):
        everyone.tell("sojourn_job_event", event=EVENT)
    assert said == ["plugin 'raiser' failed in sojourn_job_event: ValueError: no disk"]
    everyone.tell("sojourn_suspended", notice=SuspensionNotice("", (), 1.0))
    assert said[1:] == ["plugin 'raiser' failed in sojourn_suspended: ValueError: no disk"]


def test_an_interruption_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        registry([], raiser=Raiser(KeyboardInterrupt())).tell("sojourn_job_event", event=EVENT)


def test_a_plugin_that_does_not_load_is_reported_once_and_skipped(plugin: Install) -> None:
    plugin("broken", "import no_such_module_at_all")
    said: list[str] = []
    recorder = Recorder()
    everyone = Registry(report=said.append)
    everyone.register(recorder, name="recorder")
    for _ in range(2):
        everyone.tell("sojourn_job_event", event=EVENT)
        assert everyone.signature_extras(JOB) == {}
    assert recorder.heard == [EVENT, EVENT]
    (line,) = [each for each in said if "'broken'" in each]
    assert "does not load: ModuleNotFoundError" in line


def test_without_a_reporter_failures_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    everyone = registry(raiser=Raiser(ValueError("100% full")))
    with caplog.at_level(logging.WARNING, "sojourn.plugins"):
        everyone.tell("sojourn_job_event", event=EVENT)
    assert [record.getMessage() for record in caplog.records] == [
        "plugin 'raiser' failed in sojourn_job_event: ValueError: 100% full"
    ]


def test_identities_are_kept_by_the_plugins_name() -> None:
    everyone = registry(git=Signer({"commit": "abc"}), image=Signer({"digest": [1, 2]}))
    assert everyone.signature_extras(JOB) == {"git": {"commit": "abc"}, "image": {"digest": [1, 2]}}


@pytest.mark.parametrize("nothing", [None, {}])
def test_who_adds_nothing_is_left_out(nothing: object) -> None:
    assert registry(git=Signer(nothing)).signature_extras(JOB) == {}


@pytest.mark.parametrize(
    ("extras", "why"),
    [
        (OSError("no repository"), "OSError: no repository"),
        (PluginError("no repository"), "no repository"),
        ("abc", "a mapping is needed, not 'abc'"),
        ({"commit": object()}, "unsupported type"),
        ({"commit": float("nan")}, "not representable"),
        ({1: "abc"}, "keys"),
        ({"size": 2**60}, "exceeds"),
    ],
)
def test_a_signature_plugin_that_fails_stops_the_submission(extras: object, why: str) -> None:
    with pytest.raises(PluginError) as caught:
        registry(git=Signer(extras), image=Signer({"a": 1})).signature_extras(JOB)
    assert str(caught.value).startswith(
        "plugin 'git' could not add to the job's identity, so nothing is submitted: "
    )
    assert why in str(caught.value)
    assert caught.value.hint


def test_a_signature_plugin_that_does_not_fit_stops_the_submission(plugin: Install) -> None:
    plugin(
        "git",
        """
        from sojourn.contract import hookimpl
        sojourn_contract = 2
        @hookimpl
        def sojourn_job_signature(job): return {"commit": "abc"}
        """,
    )
    with pytest.raises(ContractError, match=r"'git'.*newer"):
        Registry(report=lambda line: None).signature_extras(JOB)
