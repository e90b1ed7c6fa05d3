"""Real distributions, made on the spot: modules and the metadata that an installer writes."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

BACKEND = """
    from sojourn.contract import BackendInfo, hookimpl

    @hookimpl
    def sojourn_backend_info():
        return BackendInfo("{name}", "The backend {name}", frozenset({{"queue"}}))

    @hookimpl
    def sojourn_submit(context, orders):
        raise AssertionError("{name} was asked")
"""
"""A plugin module with a backend of that name."""


def install(
    folder: Path,
    distribution: str,
    *,
    version: str = "1.0",
    points: Mapping[str, str],
    modules: Mapping[str, str],
) -> Path:
    """Write a distribution into `folder`: entry points of the group, and modules by name."""
    info = folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    lines = [f"{name} = {value}" for name, value in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[sojourn]", *lines, ""]))
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(dedent(text))
    return folder
