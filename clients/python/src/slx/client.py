"""The client: one object for one tenant of one server."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from slx import idempotency, stamps, times
from slx.calls import Calls, Stream
from slx.changes import Change
from slx.choices import GroupKey, NoticeKind, Outcome, Phase
from slx.clocks import Clock, Evaluation
from slx.compliance import Compliance
from slx.connection import (
    DEFAULT_ADDRESS,
    DEFAULT_TENANT,
    ChannelOptions,
    FilePath,
    Security,
    file_from_environment,
    from_environment,
    open_channel,
)
from slx.credentials import Bearer
from slx.export import Export
from slx.idempotency import Idempotency
from slx.incidents import Incident, RecordedEvent
from slx.pages import Pages
from slx.recording import Recorded, as_many, record
from slx.retries import Retries
from slx.stamps import Moment, Stamp
from slx.stubs import Stubs
from slx.texts import texts
from slx.v1 import (
    admin_pb2,
    calendar_pb2,
    clock_pb2,
    compliance_pb2,
    contract_pb2,
    incident_pb2,
)
from slx.watching import Watch

if TYPE_CHECKING:
    from slx.tables import Pull

Q = TypeVar("Q", bound=Message)
A = TypeVar("A")


class Client:
    """Records what happens to incidents, and asks how they stand.

    Every call has a deadline, and is sent again while that may help and within it: recording is
    idempotent by the ids of events. A client may be shared by threads. Close it, or use it as a
    context manager.

        with slx.Client("https://slx.example.com:7459", tenant="acme") as client:
            client.evaluate("INC1")

    What is not given is taken from the environment, as by the command line: SLX_ADDRESS,
    SLX_TENANT, SLX_TOKEN_FILE, SLX_CA, SLX_CLIENT_CERT and SLX_CLIENT_KEY.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        tenant: str | None = None,
        token: str | None = None,
        token_file: FilePath | None = None,
        ca: FilePath | None = None,
        certificate: FilePath | None = None,
        key: FilePath | None = None,
        timeout: timedelta = timedelta(seconds=30),
        stream_timeout: timedelta = timedelta(hours=1),
        retries: Retries | None = None,
        options: ChannelOptions = (),
    ) -> None:
        """Connects with the first call.

        address: https://HOST:PORT speaks TLS, http://HOST:PORT plaintext.
        tenant: the id of the tenant.
        token, token_file: what says who calls. A file is read again when it changes.
        ca: the certificate authorities to trust, in PEM; otherwise those of the system.
        certificate, key: the client's certificate chain and its private key, in PEM.
        timeout: the deadline of a call, with all the times it is sent again.
        stream_timeout: the deadline of a streamed answer. A watch goes on after it.
        retries: how calls are sent again.
        options: of the channel of grpc, in place of those of this package with the same names.
        """
        if token is None:
            token_file = file_from_environment(token_file, "SLX_TOKEN_FILE")
        bearer = Bearer(token, token_file)
        security = Security(
            file_from_environment(ca, "SLX_CA"),
            file_from_environment(certificate, "SLX_CLIENT_CERT"),
            file_from_environment(key, "SLX_CLIENT_KEY"),
        )
        self.address = from_environment(address, "SLX_ADDRESS", DEFAULT_ADDRESS)
        self.tenant = from_environment(tenant, "SLX_TENANT", DEFAULT_TENANT)
        self._channel = open_channel(self.address, bearer, security, options)
        self._calls = Calls(bearer, retries or Retries(), timeout, stream_timeout)
        self._watches: weakref.WeakSet[Watch] = weakref.WeakSet()
        #: The methods of the API as they are generated: give them to `call` or `stream`.
        self.stubs = Stubs(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"slx.Client({self.address!r}, tenant={self.tenant!r})"

    def close(self) -> None:
        """Ends the connection, and all watches."""
        self._calls.close()
        for watch in list(self._watches):
            watch.close()
        self._channel.close()

    # Recording.

    def record(
        self,
        events: incident_pb2.IncidentEvent | Iterable[incident_pb2.IncidentEvent],
        *,
        timeout: timedelta | None = None,
    ) -> Recorded:
        """Records events of incidents, as `slx.events` makes them; durable once this returns.

        An event that comes again is a duplicate and changes nothing, so after any error all may be
        recorded again. Raises `EventsRefused` if some are rejected: the others are recorded.
        Many are sent in as many calls as they need, each with this timeout.
        """

        def send(batch: Sequence[incident_pb2.IncidentEvent]) -> incident_pb2.RecordEventsResponse:
            request = incident_pb2.RecordEventsRequest(tenant=self.tenant, events=batch)
            return self._calls.write(self.stubs.incidents.RecordEvents, request, timeout)

        return record(as_many(events), send)

    def record_services(
        self,
        events: incident_pb2.ServiceEvent | Iterable[incident_pb2.ServiceEvent],
        *,
        timeout: timedelta | None = None,
    ) -> Recorded:
        """Records events of services, as `slx.service_events` makes them: as `record` does."""

        def send(
            batch: Sequence[incident_pb2.ServiceEvent],
        ) -> incident_pb2.RecordServiceEventsResponse:
            request = incident_pb2.RecordServiceEventsRequest(tenant=self.tenant, events=batch)
            return self._calls.write(self.stubs.incidents.RecordServiceEvents, request, timeout)

        return record(as_many(events), send)

    # What was agreed.

    def put_calendar(
        self,
        calendar: calendar_pb2.Calendar | Mapping[str, Any],
        *,
        effective_time: datetime | Timestamp | None = None,
        validate_only: bool = False,
    ) -> calendar_pb2.PutCalendarResponse:
        """Defines service hours: a message, or a mapping with the fields of its JSON form."""
        request = calendar_pb2.PutCalendarRequest(
            tenant=self.tenant,
            calendar=_message(calendar, calendar_pb2.Calendar()),
            effective_time=times.optional_timestamp(effective_time, "effective_time"),
            validate_only=validate_only,
        )
        return self._calls.write(self.stubs.calendars.PutCalendar, request)

    def put_contract(
        self,
        contract: contract_pb2.Contract | Mapping[str, Any],
        *,
        effective_time: datetime | Timestamp | None = None,
        expected_revision: int | None = None,
        validate_only: bool = False,
    ) -> contract_pb2.PutContractResponse:
        """Defines what was agreed: a message, or a mapping with the fields of its JSON form.

        With `expected_revision` it is refused with `Aborted` unless that is the latest revision. A
        put whose answer was lost may be sent again all the same.
        """
        request = contract_pb2.PutContractRequest(
            tenant=self.tenant,
            contract=_message(contract, contract_pb2.Contract()),
            effective_time=times.optional_timestamp(effective_time, "effective_time"),
            expected_revision=expected_revision,
            validate_only=validate_only,
        )
        return self._calls.write(self.stubs.contracts.PutContract, request)

    # Incidents and their clocks.

    def evaluate(
        self,
        incident_id: str,
        *,
        contract_id: str = "",
        segments: bool = False,
        forecast: bool = False,
        as_of: Moment | None = None,
        known: Moment | None = None,
        min_sequence: int = 0,
    ) -> Evaluation:
        """Evaluates the clocks of an incident, at an instant, by what was known at one.

        `segments` explains every second of each clock, `forecast` says how probable its breach is.
        """
        request = clock_pb2.EvaluateIncidentRequest(
            tenant=self.tenant,
            incident_id=incident_id,
            contract_id=contract_id,
            with_segments=segments,
            with_forecast=forecast,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            min_sequence=min_sequence,
        )
        return Evaluation.of(self._calls.read(self.stubs.clocks.EvaluateIncident, request))

    def clocks(
        self,
        *,
        contract_id: str = "",
        target_id: str = "",
        priority: str = "",
        phases: Iterable[Phase | str] = (),
        outcomes: Iterable[Outcome | str] = (),
        due_before: datetime | Timestamp | None = None,
        forecast: bool = False,
        as_of: Moment | None = None,
        known: Moment | None = None,
        min_sequence: int = 0,
        page_size: int = 1000,
    ) -> Pages[Clock]:
        """Lists clocks by the instant that decides each; no choice of something is any of it."""
        request = clock_pb2.ListClocksRequest(
            tenant=self.tenant,
            contract_id=contract_id,
            target_id=target_id,
            priority=priority,
            phases=[Phase(each).number for each in texts(phases, "phases")],  # type: ignore[misc]
            outcomes=[Outcome(each).number for each in texts(outcomes, "outcomes")],  # type: ignore[misc]
            due_before=times.optional_timestamp(due_before, "due_before"),
            with_forecast=forecast,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            min_sequence=min_sequence,
            page_size=page_size,
        )
        return self._pages(Clock, "clocks", self.stubs.clocks.ListClocks, request)

    def incident(
        self, incident_id: str, *, as_of: Moment | None = None, known: Moment | None = None
    ) -> Incident:
        """The fields of an incident."""
        request = incident_pb2.GetIncidentRequest(
            tenant=self.tenant,
            incident_id=incident_id,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
        )
        return Incident.of(self._calls.read(self.stubs.incidents.GetIncident, request).incident)

    def incidents(
        self,
        *,
        contract_id: str = "",
        only_missing_clocks: bool = False,
        as_of: Moment | None = None,
        known: Moment | None = None,
        page_size: int = 1000,
    ) -> Pages[Incident]:
        """Lists incidents by their ids; or only those that some target does not measure."""
        request = incident_pb2.ListIncidentsRequest(
            tenant=self.tenant,
            contract_id=contract_id,
            only_missing_clocks=only_missing_clocks,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            page_size=page_size,
        )
        return self._pages(Incident, "incidents", self.stubs.incidents.ListIncidents, request)

    def events(
        self,
        incident_id: str,
        *,
        as_of: Moment | None = None,
        known: Moment | None = None,
        page_size: int = 1000,
    ) -> Pages[RecordedEvent]:
        """Lists the events of an incident in the order in which they occurred."""
        request = incident_pb2.ListEventsRequest(
            tenant=self.tenant,
            incident_id=incident_id,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            page_size=page_size,
        )
        return self._pages(RecordedEvent, "events", self.stubs.incidents.ListEvents, request)

    def watch(
        self,
        *,
        resume_token: str = "",
        after: Stamp | None = None,
        contract_ids: Iterable[str] = (),
        target_ids: Iterable[str] = (),
        kinds: Iterable[NoticeKind | str] = (),
        priorities: Iterable[str] = (),
        groups: Iterable[str] = (),
        heartbeat_interval: timedelta | None = None,
        objectives: bool = False,
        breach_probability: float = 0.0,
        outlook_interval: timedelta | None = None,
    ) -> Watch:
        """Watches what happens to clocks, as it happens: see `Watch` and docs/watching.md.

        It goes on from a `resume_token` that was kept, `after` the stamp of a list of clocks, or
        otherwise from now.
        """
        request = clock_pb2.WatchClocksRequest(
            tenant=self.tenant,
            resume_token=resume_token,
            after_stamp=None if after is None else after.message,
            contract_ids=texts(contract_ids, "contract_ids"),
            target_ids=texts(target_ids, "target_ids"),
            kinds=[NoticeKind(each).number for each in texts(kinds, "kinds")],  # type: ignore[misc]
            priorities=texts(priorities, "priorities"),
            groups=texts(groups, "groups"),
            heartbeat_interval=times.optional_duration(heartbeat_interval),
            objectives=objectives,
            breach_probability=breach_probability,
            outlook_interval=times.optional_duration(outlook_interval),
        )
        method = self.stubs.clocks.WatchClocks
        watch = Watch(self._calls.retries, lambda request: self.stream(method, request), request)
        self._watches.add(watch)
        return watch

    def changes(
        self,
        since: Moment,
        *,
        contract_id: str = "",
        as_of: Moment | None = None,
        known: Moment | None = None,
    ) -> Iterator[Change]:
        """The verdicts that were changed by what was recorded since, and the records that did.

        Both states of knowledge are evaluated at one instant, so what time alone brought about is
        no change, nor is what left the outcome of a clock as it was: a warehouse that must have
        each second right exports its periods again.
        """
        request = clock_pb2.CompareClocksRequest(
            tenant=self.tenant,
            contract_id=contract_id,
            earlier_known_time=stamps.known(since, "since"),
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
        )

        def changes(message: clock_pb2.CompareClocksResponse) -> Iterator[Change]:
            # What is requested again is this very answer.
            request.as_of_time.CopyFrom(message.stamp.as_of_time)
            request.known_time.CopyFrom(message.stamp.known_time)
            yield Change.of(message)

        method = self.stubs.clocks.CompareClocks
        return self._calls.rows(lambda: self.stream(method, request), changes)

    # Periods.

    def compliance(
        self,
        contract_id: str,
        period: str = "",
        *,
        start_time: datetime | Timestamp | None = None,
        end_time: datetime | Timestamp | None = None,
        group_by: Iterable[GroupKey | str] = (),
        as_of: Moment | None = None,
        known: Moment | None = None,
        min_sequence: int = 0,
        timeout: timedelta | None = None,
    ) -> Compliance:
        """How a contract was complied with over "2026-10", "2026-Q3", "2026" or a range."""
        keys = tuple(GroupKey(each) for each in texts(group_by, "group_by"))
        request = compliance_pb2.GetComplianceRequest(
            tenant=self.tenant,
            contract_id=contract_id,
            period=period,
            start_time=times.optional_timestamp(start_time, "start_time"),
            end_time=times.optional_timestamp(end_time, "end_time"),
            group_by=[key.number for key in keys],  # type: ignore[misc]
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            min_sequence=min_sequence,
        )
        answer = self._calls.read(self.stubs.compliance.GetCompliance, request, timeout)
        return replace(Compliance.of(answer), contract_id=contract_id, group_by=keys)

    def export(
        self,
        *,
        contract_id: str = "",
        period: str = "",
        start_time: datetime | Timestamp | None = None,
        end_time: datetime | Timestamp | None = None,
        include_open: bool = False,
        as_of: Moment | None = None,
        known: Moment | None = None,
        min_sequence: int = 0,
    ) -> Export:
        """A row for each clock of a period, of a range or of all time: see docs/export.md."""
        request = compliance_pb2.ExportClocksRequest(
            tenant=self.tenant,
            contract_id=contract_id,
            period=period,
            start_time=times.optional_timestamp(start_time, "start_time"),
            end_time=times.optional_timestamp(end_time, "end_time"),
            include_open=include_open,
            as_of_time=stamps.as_of(as_of),
            known_time=stamps.known(known),
            min_sequence=min_sequence,
        )
        method = self.stubs.compliance.ExportClocks
        return Export(self._calls, lambda request: self.stream(method, request), request)

    def pull(
        self,
        table: str,
        *,
        contract_id: str = "",
        period: str = "",
        since: str = "",
        as_of: Moment | None = None,
        known: Moment | None = None,
        min_sequence: int = 0,
    ) -> Pull:
        """The rows of a table, such as "clocks": see docs/pipelines.md.

        `since` the token of an earlier pull of the same table, contract and period: only the rows
        that were added, have changed or are withdrawn, with a column `change` that says so. Needs
        pyarrow.
        """
        from slx import tables  # noqa: PLC0415 - pyarrow is optional

        command = {
            "tenant": self.tenant,
            "table": table,
            "contract_id": contract_id,
            "period": period,
            "since": since,
            "as_of_time": tables.instant(stamps.as_of(as_of)),
            "known_time": tables.instant(stamps.known(known)),
            "min_sequence": min_sequence,
        }
        method = tables.do_get(self._channel)
        return tables.Pull(self._calls, lambda ticket: self.stream(method, ticket), command)

    # The server, and whatever else the API has.

    def status(self) -> admin_pb2.GetStatusResponse:
        """The state of the server and of its journal."""
        return self._calls.read(self.stubs.admin.GetStatus, admin_pb2.GetStatusRequest())

    def call(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        *,
        timeout: timedelta | None = None,
    ) -> A:
        """Calls any method of `stubs`, with deadline, token, retries and typed errors.

        client.call(client.stubs.forecasts.ForecastObjectives, request)

        The few that are not idempotent, such as `RotateWebhookSecret`, are called once.
        """
        match idempotency.of_request(request):
            case Idempotency.READS:
                return self._calls.read(method, request, timeout)
            case Idempotency.WRITES:
                return self._calls.write(method, request, timeout)
            case Idempotency.NONE:
                return self._calls.once(method, request, timeout)

    def stream(
        self,
        method: grpc.UnaryStreamMultiCallable[Q, A],
        request: Q,
        *,
        timeout: timedelta | None = None,
    ) -> Stream[A]:
        """Calls any streaming method of `stubs`, once, with deadline, token and typed errors."""
        return self._calls.stream(method, request, timeout or self._calls.stream_timeout)

    def _pages(self, answer: Any, name: str, method: Any, request: Any) -> Pages[Any]:  # noqa: ANN401
        def fetch(page_token: str) -> Any:  # noqa: ANN401
            request.page_token = page_token
            return self._calls.read(method, request)

        return Pages(answer, name, fetch)


M = TypeVar("M", calendar_pb2.Calendar, contract_pb2.Contract)


def _message(given: M | Mapping[str, Any], empty: M) -> M:
    """The message itself, or the one of a mapping."""
    if isinstance(given, Mapping):
        return json_format.ParseDict(dict(given), empty)
    return given
