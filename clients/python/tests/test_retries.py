"""Retries: what may succeed later is sent again, and nothing else is."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
import world
from proxies import Proxy
from servers import Server, free_port

import slx
from slx.idempotency import Idempotency, of_request
from slx.retries import may_be_sent_again
from slx.v1 import clock_pb2, incident_pb2, webhook_pb2

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Code = grpc.StatusCode


def _error(
    code: grpc.StatusCode, reason: str = "", retry_after: float | None = None
) -> slx.CallError:
    pause = None if retry_after is None else timedelta(seconds=retry_after)
    return slx.CallError(slx.Failure(code, "", reason, retry_after=pause))


def test_what_is_sent_again_is_what_the_documentation_says() -> None:
    again = [
        _error(Code.UNAVAILABLE),
        _error(Code.UNAVAILABLE, "JOURNAL_UNAVAILABLE", 1.0),
        _error(Code.UNAVAILABLE, "SHUTTING_DOWN"),
        _error(Code.RESOURCE_EXHAUSTED, "OVERLOADED", 0.1),
        _error(Code.DEADLINE_EXCEEDED),
        _error(Code.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"),
        # Without a reason of slx, something between has broken the connection.
        _error(Code.INTERNAL),
        _error(Code.UNKNOWN),
        _error(Code.CANCELLED),
    ]
    never = [
        _error(Code.RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED"),
        _error(Code.RESOURCE_EXHAUSTED, "ANSWER_TOO_LARGE"),
        _error(Code.RESOURCE_EXHAUSTED),
        _error(Code.INTERNAL, "DEFECT"),
        _error(Code.ABORTED, "REVISION_CONFLICT"),
        _error(Code.CANCELLED, "CALLER_GONE"),
        *(
            _error(code)
            for code in (
                Code.INVALID_ARGUMENT,
                Code.NOT_FOUND,
                Code.ALREADY_EXISTS,
                Code.PERMISSION_DENIED,
                Code.UNAUTHENTICATED,
                Code.FAILED_PRECONDITION,
                Code.OUT_OF_RANGE,
                Code.UNIMPLEMENTED,
                Code.DATA_LOSS,
            )
        ),
    ]
    assert all(map(may_be_sent_again, again))
    assert not any(map(may_be_sent_again, never))


def test_pauses_grow_and_are_never_shorter_than_the_server_wants() -> None:
    retries = slx.Retries(
        first_pause=timedelta(milliseconds=100), longest_pause=timedelta(seconds=2)
    )
    lost = _error(Code.UNAVAILABLE)
    for failures, most in ((1, 0.1), (2, 0.2), (3, 0.4), (6, 2.0), (1000, 2.0)):
        pauses = [retries.pause(lost, failures).total_seconds() for _ in range(100)]
        assert most / 2 <= min(pauses) < max(pauses) <= most
    busy = _error(Code.RESOURCE_EXHAUSTED, "OVERLOADED", retry_after=3.5)
    assert retries.pause(busy, 1) == timedelta(seconds=3.5)


def test_what_the_protos_do_not_mark_as_idempotent_is_called_once(client: slx.Client) -> None:
    assert of_request(incident_pb2.RecordEventsRequest()) is Idempotency.WRITES
    assert of_request(clock_pb2.ListClocksRequest()) is Idempotency.READS
    assert of_request(webhook_pb2.RotateWebhookSecretRequest()) is Idempotency.NONE
    assert of_request(clock_pb2.Clock()) is Idempotency.NONE
    rotate = webhook_pb2.RotateWebhookSecretRequest(tenant=client.tenant, webhook_id="none")
    with pytest.raises(slx.NotFound, match="WEBHOOK_NOT_FOUND"):
        client.call(client.stubs.webhooks.RotateWebhookSecret, rotate)
    with slx.Client(f"127.0.0.1:{free_port()}", timeout=timedelta(seconds=30)) as nowhere:
        began = time.monotonic()
        with pytest.raises(slx.Unavailable):
            nowhere.call(nowhere.stubs.webhooks.RotateWebhookSecret, rotate)
        assert time.monotonic() - began < 10


def test_a_server_that_comes_up_late_is_waited_for(tmp_path: Path) -> None:
    port = free_port()
    recorded: list[slx.Recorded] = []
    with slx.Client(f"127.0.0.1:{port}", tenant="acme") as client:
        sent = world.waited_for_the_client()
        record = threading.Thread(target=lambda: recorded.append(client.record(sent)))
        record.start()
        # It has been refused at least once.
        record.join(0.3)
        assert record.is_alive()
        with Server(tmp_path, port=port):
            record.join(world.PATIENCE)
            assert [each.accepted for each in recorded] == [4]


def test_it_is_given_up_at_the_deadline() -> None:
    with slx.Client(f"127.0.0.1:{free_port()}", timeout=timedelta(seconds=0.5)) as client:
        began = time.monotonic()
        with pytest.raises(slx.Unavailable) as raised:
            client.evaluate("INC1")
        assert time.monotonic() - began < 5
        assert raised.value.reason == ""
        with pytest.raises(slx.Unavailable):
            next(client.changes(world.utc("2025-01-01")))


def test_all_is_recorded_once_over_kills_of_the_server(start: Callable[..., Server]) -> None:
    server = start()
    chance = world.chance()
    sent = world.month(20, world.local("2025-11-03 09:00"), timedelta(minutes=7))

    def crash() -> None:
        for _ in range(6):
            time.sleep(chance.uniform(0.05, 0.5))
            server.kill()
            server.start_again()

    quick = slx.Retries(longest_pause=timedelta(milliseconds=200))
    with server.client(retries=quick, options=[("grpc.max_reconnect_backoff_ms", 200)]) as client:
        world.put_terms(client)
        crashing = threading.Thread(target=crash)
        crashing.start()
        while crashing.is_alive():
            for event in sent:
                assert not client.record(event).refused
        crashing.join()
        incidents = list(client.incidents())
        assert len(incidents) == 20
        assert all(incident.event_count == 2 for incident in incidents)


def test_calls_go_on_over_a_connection_that_is_cut(client: slx.Client, shared: Server) -> None:
    with Proxy(shared.port) as proxy, slx.Client(proxy.url, tenant=client.tenant) as cut:
        for number in range(20):
            proxy.cut_after(1 + 10 * number)
            event = world.waited_for_the_client(f"INC{number}")
            assert not cut.record(event).refused
        assert proxy.cuts > 10
    assert len(list(client.incidents())) == 20


def test_an_export_goes_on_where_it_broke(client: slx.Client, shared: Server) -> None:
    count = 1500
    client.record(world.month(count, world.local("2025-11-03 00:00"), timedelta(minutes=15)))
    whole = client.export(contract_id="workplace", period="2025-11")
    rows = list(whole.messages())
    assert len(rows) == count
    with Proxy(shared.port) as proxy, slx.Client(proxy.url, tenant=client.tenant) as cut:
        broken = cut.export(contract_id="workplace", period="2025-11")
        proxy.cut_after(60_000, 150_000, 100_000)
        read = broken.messages()
        got = [next(read)]
        # What is recorded meanwhile is no part of it.
        late = world.waited_for_the_client("INC00000-late")
        client.record(late)
        got.extend(read)
        assert proxy.cuts == 3
    assert got == rows
    now = list(client.export(contract_id="workplace", period="2025-11"))
    assert len(now) == count + 1


def test_a_stream_that_is_refused_is_not_opened_again(client: slx.Client) -> None:
    with pytest.raises(slx.NotFound, match="CONTRACT_NOT_FOUND"):
        list(client.export(contract_id="nothing", period="2025-11"))
