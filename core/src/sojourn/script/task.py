"""The per-job part that job.sh reads, `<index>.task`: pure rendering to POSIX shell."""

import posixpath
import re
from collections.abc import Iterator
from shlex import quote

from sojourn.script.setup_lines import guarded
from sojourn.site import layout
from sojourn.values.messages import JobOrder, TaskInput

_GLOB = re.compile(r"\[[^]]+\]|[*?]")


def glob_word(pattern: str) -> str:
    """A shell word that matches as `pattern` does: `* ? []` keep their meaning, all else none."""
    word, at = ["./"], 0
    for match in _GLOB.finditer(pattern):
        if match.start() > at:
            word.append(quote(pattern[at : match.start()]))
        word.append(_bracket(match[0]) if match[0].startswith("[") else match[0])
        at = match.end()
    if at < len(pattern):
        word.append(quote(pattern[at:]))
    return "".join(word)


def _bracket(text: str) -> str:
    inside = text[1:-1]
    negated = inside[:1] in "!^"
    body = inside[1:] if negated else inside
    parts = (part if part == "-" else quote(part) for part in re.split(r"(-)", body) if part)
    return f"[{'!' if negated else ''}{''.join(parts)}]"


def secret_text(order: JobOrder) -> str:
    """The file that carries the values of `secret_env`, readable by the user alone."""
    return "".join(f"export {name}={quote(value)}\n" for name, value in order.secret_env.items())


def task_text(order: JobOrder, index: int, token: str, root: str, machine_setup: str) -> str:
    """What job.sh is told about one job.

    `machine_setup` comes from machines.yaml and is no part of the signature.
    """
    resources = order.resources
    opening = _opening(order, index, token, root, machine_setup)
    parts = {
        "sj_job": layout.attempt(order.signature, order.attempt),
        "sj_requeue": "1" if resources.requeue else "0",
        "sj_walltime": str(resources.walltime or ""),
        "sj_accept": " ".join(map(str, order.accept_exit)),
        "sj_script": order.script,
        "sj_command": opening + _streams(order) + _workdir(order) + _command(order),
        "sj_check": opening + _workdir(order) + order.check if order.check else "",
    }
    lines = [f"{name}={quote(value)}" for name, value in parts.items()]
    lines.append(_function("parents", [_need(order, n) for n in range(len(order.parents))]))
    lines.append(_function("inputs", [_input(entry) for entry in order.inputs]))
    lines.append(_function("outputs", _outputs(order)))
    return "\n".join(lines) + "\n"


def _opening(order: JobOrder, index: int, token: str, root: str, machine_setup: str) -> str:
    lines = [f"export {name}={quote(value)}\n" for name, value in order.env.items()]
    if order.secret_env:
        lines.append(f". {quote(f'{layout.submission(root, token)}/{index}.secret')}\n")
    setup = (*((machine_setup,) if machine_setup.strip() else ()), *order.setup)
    lines.append(guarded(setup))
    lines.append('cd "$SOJOURN_JOB_DIR/work" || exit 1\n')
    return "".join(lines)


def _streams(order: JobOrder) -> str:
    """Redirects for all that follows. A file that cannot be opened ends the job."""
    files = [name for name in (order.stdout, order.stderr) if name]
    folders = dict.fromkeys(folder for name in files if (folder := posixpath.dirname(name)))
    made = f"mkdir -p {' '.join(_in_work(one) for one in folders)} || exit 1\n" if folders else ""
    words = [f"<{_in_work(order.stdin)}"] if order.stdin else []
    words += [f">{_in_work(order.stdout)}"] if order.stdout else []
    if order.stderr:
        words.append("2>&1" if order.stderr == order.stdout else f"2>{_in_work(order.stderr)}")
    return made + (f"exec {' '.join(words)}\n" if words else "")


def _workdir(order: JobOrder) -> str:
    if not order.workdir:
        return ""
    place = _in_work(order.workdir)
    return f"mkdir -p {place} && cd {place} || exit 1\n"


def _in_work(name: str) -> str:
    return quote(f"./{name}")


def _command(order: JobOrder) -> str:
    if not order.script:
        return order.command
    if order.script.startswith("#!"):
        # The script's own first line says what runs it.
        return 'exec "$SOJOURN_JOB_DIR/script"'
    return '. "$SOJOURN_JOB_DIR/script"'


def _function(name: str, lines: list[str]) -> str:
    body = "\n".join(lines) or ":"
    return f"{name}() {{\n{body}\n}}"


def _need(order: JobOrder, number: int) -> str:
    parent = order.parents[number]
    return f"need {layout.attempt(parent.signature, parent.attempt)}"


def _input(entry: TaskInput) -> str:
    name, link = quote(entry.name), int(entry.readonly)
    match entry.kind:
        case "blob":
            mode = "0700" if entry.executable else "0600"
            return (
                f"from_blob {name} {layout.blob(entry.digest).removeprefix('blobs/')} {mode} {link}"
            )
        case "tree":
            return f"from_tree {name} {layout.blob(entry.digest).removeprefix('blobs/')}"
        case "output":
            source = layout.attempt(entry.signature, entry.attempt)
            return f"from_output {name} {source} {quote(entry.output)} {link}"
        case "remote":
            return f"from_machine {name} {quote(entry.path)}"
    raise ValueError(f"unknown kind of input: {entry.kind!r}")


def _outputs(order: JobOrder) -> list[str]:
    lines = []
    for keep, patterns in (("''", order.outputs), ("R", order.remote_outputs)):
        for pattern in patterns:
            if _GLOB.search(pattern) and "/" in pattern:
                lines.append(f"through {' '.join(map(glob_word, _above(pattern)))}")
            lines.append(f"output {quote(pattern)} {keep} {glob_word(pattern)}")
    return lines


def _above(pattern: str) -> Iterator[str]:
    """The directories that a shell goes through to find what a pattern matches."""
    parts = pattern.split("/")
    return ("/".join(parts[:n]) for n in range(1, len(parts)) if parts[n - 1])
