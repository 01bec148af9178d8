"""Facts about incidents, as messages to record.

Each function makes one kind of fact: what happened to which incident, and when. The `event_id` is
the fact's own, chosen by whoever reports it and the same whenever it is reported again (the id of
a row of an audit log, say): by it, recording twice is recording once.

    slx.events.opened("INC1", event_id="audit-17", time=opened_at, contract_ids=["workplace"])
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from google.protobuf.timestamp_pb2 import Timestamp

from slx import times
from slx.choices import Party, WaitingOn
from slx.texts import texts
from slx.v1 import incident_pb2 as v1

Instant = datetime | Timestamp


class Extra(TypedDict, total=False):
    """What every fact may say beside."""

    #: The system or person that reports it.
    source: str
    #: The order among facts at the same instant: lower numbers come first.
    occur_order: int
    #: The id of an earlier fact, which this one replaces.
    corrects_event_id: str


def opened(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    contract_ids: Iterable[str] = (),
    priority: str = "",
    service: str = "",
    category: str = "",
    affected_users: int | None = None,
    affected_users_estimated: bool = False,
    attributes: Mapping[str, str] | None = None,
    trouble_time: Instant | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """The incident was opened."""
    fact = v1.Opened(
        contract_ids=texts(contract_ids, "contract_ids"),
        priority=priority,
        service=service,
        category=category,
        affected_users=affected_users,
        affected_users_estimated=affected_users_estimated,
        attributes=attributes or {},
        trouble_time=times.optional_timestamp(trouble_time, "trouble_time"),
    )
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(opened=fact))


def responded(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The provider responded: an answer to the client."""
    fact = v1.IncidentEvent(responded=v1.Responded())
    return _event(incident_id, event_id, time, extra, fact)


def status_changed(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    waiting_on: WaitingOn | str,
    status: str | None = None,
    third_party: str = "",
    reason: str | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """The status changed in the backend; what is None does not change."""
    fact = v1.StatusChanged(status=status, third_party=third_party, reason=reason)
    # By its number: a type of its own, that only the generated constants have.
    fact.waiting_on = WaitingOn(waiting_on).number  # type: ignore[assignment]
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(status_changed=fact))


def priority_changed(
    incident_id: str, *, event_id: str, time: Instant, priority: str, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The priority changed."""
    fact = v1.IncidentEvent(priority_changed=v1.PriorityChanged(priority=priority))
    return _event(incident_id, event_id, time, extra, fact)


def assigned(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    group: str | None = None,
    assignee: str | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """It was assigned; what is None does not change, and what is empty is nobody."""
    fact = v1.IncidentEvent(assigned=v1.Assigned(group=group, assignee=assignee))
    return _event(incident_id, event_id, time, extra, fact)


def client_updated(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    reported_time: Instant | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """The client received an update, and maybe the promise of when the service is restored."""
    promised = times.optional_timestamp(reported_time, "reported_time")
    fact = v1.IncidentEvent(client_updated=v1.ClientUpdated(reported_time=promised))
    return _event(incident_id, event_id, time, extra, fact)


def client_replied(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The client replied."""
    fact = v1.IncidentEvent(client_replied=v1.ClientReplied())
    return _event(incident_id, event_id, time, extra, fact)


def work_logged(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    duration: timedelta,
    start_time: Instant | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """Somebody worked on it, until `time` unless there is a `start_time`."""
    fact = v1.WorkLogged(
        start_time=times.optional_timestamp(start_time, "start_time"),
        duration=times.duration(duration),
    )
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(work_logged=fact))


def effort_estimated(
    incident_id: str, *, event_id: str, time: Instant, remaining: timedelta, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """Somebody estimated the work still to be done."""
    fact = v1.EffortEstimated(remaining=times.duration(remaining))
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(effort_estimated=fact))


def impact_changed(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    affected_users: int | None = None,
    productivity_loss: int | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """Its impact on people changed: how many, and what percentage of their work they can't do."""
    fact = v1.ImpactChanged(affected_users=affected_users, productivity_loss=productivity_loss)
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(impact_changed=fact))


def details_changed(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    contract_ids: Iterable[str] | None = None,
    service: str | None = None,
    category: str | None = None,
    attributes: Mapping[str, str] | None = None,
    removed_attributes: Iterable[str] = (),
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """It moved to other contracts, or what it is changed; what is None does not change."""
    contracts = None
    if contract_ids is not None:
        contracts = v1.ContractIds(contract_ids=texts(contract_ids, "contract_ids"))
    fact = v1.DetailsChanged(
        contracts=contracts,
        service=service,
        category=category,
        attributes=attributes or {},
        removed_attributes=texts(removed_attributes, "removed_attributes"),
    )
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(details_changed=fact))


def restored(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The service was restored."""
    fact = v1.IncidentEvent(restored=v1.Restored())
    return _event(incident_id, event_id, time, extra, fact)


def resolved(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The incident was resolved, and by that restored."""
    fact = v1.IncidentEvent(resolved=v1.Resolved())
    return _event(incident_id, event_id, time, extra, fact)


def reopened(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The incident was reopened."""
    fact = v1.IncidentEvent(reopened=v1.Reopened())
    return _event(incident_id, event_id, time, extra, fact)


def closed(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The incident was closed."""
    fact = v1.IncidentEvent(closed=v1.Closed())
    return _event(incident_id, event_id, time, extra, fact)


def cancelled(
    incident_id: str, *, event_id: str, time: Instant, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The incident was cancelled."""
    fact = v1.IncidentEvent(cancelled=v1.Cancelled())
    return _event(incident_id, event_id, time, extra, fact)


def merged(
    incident_id: str, *, event_id: str, time: Instant, into: str, **extra: Unpack[Extra]
) -> v1.IncidentEvent:
    """The incident was merged into another one."""
    fact = v1.IncidentEvent(merged=v1.Merged(into=into))
    return _event(incident_id, event_id, time, extra, fact)


def cause_attributed(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    party: Party | str,
    third_party: str = "",
    note: str = "",
    confidence_percent: int = 0,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """Its cause was attributed to a party."""
    fact = v1.CauseAttributed(
        third_party=third_party, note=note, confidence_percent=confidence_percent
    )
    fact.party = Party(party).number  # type: ignore[assignment]
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(cause_attributed=fact))


def scope_judged(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    in_scope: bool,
    note: str = "",
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """It was found to be within the contract's scope, or outside."""
    fact = v1.ScopeJudged(in_scope=in_scope, note=note)
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(scope_judged=fact))


def surveyed(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    score: int | None = None,
    lost_time: timedelta | None = None,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """Somebody whom it hit answered a survey."""
    fact = v1.Surveyed(score=score, lost_time=times.optional_duration(lost_time))
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(surveyed=fact))


def exclusion_decided(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    contract_id: str,
    excluded: bool,
    decided_by: str,
    reason: str,
    target_id: str = "",
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """It was decided whether clocks are excluded from the contractual figures."""
    fact = v1.ExclusionDecided(
        contract_id=contract_id,
        target_id=target_id,
        excluded=excluded,
        decided_by=decided_by,
        reason=reason,
    )
    return _event(incident_id, event_id, time, extra, v1.IncidentEvent(exclusion_decided=fact))


def retracted(
    incident_id: str,
    *,
    event_id: str,
    time: Instant,
    retracted_event_id: str,
    **extra: Unpack[Extra],
) -> v1.IncidentEvent:
    """An earlier fact is retracted, for good."""
    fact = v1.IncidentEvent(retracted=v1.Retracted(event_id=retracted_event_id))
    return _event(incident_id, event_id, time, extra, fact)


def _event(
    incident_id: str, event_id: str, time: Instant, extra: Extra, event: v1.IncidentEvent
) -> v1.IncidentEvent:
    event.incident_id = incident_id
    event.event_id = event_id
    event.occur_time.CopyFrom(times.timestamp(time, "time"))
    event.source = extra.get("source", "")
    event.occur_order = extra.get("occur_order", 0)
    event.corrects_event_id = extra.get("corrects_event_id", "")
    return event
