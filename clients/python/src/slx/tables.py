"""Tables: typed rows with the meaning of each column, whole or what changed since the last pull.

They come as Arrow Flight has them, over the connection of all other calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.timestamp_pb2 import Timestamp

from slx.calls import Calls, Stream
from slx.stamps import Stamp
from slx.v1 import common_pb2

try:
    import pyarrow as pa
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "tables need pyarrow: pip install './clients/python[arrow]'", name=missing.name
    ) from missing

if TYPE_CHECKING:
    from pandas import DataFrame

_PACKAGE = "arrow.flight.protocol"
_BYTES = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES


def _messages() -> dict[str, Any]:
    """The two messages of Arrow Flight that a pull needs: of its own pool, so as to meet no other.

    The generated stubs of the protocol are not here: other packages bring theirs.
    """
    file = descriptor_pb2.FileDescriptorProto(name="flight.proto", package=_PACKAGE)
    file.syntax = "proto3"
    fields = {"Ticket": {"ticket": 1}, "FlightData": {"data_header": 2, "data_body": 1000}}
    for name, numbers in fields.items():
        message = file.message_type.add(name=name)
        for field, number in numbers.items():
            message.field.add(name=field, number=number, type=_BYTES, label=1)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{_PACKAGE}.{name}") for name in fields}
    return {name: message_factory.GetMessageClass(kind) for name, kind in found.items()}


_MESSAGES = _messages()


def do_get(channel: grpc.Channel) -> grpc.UnaryStreamMultiCallable[Any, Any]:
    """The method by which tables are read."""
    return channel.unary_stream(
        f"/{_PACKAGE}.FlightService/DoGet",
        request_serializer=_MESSAGES["Ticket"].SerializeToString,
        response_deserializer=_MESSAGES["FlightData"].FromString,
    )


class Pull:
    """The rows of a table, all resting on one state of knowledge; or what changed in it.

    Each way to read it asks the server; the second time for what the first was given. A connection
    that breaks is made again, and the pull goes on after the rows that were taken.
    """

    def __init__(
        self, calls: Calls, open_stream: Callable[[Any], Stream[Any]], command: dict[str, Any]
    ) -> None:
        self._calls = calls
        self._open = open_stream
        self._command = command
        self._schema: pa.Schema | None = None

    @property
    def schema(self) -> pa.Schema:
        """The columns, each with its `description` and `unit`, and what the rows rest on."""
        if self._schema is None:
            for _ in self._read():
                break
        if self._schema is None:
            raise ValueError("a pull without a message")
        return self._schema

    @property
    def token(self) -> str:
        """What to give as `since` the next time, once the rows are taken in: keep both together."""
        return str((self.schema.metadata or {})[b"slx.token"].decode())

    @property
    def stamp(self) -> Stamp:
        """What all rows rest on."""
        notes = self.schema.metadata or {}
        message = common_pb2.Stamp(sequence=int(notes[b"slx.sequence"]))
        message.as_of_time.FromJsonString(notes[b"slx.as_of_time"].decode())
        message.known_time.FromJsonString(notes[b"slx.known_time"].decode())
        return Stamp.of(message)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as they come, some hundreds at a time."""
        return (batch for batch in self._read() if batch is not None)

    def to_arrow(self) -> pa.Table:
        """All rows, as a table of pyarrow."""
        batches = list(self.batches())
        return pa.Table.from_batches(batches, self.schema)

    def to_pandas(self) -> DataFrame:
        """All rows, as a frame. Spans are whole nanoseconds, as their names say."""
        frame: DataFrame = self.to_arrow().to_pandas()
        return frame

    def _read(self) -> Iterator[pa.RecordBatch | None]:
        """None for the schema, and then the rows."""

        def open_stream() -> Stream[Any]:
            return self._open(_MESSAGES["Ticket"](ticket=json.dumps(self._command).encode()))

        return self._calls.rows(open_stream, self._decoded)

    def _decoded(self, data: Any) -> list[pa.RecordBatch | None]:  # noqa: ANN401
        message = pa.ipc.read_message(_encapsulated(data.data_header, data.data_body))
        if message.type != "schema":
            return [pa.ipc.read_record_batch(message, self.schema)]
        if self._schema is None:
            self._schema = pa.ipc.read_schema(message)
            notes = self._schema.metadata or {}
            # What is requested again is this very answer.
            self._command["as_of_time"] = notes[b"slx.as_of_time"].decode()
            self._command["known_time"] = notes[b"slx.known_time"].decode()
        return [None]


def _encapsulated(header: bytes, body: bytes) -> pa.Buffer:
    """A message as Arrow's IPC format has it in a stream."""
    padded = header + bytes(-len(header) % 8)
    return pa.py_buffer(b"\xff\xff\xff\xff" + len(padded).to_bytes(4, "little") + padded + body)


def instant(moment: Timestamp | None) -> str:
    """An instant as a command has it, to the nanosecond."""
    return "" if moment is None else str(moment.ToJsonString())
