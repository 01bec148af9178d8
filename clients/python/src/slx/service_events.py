"""Facts about services, as messages to record with `Client.record_services`.

As in `slx.events`, each has an `event_id` of its own, the same whenever it is reported again.
"""

from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from google.protobuf.timestamp_pb2 import Timestamp

from slx import times
from slx.choices import Party
from slx.v1 import incident_pb2 as v1

Instant = datetime | Timestamp


class Extra(TypedDict, total=False):
    """What every fact may say beside."""

    #: The monitor or person that reports it.
    source: str
    #: The order among facts of the service at the same instant: lower numbers come first.
    occur_order: int


def outage_started(
    service: str, *, event_id: str, time: Instant, outage_id: str = "", **extra: Unpack[Extra]
) -> v1.ServiceEvent:
    """An outage of the service started."""
    fact = v1.ServiceEvent(outage_started=v1.OutageStarted(outage_id=outage_id))
    return _event(service, event_id, time, extra, fact)


def outage_ended(
    service: str, *, event_id: str, time: Instant, outage_id: str = "", **extra: Unpack[Extra]
) -> v1.ServiceEvent:
    """An outage of the service ended."""
    fact = v1.ServiceEvent(outage_ended=v1.OutageEnded(outage_id=outage_id))
    return _event(service, event_id, time, extra, fact)


def degradation_started(
    service: str, *, event_id: str, time: Instant, outage_id: str = "", **extra: Unpack[Extra]
) -> v1.ServiceEvent:
    """The service works worse without being down."""
    fact = v1.ServiceEvent(degradation_started=v1.DegradationStarted(outage_id=outage_id))
    return _event(service, event_id, time, extra, fact)


def degradation_ended(
    service: str, *, event_id: str, time: Instant, outage_id: str = "", **extra: Unpack[Extra]
) -> v1.ServiceEvent:
    """A degradation of the service ended."""
    fact = v1.ServiceEvent(degradation_ended=v1.DegradationEnded(outage_id=outage_id))
    return _event(service, event_id, time, extra, fact)


def maintenance_scheduled(
    service: str,
    *,
    event_id: str,
    time: Instant,
    start_time: Instant,
    end_time: Instant,
    announce_time: Instant,
    **extra: Unpack[Extra],
) -> v1.ServiceEvent:
    """Maintenance of the service was announced."""
    fact = v1.MaintenanceScheduled(
        start_time=times.timestamp(start_time, "start_time"),
        end_time=times.timestamp(end_time, "end_time"),
        announce_time=times.timestamp(announce_time, "announce_time"),
    )
    return _event(service, event_id, time, extra, v1.ServiceEvent(maintenance_scheduled=fact))


def measured(
    service: str,
    *,
    event_id: str,
    time: Instant,
    indicator: str,
    reading: str,
    count: int = 1,
    **extra: Unpack[Extra],
) -> v1.ServiceEvent:
    """An indicator was measured: `reading` is in its unit, with at most three decimals."""
    fact = v1.Measured(indicator=indicator, reading=reading, count=count)
    return _event(service, event_id, time, extra, v1.ServiceEvent(measured=fact))


def requests_counted(
    service: str,
    *,
    event_id: str,
    time: Instant,
    requests: int,
    failed: int,
    duration: timedelta | None = None,
    **extra: Unpack[Extra],
) -> v1.ServiceEvent:
    """Requests to the service were counted, over the stretch of time that ends at `time`."""
    fact = v1.RequestsCounted(
        requests=requests, failed=failed, duration=times.optional_duration(duration)
    )
    return _event(service, event_id, time, extra, v1.ServiceEvent(requests_counted=fact))


def outage_attributed(
    service: str,
    *,
    event_id: str,
    time: Instant,
    outage_event_id: str,
    party: Party | str | None = None,
    third_party: str = "",
    reason: str = "",
    note: str = "",
    **extra: Unpack[Extra],
) -> v1.ServiceEvent:
    """The cause of an outage or degradation was attributed."""
    fact = v1.OutageAttributed(
        outage_event_id=outage_event_id, third_party=third_party, reason=reason, note=note
    )
    if party is not None:
        fact.party = Party(party).number  # type: ignore[assignment]
    return _event(service, event_id, time, extra, v1.ServiceEvent(outage_attributed=fact))


def outage_exclusion_decided(
    service: str,
    *,
    event_id: str,
    time: Instant,
    outage_event_id: str,
    contract_id: str,
    excluded: bool,
    decided_by: str,
    reason: str,
    objective_id: str = "",
    **extra: Unpack[Extra],
) -> v1.ServiceEvent:
    """It was decided whether an outage is excluded from what a contract counts."""
    fact = v1.OutageExclusionDecided(
        outage_event_id=outage_event_id,
        contract_id=contract_id,
        objective_id=objective_id,
        excluded=excluded,
        decided_by=decided_by,
        reason=reason,
    )
    return _event(service, event_id, time, extra, v1.ServiceEvent(outage_exclusion_decided=fact))


def retracted(
    service: str, *, event_id: str, time: Instant, retracted_event_id: str, **extra: Unpack[Extra]
) -> v1.ServiceEvent:
    """An earlier fact about this service is retracted."""
    fact = v1.ServiceEvent(retracted=v1.Retracted(event_id=retracted_event_id))
    return _event(service, event_id, time, extra, fact)


def _event(
    service: str, event_id: str, time: Instant, extra: Extra, event: v1.ServiceEvent
) -> v1.ServiceEvent:
    event.service = service
    event.event_id = event_id
    event.occur_time.CopyFrom(times.timestamp(time, "time"))
    event.source = extra.get("source", "")
    event.occur_order = extra.get("occur_order", 0)
    return event
