"""Write the reference pages of the documentation from the code; run by `scripts/docs`.

`python -m scripts.reference` writes `docs/reference/`, and those of `docs/plugins/` that
`scripts.pluginpages` makes; the tests hold the committed pages against what this would write, so that nothing stays undocumented.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import click
from pydantic import BaseModel

from scripts import pluginpages
from scripts.pluginpages import attribute_docs
from scripts.workspace import ROOT

DOCS = ROOT / "docs"
_MADE = "<!-- made from the code by scripts/docs; edits here are lost -->\n\n"
BACKENDS = ("local", "slurm", "pbs")


def pages() -> dict[str, str]:
    """Every generated page: path below `docs/` -> text."""
    made = {
        "reference/commands.md": commands(),
        "reference/machines.md": machines(),
        "reference/resources.md": resources(),
        "reference/states.md": states(),
        "reference/job.md": job(),
        "reference/errors.md": errors(),
        "reference/session.md": session(),
        "reference/workflow.md": workflow(),
        "reference/result.md": result(),
        "reference/handle.md": handle(),
        **pluginpages.pages(),
    }
    return {path: _MADE + text.rstrip() + "\n" for path, text in made.items()}


def main() -> None:
    """Write the pages that are not what they should be."""
    for path, text in pages().items():
        file = DOCS / path
        if not file.exists() or file.read_text() != text:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            print(f"written: docs/{path}")


# --- commands -------------------------------------------------------------------------------------


def commands() -> str:
    """Every command with its help and options."""
    from sojourn.cli.app import app as top

    parts = ["# Commands\n\n", (top.help or "") + "\n\n"]
    with click.Context(top, info_name="sojourn", **top.context_settings) as context:
        for name in top.list_commands(context):
            found = top.get_command(context, name)
            if found is not None:
                parts += _command(found, f"sojourn {name}", context)
    return "".join(parts)


def _command(command: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    with click.Context(
        command, info_name=name.split()[-1], parent=parent, **command.context_settings
    ) as context:
        yield f"## `{name}`\n\n```text\n{command.get_help(context)}\n```\n\n"
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                found = command.get_command(context, each)
                if found is not None:
                    yield from _command(found, f"{name} {each}", context)


# --- models ---------------------------------------------------------------------------------------


def machines() -> str:
    """Keys of machines.yaml: core's, each transport's, each backend's."""
    from sojourn.machines.model import CORE_KEYS, Machine
    from sojourn.plugins.registry import Registry

    registry = Registry()
    text = [
        "# machines.yaml\n\nAll keys of an entry stand flat in one mapping. `sojourn machines schema`"
        " prints the JSON Schema for editors; `sojourn machines init` writes a first file. How it is"
        " found and merged: [Machines](../howto/machines.md).\n\n## Keys of every machine\n\n",
        _keys(Machine, CORE_KEYS),
    ]
    for info in registry.known_transports():
        if info.config_model is not None and info.config_model.model_fields:
            text += [f"\n## Keys of transport `{info.name}`\n\n", _keys(info.config_model)]
    for name in BACKENDS:
        model = registry.backend(name).info.config_model
        if model is not None:
            text += [f"\n## Keys of backend `{name}`\n\n", _keys(model)]
    return "".join(text)


def _keys(model: type[BaseModel], only: frozenset[str] | None = None) -> str:
    rows = ["| key | default | meaning |\n|---|---|---|\n"]
    for name, field in model.model_fields.items():
        if only is None or name in only:
            default = "required" if field.is_required() else _default(field.get_default())
            if field.default_factory is not None:
                default = ""
            rows.append(f"| `{name}` | {default} | {_one_line(field.description)} |\n")
    return "".join(rows)


def _default(value: Any) -> str:
    if value is None or value in ((), {}, "") or isinstance(value, BaseModel):
        return ""
    return f"`{value}`"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


def resources() -> str:
    """Resource words, and which backend honours which."""
    from sojourn.plugins.registry import Registry
    from sojourn.values.resources import Resources

    registry = Registry()
    infos = {name: registry.backend(name).info for name in BACKENDS}
    rows = [
        "# Resource words\n\n",
        f"{inspect.getdoc(Resources)}\n\n",
        "A word that a machine's backend cannot honour is an error that names it; it is never"
        " dropped in silence.\n\n",
        "| word | "
        + " | ".join(BACKENDS)
        + " | meaning |\n|---|"
        + "---|" * len(BACKENDS)
        + "---|\n",
    ]
    said = attribute_docs(inspect.getsource(Resources))
    for word in Resources.model_fields:
        marks = " | ".join("yes" if word in infos[name].resources else "—" for name in BACKENDS)
        rows.append(f"| `{word}` | {marks} | {_one_line(said.get(word))} |\n")
    return "".join(rows)


def job() -> str:
    """Keywords of `Job`."""
    from sojourn.values import inputs
    from sojourn.values.job import Job

    said = attribute_docs(inspect.getsource(Job))
    rows = "".join(f"| `{name}` | {_one_line(said.get(name))} |\n" for name in Job.model_fields)
    return (
        f"# Job\n\n{inspect.getdoc(Job)}\n\n| keyword | meaning |\n|---|---|\n{rows}\n"
        f"## Methods\n\n{_methods(Job, 'output', 'replace')}"
        f"## Inputs\n\n{inspect.getdoc(inputs)}\n\n## Remote\n\n{inspect.getdoc(inputs.Remote)}\n"
    )


def session() -> str:
    """What a program does with a `Session`."""
    from sojourn.session.session import Session

    return (
        f"# Session\n\n{_called(Session, 'Session')}{_said(Session)}\n\n"
        f"## Running and submitting\n\n{_methods(Session, 'run', 'gather', 'submit')}"
        f"## Finding and waiting\n\n{_methods(Session, 'jobs', 'job', 'refresh', 'wait', 'log')}"
        f"## Changing\n\n{_methods(Session, 'cancel', 'hold', 'release', 'retry')}"
        "## Without blocking an event loop\n\n"
        f"{_methods(Session, 'run_async', 'submit_async', 'wait_async', 'cancel_async')}"
        f"## Monitoring\n\n{_methods(Session, 'monitor', 'monitor_async')}"
        f"## Closing\n\n{_methods(Session, 'close')}"
    )


def workflow() -> str:
    """`Workflow` and the decorators."""
    from sojourn.workflow import decorators
    from sojourn.workflow.flow import Workflow

    return (
        f"# Workflow\n\n{_called(Workflow, 'Workflow')}{_said(Workflow)}\n\n"
        f"## Methods\n\n{_methods(Workflow, 'map', 'run', 'value')}"
        f"## `@step`\n\n{_called(decorators.step, 'step')}{_said(decorators.step)}\n\n"
        f"{_said(decorators.StepFunction)}\n\n"
        f"## `@job`\n\n{_called(decorators.job, 'job')}{_said(decorators.job)}\n"
    )


def result() -> str:
    """What `run` returns."""
    from sojourn.results.result import Result

    properties = (
        "path",
        "stdout",
        "stderr",
        "exit_code",
        "signature",
        "machine",
        "remote",
        "digests",
    )
    rows = "".join(
        f"| `{name}` | {_one_line(_said(getattr(Result, name)))} |\n" for name in properties
    )
    return (
        f"# Result\n\n{_said(Result)}\n\n| attribute | meaning |\n|---|---|\n{rows}\n"
        f"## Methods\n\n{_methods(Result, 'glob')}"
    )


def handle() -> str:
    """What stands for a job."""
    from sojourn.suspension import JobHandle

    said = attribute_docs(inspect.getsource(JobHandle))
    names = (*JobHandle.__slots__, "is_final")
    said["is_final"] = _said(JobHandle.is_final)
    rows = "".join(f"| `{name}` | {_one_line(said[name])} |\n" for name in names)
    return (
        f"# JobHandle\n\n{_said(JobHandle)}\n\n| attribute | meaning |\n|---|---|\n{rows}\n"
        f"## Methods\n\n{_methods(JobHandle, 'to_json', 'from_json')}"
    )


def _said(what: Any) -> str:
    """A docstring; lists of errors as lists."""
    parts = (inspect.getdoc(what) or "").partition("Raises:\n")
    raised = re.sub(r"(?m)^ {4}(?! )(As .*|[\w, ]+: )", r"- \1", parts[2])
    return parts[0] + (f"Raises:\n\n{raised}" if raised else "")


def _called(function: Any, name: str) -> str:
    """How it is called, as code."""
    return f"```text\n{name}{_taken(function)}\n```\n\n"


def _taken(function: Any, skip: int = 0) -> str:
    """The parameters without their types."""
    signature = inspect.signature(function)
    plain = [
        one.replace(
            annotation=inspect.Parameter.empty,
            default=... if inspect.isfunction(one.default) else one.default,
        )
        for one in list(signature.parameters.values())[skip:]
    ]
    called = signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    return str(called).replace("Ellipsis", "...")


def _methods(kind: type[Any], *names: str) -> str:
    """Each with what it takes and what it says of itself."""
    found = []
    for name in names:
        method = getattr(kind, name)
        bound = inspect.ismethod(method)  # of the class
        owner = kind.__name__ if bound else _OWNERS.get(kind.__name__, kind.__name__.lower())
        called = f"{owner}.{name}{_taken(method, skip=0 if bound else 1)}"
        found.append(f"### `{called}`\n\n{_said(method)}\n\n")
    return "".join(found)


_OWNERS = {"Workflow": "flow", "JobHandle": "handle"}


def states() -> str:
    """States, what they mean, and the legal changes."""
    from sojourn import states as module
    from sojourn.states import ACTIVE, TRANSITIONS, State

    said = attribute_docs(inspect.getsource(State))
    rows = "".join(
        f"| `{state}` | {'active' if state in ACTIVE else 'final'} | {_one_line(said.get(state.name))} |\n"
        for state in State
    )
    changes = "".join(
        f"| `{old}` | {', '.join(f'`{new}`' for new in State if new in TRANSITIONS[old])} |\n"
        for old in State
    )
    return (
        f"# States\n\n{(inspect.getdoc(module) or '').splitlines()[0]}\n\n"
        f"| state | | meaning |\n|---|---|---|\n{rows}\n"
        f"## Legal changes\n\n| from | to |\n|---|---|\n{changes}"
    )


def errors() -> str:
    """The error tree, and exit statuses."""
    from sojourn import errors as module

    text = ["# Errors and exit statuses\n\n| status | meaning |\n|---|---|\n"]
    text += [
        "| 0 | done |\n| 1 | failed |\n| 2 | bad usage or configuration; nothing was changed |\n"
        "| 3 | what is left to wait for does not go on before somebody changes something |\n"
        "| 75 | suspended: jobs are out, run the same command again later |\n| 130 | interrupted |\n\n"
    ]

    def tree(kind: type[Exception], depth: int) -> Iterator[str]:
        line = (inspect.getdoc(kind) or "").splitlines()[0]
        yield f"{'  ' * depth}- `{kind.__name__}`: {line}\n"
        for each in sorted(kind.__subclasses__(), key=lambda one: one.__name__):
            if each.__module__ == module.__name__:
                yield from tree(each, depth + 1)

    return "".join([*text, "## The tree\n\n", *tree(module.SojournError, 0)])


# --- what is missing ------------------------------------------------------------------------------


def undocumented() -> list[str]:
    """Whatever these pages should explain and cannot, because the code does not say it."""
    from sojourn.states import State
    from sojourn.values.job import Job
    from sojourn.values.resources import Resources

    missing = [*pluginpages.undocumented(), *_options(), *_untold_keys()]
    for kind, names in (
        (State, [state.name for state in State]),
        (Job, list(Job.model_fields)),
        (Resources, list(Resources.model_fields)),
    ):
        said = attribute_docs(inspect.getsource(kind))
        missing += [f"{kind.__name__}.{name}" for name in names if name not in said]
    return missing


def _options() -> Iterator[str]:
    """Commands without a help, and options that do not say what they are for."""
    from sojourn.cli.app import app as top

    def look(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
        if not command.help:
            yield f"command {name}"
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not (parameter.help or parameter.hidden):
                yield f"option {parameter.opts[0]} of {name}"
        if isinstance(command, click.Group):
            with click.Context(command, info_name=name, parent=parent) as context:
                for each in command.list_commands(context):
                    found = command.get_command(context, each)
                    if found is not None:
                        yield from look(found, f"{name} {each}", context)

    return look(top, "sojourn", None)


def _untold_keys() -> Iterator[str]:
    """Keys of machines.yaml and notify.yaml, each plugin's too, that do not say what they mean."""
    from sojourn.machines.model import CORE_KEYS, Machine
    from sojourn.plugins.registry import Registry

    registry = Registry()
    models: list[tuple[str, type[BaseModel] | None]] = [
        (f"transport {info.name}", info.config_model) for info in registry.known_transports()
    ]
    models += [(f"channel {info.name}", info.config_model) for info in registry.known_channels()]
    models += [(f"backend {name}", registry.backend(name).info.config_model) for name in BACKENDS]
    for name, field in Machine.model_fields.items():
        if name in CORE_KEYS and not field.description:
            yield f"key {name} of machines.yaml"
    for whose, model in models:
        for name, field in model.model_fields.items() if model is not None else ():
            if not field.description:
                yield f"key {name} of {whose}"


if __name__ == "__main__":
    main()
