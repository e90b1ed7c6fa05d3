"""Installed plugins: loaded one by one, guarded, and only when they are needed."""

import sys
from pathlib import Path

import pytest

from sojourn.errors import ContractError, PluginError
from sojourn.plugins.compatibility import Kind, contract_fault
from sojourn.plugins.outcomes import LoadedPlugin, LoadFailure, Reason
from sojourn.plugins.registry import Registry
from tests.core.plugins.conftest import Install
from tests.core.plugins.distributions import BACKEND, install


def outcome(name: str) -> LoadedPlugin | LoadFailure:
    return next(each for each in Registry().installed() if each.name == name)


def failure(name: str) -> LoadFailure:
    found = outcome(name)
    assert isinstance(found, LoadFailure)
    return found


def test_a_module_is_a_plugin(plugin: Install) -> None:
    plugin("alpha", BACKEND.format(name="alpha"), version="2.1")
    backend = Registry().backend("alpha")
    assert (backend.name, backend.info.summary) == ("alpha", "The backend alpha")
    found = outcome("alpha")
    assert (found.distribution, found.version) == ("sojourn-alpha", "2.1")
    assert found.kinds == (Kind.BACKEND,)


def test_an_object_is_a_plugin(plugin: Install) -> None:
    plugin(
        "alpha",
        """
        from sojourn.contract import BackendInfo, hookimpl
        class Alpha:
            @hookimpl
            def sojourn_backend_info(self):
                return BackendInfo("alpha", "An object", frozenset())
        it = Alpha()
        """,
        attribute="it",
    )
    assert Registry().backend("alpha").info.summary == "An object"


def test_only_what_is_asked_for_is_loaded(plugin: Install) -> None:
    alpha = plugin("alpha", BACKEND.format(name="alpha"))
    beta = plugin("beta", "raise AssertionError('loaded')")
    registry = Registry()
    assert not {alpha, beta} & sys.modules.keys()
    registry.backend("alpha")
    assert alpha in sys.modules
    assert beta not in sys.modules


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named"),
        ("raise ValueError('first line\\nsecond line')", "ValueError: first line"),
        ("def (:", "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise RuntimeError", "RuntimeError"),
    ],
)
def test_a_broken_import_breaks_nothing_else(plugin: Install, text: str, cause: str) -> None:
    plugin("broken", text, version="0.3")
    plugin("alpha", BACKEND.format(name="alpha"))
    registry = Registry()
    with pytest.raises(PluginError) as caught:
        registry.backend("broken")
    said = str(caught.value)
    assert said.startswith(f"plugin 'broken' (sojourn-broken 0.3) does not load: {cause}")
    assert "\n" not in said
    assert "sojourn-broken" in caught.value.hint
    assert "Traceback" in failure("broken").detail
    assert registry.backend("alpha").name == "alpha"


def test_an_entry_point_that_points_nowhere(plugin: Install, tmp_path: Path) -> None:
    plugin("broken", "", attribute="nothing")
    assert failure("broken").reason is Reason.IMPORT
    assert "nothing" in failure("broken").cause


def test_two_distributions_with_one_name_are_an_error(plugin: Install) -> None:
    first = plugin("alpha", BACKEND.format(name="alpha"), distribution="one", version="1.0")
    second = plugin("alpha", BACKEND.format(name="alpha"), distribution="two", version="2.0")
    plugin("beta", BACKEND.format(name="beta"))
    registry = Registry()
    with pytest.raises(PluginError) as caught:
        registry.backend("alpha")
    assert "more than one distribution provides it: one 1.0 and two 2.0" in str(caught.value)
    assert caught.value.hint == "uninstall all but one"
    assert registry.backend("beta").name == "beta"
    assert not {first, second} & sys.modules.keys()


def test_a_copy_under_another_distributions_name_is_an_error_too(
    plugin: Install, tmp_path: Path
) -> None:
    module = plugin("alpha", BACKEND.format(name="alpha"), distribution="one", version="1.0")
    install(tmp_path, "copy-of-one", points={"alpha": module}, modules={})
    assert "copy-of-one 1.0 and one 1.0" in failure("alpha").cause


def test_a_distribution_found_twice_on_the_path_counts_once(
    plugin: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin("alpha", BACKEND.format(name="alpha"))
    again = tmp_path / "again"
    again.mkdir()
    monkeypatch.syspath_prepend(str(again))
    plugin("alpha", BACKEND.format(name="alpha"), folder=again, version="1.1")
    found = outcome("alpha")
    assert isinstance(found, LoadedPlugin)
    assert found.version == "1.1"


def test_a_damaged_distribution_breaks_nothing_else(plugin: Install, tmp_path: Path) -> None:
    plugin("alpha", BACKEND.format(name="alpha"))
    install(tmp_path, "damaged", points={}, modules={})
    damaged = next(tmp_path.glob("damaged-*")) / "entry_points.txt"
    damaged.write_text("[sojourn]\nno equals sign\n")
    assert Registry().backend("alpha").name == "alpha"


def test_the_name_of_core_is_taken(plugin: Install) -> None:
    plugin("sojourn", BACKEND.format(name="sojourn"))
    found = outcome("sojourn")
    assert isinstance(found, LoadedPlugin)
    assert found.distribution == "sojourn"
    assert [info.name for info in found.transports] == ["local", "ssh", "openssh"]


STATED = """
    from sojourn.contract import BackendInfo, TransportInfo, hookimpl
    {attribute}
    @hookimpl
    def sojourn_backend_info():
        return BackendInfo("alpha", "", frozenset(){info})
"""


@pytest.mark.parametrize(
    ("attribute", "info"), [("sojourn_contract = 2", ""), ("", ", contract=2")]
)
def test_a_plugin_of_a_newer_contract_is_told_to_upgrade_core(
    plugin: Install, attribute: str, info: str
) -> None:
    plugin("alpha", STATED.format(attribute=attribute, info=info))
    with pytest.raises(ContractError) as caught:
        Registry().backend("alpha")
    assert "plugin 'alpha' (sojourn-alpha 1.0) does not fit: it is newer" in str(caught.value)
    assert "built for contract 2" in str(caught.value)
    assert "knows contracts up to 1" in str(caught.value)
    assert caught.value.hint == "pip install --upgrade sojourn"


@pytest.mark.parametrize(
    ("attribute", "info"), [("sojourn_contract = 0", ""), ("", ", contract=0")]
)
def test_a_plugin_of_an_older_contract_is_told_to_upgrade_itself(
    plugin: Install, attribute: str, info: str
) -> None:
    plugin("alpha", STATED.format(attribute=attribute, info=info))
    with pytest.raises(ContractError, match="it is older") as caught:
        Registry().backend("alpha")
    assert "needs at least 1" in str(caught.value)
    assert caught.value.hint == "pip install --upgrade sojourn-alpha"


def test_an_older_contract_within_the_range_fits() -> None:
    assert contract_fault(2, oldest=2, newest=4) is None
    assert contract_fault(4, oldest=2, newest=4) is None
    assert "older" in (contract_fault(1, oldest=2, newest=4) or ("",))[0]
    assert "newer" in (contract_fault(5, oldest=2, newest=4) or ("",))[0]


@pytest.mark.parametrize("number", ["'1'", "None", "True", "1.0"])
def test_a_contract_is_a_number(plugin: Install, number: str) -> None:
    plugin("alpha", STATED.format(attribute=f"sojourn_contract = {number}", info=""))
    assert failure("alpha").reason is Reason.CONTRACT
    assert "not a number" in failure("alpha").cause


def test_what_a_newer_contract_allows_is_not_called_a_mistake(plugin: Install) -> None:
    plugin(
        "alpha",
        """
        from sojourn.contract import BackendInfo, hookimpl
        @hookimpl
        def sojourn_backend_info():
            return BackendInfo("alpha", "", frozenset(), contract=2)
        @hookimpl
        def sojourn_submit(context, orders, priority): ...
        @hookimpl
        def sojourn_migrate(context): ...
        """,
    )
    assert failure("alpha").reason is Reason.CONTRACT


LISTENER = """
    from sojourn.contract import BackendInfo, hookimpl
    {text}
"""


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (
            "@hookimpl\n    def sojourn_job_evnet(event): ...",
            "there is no hook sojourn_job_evnet; did you mean 'sojourn_job_event'?",
        ),
        ("@hookimpl\n    def my_hook(): ...", "there is no hook my_hook"),
        (
            "@hookimpl\n    def sojourn_job_event(evnt): ...",
            "hook sojourn_job_event has no argument 'evnt'; did you mean 'event'?",
        ),
        (
            "def sojourn_job_event(event): ...",
            "sojourn_job_event is not marked with @sojourn.hookimpl",
        ),
        ("pass", "it implements no hook"),
        (
            "@hookimpl\n    def sojourn_backend_info(): return BackendInfo('b', '', frozenset())",
            "its backend calls itself 'b', while its entry point is 'alpha'",
        ),
        (
            "@hookimpl\n    def sojourn_backend_info(): return 'alpha'",
            "sojourn_backend_info must answer a BackendInfo, not 'alpha'",
        ),
        ("@hookimpl\n    def sojourn_backend_info(): 1/0", "ZeroDivisionError"),
        (
            "@hookimpl\n    def sojourn_backend_info(): return None",
            "sojourn_backend_info must answer one BackendInfo",
        ),
        (
            "@hookimpl\n    def sojourn_transport_info(): return ['ssh2']",
            "sojourn_transport_info must answer TransportInfos, not 'ssh2'",
        ),
    ],
)
def test_wrong_hooks_are_named(plugin: Install, text: str, cause: str) -> None:
    plugin("alpha", LISTENER.format(text=text))
    found = failure("alpha")
    assert found.reason is Reason.HOOKS
    assert cause in found.cause
    assert "\n" not in str(found)


def test_all_wrong_hooks_are_named_at_once(plugin: Install) -> None:
    plugin(
        "alpha",
        LISTENER.format(text="@hookimpl\n    def sojourn_job_event(a, b): ...\n    sojourn_x = 1"),
    )
    assert failure("alpha").cause.count("has no argument") == 2


def test_an_optional_hook_may_be_unknown(plugin: Install) -> None:
    text = """
        from sojourn.contract import hookimpl
        @hookimpl(optionalhook=True)
        def sojourn_of_the_future(): ...
        @hookimpl
        def sojourn_job_event(event): ...
        """
    plugin("alpha", text)
    assert outcome("alpha").kinds == (Kind.LISTENER,)
    assert isinstance(outcome("alpha"), LoadedPlugin)


def test_an_object_that_cannot_be_hashed_is_named(plugin: Install) -> None:
    plugin(
        "alpha",
        """
        from dataclasses import dataclass
        from sojourn.contract import hookimpl
        @dataclass
        class Listener:
            @hookimpl
            def sojourn_job_event(self, event): ...
        it = Listener()
        """,
        attribute="it",
    )
    assert "unhashable" in failure("alpha").cause


def test_one_object_under_two_names_is_one_plugin(tmp_path: Path, plugin: Install) -> None:
    module = plugin(
        "alpha",
        "from sojourn.contract import hookimpl\n@hookimpl\ndef sojourn_job_event(event): ...\n",
    )
    install(tmp_path, "sojourn-again", points={"again": module}, modules={})
    assert isinstance(outcome("again"), LoadedPlugin)
    assert failure("alpha").cause == "the same object has another name already"
