"""What a listing may cost at start-up."""

from tests.support.programs import run

HEAVY = ("pydantic", "pluggy", "paramiko", "rich", "tenacity", "ruamel", "tempfile", "subprocess")


def test_the_store_imports_nothing_heavy() -> None:
    loaded = run(
        """
        import sys
        from sojourn.store.store import Store
        with Store() as store:
            assert store.listing() == ()
        print("\\n".join(sys.modules))
        """
    ).split()
    assert "sqlite3" in loaded
    assert not set(HEAVY) & set(loaded)
