"""Where `machines.yaml` is looked for."""

import os
from collections.abc import Mapping
from pathlib import Path

from sojourn.errors import ConfigError
from sojourn.home import NO_HOME, expanded, home

FILE_NAME = "machines.yaml"
OVERRIDE = "SOJOURN_MACHINES"
IMPORTED = "imported-machines.yaml"


def machine_files(environ: Mapping[str, str] | None = None) -> list[Path]:
    """The files to read, the most important first.

    SOJOURN_MACHINES, if set and not empty, names the only one but for what tickets described. Otherwise the user's (in the
    user's config folder, `~/.config/sojourn` on Linux) stands before the site's (`/etc/xdg/sojourn`
    there); each is left out if it does not exist.

    Raises:
        ConfigError: SOJOURN_MACHINES names a file that does not exist.
    """
    named = (os.environ if environ is None else environ).get(OVERRIDE)
    if named:
        file = expanded(named)
        if not file.exists():
            raise ConfigError(
                f"there is no such file, but {OVERRIDE} names it",
                file=file,
                hint=f"unset {OVERRIDE}, or write the file with `sojourn machines init`",
            )
        return [file, *(extra for extra in (imported_file(),) if extra.exists())]
    return [file for file in (user_file(), *site_files(), imported_file()) if file.exists()]


def user_file() -> Path:
    """The user's own file, whether it exists or not: where `sojourn machines init` writes."""
    from platformdirs import user_config_path

    try:
        return user_config_path("sojourn", appauthor=False) / FILE_NAME
    except RuntimeError as error:
        hint = f"set HOME, or {OVERRIDE} to a file with your machines"
        raise ConfigError(NO_HOME, hint=hint) from error


def site_files() -> list[Path]:
    """The site's files, whether they exist or not, the most important first."""
    from platformdirs import site_config_dir

    folders = site_config_dir("sojourn", appauthor=False, multipath=True).split(os.pathsep)
    return [Path(folder) / FILE_NAME for folder in folders]


def imported_file() -> Path:
    """Where machines that `sojourn import` learned of are described; every other file outranks it."""
    return home() / IMPORTED
