"""What goes wrong, as exceptions that keep what the server said of it.

Each status code has a class, so `except slx.NotFound` is enough where it does not matter what was
not found; `reason` has the server's own word for it, such as "INCIDENT_NOT_FOUND".
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import grpc
from google.rpc import error_details_pb2, status_pb2

from slx import times

#: Beside the trailing metadata of a refused call.
DETAILS_KEY = "grpc-status-details-bin"
REQUEST_ID_KEY = "x-request-id"


@dataclass(frozen=True)
class FieldViolation:
    """A field that is wrong."""

    #: Its path in the request, such as "contract.terms.targets[2].limits[0].limit".
    field: str
    #: What is wrong and what would be right.
    description: str


@dataclass(frozen=True)
class PreconditionViolation:
    """Something that must be changed first."""

    #: What must be changed, such as "terms.targets[0].limits[1]".
    subject: str
    #: What is wrong and what would be right.
    description: str


class SlxError(Exception):
    """Whatever this package raises for what a server or a network does."""


@dataclass(frozen=True)
class Failure:
    """What the status of a failed call says."""

    code: grpc.StatusCode
    #: What is wrong, for people.
    text: str
    #: The server's word for it, such as "EVENT_CONFLICT"; empty: slx did not say it, but something
    #: between.
    reason: str = ""
    violations: tuple[FieldViolation, ...] = ()
    preconditions: tuple[PreconditionViolation, ...] = ()
    #: What was not found, or is in the way: its kind and its id.
    resource: tuple[str, str] | None = None
    #: After how long to send the same again.
    retry_after: timedelta | None = None
    #: The id of the call in the server's log; empty: it did not get so far.
    request_id: str = ""


class CallError(SlxError):
    """A call that failed. There is a class for each status code."""

    code: ClassVar[grpc.StatusCode] = grpc.StatusCode.UNKNOWN

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure

    @property
    def reason(self) -> str:
        """The server's word for it, such as "EVENT_CONFLICT"; empty if slx did not say it."""
        return self.failure.reason

    @property
    def violations(self) -> tuple[FieldViolation, ...]:
        """The fields that are wrong, each by its path."""
        return self.failure.violations

    @property
    def preconditions(self) -> tuple[PreconditionViolation, ...]:
        """What must be changed first."""
        return self.failure.preconditions

    @property
    def resource(self) -> tuple[str, str] | None:
        """What was not found, or is in the way: its kind and its id."""
        return self.failure.resource

    @property
    def retry_after(self) -> timedelta | None:
        """After how long to send the same again, if the server said so."""
        return self.failure.retry_after

    @property
    def request_id(self) -> str:
        """The id of the call in the server's log."""
        return self.failure.request_id

    def __str__(self) -> str:
        failure = self.failure
        named = [(each.field, each.description) for each in failure.violations]
        named += [(each.subject, each.description) for each in failure.preconditions]
        lines = [f"{name}: {text}" for name, text in named if text not in failure.text]
        word = failure.reason or failure.code.name
        return "\n  ".join([f"{word}: {failure.text}", *lines])


class Cancelled(CallError):
    """The call was ended by this side."""

    code = grpc.StatusCode.CANCELLED


class InvalidArgument(CallError):
    """Fields are missing, malformed or out of range: `violations` names each by its path."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class DeadlineExceeded(CallError):
    """Time was over. What was to be recorded may be recorded, and may be sent again."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class NotFound(CallError):
    """There is no such thing: `resource` names it."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(CallError):
    """The id is recorded with other content."""

    code = grpc.StatusCode.ALREADY_EXISTS


class PermissionDenied(CallError):
    """The identity lacks the scope or the tenant."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ResourceExhausted(CallError):
    """Too much at once, if there is a `retry_after`; otherwise too large."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class FailedPrecondition(CallError):
    """Something must be changed first: `preconditions` says what."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Aborted(CallError):
    """What was read has changed since: read it and try again."""

    code = grpc.StatusCode.ABORTED


class OutOfRange(CallError):
    """An instant, a sequence or a token is beyond what there is."""

    code = grpc.StatusCode.OUT_OF_RANGE


class ResumePointExpired(OutOfRange):
    """Notices can't be resumed from this token: list the clocks, and watch `after` that list."""


class Unimplemented(CallError):
    """The server has no such method."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(CallError):
    """A defect in slx."""

    code = grpc.StatusCode.INTERNAL


class Unavailable(CallError):
    """The server can't be reached, starts, stops or can't write."""

    code = grpc.StatusCode.UNAVAILABLE


class DataLoss(CallError):
    """The journal was found damaged."""

    code = grpc.StatusCode.DATA_LOSS


class Unauthenticated(CallError):
    """Credentials are missing or not accepted."""

    code = grpc.StatusCode.UNAUTHENTICATED


_CLASSES: dict[grpc.StatusCode, type[CallError]] = {
    error.code: error for error in CallError.__subclasses__()
}


def of_call(error: grpc.RpcError) -> CallError:
    """The exception for a call that failed."""
    # What grpc raises is a call too, though its types don't say so.
    call: Any = error
    if not isinstance(call, grpc.Call):
        return CallError(Failure(grpc.StatusCode.UNKNOWN, str(error)))
    failure = _failure(call)
    if failure.reason == "RESUME_POINT_EXPIRED":
        return ResumePointExpired(failure)
    return _CLASSES.get(failure.code, CallError)(failure)


def _failure(call: grpc.Call) -> Failure:
    trailing = dict(call.trailing_metadata() or ())
    initial = dict(call.initial_metadata() or ())
    request_id = initial.get(REQUEST_ID_KEY) or trailing.get(REQUEST_ID_KEY) or ""
    code, text = call.code(), call.details() or ""
    details = _Details()
    encoded = trailing.get(DETAILS_KEY)
    if isinstance(encoded, bytes):
        details = _Details.read(encoded)
    return Failure(
        code=code,
        text=text or code.name,
        reason=details.reason,
        violations=details.violations,
        preconditions=details.preconditions,
        resource=details.resource,
        retry_after=details.retry_after,
        request_id=str(request_id),
    )


@dataclass
class _Details:
    """What the details of a `google.rpc.Status` say."""

    reason: str = ""
    violations: tuple[FieldViolation, ...] = ()
    preconditions: tuple[PreconditionViolation, ...] = ()
    resource: tuple[str, str] | None = None
    retry_after: timedelta | None = None

    @classmethod
    def read(cls, encoded: bytes) -> "_Details":
        read = cls()
        for detail in status_pb2.Status.FromString(encoded).details:
            read._add(detail)
        return read

    def _add(self, detail: Any) -> None:  # noqa: ANN401
        info = error_details_pb2.ErrorInfo()
        request = error_details_pb2.BadRequest()
        failure = error_details_pb2.PreconditionFailure()
        resource = error_details_pb2.ResourceInfo()
        retry = error_details_pb2.RetryInfo()
        for message in (info, request, failure, resource, retry):
            if detail.Unpack(message):
                break
        if info.domain == "slx":
            self.reason = info.reason
        self.violations += tuple(
            FieldViolation(wrong.field, wrong.description) for wrong in request.field_violations
        )
        self.preconditions += tuple(
            PreconditionViolation(wrong.subject, wrong.description) for wrong in failure.violations
        )
        if resource.resource_type:
            self.resource = (resource.resource_type, resource.resource_name)
        if retry.HasField("retry_delay"):
            self.retry_after = times.span(retry.retry_delay)
