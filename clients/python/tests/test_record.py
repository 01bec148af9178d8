"""Recording: once, whatever is sent how often, and each event for itself."""

from __future__ import annotations

import inspect
from datetime import datetime, timedelta
from typing import Any

import pytest
import world

import slx
from slx import events, service_events
from slx.recording import batches
from slx.v1.incident_pb2 import IncidentEvent, ServiceEvent


def test_what_is_recorded_twice_is_recorded_once(client: slx.Client) -> None:
    sent = world.waited_for_the_client()
    first = client.record(sent)
    assert (first.accepted, first.duplicates) == (4, 0)
    assert first.stamp is not None
    again = client.record(sent)
    assert (again.accepted, again.duplicates) == (0, 4)
    assert [result.sequence for result in again.results] == [
        result.sequence for result in first.results
    ]
    assert len(list(client.events("INC1"))) == 4


def test_an_event_that_is_refused_stops_no_other(client: slx.Client) -> None:
    client.record(world.waited_for_the_client())
    other = events.opened("INC1", event_id="1", time=world.local("2025-11-21 16:31"))
    wrong = events.opened("INC2", event_id="1", time=world.utc("2025-01-01"), contract_ids=["a b"])
    right = events.opened("INC3", event_id="1", time=world.utc("2025-01-01"))
    with pytest.raises(slx.EventsRefused) as raised:
        client.record([other, wrong, right])
    conflict, malformed = raised.value.refused
    assert conflict.rejection is not None
    assert malformed.rejection is not None
    assert conflict.rejection.reason == "EVENT_CONFLICT"
    assert malformed.rejection.reason == "INVALID_FIELD"
    assert [wrong.field for wrong in malformed.rejection.violations] == ["opened.contract_ids[0]"]
    assert raised.value.recorded.results[2].outcome is slx.RecordOutcome.ACCEPTED
    assert client.incident("INC3").state is slx.IncidentState.OPEN
    assert str(raised.value).startswith("2 of 3 events refused\n1: EVENT_CONFLICT: ")


def test_a_single_event_is_refused_as_one_of_many_is(client: slx.Client) -> None:
    wrong = events.opened("INC2", event_id="1", time=world.utc("2025-01-01"), contract_ids=["a b"])
    for sent in (wrong, [wrong], [wrong, wrong]):
        with pytest.raises(slx.EventsRefused) as raised:
            client.record(sent)
        rejection = raised.value.refused[0].rejection
        assert rejection is not None
        assert rejection.reason == "INVALID_FIELD"
        assert [each.field for each in rejection.violations] == ["opened.contract_ids[0]"]
    client.record(events.opened("INC2", event_id="1", time=world.utc("2025-01-01")))
    with pytest.raises(slx.EventsRefused, match="EVENT_CONFLICT"):
        client.record(events.opened("INC2", event_id="1", time=world.utc("2025-01-02")))


def test_what_is_wrong_with_a_call_is_not_the_event_s(client: slx.Client) -> None:
    with (
        slx.Client(client.address, tenant="no\u200btenant") as stranger,
        pytest.raises(slx.InvalidArgument) as raised,
    ):
        stranger.record(events.opened("INC1", event_id="1", time=world.utc("2025-01-01")))
    assert [violation.field for violation in raised.value.violations] == ["tenant"]


def test_an_event_too_large_is_refused_by_itself(client: slx.Client) -> None:
    large = events.opened(
        "INC1", event_id="1", time=world.utc("2025-01-01"), attributes={"text": "x" * 70_000}
    )
    small = events.opened("INC2", event_id="1", time=world.utc("2025-01-01"))
    for sent in ([large], [large, small]):
        with pytest.raises(slx.EventsRefused, match="LIMIT_EXCEEDED"):
            client.record(sent)
    assert client.incident("INC2").state is slx.IncidentState.OPEN


def test_many_are_sent_in_as_many_calls_as_they_need(client: slx.Client) -> None:
    sent = world.month(601, world.utc("2025-10-01"), timedelta(minutes=5))
    recorded = client.record(iter(sent))
    assert recorded.accepted == len(sent) == 1202
    assert [result.event_id for result in recorded.results] == [event.event_id for event in sent]
    assert [len(batch) for batch in batches(sent)] == [500, 500, 202]
    bulky = [
        events.opened(
            "INC1", event_id=str(number), time=world.utc("2025-01-01"), source="x" * 60_000
        )
        for number in range(40)
    ]
    assert [len(batch) for batch in batches(bulky)] == [17, 17, 6]
    nothing = client.record([])
    assert (nothing.results, nothing.stamp) == ((), None)


def test_an_instant_without_a_time_zone_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValueError, match=r"^time: .* has no time zone"):
        events.resolved("INC1", event_id="1", time=datetime(2025, 11, 24, 15, 0))  # noqa: DTZ001


def test_a_text_is_no_list_of_texts() -> None:
    with pytest.raises(TypeError, match="contract_ids: a list of texts"):
        events.opened("INC1", event_id="1", time=world.utc("2025-01-01"), contract_ids="workplace")


_EXAMPLES: dict[str, dict[str, Any]] = {
    "status_changed": {"waiting_on": "third party", "third_party": "Telecom BV"},
    "priority_changed": {"priority": "P2"},
    "assigned": {"group": "Network", "assignee": ""},
    "work_logged": {"duration": timedelta(minutes=-1) * -20},
    "effort_estimated": {"remaining": timedelta(hours=1, microseconds=1)},
    "impact_changed": {"affected_users": 0},
    "details_changed": {"contract_ids": [], "removed_attributes": ["floor"]},
    "merged": {"into": "INC9"},
    "cause_attributed": {"party": "client", "confidence_percent": 60},
    "scope_judged": {"in_scope": False},
    "surveyed": {"score": 0, "lost_time": timedelta(minutes=5)},
    "exclusion_decided": {
        "contract_id": "workplace",
        "excluded": True,
        "decided_by": "M. Manager",
        "reason": "storm",
    },
    "retracted": {"retracted_event_id": "opened"},
    "maintenance_scheduled": {
        "start_time": world.utc("2025-12-01"),
        "end_time": world.utc("2025-12-02"),
        "announce_time": world.utc("2025-11-20"),
    },
    "measured": {"indicator": "response", "reading": "350.5"},
    "requests_counted": {"requests": 10, "failed": 1, "duration": timedelta(minutes=1)},
    "outage_attributed": {
        "outage_event_id": "outage_started",
        "party": "third party",
        "third_party": "Telecom BV",
    },
    "outage_exclusion_decided": {
        "outage_event_id": "outage_started",
        "contract_id": "workplace",
        "excluded": True,
        "decided_by": "M. Manager",
        "reason": "storm",
    },
}


def test_every_fact_about_incidents_can_be_made_and_is_taken(client: slx.Client) -> None:
    names = [field.name for field in IncidentEvent.DESCRIPTOR.oneofs_by_name["fact"].fields]
    made = [_made(events, name, "INC1") for name in names]
    assert [event.WhichOneof("fact") for event in made] == names
    assert client.record(made).accepted == len(names)
    kept = {recorded.event.event_id: recorded.event for recorded in client.events("INC1")}
    for event in made:
        read = kept[event.event_id]
        # Set by the server.
        read.recorded_by = ""
        assert read == event


def test_every_fact_about_services_can_be_made_and_is_taken(client: slx.Client) -> None:
    names = [field.name for field in ServiceEvent.DESCRIPTOR.oneofs_by_name["fact"].fields]
    _EXAMPLES["retracted"] = {"retracted_event_id": "outage_ended"}
    made = [_made(service_events, name, "mail") for name in names]
    assert [event.WhichOneof("fact") for event in made] == names
    recorded = client.record_services(made)
    assert recorded.accepted == len(names)
    assert client.record_services(made[0]).duplicates == 1


def _made(module: object, name: str, of: str) -> Any:
    make = getattr(module, name)
    assert inspect.getdoc(make)
    return make(
        of,
        event_id=name,
        time=world.utc("2025-11-24 10:00"),
        source="monitor",
        occur_order=3,
        **_EXAMPLES.get(name, {}),
    )
