"""Making a failing setup line name itself: pure."""

import shlex

_COMPOUND = frozenset(
    {"if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done"}
    | {"case", "esac", "{", "}", "(", ")", "function", "select"}
)
_OPEN_ENDS = ("\\", "&&", "||", "|", "{", "(")


def guarded(setup: tuple[str, ...]) -> str:
    """Shell text that runs the setup lines and, where one fails, says which and ends.

    Lines that belong together (a loop, a here-document, a quotation over several lines) cannot
    be told apart without a shell's parser; such an entry is run as a whole and named by its
    first line.
    """
    return "".join(_guarded(unit) for entry in setup for unit in _units(entry))


def _units(entry: str) -> list[str]:
    lines = [line for line in entry.splitlines() if line.strip()]
    if all(_stands_alone(line) for line in lines):
        return [line for line in lines if not line.lstrip().startswith("#")]
    return [entry]


def _stands_alone(line: str) -> bool:
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return False
    return (
        "<<" not in line
        and not line.rstrip().endswith(_OPEN_ENDS)
        and not any(word.rstrip(";") in _COMPOUND for word in words)
        and not any(word.endswith(("()", "(){", "{")) for word in words)
    )


def _guarded(unit: str) -> str:
    named = shlex.quote(unit.strip().splitlines()[0]) if unit.strip() else "''"
    return (
        f"{unit}\n"
        "sj_setup_status=$?\n"
        f'[ "$sj_setup_status" = 0 ] || {{ printf \'%s\\n\' {named} >"$SOJOURN_JOB_DIR/setup-failed"; '
        'exit "$sj_setup_status"; }\n'
    )
