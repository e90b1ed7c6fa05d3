"""The registry: what is there, what is not, and what to install."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from textwrap import dedent

import pytest

from sojourn.errors import EXIT_USAGE, ContractError, PluginError, UnknownBackend
from sojourn.plugins import builtin
from sojourn.plugins.compatibility import Kind
from sojourn.plugins.outcomes import LoadedPlugin, LoadFailure
from sojourn.plugins.registry import Registry
from tests.core.plugins.conftest import Install
from tests.core.plugins.distributions import BACKEND
from tests.core.plugins.toys import Silent, Toy


@pytest.mark.parametrize("name", ["local", "slurm", "pbs"])
def test_a_backend_of_ours_that_is_not_installed(name: str) -> None:
    with pytest.raises(UnknownBackend, match=f"backend '{name}' is not installed") as caught:
        Registry(discover=False).backend(name)
    assert caught.value.hint == f'pip install "sojourn[{name}]"'
    assert caught.value.exit_status == EXIT_USAGE


def test_without_any_backend_it_says_what_to_install() -> None:
    with pytest.raises(UnknownBackend) as caught:
        Registry(discover=False).backend("frobnicate")
    assert "no backend is installed" in caught.value.hint
    for name in ("local", "slurm", "pbs"):
        assert f'pip install "sojourn[{name}]"' in caught.value.hint


def test_a_misspelt_backend_that_is_not_installed() -> None:
    with pytest.raises(UnknownBackend, match="no installed plugin provides backend 'slrum'") as it:
        Registry(discover=False).backend("slrum")
    assert (
        it.value.hint == "did you mean 'slurm'? It is not installed: pip install \"sojourn[slurm]\""
    )


def test_a_misspelt_backend_that_is_installed() -> None:
    registry = Registry(discover=False)
    registry.register(Silent("condor"), name="condor")
    with pytest.raises(UnknownBackend) as caught:
        registry.backend("Candor")
    assert caught.value.hint == "did you mean 'condor'?"
    with pytest.raises(UnknownBackend) as caught:
        registry.backend("xyz")
    assert caught.value.hint == "installed: condor"


def test_a_plugin_that_is_no_backend(plugin: Install) -> None:
    plugin(
        "csv",
        """
        from sojourn.contract import hookimpl
        @hookimpl
        def sojourn_job_event(event): ...
        """,
    )
    with pytest.raises(UnknownBackend, match="plugin 'csv' is no backend"):
        Registry().backend("csv")


def test_what_is_installed_is_listed_with_the_reason_why_not(plugin: Install) -> None:
    plugin("alpha", BACKEND.format(name="alpha"), version="1.2")
    plugin("broken", "import no_such_module_at_all")
    found = {each.name: each for each in Registry().installed()}
    assert [*found] == sorted(found)
    alpha, broken, core = found["alpha"], found["broken"], found["sojourn"]
    assert isinstance(alpha, LoadedPlugin)
    assert (alpha.version, alpha.kinds, alpha.summary) == (
        "1.2",
        (Kind.BACKEND,),
        "The backend alpha",
    )
    assert isinstance(broken, LoadFailure)
    assert (broken.distribution, broken.version) == ("sojourn-broken", "1.0")
    assert core.kinds == (Kind.TRANSPORT,)


def test_a_plugin_without_an_info_is_told_of_by_its_docstring(plugin: Install) -> None:
    plugin(
        "csv",
        """
        '''Writes a table.

        More of it.
        '''
        from sojourn.contract import hookimpl

        @hookimpl
        def sojourn_job_event(event): ...
        """,
    )
    (found,) = [each for each in Registry().installed() if each.name == "csv"]
    assert isinstance(found, LoadedPlugin)
    assert found.summary == "Writes a table."


def test_a_registered_plugin_counts_as_installed() -> None:
    registry = Registry(discover=False)
    registry.register(Toy(), name="toy")
    own = [name for name, _ in builtin.plugins()]
    assert [each.name for each in registry.installed()] == sorted([*own, "toy"])
    assert registry.backend("toy").name == "toy"


def test_a_name_is_given_once(plugin: Install) -> None:
    plugin("alpha", BACKEND.format(name="alpha"))
    registry = Registry()
    for name in ("alpha", "sojourn"):
        with pytest.raises(PluginError, match=f"there is a plugin '{name}' already"):
            registry.register(Silent(name), name=name)
    registry.register(Silent("beta"), name="beta")
    with pytest.raises(PluginError, match="there is a plugin 'beta' already"):
        registry.register(Silent("beta"), name="beta")


def test_a_plugin_that_was_refused_leaves_nothing_behind() -> None:
    registry = Registry(discover=False)
    with pytest.raises(ContractError, match="calls itself 'toy'"):
        registry.register(Toy("toy"), name="play")
    registry.register(Toy("play"), name="play")
    assert registry.backend("play").name == "play"


def test_many_threads_load_a_plugin_once(plugin: Install) -> None:
    plugin("alpha", "import sys\nsys.loads = getattr(sys, 'loads', 0) + 1\n" + _unindented("alpha"))
    registry = Registry()
    with ThreadPoolExecutor(8) as pool:
        names = [*pool.map(lambda _: registry.backend("alpha").name, range(32))]
    assert names == ["alpha"] * 32
    assert sys.__dict__.pop("loads") == 1


def _unindented(name: str) -> str:
    return dedent(BACKEND.format(name=name))


def test_nothing_is_scanned_or_loaded_before_it_is_asked_for() -> None:
    program = """
        import importlib.metadata, sys
        scan = importlib.metadata.entry_points
        def refuse(**given):
            assert given.get("group") != "sojourn", "scanned"
            return scan(**given)
        importlib.metadata.entry_points = refuse
        import sojourn
        assert not {"pluggy", "pydantic"} & sys.modules.keys(), "heavy"
        from sojourn.plugins.registry import Registry
        Registry()
        assert "sojourn.transports.config" not in sys.modules, "built-in loaded"
        assert "sojourn_local" not in sys.modules, "plugin loaded"
        print("fine")
        """
    done = subprocess.run(
        [sys.executable, "-c", dedent(program)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")
