"""The classes against the protos: whatever is added to those is not forgotten here."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

import slx
from slx import times
from slx.choices import CHOICES, Choice, GroupKey
from slx.decode import Answer
from slx.recording import record
from slx.v1 import clock_pb2, incident_pb2

_OTHER_NAMES = {
    "Change": "CompareClocksResponse",
    "ClockWarning": "Warning",
    "Compliance": "GetComplianceResponse",
    "Evaluation": "EvaluateIncidentResponse",
    "WatchMessage": "WatchClocksResponse",
}


@pytest.mark.parametrize("answer", Answer.__subclasses__(), ids=lambda answer: answer.__name__)
def test_a_class_has_the_fields_of_its_message(answer: type[Answer]) -> None:
    name = _OTHER_NAMES.get(answer.__name__, answer.__name__)
    descriptor = Default().FindMessageTypeByName(f"slx.v1.{name}")
    own = {
        field.name
        for field in fields(answer)
        if field.name != "message" and not field.metadata.get("not_read")
    }
    assert own | answer.left_to_message == {field.name for field in descriptor.fields}
    assert not own & answer.left_to_message
    assert answer.__doc__


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_has_the_values_of_its_enum(name: str) -> None:
    choice = CHOICES[name]
    values = Default().FindEnumTypeByName(name).values
    words = {choice.of(value.number).name for value in values if value.number}
    assert words | {"UNKNOWN"} == set(choice.__members__)
    assert all(choice.of(member.number) is member for member in choice if member != "unknown")


def test_every_choice_of_an_answer_is_known_as_words() -> None:
    within = {
        field.enum_type.full_name
        for answer in Answer.__subclasses__()
        for field in Default()
        .FindMessageTypeByName(f"slx.v1.{_OTHER_NAMES.get(answer.__name__, answer.__name__)}")
        .fields
        if field.enum_type is not None
    }
    assert within <= set(CHOICES)


def test_what_a_newer_server_chooses_is_unknown_and_kept() -> None:
    newer = clock_pb2.Clock(phase=2, outcome=99, incident_id="INC1")  # type: ignore[arg-type]
    clock = slx.Clock.of(newer)
    assert (clock.phase, clock.outcome) == (slx.Phase.RUNNING, slx.Outcome.UNKNOWN)
    assert clock.message.outcome == 99
    assert issubclass(GroupKey, Choice)


def test_a_reason_of_a_newer_server_is_its_number() -> None:
    rejected = incident_pb2.RecordResult(
        event_id="1",
        outcome=3,  # type: ignore[arg-type]
        rejection=incident_pb2.Rejection(reason=999, message="newer"),  # type: ignore[arg-type]
    )
    answer = incident_pb2.RecordEventsResponse(results=[rejected, rejected])
    event = slx.events.closed("INC1", event_id="1", time=datetime.now(UTC))
    with pytest.raises(slx.EventsRefused, match="1: 999: newer"):
        record([event, event], lambda _: answer)


def test_instants_and_spans_are_exact_to_the_microsecond() -> None:
    for seconds, micros in ((0, 0), (-1, 999_999), (1_764_000_000, 1)):
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds, microseconds=micros)
        message = times.timestamp(instant)
        assert (message.seconds, message.nanos) == (seconds, micros * 1000)
        assert times.instant(message) == instant
    for span in (timedelta(0), timedelta(days=-1, microseconds=1), timedelta(hours=5)):
        message_of_span = times.duration(span)
        assert message_of_span.ToTimedelta() == span
        assert message_of_span.seconds * message_of_span.nanos >= 0
        assert times.span(message_of_span) == span
    assert times.instant(Timestamp(seconds=1, nanos=1_999)) == datetime(
        1970, 1, 1, 0, 0, 1, 1, tzinfo=UTC
    )
    assert times.span(Duration(seconds=-1, nanos=-1_999)) == timedelta(seconds=-1, microseconds=-1)


def test_the_stubs_are_those_of_the_protos() -> None:
    generate = Path(__file__).parents[1] / "generate.py"
    checked = subprocess.run(
        [sys.executable, generate, "--check"], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_all_that_is_exported_is_there() -> None:
    assert sorted(slx.__all__) == sorted(set(slx.__all__))
    assert all(hasattr(slx, name) for name in slx.__all__)
