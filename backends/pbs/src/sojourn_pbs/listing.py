"""What `qstat -f` prints, read: jobs, queues and servers alike.

The text is the most dependable of qstat's formats. Its JSON is not valid where a value holds a
backslash or bytes that are not UTF-8, turns a job's name of digits into a number, and in some
builds shows only the first of several ids.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_HEAD = re.compile(r"(?:Job Id|Queue|Server):([ \t]+)(\S+)")
_ATTRIBUTE = re.compile(r"([\w.]+) = ?(.*)", re.ASCII)
_PRIVATE = "variable_list"
"""Holds the submitter's environment where someone asked for that: not for any record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One job, queue or server. Attributes' names are in lower case: dialects differ in that."""

    id: str
    attributes: Mapping[str, str]
    text: str
    """The lines that it was read from, without the submitter's environment."""

    def get(self, name: str) -> str:
        """An attribute's value, "" if it has none."""
        return self.attributes.get(name, "")


def records(text: str) -> list[Record]:
    """Every record of a `qstat -f` output, in order.

    A long value goes on in lines that begin with a tab. Slurm's qstat has a tab before every
    attribute, folds nothing, and tells itself by the tab after `Job Id:`. Where an attribute's
    name comes twice the first counts: a value may hold lines that look like attributes.
    """
    found: list[Record] = []
    for block in re.split(r"^(?=(?:Job Id|Queue|Server):[ \t])", text, flags=re.MULTILINE):
        head = _HEAD.match(block)
        if head is None:
            continue
        indent = "\t" if head[1] == "\t" else "    "
        found.append(_record(head[2], indent, block.rstrip("\n").split("\n")))
    return found


def _record(name: str, indent: str, lines: list[str]) -> Record:
    attributes: dict[str, str] = {}
    kept = [lines[0]]
    current = ""
    for line in lines[1:]:
        match = _ATTRIBUTE.match(line[len(indent) :]) if line.startswith(indent) else None
        if match is not None:
            current = match[1].lower()
            if current in attributes:
                current = ""
            else:
                attributes[current] = match[2]
        elif current and line.startswith("\t"):
            attributes[current] += line[1:]
        elif current and line:
            attributes[current] += "\n" + line
        if current != _PRIVATE:
            kept.append(line)
    return Record(name, attributes, "\n".join(kept).strip("\n"))
