"""Ids of jobs and of arrays' tasks, as a scheduler writes them. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class IdForm:
    """How ids are written.

    `job` is a regular expression for the part that all tasks of an array share, `task` a form
    that holds it as `{job}` and an index as `{index}`, such as `{job}_{index}`, and `array` the
    form of the array itself. `rest` is a regular expression for what may follow an id, such as
    the name of a server; it is kept, but does not tell jobs apart.
    """

    job: str
    task: str
    array: str = "{job}"
    rest: str = ""

    def valid(self, text: str) -> bool:
        """Whether this is the id of a job, of an array or of one task."""
        return self._match(text) is not None

    def index(self, text: str) -> int | None:
        """A task's index; None for a job or a whole array."""
        match = self._match(text)
        return int(match["index"]) if match is not None and match["index"] else None

    def array_of(self, text: str) -> str:
        """The array of a task; a job or an array is left as it is."""
        match = self._match(text)
        if match is None or not match["index"]:
            return text
        return self.array.format(job=match["job"]) + match["rest"]

    def task_of(self, text: str, index: int | str) -> str:
        """The id of a task, or of several (`3-5`), of an array or of that of another task."""
        match = self._match(text)
        if match is None:
            return text
        return self.task.format(job=match["job"], index=index) + match["rest"]

    def task_id(self, scheduler_id: str, index: int | None) -> str:
        """`task_of`, or the job's own id if it is no array: `BatchScheduler.task_id`."""
        return scheduler_id if index is None else self.task_of(scheduler_id, index)

    def key(self, text: str) -> str:
        """What tells jobs apart: an id without its rest."""
        match = self._match(text)
        return text if match is None else text.removesuffix(match["rest"])

    def _match(self, text: str) -> re.Match[str] | None:
        return self._compiled.fullmatch(text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.ASCII)

    @property
    def pattern(self) -> str:
        """A regular expression for ids, with the groups `job`, `index` and `rest`."""
        task, array = (
            re.escape(form).replace(r"\{job\}", "").replace(r"\{index\}", r"(?P<index>\d+)")
            for form in (self.task, self.array)
        )
        return rf"(?P<job>{self.job})(?:{task}|{array})?(?P<rest>{self.rest})"
