"""Evaluation: to the second, at any instant, by what was known at any instant."""

from __future__ import annotations

from datetime import timedelta

import pytest
import world

import slx
from slx import events


def test_a_clock_is_evaluated_to_the_second_and_explained(client: slx.Client) -> None:
    client.record(world.waited_for_the_client())
    evaluated = client.evaluate("INC1", segments=True)
    (clock,) = evaluated.clocks
    assert (clock.incident_id, clock.contract_id, clock.target_id) == (
        "INC1",
        "workplace",
        "resolve",
    )
    assert clock.metric is slx.Metric.RESOLUTION
    assert clock.phase is slx.Phase.STOPPED
    assert clock.outcome is slx.Outcome.BREACHED
    assert clock.limit == timedelta(hours=4)
    assert clock.elapsed == timedelta(hours=5, minutes=15)
    assert clock.remaining == timedelta(hours=-1, minutes=-15)
    assert clock.original_due_time == world.local("2025-11-24 12:30")
    assert clock.due_time == clock.breach_time == world.local("2025-11-24 13:45")
    assert sum((segment.counted for segment in clock.segments), timedelta()) == clock.elapsed
    paused = [each for each in clock.segments if each.kind is slx.SegmentKind.PAUSED]
    assert [(each.waiting_on, each.reason) for each in paused] == [(slx.WaitingOn.CLIENT, "info")]
    assert [(each.outcome, each.cycle) for each in evaluated.verdicts] == [
        (slx.Outcome.BREACHED, 1)
    ]
    assert evaluated.message.party_time


def test_a_limit_reached_exactly_is_met_and_a_second_later_breached(client: slx.Client) -> None:
    client.record(world.waited_for_the_client()[:3])
    due = world.local("2025-11-24 13:45")
    for late, outcome in ((0, slx.Outcome.UNDECIDED), (1, slx.Outcome.BREACHED)):
        (clock,) = client.evaluate("INC1", as_of=due + timedelta(seconds=late)).clocks
        assert (clock.outcome, clock.remaining) == (outcome, timedelta(seconds=-late))


def test_a_stamp_brings_back_what_was_known(client: slx.Client) -> None:
    before = client.record(world.waited_for_the_client()).stamp
    assert before is not None
    earlier = client.evaluate("INC1", as_of=before, known=before)
    corrected = events.resolved(
        "INC1", event_id="5", time=world.local("2025-11-24 13:00"), corrects_event_id="4"
    )
    client.record(corrected)
    assert client.evaluate("INC1").clocks[0].outcome is slx.Outcome.MET
    kept = slx.Stamp.from_json(before.to_json())
    assert kept == before
    # To the nanosecond, which a datetime has not.
    assert kept.message == before.message
    assert client.evaluate("INC1", as_of=kept, known=kept).message == earlier.message

    (change,) = client.changes(kept, contract_id="workplace")
    assert change.before is not None
    assert change.after is not None
    assert (change.before.outcome, change.after.outcome) == (
        slx.Outcome.BREACHED,
        slx.Outcome.MET,
    )
    (step,) = change.steps
    assert step.event is not None
    assert step.event.event_id == "5"
    assert change.clock is change.after
    now = client.evaluate("INC1").stamp
    assert list(client.changes(now)) == []


def test_what_no_clock_measures_is_named(client: slx.Client) -> None:
    opened = events.opened(
        "INC1",
        event_id="1",
        time=world.local("2025-11-21 16:30"),
        contract_ids=["workplace"],
        priority="p1 ",
    )
    (result,) = client.record(opened).results
    assert [warning.did_you_mean for warning in result.warnings] == ["P1"]
    (missing,) = client.evaluate("INC1").missing_clocks
    assert missing.reason is slx.MissingClockReason.NO_LIMIT
    (incident,) = client.incidents(only_missing_clocks=True)
    assert incident.missing_clocks[0].value == "p1 "


def test_a_forecast_comes_with_an_open_clock(client: slx.Client) -> None:
    opened = events.opened(
        "INC1",
        event_id="1",
        time=world.local("2025-11-21 16:30"),
        contract_ids=["workplace"],
        priority="P1",
    )
    client.record(opened)
    at = world.local("2025-11-24 11:00")
    (clock,) = client.evaluate("INC1", forecast=True, as_of=at).clocks
    assert clock.forecast is not None
    assert 0 < clock.forecast.probability < 1
    assert clock.forecast.summary
    assert [(warning.percent, warning.reached) for warning in clock.warnings] == [(75, False)]


def test_what_is_wrong_is_named_by_its_path(client: slx.Client) -> None:
    with pytest.raises(slx.InvalidArgument) as raised:
        client.evaluate("")
    error = raised.value
    assert error.reason == "INVALID_FIELD"
    assert [violation.field for violation in error.violations] == ["incident_id"]
    assert "incident_id: is missing" in str(error)
    assert len(error.request_id) == 16

    wrong = {**world.WORKPLACE, "currency": "euro", "kind": "CONTRACT_KIND_UNSPECIFIED"}
    with pytest.raises(slx.InvalidArgument) as raised:
        client.put_contract(wrong)
    named = [violation.field for violation in raised.value.violations]
    assert named == ["contract.kind", "contract.currency"]
    assert all(field in str(raised.value) for field in named)


def test_errors_have_a_class_for_each_code_and_say_what_they_are_about(client: slx.Client) -> None:
    with pytest.raises(slx.NotFound) as missing:
        client.evaluate("INC404")
    assert missing.value.reason == "INCIDENT_NOT_FOUND"
    assert missing.value.resource == ("incident", "INC404")
    unsound = {
        **world.WORKPLACE,
        "id": "other",
        "terms": {
            "targets": [
                {
                    "id": "t",
                    "metric": "METRIC_RESOLUTION",
                    "limits": [{"limit": "60s", "calendar_id": "nowhere"}],
                }
            ]
        },
    }
    with pytest.raises(slx.FailedPrecondition) as raised:
        client.put_contract(unsound)
    assert raised.value.reason == "CONTRACT_UNSOUND"
    assert raised.value.preconditions[0].subject == "terms.targets[0].limits[0].calendar_id"
    with pytest.raises(slx.Aborted, match="REVISION_CONFLICT"):
        client.put_contract(world.WORKPLACE, expected_revision=7)
    with pytest.raises(slx.OutOfRange, match="SEQUENCE_NOT_REACHED"):
        client.clocks(min_sequence=10**9).stamp  # noqa: B018
    assert issubclass(slx.OutOfRange, slx.CallError)
    assert issubclass(slx.CallError, slx.SlxError)
