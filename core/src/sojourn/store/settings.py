"""Small things that Sojourn remembers for the user, by key."""

from sojourn.store.connection import Database


class Settings:
    """The part of the store with settings."""

    _db: Database

    def setting(self, key: str, default: str = "") -> str:
        """The value that was last set, or `default`."""
        row = self._db.first("SELECT value FROM settings WHERE key = ?", (key,))
        return default if row is None else str(row[0])

    def set_setting(self, key: str, value: str | None) -> None:
        """Remember a value; None forgets the key."""
        with self._db.transaction() as connection:
            if value is None:
                connection.execute("DELETE FROM settings WHERE key = ?", (key,))
            else:
                connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))
