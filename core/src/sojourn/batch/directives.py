"""How a scheduler writes directives: resource words as options, and existing scripts taken apart.

A scheduler describes its own way in a `Language`, which is a table; all of it is pure.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sojourn.batch.options import Option, quoted, read_options
from sojourn.batch.refusing import refuse_both_memories
from sojourn.batch.scheduler import ScriptParts
from sojourn.errors import UnsupportedResource
from sojourn.identity.directives import table_of
from sojourn.values.resources import Resources

Written = str | tuple[str, Callable[[Any], str]]
"""An option such as `--mem={}`, and how its value is written if not as it is."""

_SHORTEST = len("--abc")
"""The shortest abbreviation of a long option that is looked up."""


@dataclass(frozen=True)
class Language:
    """A scheduler's directives. Options have their names in full: `--nodes`, `-q`, `-l walltime`.

    `marks` are what a line begins with (the first is the one that is written), `command` is who
    reads it, `example` one option of it, for people. `options` are the resource words that are
    one option with a value. `says` names further options and the resource words that say the
    same: given, they replace the option. `ours` are options that a job of ours sets for itself,
    or that would change what `command` answers; `without` says what follows for a script from the
    loss of some of them, and `needed` are those without which it would do another thing, with what
    to do instead. `short` are one-letter options and the long ones
    that they stand for; `lists` options whose value is a list of things by commas, with what is
    between a thing's name and its value; `valued` those of them whose things all have a value, in
    which there may be commas, too. `comments` is whether a `#` ends a line, `indented` whether
    there may be blanks before a mark. Directives are looked for until the first line that does
    not begin as one of `passed`.
    """

    command: str
    marks: tuple[str, ...]
    example: str
    options: Mapping[str, Written]
    ours: frozenset[str]
    without: Mapping[str, str] = field(default_factory=dict)
    needed: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, frozenset[str]] = field(default_factory=dict)
    short: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    valued: frozenset[str] = frozenset()
    comments: bool = False
    indented: bool = False
    passed: tuple[str, ...] = ("#",)

    # --- writing ------------------------------------------------------------------------------

    def asked(self, resources: Resources) -> list[str]:
        """The options for those resource words that are one with a value.

        Raises:
            UnsupportedResource: a value cannot be written (its function raised ValueError), or
                both `memory` and `memory_per_cpu` are given.
        """
        refuse_both_memories(resources, self.command)
        given = resources.given()
        return [
            _option(word, given[word], how) for word, how in self.options.items() if word in given
        ]

    def native(self, raw: str) -> str:
        """A raw option as it is.

        Raises:
            UnsupportedResource: it is none, or one that is not the user's to set.
        """
        text = raw.removeprefix(self.marks[0]).strip()
        try:
            options = self.read(text)
        except ValueError as error:
            raise UnsupportedResource(f"`native` cannot be {raw!r}: {error}") from None
        if not options or not options[0].name:
            raise UnsupportedResource(
                f"`native` takes options of {self.command}, not {raw!r}",
                hint=f"write it like {self.example!r}",
            )
        for option in options:
            if option.name in self.ours:
                what = f"`native` cannot set {option}"
                raise UnsupportedResource(f"{what}: {option.name} is Sojourn's own to set")
        return text

    def written(self, resources: Resources, *always: str) -> list[str]:
        """The directives of a job, a line each: options it always has, then those that are asked
        for, and `native` ones last. What a native one repeats is left out: of two that say
        different things some schedulers take the first, and some the last.

        Raises:
            UnsupportedResource: as `asked` and `native`.
        """
        native = [self.native(raw) for raw in resources.native]
        repeated = {option.name for text in native for option in self.read(text)}
        options = [
            option
            for option in (*always, *self.asked(resources))
            if repeated.isdisjoint(one.name for one in self.read(option))
        ]
        return [self._line(option) for option in (*options, *native)]

    def _line(self, option: str) -> str:
        return f"{self.marks[0]} {option}"

    # --- reading ------------------------------------------------------------------------------

    def split(
        self, text: str, explicit: Collection[str], replaced: Collection[str] = ()
    ) -> ScriptParts:
        """The directives of an existing script, without those that an explicit word replaces.

        A line is kept as it stands unless something in it is ours or replaced. `replaced` are
        options that are left out besides.

        Raises:
            UnsupportedResource: an option that the script cannot do without.
        """
        gone = {name for name, words in self._words.items() if words & set(explicit)} | {*replaced}
        kept: list[str] = []
        dropped: list[str] = []
        foreign: list[str] = []
        remarks: list[str] = []
        for line in self.head(text):
            rest = self._rest(line)
            if rest is None:
                if table_of(line) is not None and not line.lstrip().startswith(self.marks):
                    foreign.append(line)
                continue
            found = self._read(rest)
            left = [one for one in found if one.name not in self.ours and one.name not in gone]
            dropped += [str(one) for one in found if one.name in self.ours]
            remarks += [
                f"without {one} {self.without[one.name]}"
                for one in found
                if one.name in self.without
            ]
            for one in found:
                if one.name in self.needed:
                    raise UnsupportedResource(
                        f"the script asks for `{one}`, which cannot be kept",
                        hint=self.needed[one.name],
                    )
            if left == found:
                kept += [f"{self.marks[0]}{rest}"] if found else []
            elif left:
                kept.append(self._line(" ".join(map(str, left))))
        return ScriptParts(tuple(kept), tuple(dropped), tuple(foreign), remarks=tuple(remarks))

    def options_of(self, text: str) -> list[Option]:
        """All options of a script, in order."""
        rests = filter(None, map(self._rest, self.head(text)))
        return [option for rest in rests for option in self._read(rest)]

    def head(self, text: str) -> Iterator[str]:
        """The lines of a script in which directives are looked for."""
        for line in text.splitlines():
            if line.strip() and not line.lstrip().startswith(self.passed):
                return
            yield line

    def read(self, text: str) -> list[Option]:
        """The options of one line; what is none has no name.

        Raises:
            ValueError: a quote has no end.
        """
        return read_options(text, self._full, self.lists, self.valued, comments=self.comments)

    def _rest(self, line: str) -> str | None:
        """What stands behind the mark of a directive; None if the line is none."""
        if self.indented:
            line = line.lstrip()
        for mark in self.marks:
            rest = line[len(mark) :]
            if line.startswith(mark) and (rest[:1].isspace() or rest.startswith("-")):
                return rest
        return None

    def _read(self, text: str) -> list[Option]:
        try:
            return self.read(text)
        except ValueError:  # a quote without its end: the command will say so better
            return [Option("", (text,))]

    def _full(self, name: str) -> str:
        """What a one-letter option or an abbreviation stands for, as far as it matters here."""
        if not name.startswith("--"):
            return self.short.get(name, name)
        if not self._long:
            return ""
        if name in self._long or len(name) < _SHORTEST:
            return name
        meant = sorted(long for long in self._long if long.startswith(name))
        kinds = {self._words.get(long, long in self.ours) for long in meant}
        return meant[0] if len(kinds) == 1 else name

    @cached_property
    def _words(self) -> dict[str, frozenset[str]]:
        """Options -> the resource words that say the same."""
        forms = {
            word: how if isinstance(how, str) else how[0] for word, how in self.options.items()
        }
        named = {form.partition("{")[0].rstrip(" ="): word for word, form in forms.items()}
        return {**{name: frozenset({word}) for name, word in named.items()}, **self.says}

    @cached_property
    def _long(self) -> frozenset[str]:
        """The long options that matter here; none where a scheduler has no long ones."""
        names = (name.split()[0] for name in (*self._words, *self.ours))
        return frozenset(name for name in names if name.startswith("--"))


def _option(word: str, value: object, how: Written) -> str:
    form, write = (how, str) if isinstance(how, str) else how
    try:
        return form.format(quoted(write(value)))
    except ValueError as error:
        raise UnsupportedResource(f"`{word}` cannot be {value!r}: {error}") from None
