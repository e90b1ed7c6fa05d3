"""`@step` and `@job`: ordinary functions that make nodes when called inside a workflow."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, Unpack, overload

from sojourn.errors import InvalidJob, UsageError
from sojourn.workflow.building import building

if TYPE_CHECKING:
    from sojourn.values.job import Job
    from sojourn.values.resources import Resources
    from sojourn.workflow.words import JobWords

P = ParamSpec("P")
R = TypeVar("R")
Function = Callable[P, R]


class StepFunction(Generic[P, R]):
    """A function as a step; outside a workflow, calling it simply runs it.

    Type checkers hold calls against the function's parameters. What a call returns is `Any` for
    them: a node inside a workflow, the function's value outside. `function` is the function itself.
    """

    def __init__(self, function: Function[P, R], version: str | int | None) -> None:
        if not inspect.isfunction(function):
            raise UsageError(f"@step is for functions, not for {function!r}")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise UsageError(f"step {function.__name__} is to return its value, not to yield it")
        functools.update_wrapper(self, function)
        self.function = function
        self.version = version
        self._signature = inspect.signature(function)

    def bind(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> inspect.BoundArguments:
        """The arguments by name, defaults filled in.

        Raises:
            TypeError: they do not fit the function.
        """
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return bound

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        flow = building()
        if flow is None:
            return self.function(*args, **kwargs)
        return flow.add_step(self, args, kwargs)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__


class JobFunction(Generic[P, R]):
    """A function that says what job to run; outside a workflow, calling it returns the `Job`.

    As of a `StepFunction`, calls are checked against the function's parameters.
    """

    def __init__(self, function: Function[P, R], words: Mapping[str, Any]) -> None:
        if not inspect.isfunction(function):
            raise UsageError(f"@job is for functions, not for {function!r}")
        functools.update_wrapper(self, function)
        self.function = function
        self.on, self._fields, self._resources = _sorted(function.__name__, words)

    def make(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> "Job":
        """The job that the function describes, with the decorator's words below its own.

        Raises:
            InvalidJob: it returned no job and no command, or a word is mistaken.
        """
        from sojourn.values.job import Job

        made = self.function(*args, **kwargs)
        if isinstance(made, str | list | tuple):
            made = Job(command=made)
        if not isinstance(made, Job):
            raise InvalidJob(
                f"job function {self.name} returned a {type(made).__name__}",
                hint="return a Job, or its command as text or a list",
            )
        own = made.model_fields_set
        below = {word: value for word, value in self._fields.items() if word not in own}
        for word in _MAPPINGS & self._fields.keys() & own:
            below[word] = {**self._fields[word], **getattr(made, word)}
        if self._resources.given():
            below["resources"] = made.resources.over(self._resources)
        return made.replace(**below) if below else made

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Any:
        flow = building()
        if flow is None:
            return self.make(args, kwargs)
        return flow.add_job(self, args, kwargs)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__


_MAPPINGS = frozenset({"env", "parameters", "inputs"})
"""Words whose entries add up."""


def _sorted(
    function: str, words: Mapping[str, Any]
) -> "tuple[str | None, dict[str, Any], Resources]":
    """The decorator's words, told apart: machine, fields of the job, resources."""
    from sojourn.nearest import did_you_mean
    from sojourn.values.job import Job
    from sojourn.values.resources import Resources

    given = dict(words)
    on = given.pop("on", None)
    resources = dict(given.pop("resources", None) or {})
    fields: dict[str, Any] = {}
    for word, value in given.items():
        if word in Resources.model_fields:
            resources[word] = value
        elif word in Job.model_fields:
            fields[word] = value
        else:
            known = sorted({"on", *Job.model_fields, *Resources.model_fields})
            raise InvalidJob(
                f"@job of {function} does not know the word {word!r}",
                hint=did_you_mean(word, known),
            )
    return on, fields, Resources(**resources)


@overload
def step(function: Function[P, R], /) -> StepFunction[P, R]: ...


@overload
def step(*, version: str | int | None = None) -> Callable[[Function[P, R]], StepFunction[P, R]]: ...


def step(
    function: Function[P, R] | None = None, /, *, version: str | int | None = None
) -> StepFunction[P, R] | Callable[[Function[P, R]], StepFunction[P, R]]:
    """Make a function a step of workflows: run in this process, its value remembered.

    Without `version` the function's own source text tells its versions apart: a change of it
    runs the step again, a change of what it calls does not. With `version` only a change of
    that does. It returns numbers, text, lists, dicts and paths; see `workflow.values`.
    """
    if function is not None:
        return StepFunction(function, version)
    return lambda given: StepFunction(given, version)


@overload
def job(function: Function[P, R], /) -> JobFunction[P, R]: ...


@overload
def job(
    **words: Unpack["JobWords"],
) -> Callable[[Function[P, R]], JobFunction[P, R]]: ...


def job(
    function: Function[P, R] | None = None, /, **words: Any
) -> JobFunction[P, R] | Callable[[Function[P, R]], JobFunction[P, R]]:
    """Make a function a job of workflows. It returns a `Job`, or only its command.

    Inside a workflow it is called with nodes that are not evaluated, to be put into `inputs`.
    `words` are any of `Job` (outputs, env, ...) or of `Resources` (walltime, memory, ...), used
    where the returned job does not say otherwise, and `on`, a machine other than the workflow's.

    Raises:
        InvalidJob: a word that is none of these.
    """
    if function is not None:
        return JobFunction(function, words)
    return lambda given: JobFunction(given, words)
