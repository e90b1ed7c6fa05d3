"""The pytest plugin: the kit's options, the choice of rules, and failures that name theirs.

Switched on by `pytest_plugins = ["sojourn.testing.plugin"]`. Its options are known on the
command line if that stands in the topmost conftest.py, or with `-p sojourn.testing.plugin`.
"""

from collections.abc import Generator, Iterator

import pytest

from sojourn.testing.bench import Benches
from sojourn.testing.marks import rules_of
from sojourn.testing.rules import RULES
from sojourn.testing.toy import Toy


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the kit."""
    group = parser.getgroup("sojourn", "Sojourn's conformance kit")
    group.addoption(
        "--kit-rules", default="", metavar="R01,R02", help="run only the tests of these rules"
    )
    group.addoption(
        "--kit-points",
        type=int,
        default=6,
        metavar="N",
        help="cut and kill each operation at so many points (default: %(default)s)",
    )
    group.addoption(
        "--kit-patience",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="most seconds that a short job may take to end (default: %(default)s)",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep only tests of the rules that were asked for."""
    asked = {word.strip().upper() for word in config.getoption("--kit-rules", "").split(",")} - {""}
    if unknown := asked - RULES.keys():
        raise pytest.UsageError(f"there is no rule {', '.join(sorted(unknown))}")
    if asked:
        chosen = [item for item in items if asked & set(_rules(item))]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with every failure which rule was broken, why it matters and where to read."""
    report = yield
    rules = [RULES[one] for one in _rules(item)]
    if call.when != "call":
        return report  # a machine that cannot be used is no broken rule
    report.user_properties += [("rule", rule.id) for rule in rules]
    if report.failed:
        for rule in rules:
            words = f"{rule.statement}\nWhy: {rule.reason}\nRead: {rule.anchor}"
            report.sections.insert(0, (f"broken rule {rule.id} of Sojourn's contract", words))
    return report


def _rules(item: pytest.Item) -> tuple[str, ...]:
    return rules_of(getattr(item, "function", None))


@pytest.fixture(scope="session")
def kit_benches(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Benches]:
    """All benches of the run; closed at its end."""
    patience: float = pytestconfig.getoption("--kit-patience", 60.0)
    benches = Benches(tmp_path_factory.mktemp("kit"), patience)
    yield benches
    benches.close()


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """The toy scheduler, in a directory of its own."""
    return Toy.make(tmp_path_factory.mktemp("toy") / "toy")
