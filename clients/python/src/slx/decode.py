"""Messages as frozen dataclasses, whose annotations say how each field is read.

- `datetime` and `timedelta`: of a `Timestamp` and a `Duration`; with `| None`, none if it is unset.
- a `Choice`: the word for a number; with `| None`, none where nothing is chosen.
- `Decimal | None`: of a decimal number that is sent as a string; none if that is empty.
- another of these dataclasses, or a tuple of them: of a message within.
- `int | None`, `bool | None`: none if the field was not sent.
"""

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Self

from google.protobuf.message import Message

from slx import times
from slx.choices import Choice

Reader = Callable[[Any], Any]

#: The metadata of a field that no message has.
NOT_READ: Mapping[str, bool] = types.MappingProxyType({"not_read": True})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a message says, and the message itself."""

    #: The fields of the message that only the message has.
    left_to_message: ClassVar[frozenset[str]] = frozenset()

    #: The message it was read from: it has nanoseconds, and fields that this class leaves out.
    message: Any = field(repr=False, compare=False)

    @classmethod
    def of(cls, message: Message) -> Self:
        """Reads it from its message."""
        values = {name: read(message) for name, read in _readers(cls).items()}
        return cls(message=message, **values)


_READERS: dict[type, Mapping[str, Reader]] = {}


def _readers(answer: type[Answer]) -> Mapping[str, Reader]:
    """How each field is read from a message."""
    if answer not in _READERS:
        _READERS[answer] = _made_readers(answer)
    return _READERS[answer]


def _made_readers(answer: type[Answer]) -> Mapping[str, Reader]:
    hints = typing.get_type_hints(answer)
    own = [
        each.name
        for each in fields(answer)
        if each.name != "message" and not each.metadata.get("not_read")
    ]
    return {name: _field_reader(name, hints[name]) for name in own}


def _field_reader(name: str, hint: Any) -> Reader:  # noqa: ANN401
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        read_one = _value_reader(arguments[0])
        return lambda message: tuple(read_one(value) for value in getattr(message, name))
    if origin is Mapping:
        return lambda message: dict(getattr(message, name))
    if origin in (types.UnionType, typing.Union):
        (wanted,) = (argument for argument in arguments if argument is not types.NoneType)
        return _optional_reader(name, wanted)
    read_value = _value_reader(hint)
    return lambda message: read_value(getattr(message, name))


def _optional_reader(name: str, wanted: Any) -> Reader:  # noqa: ANN401
    read_value = _value_reader(wanted)
    if wanted is Decimal or issubclass(wanted, Choice):
        # An empty text and the number 0 are none.
        def read_chosen(message: Any) -> Any:  # noqa: ANN401
            value = getattr(message, name)
            return read_value(value) if value else None

        return read_chosen

    def read_sent(message: Any) -> Any:  # noqa: ANN401
        return read_value(getattr(message, name)) if message.HasField(name) else None

    return read_sent


def _value_reader(wanted: Any) -> Reader:  # noqa: ANN401
    if wanted is datetime:
        return times.instant
    if wanted is timedelta:
        return times.span
    if issubclass(wanted, (Answer, Choice)):
        read: Reader = wanted.of
        return read
    if wanted is Decimal:
        return Decimal
    return _as_it_is


def _as_it_is(value: Any) -> Any:  # noqa: ANN401
    return value
