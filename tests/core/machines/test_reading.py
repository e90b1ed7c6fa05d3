"""A file becomes plain data with lines; every mistake is one line that says where."""

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sojourn.errors import EXIT_USAGE, ConfigError
from sojourn.machines.reading import Document, parse, read_document

FILE = Path("machines.yaml")


def parsed(text: str) -> Document:
    return parse(dedent(text), FILE)


def test_every_key_has_its_line() -> None:
    document = parsed("""\
        # a comment
        machines:
          here: {backend: local, slots: 4}

          hpc:
            path:
            - /a
            - /b
            defaults:
              walltime: 1h
        """)
    assert document.line("machines") == 2
    assert document.line("machines", "here", "slots") == 3
    assert document.line("machines", "hpc", "path", 1) == 8
    assert document.line("machines", "hpc", "defaults", "walltime") == 10
    assert document.line("machines", "hpc", "no such key") == 5
    assert document.line("no such key") is None


def test_the_data_is_plain() -> None:
    document = parsed("""\
        a: {text: "x", number: 3, real: 1.5, hex: 0x10, yes: true, none: ~}
        b: |
          two
          lines
        c: [1, [x]]
        """)
    assert document.data == {
        "a": {"text": "x", "number": 3, "real": 1.5, "hex": 16, "yes": True, "none": None},
        "b": "two\nlines\n",
        "c": [1, ["x"]],
    }
    types = {type(value) for value in document.data["a"].values()}
    assert types == {str, int, float, bool, type(None)}
    assert type(document.data["b"]) is str


def test_merge_keys_and_aliases_work() -> None:
    document = parsed("""\
        a: &base {x: 1, y: 2}
        b:
          <<: *base
          y: 3
        c: *base
        """)
    assert document.data["b"] == {"x": 1, "y": 3}
    assert document.data["c"] == {"x": 1, "y": 2}
    assert document.line("b", "x") == 2
    assert document.line("b", "y") == 4


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing yet\n", "---\n", "machines:\n", "\ufeff"])
def test_an_empty_file_is_fine(tmp_path: Path, text: str) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text(text, encoding="utf-8")
    assert not read_document(file).data.get("machines")


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3, "not valid YAML: "),
        ("a: 1\n  b: 2\n", 2, "not valid YAML: mapping values are not allowed here"),
        ("a:\n\tb: 1\n", 2, "not valid YAML: found character '\\t' that cannot start any token"),
        ("a: 'x\n", 2, "not valid YAML: found unexpected end of stream"),
        ("a: *nobody\n", 1, "not valid YAML: found undefined alias 'nobody'"),
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' stands here twice"),
        ("m:\n  a: {x: 1,\n      x: 2}\n", 3, "key 'x' stands here twice"),
        ("- a\n", 1, "the top of the file must be a mapping"),
        ("just text\n", 1, "the top of the file must be a mapping"),
        (
            "a: 1\n---\nb: 2\n",
            2,
            "not valid YAML: expected a single document in the stream, but found ",
        ),
        ("a: 1\nb: \x07\n", 2, "not valid YAML: the character '\\x07' is not allowed"),
    ],
)
def test_a_mistake_is_one_line_with_file_and_line(text: str, line: int, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, FILE)
    assert str(caught.value).startswith(f"machines.yaml:{line}: {message}")
    assert "\n" not in str(caught.value)
    assert (caught.value.file, caught.value.line) == (FILE, line)
    assert caught.value.exit_status == EXIT_USAGE


def test_a_key_that_stands_twice_does_not_show_its_values() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("password: hunter2\npassword: hunter3\n", FILE)
    assert "hunter" not in str(caught.value)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"machines.yaml: cannot be read: No such file"):
        read_document(tmp_path / "machines.yaml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_document(tmp_path)


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "machines.yaml"
    file.write_bytes("# Grüße\n".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"is not UTF-8 text \(byte 4\)"):
        read_document(file)


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("machine:\n  a: {}\n", 1, "unknown key 'machine' at the top", "did you mean 'machines'?"),
        ("machines: {}\n3: x\n", 2, "unknown key 3 at the top", "the keys here are: default, "),
        ("machines: [a]\n", 1, "'machines' must hold a name and a mapping", ""),
        ("machines: here\n", 1, "'machines' must hold a name and a mapping", ""),
    ],
)
def test_the_top_of_the_file(tmp_path: Path, text: str, line: int, message: str, hint: str) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_document(file)
    assert str(caught.value).startswith(f"{file}:{line}: {message}")
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize(
    "name",
    ["a:b", "-a", "'a b'", "''", "'a/b'", "3", "true", "~", "ä", "'a\\n'", "a" * 65, '"a\\n"'],
)
def test_names_that_cannot_be_a_machines(tmp_path: Path, name: str) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text(f"machines:\n  {name}: {{backend: local}}\n")
    with pytest.raises(ConfigError, match="cannot be a machine's name") as caught:
        read_document(file)
    assert caught.value.line == 2


@pytest.mark.parametrize("name", ["a", "hpc-2.example.org", "A_1", "'3'", "a" * 64])
def test_names_that_can(tmp_path: Path, name: str) -> None:
    file = tmp_path / "machines.yaml"
    file.write_text(f"machines:\n  {name}: {{backend: local}}\n")
    assert list(read_document(file).data["machines"]) == [name.strip("'")]


PIECES = st.sampled_from(
    ["a", "b: ", "- ", "? ", ": ", "\n", "  ", "{", "}", "[", "]", ",", "&x ", "*x", "<<: ", "!!int ",
     "!t ", "'", '"', "|\n", ">", "#", "---\n", "%", "2020-99-99", "0b2", "1e999", "!!set", "!!omap",
     "!!binary ", "!!timestamp ", "!!float ", "!!bool ", "\t", "~", "\x00", "é"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join)))
@example("!!int a: b")
@example("[" * 400)
@example("a: &a {b: *a}")
@example("&x b: &x ")
@example("? [a, b]\n: c")
@example("a: !!omap [b: 1]")
@example("a: !!set {b, c}")
@example("a: !!timestamp x")
def test_whatever_the_text_it_parses_or_is_a_mistake_in_one_line(text: str) -> None:
    mistake, document = "", None
    try:
        document = parse(text, FILE)
    except ConfigError as error:
        mistake = str(error)
    if document is None:
        assert len(mistake.splitlines()) == 1
    else:
        assert all(line >= 1 for line in document.lines.values())


KEYS = st.text("abcdefgh", min_size=1, max_size=4)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text("xyz ${}:#'\"-\n", max_size=8)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.booleans())
def test_what_was_written_is_read(data: dict[str, Any], flow: bool) -> None:
    import io

    text = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = flow
    yaml.dump(data, text)
    document = parse(text.getvalue(), FILE)
    assert document.data == data
    lines = text.getvalue().splitlines()
    for path, line in document.lines.items():
        if isinstance(path[-1], str):
            assert path[-1] in lines[line - 1]
