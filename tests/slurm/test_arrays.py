"""Many jobs at once: arrays as long as Slurm takes them, with indices that it takes."""

from sojourn.batch.grouping import submissions_of
from sojourn.values.messages import JobOrder, Parent
from sojourn.values.resources import Resources
from sojourn_slurm import Slurm

SLURM = Slurm(None, {"MaxArraySize": "11"})


def orders(count: int, start: int = 0, parents: tuple[Parent, ...] = ()) -> list[JobOrder]:
    return [
        JobOrder(f"{number:064x}", 1, "", Resources(tasks=1), command="true", parents=parents)
        for number in range(start, start + count)
    ]


def test_what_is_more_than_an_array_is_a_submission_more() -> None:
    batch = orders(25)
    submissions = submissions_of(SLURM, batch)
    assert [len(one.orders) for one in submissions] == [10, 10, 5]
    assert [order for one in submissions for order in one.orders] == batch


def test_children_wait_for_the_submission_that_holds_their_parent() -> None:
    batch = orders(15)
    parent = Parent(batch[12].signature, 1)
    child = orders(1, start=100, parents=(parent,))
    submissions = submissions_of(SLURM, [*batch, *child])
    assert submissions[-1].orders == tuple(child)
    assert submissions[-1].parents == {1}


def test_without_arrays_each_job_is_a_submission() -> None:
    submissions = submissions_of(Slurm(None, {"MaxArraySize": "0"}), orders(3))
    assert [(len(one.orders), one.array) for one in submissions] == [(1, False)] * 3
