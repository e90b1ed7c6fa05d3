"""Which lines are visible, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.cli.tables import columns
from sojourn.session.session import Session
from sojourn.states import State
from sojourn.top.cells import heads, line
from sojourn.top.model import Kind, Node, forest
from sojourn.top.rows import Order, Row, next_match, rows, way_to
from sojourn.top.snapshot import take
from tests.core.top import world

Tree = tuple[Node, ...]


@pytest.fixture
def tree(session: Session) -> Tree:
    world.fill(session.store)
    return forest(take(session.store))


def labels(found: list[Row]) -> list[str]:
    return [row.node.label for row in found]


def everything(tree: Tree) -> set[str]:
    return {node.key for root in tree for node in root.walk()}


class TestOpening:
    def test_at_first_only_the_roots(self, tree: Tree) -> None:
        assert labels(rows(tree)) == ["co2", "world", "cluster", "here"]

    def test_what_is_open(self, tree: Tree) -> None:
        assert labels(rows(tree, {"w:co2"})) == [
            "co2", "fit", "mesh", "world", "cluster", "here",
        ]  # fmt: skip

    def test_numbers_are_sorted_as_numbers(self, tree: Tree) -> None:
        found = labels(rows(tree, {"w:co2", "w:co2/fit"}))
        assert found[2:7] == ["[0]", "[1]", "[2]", "[3]", "[10]"]


class TestSeeking:
    @pytest.mark.parametrize(
        ("sought", "jobs"),
        [
            ("state:queued", ["[3]", "[10]"]),
            ("QUEUED prio", ["[3]"]),
            ("machine:cluster active", ["[0]", "render [bold]"]),
            ("ended step:fit", ["[0]", "[2]"]),
            ("[bold]", ["render [bold]"]),
            (world.signature("backup")[:10], ["backup"]),
            ("8 gib", ["[2]"]),
            ("id:8028", ["mesh", "mesh"]),
            ("nothing like this", []),
        ],
    )
    def test_only_what_matches_and_the_way_there(
        self, tree: Tree, sought: str, jobs: list[str]
    ) -> None:
        found = rows(tree, (), sought)
        assert [row.node.label for row in found if row.node.kind is Kind.JOB] == jobs
        assert all(row.open for row in found if row.node.kind is not Kind.JOB)

    def test_the_next_one_wherever_it_lies_and_round_at_the_end(self, tree: Tree) -> None:
        first = next_match(tree, "queued", "", order=Order.TREE)
        assert first is not None
        second = next_match(tree, "queued", first.key, order=Order.TREE)
        assert second is not None
        assert (first.label, second.label) == ("[3]", "[10]")
        again = next_match(tree, "queued", second.key, order=Order.TREE)
        assert again is first
        assert next_match(tree, "queued", first.key, order=Order.TREE, back=True) is second
        assert next_match(tree, "nothing like this", "", order=Order.TREE) is None
        assert way_to(tree, first.key) == ["w:co2", "w:co2/fit"]


class TestOrder:
    def test_what_failed_comes_first(self, tree: Tree) -> None:
        found = rows(tree, everything(tree), order=Order.URGENCY)
        assert labels(found)[:3] == ["co2", "fit", "[2]"]

    @pytest.mark.parametrize("order", list(Order))
    def test_no_order_loses_a_line(self, tree: Tree, order: Order) -> None:
        found = rows(tree, everything(tree), order=order)
        assert {row.node.key for row in found} == everything(tree)
        assert len(found) == len(everything(tree))


class TestCells:
    @given(
        name=st.text(max_size=40),
        reason=st.text(max_size=60),
        total=st.integers(min_value=40, max_value=200),
        state=st.sampled_from(list(State)),
        depth=st.integers(min_value=0, max_value=5),
    )
    def test_lines_are_as_wide_as_their_heads_and_steer_no_terminal(
        self, name: str, reason: str, total: int, state: State, depth: int
    ) -> None:
        from sojourn.store.records import JobLine

        job = JobLine(
            "ab" * 32, name, "hpc", "slurm", state, None, reason, "17", 1, 1.0, 2.0, 3.0, "", "",
            "", 1.0, 1.0, False, False, "", False, False,
        )  # fmt: skip
        node = Node("k", Kind.JOB, name, job, jobs={(job.signature, "hpc"): job})
        text = "".join(cell.text for cell in line(Row(node, depth), world.NOW, total))
        assert columns(text) == columns(heads(total)) + 1
        assert text.isprintable()

    @pytest.mark.parametrize("state", list(State))
    def test_the_state_is_a_word(self, state: State) -> None:
        session_job = world.job("one", state)
        from sojourn.store.records import JobLine

        job = JobLine(*(getattr(session_job, name) for name in JobLine._fields))
        node = Node("k", Kind.JOB, "one", job, jobs={(job.signature, "hpc"): job})
        assert state.value in "".join(cell.text for cell in line(Row(node, 0), world.NOW, 120))
