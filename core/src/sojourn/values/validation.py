"""Values that users write by hand: a mistake is an `InvalidJob` of one line.

Only building one by hand translates. Where a model is part of a file, pydantic's own error
goes to whoever reads the file and knows its lines.
"""

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from sojourn.errors import InvalidJob
from sojourn.nearest import did_you_mean
from sojourn.values.jsonable import shown

if TYPE_CHECKING:
    _Translated = BaseModel
else:

    class _Translating(type(BaseModel)):
        """Calls of the class raise `InvalidJob` instead of pydantic's error."""

        def __call__(cls, *positional, **words):
            if positional:
                raise InvalidJob(
                    f"{cls.__name__} takes keywords only, not {shown(positional[0])}",
                    hint=f"{cls.__name__}({next(iter(cls.model_fields))}=...)",
                )
            try:
                return super().__call__(**words)
            except ValidationError as error:
                raise invalid(error, cls) from None

    class _Translated(BaseModel, metaclass=_Translating):
        pass


class UserValue(_Translated):
    """Base of these values: they never change, and take no unknown word."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def invalid(error: ValidationError, model: type[BaseModel]) -> InvalidJob:
    """The first mistake in one line: the word, what is wrong with it, and what to do."""
    first = error.errors(include_url=False)[0]
    place, word = first["loc"][:-1], str(first["loc"][-1]) if first["loc"] else ""
    outer = _model_at(model, place)
    title = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        what = outer.__name__ if outer is not None else model.__name__
        words = outer.model_fields if outer is not None else ()
        return InvalidJob(f"{what} has no {word!r}", hint=did_you_mean(word, words, what="valid"))
    said = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":
        return InvalidJob(f"{title}: {said}" if title else said)
    return InvalidJob(f"{title}: {said[:1].lower()}{said[1:]}, not {shown(first['input'], 60)}")


def _model_at(model: type[BaseModel], place: tuple[Any, ...]) -> type[BaseModel] | None:
    current: type[BaseModel] | None = model
    for part in place:
        field = current.model_fields.get(str(part)) if current is not None else None
        kind = field.annotation if field is not None else None
        current = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
    return current
