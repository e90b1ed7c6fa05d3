"""The reference pages for plugin authors: hooks, the values that pass, batch schedulers, rules."""

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent
from types import ModuleType
from typing import Any

VALUES = {
    "What a plugin says of itself": "contract: BackendInfo TransportInfo ChannelInfo Capability",
    "What a backend is given": "site.context: MachineContext; machines.model: Machine;"
    " site.trip: Dialogue; batch.scheduler: CommandResult",
    "Handing in and finding": "values.messages: JobOrder TaskInput Parent Blob JobRef"
    " Settlement Settled; values.resources: Resources",
    "Polling": "values.messages: PollAnswer SchedulerWord Phase Usage SiteEvidence ExitReport",
    "Fetching": "values.messages: FetchRequest FetchAnswer OutputFile",
    "Changing and checking": "values.messages: Change Changed CheckLine",
    "Transports": "transports.base: Transport Channel",
    "Events": "values.events: JobEvent SuspensionNotice Resumption",
    "Notifications": "values.notification: Channel Notification Notice Topic Level",
}
"""Groups of the page of values: modules of core, and their classes."""

ONLY = {"Dialogue": ("run", "converse")}
"""Classes of whose methods only some are for plugins."""

BATCH = "Header SubmitCall SubmitReply Verdict QueueEntry Response Took ScriptParts CommandResult"
HELPERS = (
    *("directives", "options", "chunks", "refusing", "commands", "changing", "sources"),
    *("ids", "arrays", "units", "checks"),
)
"""Modules of `sojourn.batch` from which backends take what they have in common."""


def pages() -> dict[str, str]:
    """Every page: path below `docs/` -> text."""
    return {
        "plugins/hooks.md": hooks(),
        "plugins/values.md": values(),
        "plugins/batch.md": batch(),
        "plugins/contract.md": contract(),
    }


# --- hooks ----------------------------------------------------------------------------------------


def hooks() -> str:
    """Every hook with its arguments and answer."""
    from sojourn import contract as module

    text = [
        f"# Hooks\n\n{inspect.getdoc(module)}\n\nWhat the arguments and answers hold:"
        " [What passes](values.md). A batch scheduler needs no hook of its own:"
        " [Batch schedulers](batch.md).\n\n"
    ]
    for name, hook in vars(module.Hooks).items():
        if name.startswith("sojourn_"):
            arguments = [p for p in inspect.signature(hook).parameters if p != "self"]
            text.append(f"## `{name}({', '.join(arguments)})`\n\n{_written(hook)}")
    text.append("## Capabilities\n\n")
    said = attribute_docs(inspect.getsource(module.Capability))
    text += [f"- `{one.value}`: {said.get(one.name, '')}\n" for one in module.Capability]
    return "".join(text)


def _written(function: Callable[..., object]) -> str:
    """A function's signature as it stands in the source, and what it says of itself."""
    return f"```text\n{_signature(function)}\n```\n\n{inspect.getdoc(function) or ''}\n\n"


def _signature(function: Callable[..., object]) -> str:
    source = dedent(inspect.getsource(function))
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    node.args.args = [one for one in node.args.args if one.arg != "self"]
    answer = f" -> {_type(node.returns)}" if node.returns is not None else ""
    for one in (*node.args.args, *node.args.kwonlyargs):
        one.annotation = one.annotation and ast.parse(_type(one.annotation), mode="eval").body
    return f"def {node.name}({ast.unparse(node.args)}){answer}"


def _type(node: ast.expr | None) -> str:
    return ast.unparse(node).replace("'", "") if node is not None else ""


# --- values ---------------------------------------------------------------------------------------


def values() -> str:
    """What passes between core and plugins, class by class."""
    text = [
        "# What passes\n\nThe values that core hands to plugins and gets back. All are frozen; make"
        " them with keywords beyond the first few, and leave fields that you do not know alone.\n\n"
    ]
    for group, kinds in _groups():
        text.append(f"## {group}\n\n")
        text += [f"### {kind.__name__}\n\n{_class(kind, place)}" for place, kind in kinds]
    return "".join(text)


def _groups() -> Iterator[tuple[str, list[tuple[str, type]]]]:
    """Each group with its classes, and the modules from which plugins import them."""
    for group, places in VALUES.items():
        kinds: list[tuple[str, type]] = []
        for place in places.split(";"):
            module, _, names = place.partition(":")
            found = import_module(f"sojourn.{module.strip()}")
            kinds += [(found.__name__, getattr(found, name)) for name in names.split()]
        yield group, kinds


def _class(kind: type, module: str) -> str:
    about = f"`from {module} import {kind.__name__}`\n\n{inspect.getdoc(kind) or ''}\n\n"
    said = attribute_docs(inspect.getsource(kind))
    if issubclass(kind, Enum):
        rows = "".join(f"| `{one.value}` | {_line(said.get(one.name))} |\n" for one in kind)
        return f"{about}| value | meaning |\n|---|---|\n{rows}\n"
    if is_dataclass(kind):
        return about + _table((one.name, _typed(kind, one.name), _default(one), said) for one in
                              fields(kind) if not one.name.startswith("_"))  # fmt: skip
    if hasattr(kind, "model_fields"):
        reference = {"Machine": "machines", "Resources": "resources"}[kind.__name__]
        return f"{about}Its fields: [the reference](../reference/{reference}.md).\n\n"
    return about + "".join(_written(method) for method in _methods(kind))


def _methods(kind: type) -> Iterator[Callable[..., object]]:
    for name, method in vars(kind).items():
        meant = name in ONLY[kind.__name__] if kind.__name__ in ONLY else name[0] != "_"
        if inspect.isfunction(method) and meant:
            yield method


def _table(rows: Iterator[tuple[str, str, str, dict[str, str]]]) -> str:
    head = "| field | type | default | meaning |\n|---|---|---|---|\n"
    return (
        head
        + "".join(
            f"| `{name}` | `{kind}` | {default} | {_line(said.get(name))} |\n"
            for name, kind, default, said in rows
        )
        + "\n"
    )


def _typed(kind: type, name: str) -> str:
    (body,) = [n for n in ast.parse(inspect.getsource(kind)).body if isinstance(n, ast.ClassDef)]
    for node in body.body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == name:
            return _type(node.annotation).replace("|", "\\|")
    raise LookupError(name)


def _default(one: "Field[Any]") -> str:
    if one.default is MISSING and one.default_factory is MISSING:
        return "must be given"
    return f"`{one.default!r}`" if isinstance(one.default, str | int | float | None) else ""


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


# --- batch schedulers -----------------------------------------------------------------------------


def batch() -> str:
    """What a batch scheduler supplies, and what there is to make it of."""
    from sojourn.batch import scheduler as module

    kind = module.BatchScheduler
    said = attribute_docs(inspect.getsource(kind))
    text = [f"# Batch schedulers\n\n{inspect.getdoc(module)}\n\n## BatchScheduler\n\n"]
    text.append(f"`from {module.__name__} import BatchScheduler`\n\n{inspect.getdoc(kind)}\n\n")
    text += [f"- `{name}`: {_line(words)}\n" for name, words in said.items()]
    text.append("\n")
    for method in _methods(kind):
        must = "" if getattr(method, "__isabstractmethod__", False) else " (has a default)"
        text.append(f"### `{method.__name__}`{must}\n\n{_written(method)}")
    text.append("## What it is told, and says\n\n")
    for name in BATCH.split():
        text.append(f"### {name}\n\n{_class(getattr(module, name), module.__name__)}")
    text.append("## What there is to make it of\n\n")
    for name in HELPERS:
        helpers = import_module(f"sojourn.batch.{name}")
        text.append(f"### `{helpers.__name__}`\n\n{inspect.getdoc(helpers)}\n\n")
        text += [_written(one) if inspect.isfunction(one) else _kind(one) for one in _own(helpers)]
    return "".join(text)


def _own(module: ModuleType) -> Iterator[Any]:
    """The public functions and classes that a module defines."""
    for name, one in vars(module).items():
        made_here = getattr(one, "__module__", "") == module.__name__
        if made_here and not name.startswith("_") and (inspect.isfunction(one) or type(one) is type
                                                        or inspect.isclass(one)):  # fmt: skip
            yield one


def _kind(kind: type) -> str:
    methods = "" if issubclass(kind, Enum) else "".join(map(_written, _methods(kind)))
    return f"**{kind.__name__}**\n\n{inspect.getdoc(kind) or ''}\n\n{methods}"


# --- rules ----------------------------------------------------------------------------------------


def contract() -> str:
    """The rules that the conformance kit proves."""
    from sojourn.testing.rules import RULES

    text = [
        "# The contract's rules\n\nEach is proved by the conformance kit, which names the rule"
        " when a backend breaks it.\n\n"
    ]
    group = ""
    for rule in RULES.values():
        if rule.group != group:
            group = rule.group
            text.append(f"## {group}\n\n")
        needs = f" (capability `{rule.needs}`)" if rule.needs else ""
        text.append(f"### {rule.id}\n\n**{rule.statement}**{needs}\n\n{rule.reason}\n\n")
    return "".join(text)


# --- what is missing ------------------------------------------------------------------------------


def undocumented() -> list[str]:
    """Hooks, capabilities, values and questions to schedulers that do not say what they are."""
    from sojourn import batch as batch_room
    from sojourn.batch.scheduler import BatchScheduler
    from sojourn.contract import Capability, Hooks

    hooks = [hook for name, hook in vars(Hooks).items() if name.startswith("sojourn_")]
    missing = [f"hook {hook.__name__}" for hook in hooks if not inspect.getdoc(hook)]
    said = attribute_docs(inspect.getsource(Capability))
    missing += [f"capability {one}" for one in Capability if one.name not in said]
    missing += [
        f"value {kind.__name__}"
        for _, kinds in _groups()
        for _, kind in kinds
        if not inspect.getdoc(kind) or (inspect.getdoc(kind) or "").startswith(f"{kind.__name__}(")
    ]
    told = {*HELPERS, "backend", "control", "grouping", "scheduler"}
    missing += [
        f"module sojourn.batch.{found.name}"
        for found in iter_modules(batch_room.__path__)
        if found.name not in told
    ]
    missing += [
        f"BatchScheduler.{method.__name__}"
        for method in _methods(BatchScheduler)
        if not method.__doc__
    ]
    return missing


def attribute_docs(source: str) -> dict[str, str]:
    """Names in a class body -> the text that stands below each."""
    (body,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    said: dict[str, str] = {}
    for node, below in zip(body.body, body.body[1:], strict=False):
        if not (isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)):
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0]  # type: ignore[assignment]
        if isinstance(target, ast.Name):
            said[target.id] = inspect.cleandoc(str(below.value.value))
    return said
