"""The kinds of plugin that can be begun, and what is different about each."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `module` is what the entry point names inside the package."""

    name: str
    about: str
    """One line for people who choose."""
    summary: str
    """The distribution's description."""
    module: str
    use: str
    """How it is used, for the README."""
    next_step: str
    """What the author does next, for the README."""


_BACKEND = """Then, in `machines.yaml`:

```yaml
machines:
  cluster:
    backend: newplugin
    host: login.cluster
```"""
_SCHEDULER = (
    "As it is, it speaks to the toy scheduler of Sojourn's conformance kit, and keeps every rule."
    " Replace one command after the other by your scheduler's, record what it prints, and run the"
    " kit on a machine of yours: in `tests/test_conformance.py`."
)

KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "batch",
            "a batch scheduler, by pure functions: directives, commands, parsers",
            "Run Sojourn's jobs with newplugin.",
            "backend:plugin",
            _BACKEND,
            _SCHEDULER,
        ),
        Kind(
            "backend",
            "a backend with every hook by itself, for what is no batch scheduler",
            "Run Sojourn's jobs with newplugin.",
            "backend",
            _BACKEND,
            _SCHEDULER,
        ),
        Kind(
            "transport",
            "a way to reach machines",
            "Reach machines of Sojourn's through newplugin.",
            "transport",
            """Then, in `machines.yaml`:

```yaml
machines:
  cluster:
    backend: slurm
    transport: newplugin
    via: [docker, exec, -i, box]
```""",
            "As it is, it runs programs through a command of your choice.",
        ),
        Kind(
            "listener",
            "told of every change of a job's state",
            "Tell newplugin what becomes of Sojourn's jobs.",
            "listener",
            "There is nothing to configure but the file: `NEWPLUGIN_FILE=events.jsonl`.",
            "As it is, it writes a line of JSON for each change.",
        ),
    )
}
"""By name."""
