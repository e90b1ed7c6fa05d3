"""The page: complete, loads nothing, and shows hostile names as what they are."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli import main
from sojourn.errors import NotPossible
from sojourn.report.gathering import Gathered, Run, Told, gather
from sojourn.report.numbers import failures, over_time, steps
from sojourn.report.page import page
from sojourn.report.timeline import Axis
from sojourn.report.writing import write
from sojourn.states import State
from sojourn.store.store import Store
from tests.core.top import world

VOID = {"meta", "input", "br", "path"}
NOW = world.NOW


class Reader(HTMLParser):
    """Checks that every element is closed, and keeps elements, attributes and texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str, kind: str = "") -> list[dict[str, str | None]]:
        found = (attributes for name, attributes in self.elements if name == tag)
        return [one for one in found if not kind or kind in (one.get("class") or "").split()]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.sqlite3") as store:
        world.fill(store)
        yield store


class TestPage:
    def test_every_job_has_its_line_and_bars(self, store: Store) -> None:
        read = Reader(page(gather(store, now=NOW)))
        assert len(read.all("div", "job")) == 9
        assert len(read.all("i", "OUT_OF_MEMORY")) == 2  # its bar, and beside its count
        assert "more than 8 GiB" in read.texts
        assert "83%" in read.texts

    def test_one_workflow_has_only_its_jobs(self, store: Store) -> None:
        read = Reader(page(gather(store, now=NOW, workflow="world")))
        assert len(read.all("div", "job")) == 2
        assert "world" in read.texts

    def test_it_loads_nothing(self, store: Store) -> None:
        text = page(gather(store, now=NOW))
        read = Reader(text)
        assert "http:" not in text
        assert "https:" not in text
        assert not re.search(r"url\(|@import|fetch\(|XMLHttpRequest|import\(", text)
        for tag, attributes in read.elements:
            assert tag not in ("link", "iframe", "img", "object", "embed", "base", "a")
            assert not {"src", "href", "srcset", "action"} & attributes.keys()
        policy = next(a["content"] for t, a in read.elements if a.get("http-equiv"))
        assert policy is not None
        assert policy.startswith("default-src 'none'")

    @given(word=st.text(max_size=40) | st.sampled_from(
        ["<script>alert(1)</script>", '" onmouseover="alert(1)', "</style><b>", "&lt;", "]]>", "'"]
    ))  # fmt: skip
    def test_hostile_names_are_text(self, word: str) -> None:
        record = replace(
            world.job(word, State.FAILED), name=word, reason=word, workflow=word, step=word
        )
        run = Run(record.submitted_at, record.started_at, record.finished_at, record.state)
        told = Told(record, run, (), {}, {}, {})
        plain = replace(record, name="n", reason="n", workflow="n", step="n")
        read = Reader(page(Gathered(word, NOW, (told,))))
        other = Reader(page(Gathered("n", NOW, (replace(told, record=plain),))))
        shape = [tag for tag, _ in read.elements if tag != "p"]
        assert shape == [tag for tag, _ in other.elements if tag != "p"]
        assert [sorted(a) for _, a in read.elements] == [sorted(a) for _, a in other.elements]

    def test_nothing_to_tell_is_a_page_too(self, tmp_path: Path) -> None:
        with Store(tmp_path / "empty.sqlite3") as store:
            read = Reader(page(gather(store, now=NOW)))
        assert "Nothing has been handed in yet." in read.texts

    def test_a_thousand_jobs(self, store: Store) -> None:
        store.put_jobs(
            world.job(f"job {n}", State.COMPLETED, workflow="big", step=f"step {n % 3}")
            for n in range(1000)
        )
        text = page(gather(store, now=NOW, workflow="big"))
        assert len(Reader(text).all("div", "job")) == 1000
        assert len(text) < 2_000_000

    def test_a_retried_job_shows_each_attempt(self, store: Store) -> None:
        store.new_attempt(
            world.signature("fit 2"), "hpc", expected=State.OUT_OF_MEMORY, expected_attempt=1
        )
        told = next(job for job in gather(store, now=NOW).jobs if job.name == "fit 2")
        assert [run.state for run in told.earlier] == [State.OUT_OF_MEMORY]
        assert told.run == Run(None, None, None, State.NEW)


class TestNumbers:
    def test_failures_by_reason(self, store: Store) -> None:
        store.put_jobs(
            world.job(f"broken {n}", State.FAILED, reason=f"no file in job {n:08x}a1")
            for n in range(7)
        )
        found = failures(gather(store, now=NOW).jobs)
        assert [(len(one.jobs), one.state, one.reason) for one in found] == [
            (7, State.FAILED, "no file in job …"),
            (1, State.OUT_OF_MEMORY, "more than 8 GiB"),
        ]

    def test_efficiency_of_a_step(self, store: Store) -> None:
        fit = next(one for one in steps(gather(store, now=NOW).jobs) if one.step == "fit")
        assert fit.cpu == pytest.approx(4000 / (1200 * 4), abs=1e-3)
        assert fit.memory == 0.75
        assert fit.walltime == pytest.approx(1 / 6, abs=1e-3)
        assert (fit.waited, fit.ran) == (1800, 1200)
        assert fit.cpu_hours == pytest.approx(8000 / 3600)

    def test_what_is_not_known_is_no_zero(self, store: Store) -> None:
        mesh = next(one for one in steps(gather(store, now=NOW).jobs) if one.step == "mesh")
        assert (mesh.cpu, mesh.memory) == (None, None)

    @given(
        st.lists(
            st.tuples(st.integers(0, 100), st.integers(0, 50), st.integers(0, 50), st.booleans())
        )
    )
    def test_how_many_at_once(self, given_runs: list[tuple[int, int, int, bool]]) -> None:
        runs = [
            Run(float(at), float(at + waits), float(at + waits + runs), State.COMPLETED)
            if ends
            else Run(float(at), None, None, State.QUEUED)
            for at, waits, runs, ends in given_runs
        ]
        levels = over_time(runs, 1000.0)
        assert all(waiting >= 0 and running >= 0 for _, waiting, running in levels)
        assert all(a[0] < b[0] for a, b in pairwise(levels))
        if levels:
            assert levels[-1][1:] == (0, 0)
        for moment in (0.5, 30.5, 99.5):
            told = next((level for level in reversed(levels) if level[0] <= moment), (0, 0, 0))
            running = sum(
                1 for r in runs
                if r.started is not None and r.ended is not None and r.started <= moment < r.ended
            )  # fmt: skip
            assert told[2] == running


@given(st.floats(1e9, 2e9), st.floats(0, 3e8))
def test_the_axis_has_few_lines_and_all_within(begin: float, span: float) -> None:
    axis = Axis(begin, begin + span)
    ticks = axis.ticks()
    assert len(ticks) <= 12
    assert all(-0.01 <= axis.at(at) <= 100.01 for at, _ in ticks)


class TestCommand:
    def test_writes_the_page_whole(self, tmp_path: Path, own_home: Path) -> None:
        with Store() as store:
            world.fill(store)
        target = tmp_path / "report.html"
        target.write_text("old")
        assert main(["report", "-o", str(target), "--workflow", "co2"]) == 0
        assert len(Reader(target.read_text()).all("div", "job")) == 6
        assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["report.html"]

    def test_to_standard_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["report", "-o", "-"]) == 0
        assert capsys.readouterr().out.startswith("<!DOCTYPE html>")

    def test_an_unknown_workflow(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        with Store() as store:
            world.fill(store)
        assert main(["report", "-o", str(tmp_path / "r.html"), "--workflow", "co3"]) == 2
        assert "co2" in capsys.readouterr().err
        assert not (tmp_path / "r.html").exists()

    def test_a_place_that_cannot_be_written(self, tmp_path: Path) -> None:
        with pytest.raises(NotPossible, match="cannot be written"):
            write(tmp_path / "no" / "such" / "r.html", "x")

    def test_a_link_stays_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "there.html").write_text("old")
        (tmp_path / "link.html").symlink_to("there.html")
        write(tmp_path / "link.html", "new")
        assert (tmp_path / "link.html").is_symlink()
        assert (tmp_path / "there.html").read_text() == "new"

    def test_usage_that_is_half_known(self, tmp_path: Path) -> None:
        with Store(tmp_path / "s.sqlite3") as store:
            store.put_jobs([world.job("half", State.COMPLETED, usage=json.dumps({"elapsed": 10}))])
            Reader(page(gather(store, now=NOW)))
