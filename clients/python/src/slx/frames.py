"""Answers as pandas frames, with the types their fields have.

- instants are `datetime64[ns, UTC]` and spans `timedelta64[ns]`, exact to the nanosecond; what is
  unset is `NaT`.
- words are categories, in the order of the protos; where nothing is chosen they are missing.
- percentages and scores, which the API sends as decimal numbers, are `float64`.
- texts are `str`, numbers `int32`, `int64` or `float64`, and yes or no is `bool`.

Columns have the names of the fields in the protos.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from slx.choices import CHOICES, Choice, GroupKey
from slx.v1 import compliance_pb2, results_pb2

try:
    import numpy as np
    import pandas as pd
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "to_pandas() needs pandas: pip install './clients/python[pandas]'", name=missing.name
    ) from missing

Messages = Sequence[Any]
#: Reads a column of some messages.
Read = Callable[[Messages], "np.ndarray[Any, Any]"]
#: Makes a column of what was read.
Build = Callable[["np.ndarray[Any, Any]"], Any]

#: Rows that are read at a time.
_CHUNK = 4096
_NAT = np.iinfo(np.int64).min

#: Texts that are decimal numbers.
_DECIMALS = frozenset(
    {
        "attainment",
        "attainment_gap",
        "percent",
        "first_contact_percent",
        "average_score",
        "happiness_percent",
    }
)
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: np.int32,
    FieldDescriptor.CPPTYPE_INT64: np.int64,
    FieldDescriptor.CPPTYPE_DOUBLE: np.float64,
    FieldDescriptor.CPPTYPE_BOOL: np.bool_,
}
_KEYS = {
    GroupKey.TARGET: "target_id",
    GroupKey.PRIORITY: "priority",
    GroupKey.SERVICE: "service",
    GroupKey.CATEGORY: "category",
    GroupKey.GROUP: "group",
    GroupKey.PARTY: "party",
}


class Column:
    """A column of a frame: a field of each message, or of a message within."""

    def __init__(self, name: str, path: Sequence[str], field: FieldDescriptor) -> None:
        self.name = name
        self._read, self._build = _kind(path, field)
        self._chunks: list[np.ndarray[Any, Any]] = []

    def take(self, messages: Messages) -> None:
        """Reads it of some more messages."""
        self._chunks.append(self._read(messages))

    def values(self) -> Any:  # noqa: ANN401
        """All that was read."""
        chunks = self._chunks or [self._read([])]
        return self._build(np.concatenate(chunks))


def of_rows(rows: Iterable[compliance_pb2.ClockRow]) -> pd.DataFrame:
    """A row for each clock of an export."""
    fields = compliance_pb2.ClockRow.DESCRIPTOR.fields
    return _frame([Column(field.name, [field.name], field) for field in fields], rows)


def of_groups(
    compliance: compliance_pb2.GetComplianceResponse,
    contract_id: str,
    group_by: Sequence[GroupKey],
) -> pd.DataFrame:
    """A row for each group of a period.

    Of the two tallies the contractual one has the names of its fields, such as `met`; those of the
    experienced one begin with `experienced_`, and answers to surveys with `survey_`. Of the keys
    only those are there by which the groups were made.
    """
    group = results_pb2.ComplianceGroup.DESCRIPTOR
    keys = [_KEYS[key] for key in group_by]
    others = [field.name for field in group.fields if field.name not in _KEYS.values()]
    columns = list(_columns(group, _PREFIXES, [*keys, *others]))
    names = [column.name for column in columns]
    if len(set(names)) < len(names):
        raise TypeError(f"two columns of one name: {sorted(names)}")
    frame = _frame(columns, compliance.groups)
    return _with_period(frame, compliance.period, contract_id)


def of_objectives(
    compliance: compliance_pb2.GetComplianceResponse, contract_id: str
) -> pd.DataFrame:
    """A row for each objective and period of its own."""
    result = results_pb2.ObjectiveResult.DESCRIPTOR
    paths = {
        "objective_id": ["objective", "id"],
        "period": ["period", "name"],
        "period_start": ["period", "start_time"],
        "period_end": ["period", "end_time"],
    }
    paths |= {name: [name] for name in _OF_OBJECTIVES}
    columns = [Column(name, path, _field(result, path)) for name, path in paths.items()]
    frame = _frame(columns, compliance.objectives)
    promises = [each.objective.WhichOneof("promise") or "" for each in compliance.objectives]
    frame.insert(1, "promise", _series(promises))
    frame.insert(0, "contract_id", _series([contract_id] * len(frame)))
    return frame


_OF_OBJECTIVES = (
    "verdict",
    "percent",
    "breach_allowance",
    "provisional",
    "no_data_reason",
    "mean_time",
    "contract_revision",
)
#: What the names of messages within a group become, in front of those of their fields.
_PREFIXES = {
    "contractual": "",
    "experienced": "experienced_",
    "experience_totals": "",
    "survey": "survey_",
}


def _with_period(frame: pd.DataFrame, period: results_pb2.Period, contract_id: str) -> pd.DataFrame:
    of_period = {
        field.name: Column(field.name, [field.name], field) for field in period.DESCRIPTOR.fields
    }
    for column in of_period.values():
        column.take([period] * len(frame))
    frame.insert(0, "contract_id", _series([contract_id] * len(frame)))
    names = {"name": "period", "start_time": "period_start", "end_time": "period_end"}
    for place, (name, shown) in enumerate(names.items(), start=1):
        frame.insert(place, shown, of_period[name].values())
    return frame


def _frame(columns: Sequence[Column], messages: Iterable[Any]) -> pd.DataFrame:
    for chunk in _chunks(messages):
        for column in columns:
            column.take(chunk)
    return pd.DataFrame({column.name: column.values() for column in columns})


def _chunks(messages: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(messages)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _columns(
    message: Descriptor, prefixes: dict[str, str], names: Sequence[str], path: Sequence[str] = ()
) -> Iterator[Column]:
    """The columns of some fields of a message, and of the messages within that have a prefix."""
    for name in names:
        field = message.fields_by_name[name]
        shown = prefixes.get(path[-1], "") + name if path else name
        if name in prefixes:
            within = _within(field)
            inner = [each.name for each in within.fields]
            yield from _columns(within, prefixes, inner, [*path, name])
        else:
            yield Column(shown, [*path, name], field)


def _field(message: Descriptor, path: Sequence[str]) -> FieldDescriptor:
    """The field at the end of a path."""
    *outer, name = path
    for each in outer:
        message = _within(message.fields_by_name[each])
    return message.fields_by_name[name]


def _within(field: FieldDescriptor) -> Descriptor:
    if field.message_type is None:
        raise TypeError(f"{field.full_name} is no message")
    return field.message_type


def _series(texts: Sequence[str]) -> "pd.Series[str]":
    return pd.Series(texts, dtype="str")


def _kind(path: Sequence[str], field: FieldDescriptor) -> tuple[Read, Build]:
    """How a column is read, and what becomes of that."""
    get = attrgetter(".".join(path))
    if field.message_type is not None:
        read_nanoseconds = _nanoseconds(path)
        if field.message_type.full_name == "google.protobuf.Timestamp":
            return read_nanoseconds, _instants
        return read_nanoseconds, _spans
    if field.enum_type is not None:
        return _codes(get, CHOICES[field.enum_type.full_name])
    if field.cpp_type == FieldDescriptor.CPPTYPE_STRING:
        if field.name in _DECIMALS:
            return _decimals(get), _as_it_is
        return (lambda messages: np.array([get(each) for each in messages], dtype=object)), _texts
    dtype = _INTEGERS[field.cpp_type]
    return (lambda messages: np.array([get(each) for each in messages], dtype=dtype)), _as_it_is


def _nanoseconds(path: Sequence[str]) -> Read:
    *within, name = path
    parent = attrgetter(".".join(within)) if within else None

    def read(messages: Messages) -> np.ndarray[Any, Any]:
        parents = messages if parent is None else [parent(each) for each in messages]
        values = [
            (value := getattr(each, name)).seconds * 1_000_000_000 + value.nanos
            if each.HasField(name)
            else _NAT
            for each in parents
        ]
        return np.array(values, dtype=np.int64)

    return read


def _codes(get: Callable[[Any], int], choice: type[Choice]) -> tuple[Read, Build]:
    words = [member for member in choice if member.name != "UNKNOWN"] + [choice["UNKNOWN"]]
    code_of = {member: code for code, member in enumerate(words)}
    # Nothing chosen is missing.
    cache: dict[int, int] = {0: -1}

    def code(number: int) -> int:
        if number not in cache:
            cache[number] = code_of[choice.of(number)]
        return cache[number]

    def read(messages: Messages) -> np.ndarray[Any, Any]:
        return np.array([code(get(each)) for each in messages], dtype=np.int8)

    categories = pd.Index([member.value for member in words], dtype="str")
    return read, lambda codes: pd.Categorical.from_codes(codes, categories=categories)


def _decimals(get: Callable[[Any], str]) -> Read:
    def read(messages: Messages) -> np.ndarray[Any, Any]:
        values = [float(text) if (text := get(each)) else np.nan for each in messages]
        return np.array(values, dtype=np.float64)

    return read


def _instants(nanoseconds: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
    return pd.DatetimeIndex(nanoseconds.view("datetime64[ns]")).tz_localize("UTC")


def _spans(nanoseconds: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
    return nanoseconds.view("timedelta64[ns]")


def _texts(values: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
    return pd.array(values.tolist(), dtype="str")


def _as_it_is(values: np.ndarray[Any, Any]) -> Any:  # noqa: ANN401
    return values
