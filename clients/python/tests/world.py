"""Terms and incidents that tests share."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import slx
from slx import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from slx.v1.incident_pb2 import IncidentEvent

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
#: How long to wait for what must come, before a test fails.
PATIENCE = 30.0

_WORKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY")

OFFICE: dict[str, Any] = {
    "id": "office",
    "time_zone": "Europe/Amsterdam",
    "weekly": [
        {"days": [f"DAY_OF_WEEK_{day}" for day in _WORKDAYS], "opens": "09:00", "closes": "17:00"}
    ],
}
ALWAYS: dict[str, Any] = {"id": "always", "time_zone": "Europe/Amsterdam", "always_open": True}
WORKPLACE: dict[str, Any] = {
    "id": "workplace",
    "kind": "CONTRACT_KIND_SLA",
    "title": "The workplace works",
    "client": "Gemeente",
    "provider": "Beheer BV",
    "time_zone": "Europe/Amsterdam",
    "currency": "EUR",
    "terms": {
        "targets": [
            {
                "id": "resolve",
                "metric": "METRIC_RESOLUTION",
                "warn_at_percent": [75],
                "limits": [
                    {"priority": "P1", "limit": "14400s", "calendar_id": "office"},
                    {"priority": "P2", "limit": "28800s", "calendar_id": "office"},
                    # Within a second, round the clock: for what time alone brings about.
                    {"priority": "P0", "limit": "1s", "calendar_id": "always"},
                ],
                "pauses": [{"waiting_on": "WAITING_ON_CLIENT"}],
            }
        ],
        "objectives": [
            {
                "id": "resolved",
                "period": "OBJECTIVE_PERIOD_MONTH",
                "attainment": {"target_id": "resolve", "percent": "75"},
            }
        ],
    },
}


def chance() -> random.Random:
    """What is random prints its seed, and takes it back."""
    seed = int(os.environ.get("SLX_PYTHON_SEED") or random.randrange(2**32))
    print("SLX_PYTHON_SEED", seed)
    return random.Random(seed)


def put_terms(client: slx.Client) -> None:
    client.put_calendar(OFFICE)
    client.put_calendar(ALWAYS)
    client.put_contract(WORKPLACE)


def local(text: str) -> datetime:
    """An instant as clocks in Amsterdam show it."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def waited_for_the_client(incident_id: str = "INC1") -> list[IncidentEvent]:
    """Opened on Friday at 16:30, waits for the client over the weekend, and is resolved late."""
    return [
        events.opened(
            incident_id,
            event_id="1",
            time=local("2025-11-21 16:30"),
            contract_ids=["workplace"],
            priority="P1",
            service="mail",
        ),
        events.status_changed(
            incident_id,
            event_id="2",
            time=local("2025-11-21 16:45"),
            status="Waiting for user",
            waiting_on=slx.WaitingOn.CLIENT,
            reason="info",
        ),
        events.status_changed(
            incident_id,
            event_id="3",
            time=local("2025-11-24 10:00"),
            status="Active",
            waiting_on=slx.WaitingOn.PROVIDER,
        ),
        events.resolved(incident_id, event_id="4", time=local("2025-11-24 15:00")),
    ]


def month(count: int, opened: datetime, every: timedelta) -> list[IncidentEvent]:
    """Many incidents, each resolved after an hour or, every fourth, after six."""
    recorded = []
    for number in range(count):
        time_opened = opened + number * every
        hours = 6 if number % 4 == 0 else 1
        recorded += [
            events.opened(
                f"INC{number:05}",
                event_id="o",
                time=time_opened,
                contract_ids=["workplace"],
                priority="P1",
                service="mail" if number % 2 else "print, and scan",
            ),
            events.resolved(
                f"INC{number:05}", event_id="r", time=time_opened + timedelta(hours=hours)
            ),
        ]
    return recorded


def eventually(holds: Callable[[], object], what: str) -> None:
    """Looks again and again until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        time.sleep(0.01)
