"""slx: records what happens to incidents, and asks which are within what was agreed, and why.

    import slx

    with slx.Client("http://127.0.0.1:7459", tenant="acme") as client:
        client.record(slx.events.resolved("INC1", event_id="audit-18", time=resolved_at))
        for clock in client.evaluate("INC1").clocks:
            print(clock.target_id, clock.outcome, clock.elapsed, clock.due_time)

`slx.v1` has the generated messages of the API.
"""

from importlib.metadata import version

from slx import events, service_events
from slx.changes import Change, ChangeStep
from slx.choices import (
    CountedAs,
    CycleVerdict,
    GroupKey,
    IncidentState,
    Metric,
    MissingClockReason,
    NoDataReason,
    NoticeKind,
    ObjectiveState,
    ObjectiveVerdict,
    Outcome,
    Party,
    Phase,
    RecordOutcome,
    SegmentKind,
    WaitingOn,
)
from slx.client import Client
from slx.clocks import (
    BreachForecast,
    Clock,
    ClockWarning,
    Evaluation,
    MissingClock,
    Segment,
    TargetVerdict,
)
from slx.compliance import Compliance, ComplianceGroup, ObjectiveResult, Tally
from slx.errors import (
    Aborted,
    AlreadyExists,
    CallError,
    Cancelled,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    Failure,
    FieldViolation,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    PreconditionViolation,
    ResourceExhausted,
    ResumePointExpired,
    SlxError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from slx.export import ClockRow, Export
from slx.incidents import Incident, RecordedEvent
from slx.notices import LikelyBreach, Notice, ObjectiveNotice, WatchMessage
from slx.pages import Pages
from slx.periods import Period
from slx.recording import EventsRefused, Recorded, RecordResult, Rejection
from slx.retries import Retries
from slx.stamps import Moment, Stamp
from slx.watching import Watch

__version__ = version("slx")

__all__ = [
    "Aborted",
    "AlreadyExists",
    "BreachForecast",
    "CallError",
    "Cancelled",
    "Change",
    "ChangeStep",
    "Client",
    "Clock",
    "ClockRow",
    "ClockWarning",
    "Compliance",
    "ComplianceGroup",
    "CountedAs",
    "CycleVerdict",
    "DataLoss",
    "DeadlineExceeded",
    "Evaluation",
    "EventsRefused",
    "Export",
    "FailedPrecondition",
    "Failure",
    "FieldViolation",
    "GroupKey",
    "Incident",
    "IncidentState",
    "Internal",
    "InvalidArgument",
    "LikelyBreach",
    "Metric",
    "MissingClock",
    "MissingClockReason",
    "Moment",
    "NoDataReason",
    "NotFound",
    "Notice",
    "NoticeKind",
    "ObjectiveNotice",
    "ObjectiveResult",
    "ObjectiveState",
    "ObjectiveVerdict",
    "OutOfRange",
    "Outcome",
    "Pages",
    "Party",
    "Period",
    "PermissionDenied",
    "Phase",
    "PreconditionViolation",
    "RecordOutcome",
    "RecordResult",
    "Recorded",
    "RecordedEvent",
    "Rejection",
    "ResourceExhausted",
    "ResumePointExpired",
    "Retries",
    "Segment",
    "SegmentKind",
    "SlxError",
    "Stamp",
    "Tally",
    "TargetVerdict",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "WaitingOn",
    "Watch",
    "WatchMessage",
    "events",
    "service_events",
]
