"""R46 to R49: what a backend says of itself and of machines is true."""

import re
from dataclasses import replace
from typing import Any

import pytest

from sojourn.contract import Capability
from sojourn.defaults import CONTRACT_VERSION
from sojourn.errors import MachineError, UnsupportedResource
from sojourn.plugins.compatibility import implemented_hooks
from sojourn.testing.bench import Bench
from sojourn.testing.client import Client
from sojourn.testing.marks import rule
from sojourn.testing.suites.base import Suite
from sojourn.testing.transports import Unreached
from sojourn.values.messages import JobOrder
from sojourn.values.resources import Resources

MANDATORY = {
    "sojourn_backend_info",
    *(f"sojourn_{word}" for word in ("submit", "find", "poll", "fetch", "cancel")),
    "sojourn_script",
    "sojourn_check",
}
WORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "nodes": ({}, {"nodes": 2}),
    "tasks": ({}, {"tasks": 2}),
    "tasks_per_node": ({}, {"tasks_per_node": 2}),
    "cpus_per_task": ({}, {"cpus_per_task": 2}),
    "gpus_per_node": ({}, {"gpus_per_node": 1}),
    "gpu_type": ({"gpus_per_node": 1}, {"gpus_per_node": 1, "gpu_type": "kitgpu"}),
    "memory": ({}, {"memory": "123MiB"}),
    "memory_per_cpu": ({}, {"memory_per_cpu": "123MiB"}),
    "walltime": ({"walltime": 660}, {"walltime": 4260}),
    "queue": ({}, {"queue": "kitqueue"}),
    "account": ({}, {"account": "kitaccount"}),
    "qos": ({}, {"qos": "kitqos"}),
    "reservation": ({}, {"reservation": "kitreservation"}),
    "constraint": ({}, {"constraint": "kitfeature"}),
    "exclusive": ({}, {"exclusive": True}),
    "requeue": ({"requeue": False}, {"requeue": True}),
    "native": ({}, {"native": ("--kit-native",)}),
}
"""For each resource word, what is asked for without it and with it."""


class Saying(Suite):
    """Info, script, resources and check."""

    @rule("R46")
    def test_its_info_is_true(self, bench: Bench) -> None:
        info = bench.backend.info
        assert info.name == bench.machine.backend
        assert 1 <= info.contract <= CONTRACT_VERSION
        assert info.summary.strip()
        assert info.resources <= set(Resources.model_fields), "an unknown resource word"
        hooks = set(implemented_hooks(bench.plugin))
        assert hooks >= MANDATORY, f"missing: {MANDATORY - hooks}"
        if Capability.HOLD in info.capabilities:
            assert hooks >= {"sojourn_hold", "sojourn_release"}
        assert not info.transports or bench.machine.transport in info.transports

    @rule("R47")
    def test_a_script_is_shown_without_contact(self, bench: Bench) -> None:
        away = bench.client(Unreached)
        orders = [away.order("echo kit"), away.order("echo kit", env={"A": "b"})]
        with away.counted() as cost:
            text = bench.backend.script(away.context, orders)
        assert text.startswith("#!"), "a job script begins with the program that runs it"
        assert "echo kit" in text, "what the job runs is shown too"
        assert cost["trips"] == 0

    @rule("R48")
    @pytest.mark.parametrize("word", sorted(Resources.model_fields))
    def test_a_resource_word_has_an_effect(self, bench: Bench, word: str) -> None:
        if word not in bench.backend.info.resources:
            pytest.skip(f"the backend does not claim {word}, so core refuses it")
        without, with_it = WORDS[word]
        order = bench.client().order()
        before = self.shown(bench, replace(order, resources=Resources(**without)))
        try:
            after = self.shown(bench, replace(order, resources=Resources(**with_it)))
        except UnsupportedResource as error:
            assert word in str(error), f"refused without being named: {error}"  # noqa: PT017
            return
        assert after != before, f"{word} is dropped in silence"

    def shown(self, bench: Bench, order: JobOrder) -> str:
        """What is handed in for an order, without what chance decides."""
        client = bench.client(Unreached)
        return re.sub(r"[0-9a-f]{12,}", "X", bench.backend.script(client.context, [order]))

    @rule("R49")
    def test_check_tells_what_it_tried(self, bench: Bench, client: Client) -> None:
        client.ended(client.take(client.order("true")))
        with client.counted() as cost:
            lines = bench.backend.check(client.context)
        assert lines, "check tries something"
        assert cost["trips"] <= 1
        assert [line for line in lines if line.ok is False] == []
        assert all(line.what for line in lines)

    @rule("R49")
    def test_what_does_not_work_comes_with_advice(self, bench: Bench) -> None:
        try:
            lines = bench.backend.check(bench.client(Unreached).context)
        except MachineError:
            return
        assert all(line.advice for line in lines if line.ok is False)
