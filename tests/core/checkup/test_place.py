"""What a check makes of a machine's answers."""

import pytest

from sojourn.checkup.place import DIGESTS, NEEDED, clock, tools

ALL = [f"{name} /usr/bin/{name} " for name in NEEDED]


def _lines(lines: list[str], shell: str = "sh") -> dict[str, tuple[bool | None, str]]:
    return {line.what: (line.ok, line.detail) for line in tools(lines, shell)}


def test_all_tools_there() -> None:
    found = _lines([*ALL, "openssl /usr/bin/openssl OpenSSL 3.0"])
    assert found["tools"][0] is True
    assert found["digests"] == (True, "by OpenSSL 3.0")
    assert "shell" not in found


@pytest.mark.parametrize("missing", ["tar", "xargs"])
def test_a_missing_tool_is_named(missing: str) -> None:
    lines = [line for line in ALL if line.split()[0] != missing] + [missing, "shasum /bin/shasum "]
    assert _lines(lines)["tools"] == (False, f"not found: {missing}")


@pytest.mark.parametrize("digest", DIGESTS)
def test_one_program_for_digests_is_enough(digest: str) -> None:
    others = [name for name in DIGESTS if name != digest]
    assert _lines([*ALL, *others, f"{digest} /bin/{digest} "])["digests"][0] is True


def test_without_any_program_for_digests() -> None:
    assert _lines([*ALL, *DIGESTS])["digests"][0] is False


def test_the_machines_shell_is_looked_for() -> None:
    assert _lines([*ALL, "openssl /x ", "fish"], "fish")["shell"] == (False, "fish is not found")
    assert _lines([*ALL, "openssl /x ", "bash /bin/bash GNU bash, 5"], "bash")["shell"] == (
        True,
        "GNU bash, 5",
    )


@pytest.mark.parametrize(
    ("now", "ok", "words"),
    [
        (1000.0, True, "within 2 s"),
        (1004.0, True, "within 5 s"),
        (1100.0, None, "100 s ahead of ours"),
        (900.0, None, "100 s behind ours"),
    ],
)
def test_clock(now: float, ok: bool | None, words: str) -> None:
    line = clock(now, 999.9, 1000.1)
    assert line.ok is ok
    assert words in line.detail


def test_a_slow_answer_is_no_wrong_clock() -> None:
    assert clock(1000.0, 980.0, 1005.0).ok is True
