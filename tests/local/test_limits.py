"""Which resource words this computer honours, and what the others are told."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.errors import UnsupportedResource
from sojourn.values.resources import Resources
from sojourn_local.limits import WORDS, Limits, limits_of


@pytest.mark.parametrize(
    ("words", "limits"),
    [
        ({}, Limits(None, None, None, None)),
        ({"walltime": "2m"}, Limits(120, None, None, None)),
        ({"memory": "1MiB"}, Limits(None, 1 << 20, None, None)),
        ({"cpus_per_task": 2}, Limits(None, None, 2, 2)),
        ({"tasks": 2}, Limits(None, None, 2, None)),
        ({"tasks": 2, "cpus_per_task": 2}, Limits(None, None, 4, 2)),
        ({"nodes": 1, "tasks_per_node": 3}, Limits(None, None, 3, None)),
        ({"memory_per_cpu": "1MiB"}, Limits(None, 1 << 20, None, None)),
        ({"memory_per_cpu": "1MiB", "cpus_per_task": 3}, Limits(None, 3 << 20, 3, 3)),
        (
            {"memory_per_cpu": "1MiB", "cpus_per_task": 3, "memory": "2MiB"},
            Limits(None, 2 << 20, 3, 3),
        ),
        (
            {"requeue": False, "exclusive": False, "gpus_per_node": 0},
            Limits(None, None, None, None),
        ),
    ],
)
def test_what_is_asked_for(words: dict[str, Any], limits: Limits) -> None:
    assert limits_of(Resources(**words), available=4) == limits


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        ({"queue": "debug"}, "queue=debug", "it honours: cpus_per_task, memory"),
        ({"gpus_per_node": 1}, "gpus_per_node=1", ""),
        ({"native": ("--x", "--y")}, "native=--x,--y", ""),
        ({"requeue": True}, "requeue=True", "once"),
        ({"exclusive": True}, "exclusive=True", "slots: 1"),
        ({"nodes": 2}, "nodes=2: this computer is one node", "nodes=1"),
        ({"cpus_per_task": 5}, "cpus_per_task=5: this computer has 4 CPUs", "another machine"),
        ({"tasks": 3, "cpus_per_task": 2}, "tasks=3 x cpus_per_task=2: this computer has 4", ""),
        ({"tasks_per_node": 9}, "tasks_per_node=9: this computer has 4 CPUs", ""),
    ],
)
def test_what_cannot_be_honoured_is_named(words: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(UnsupportedResource) as caught:
        limits_of(Resources(**words), available=4)
    assert says in caught.value.message
    assert "\n" not in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.exit_status == 2


def test_a_word_is_honoured_or_refused_and_never_dropped() -> None:
    examples: dict[str, Any] = {"native": ("x",), "gpus_per_node": 1, "exclusive": True}
    for word in Resources.model_fields:
        value = examples.get(word)
        if value is None:
            value = True if word == "requeue" else 1 if word in WORDS else "x"
        words: Any = {word: value}
        resources = Resources(**words)
        if word in WORDS:
            limits_of(resources, available=4)
        else:
            with pytest.raises(UnsupportedResource, match=word):
                limits_of(resources, available=4)


@given(
    tasks=st.integers(1, 8) | st.none(),
    cpus=st.integers(1, 8) | st.none(),
    available=st.integers(1, 64),
)
def test_never_more_cpus_than_there_are(
    tasks: int | None, cpus: int | None, available: int
) -> None:
    try:
        limits = limits_of(Resources(tasks=tasks, cpus_per_task=cpus), available=available)
    except UnsupportedResource:
        assert (tasks or 1) * (cpus or 1) > available
    else:
        assert (limits.cpus or 1) == (tasks or 1) * (cpus or 1) <= available
