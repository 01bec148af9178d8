"""Lists: whole, whatever the size of their pages."""

from __future__ import annotations

from datetime import timedelta

import pytest
import world

import slx
from slx import times
from slx.v1 import forecast_pb2, settlement_pb2


def test_lists_page_by_themselves(client: slx.Client) -> None:
    client.record(world.month(23, world.local("2025-11-03 09:00"), timedelta(hours=1)))
    for page_size in (1, 7, 1000):
        clocks = list(client.clocks(page_size=page_size))
        assert len({clock.incident_id for clock in clocks}) == len(clocks) == 23
        incidents = [incident.id for incident in client.incidents(page_size=page_size)]
        assert incidents == sorted(incidents)
        assert len(incidents) == 23
        kept = list(client.events("INC00001", page_size=page_size))
        assert [each.event.WhichOneof("fact") for each in kept] == ["opened", "resolved"]
        assert kept[0].sequence < kept[1].sequence


def test_a_list_can_be_read_again_and_has_a_stamp(client: slx.Client) -> None:
    client.record(world.month(3, world.local("2025-11-03 09:00"), timedelta(hours=1)))
    clocks = client.clocks(page_size=2)
    assert clocks.stamp.sequence == client.status().stamp.sequence
    assert list(clocks) == list(clocks)


def test_clocks_are_found_by_words(client: slx.Client) -> None:
    client.record(world.month(4, world.local("2025-11-03 09:00"), timedelta(minutes=1)))
    breached = list(client.clocks(outcomes=["breached"], priority="P1"))
    assert [clock.incident_id for clock in breached] == ["INC00000"]
    assert list(client.clocks(outcomes=[slx.Outcome.BREACHED])) == breached
    assert len(list(client.clocks(phases=["stopped"], due_before=world.utc("2030-01-01")))) == 4
    assert list(client.clocks(phases=[slx.Phase.RUNNING])) == []
    with pytest.raises(ValueError, match="'late' is not a valid Outcome"):
        client.clocks(outcomes=["late"])
    with pytest.raises(TypeError, match="outcomes: a list of texts"):
        client.clocks(outcomes="met")
    with pytest.raises(ValueError, match="'unknown' is not a choice"):
        client.clocks(outcomes=[slx.Outcome.UNKNOWN])


def test_whatever_else_the_api_has_can_be_called(client: slx.Client) -> None:
    client.record(world.waited_for_the_client()[:1])
    wanted = settlement_pb2.ListSettlementItemsRequest(
        tenant=client.tenant, contract_id="workplace"
    )
    listed = client.call(client.stubs.settlement.ListSettlementItems, wanted)
    assert listed.stamp.sequence > 0
    forecast = forecast_pb2.ForecastClocksRequest(
        tenant=client.tenant,
        contract_id="workplace",
        as_of_time=times.timestamp(world.local("2025-11-24 11:00")),
    )
    messages = list(client.stream(client.stubs.forecasts.ForecastClocks, forecast))
    assert sum(len(message.forecasts) for message in messages) == 1
    nobody = settlement_pb2.ListSettlementItemsRequest(tenant="nobody")
    with pytest.raises(slx.NotFound, match="TENANT_NOT_FOUND"):
        client.call(client.stubs.settlement.ListSettlementItems, nobody)
