"""The examples of examples/python, as they are run."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import duckdb
import pytest
import world
from servers import free_port

import slx
from slx import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from slx.v1.incident_pb2 import IncidentEvent

EXAMPLES = Path(__file__).parents[3] / "examples" / "python"


def _run(
    example: str, *arguments: str | Path, tenant: str, address: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SLX_ADDRESS": address, "SLX_TENANT": tenant}
    command = [sys.executable, EXAMPLES / example, *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


def _module(example: str) -> Any:
    spec = importlib.util.spec_from_file_location(Path(example).stem, EXAMPLES / example)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_backend_loses_nothing_and_repeats_nothing(client: slx.Client, tmp_path: Path) -> None:
    database = tmp_path / "tickets.db"

    def backend(*arguments: str) -> str:
        tenant, address = client.tenant, client.address
        ran = _run("backend.py", "--database", database, *arguments, tenant=tenant, address=address)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout + ran.stderr

    backend("open", "T1", "--priority", "P1", "--contract", "workplace")
    backend("wait", "T1", "--reason", "which printer?")
    before = shutil.copy(database, tmp_path / "before.db")
    assert backend("send") == "2 facts sent\n"
    assert backend("send") == "0 facts sent\n"
    assert client.incident("T1").waiting_on is slx.WaitingOn.CLIENT

    # As though it had stopped before it noted what was recorded.
    shutil.copy(before, database)
    backend("work", "T1")
    backend("resolve", "T1")
    assert backend("send") == "4 facts sent\n"
    kept = [each.event.WhichOneof("fact") for each in client.events("T1")]
    assert kept == ["opened", "status_changed", "status_changed", "resolved"]
    assert client.incident("T1").state is slx.IncidentState.RESOLVED


def test_a_backend_sends_once_the_server_is_there(tmp_path: Path, start: Any) -> None:
    backend = _module("backend.py")
    tickets = backend.Tickets(tmp_path / "tickets.db")
    tickets.open("T1", "P1", ["workplace"])
    # One that slx will not take holds up no other.
    tickets.open("T2", "P1", ["no contract's id"])
    tickets.open("T3", "P1", [])
    port = free_port()
    with slx.Client(f"127.0.0.1:{port}", tenant="acme", timeout=timedelta(seconds=0.3)) as client:
        with pytest.raises(slx.Unavailable):
            tickets.send(client)
        assert len(tickets.pending()) == 3
        start(port=port)
    with slx.Client(f"127.0.0.1:{port}", tenant="acme") as client:
        assert tickets.send(client) == 3
        assert [incident.id for incident in client.incidents()] == ["T1", "T3"]
    ((row, why),) = tickets.refused()
    assert row == 2
    assert "opened.contract_ids[0]" in why
    tickets.close()


class Chat:
    """An incoming webhook that fails at times."""

    def __init__(self) -> None:
        chat = self
        self.texts: list[str] = []
        self.codes: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = chat.codes.pop(0) if chat.codes else 200
                if code == 200:
                    chat.texts.append(json.loads(body)["text"])
                self.send_response(code)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def waits_for(self, text: str) -> None:
        world.eventually(lambda: any(text in each for each in self.texts), f"{text}: {self.texts}")


def _opened(incident_id: str) -> IncidentEvent:
    return events.opened(
        incident_id,
        event_id="o",
        time=world.local("2025-11-21 16:30"),
        contract_ids=["workplace"],
        priority="P1",
    )


def test_a_chat_hears_of_breaches_over_restarts(client: slx.Client, tmp_path: Path) -> None:
    state = tmp_path / "chat.json"
    chat_py = [sys.executable, str(EXAMPLES / "chat.py"), "--state", str(state)]
    environment = {**os.environ, "SLX_ADDRESS": client.address, "SLX_TENANT": client.tenant}
    with Chat() as chat:
        command = [*chat_py, "--zone", "Europe/Amsterdam", "--webhook", chat.url]
        chat.codes = [500, 429]

        def watching() -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)

        # Until it watches nothing is new to it.
        with watching() as first:
            world.eventually(state.exists, "it watches")
            client.record(_opened("INC1"))
            chat.waits_for("INC1 (P1): resolve of workplace: breached Mon 24 Nov 12:30")
            first.kill()
        client.record(_opened("INC2"))
        with watching() as second:
            chat.waits_for("INC2 (P1): resolve of workplace: breached Mon 24 Nov 12:30")
            late = world.local("2025-11-24 12:00")
            client.record(events.resolved("INC1", event_id="r", time=late))
            chat.waits_for("INC1 (P1): resolve of workplace: not breached after all")
            second.kill()
    # The one that was on its way as the first was killed may come twice.
    assert len(chat.texts) - len(set(chat.texts)) <= 1
    assert any("INC1 (P1): resolve of workplace: near its limit" in each for each in chat.texts)


def _first_monday(of: datetime) -> datetime:
    first = of.replace(day=1, hour=9, minute=0, second=0, microsecond=0)
    return first + timedelta(days=-first.weekday() % 7)


#: In a month that has ended, as has the one after it, whenever this runs.
BEGINS = _first_monday(datetime.now(world.AMSTERDAM) - timedelta(days=100))
FIRST_MONTH = f"{BEGINS:%Y-%m}"
HOUR = timedelta(hours=1)
PIPELINE = "warehouse/pipeline.py"


def _pulled(client: slx.Client, warehouse: Path) -> str:
    arguments = ("--warehouse", warehouse, "--contract", "workplace", "--since", FIRST_MONTH)
    ran = _run(PIPELINE, *arguments, tenant=client.tenant, address=client.address)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def _rows(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(warehouse, read_only=True) as connection:
        return connection.execute(query.replace("$month", f"'{FIRST_MONTH}'")).fetchall()


def test_a_warehouse_has_the_months_and_those_restated(client: slx.Client, tmp_path: Path) -> None:
    warehouse = tmp_path / "sla.duckdb"
    client.record(world.month(24, BEGINS, timedelta(hours=48)))
    shown = _pulled(client, warehouse)
    assert "attainment by month" in shown
    assert "restated" not in shown
    first = client.compliance("workplace", FIRST_MONTH).groups[0].contractual
    assert first.attainment is not None
    query = "SELECT met, breached, attainment FROM attainment_by_month WHERE month = $month"
    assert _rows(warehouse, query) == [(first.met, first.breached, float(first.attainment))]

    # A correction, a fact that is taken back, and an incident that nobody had sent.
    client.record(
        [
            events.resolved("INC00000", event_id="late", time=BEGINS + HOUR, corrects_event_id="r"),
            events.retracted(
                "INC00001",
                event_id="back",
                time=BEGINS + 60 * HOUR,
                retracted_event_id="r",
            ),
            events.opened(
                "INC-late", event_id="o", time=BEGINS, contract_ids=["workplace"], priority="P1"
            ),
            events.resolved("INC-late", event_id="r", time=BEGINS + HOUR),
        ]
    )
    shown = _pulled(client, warehouse)
    assert "restated since they were reported" in shown
    now = client.compliance("workplace", FIRST_MONTH).groups[0].contractual
    assert (now.met, now.breached) == (first.met + 1, first.breached)
    query = "SELECT month, met_reported, breached_reported, met, breached FROM restated_months"
    restated = [(FIRST_MONTH, first.met, first.breached, now.met, now.breached)]
    assert _rows(warehouse, query) == restated
    query = "SELECT incident_id, outcome_before, outcome, record FROM restated_clocks"
    assert _rows(warehouse, query) == [
        ("INC00000", "breached", "met", "resolved late"),
        ("INC00001", "met", "breached", "retracted back"),
    ]
    # Pulled once more, nothing is new, and what was reported is what it was.
    _pulled(client, warehouse)
    query = "SELECT month, met_reported, breached_reported, met, breached FROM restated_months"
    assert _rows(warehouse, query) == restated
    query = "SELECT DISTINCT pull_id FROM clock_rows WHERE month = $month ORDER BY ALL"
    assert _rows(warehouse, query) == [(1,), (3,)]


def test_a_warehouse_that_goes_on_equals_one_that_is_new(
    client: slx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = world.chance()
    monkeypatch.setenv("SLX_ADDRESS", client.address)
    monkeypatch.setenv("SLX_TENANT", client.tenant)
    pipeline = _module(PIPELINE)

    def pull(warehouse: Path) -> None:
        arguments = ["--warehouse", str(warehouse), "--contract", "workplace"]
        assert pipeline.main([*arguments, "--since", FIRST_MONTH]) == 0

    old = tmp_path / "old.duckdb"
    last = (
        "SELECT month, incident_id, target_id, cycle, counted_as, place_time, elapsed, lateness "
        "FROM clock_rows SEMI JOIN ("
        "    SELECT month, max(pull_id) AS pull_id FROM pulled_months WHERE has_ended GROUP BY ALL"
        ") USING (month, pull_id) ORDER BY ALL"
    )
    # The month that goes on grows older between two pulls.
    marts = "FROM attainment_by_month WHERE NOT is_provisional ORDER BY ALL"
    for round_of in range(4):
        client.record(_history(chance, round_of))
        pull(old)
        new = tmp_path / f"new-{round_of}.duckdb"
        pull(new)
        assert len(_rows(old, last)) > 20
        assert _rows(old, last) == _rows(new, last)
        assert _rows(old, marts) == _rows(new, marts)


def test_a_month_that_was_empty_or_becomes_so_is_restated_too(
    client: slx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLX_ADDRESS", client.address)
    monkeypatch.setenv("SLX_TENANT", client.tenant)
    warehouse, pipeline = tmp_path / "sla.duckdb", _module(PIPELINE)

    def restated() -> list[tuple[Any, ...]]:
        arguments = ["--warehouse", str(warehouse), "--contract", "workplace"]
        assert pipeline.main([*arguments, "--since", FIRST_MONTH]) == 0
        return _rows(warehouse, "SELECT month, met_reported, met FROM restated_months")

    assert restated() == []
    opened, resolved = world.month(1, BEGINS + HOUR, HOUR)
    client.record([opened, resolved, events.resolved("INC00000", event_id="s", time=BEGINS + HOUR)])
    assert restated() == [(FIRST_MONTH, 0, 1)]
    client.record(events.retracted("INC00000", event_id="b", time=BEGINS, retracted_event_id="o"))
    assert restated() == []
    assert _rows(warehouse, "FROM attainment_by_month WHERE month = $month") == []


def _history(chance: random.Random, round_of: int) -> list[IncidentEvent]:
    """Incidents that open, wait and are resolved, and late facts about those before."""
    history: list[IncidentEvent] = []
    for number in range(30):
        incident_id = f"INC{number:03}"
        opens = BEGINS + 48 * number * HOUR
        at = opens + timedelta(minutes=chance.randrange(1, 60 * 72))
        event_id = f"{round_of}-{number}"
        kinds = ["resolved", "reopened", "wait", "priority", "exclude"]
        if round_of == 0:
            history.append(
                events.opened(
                    incident_id,
                    event_id="o",
                    time=opens,
                    contract_ids=["workplace"],
                    priority=chance.choice(["P1", "P2"]),
                )
            )
        else:
            kinds.append("retract")
        make: dict[str, Callable[..., IncidentEvent]] = {
            "resolved": events.resolved,
            "reopened": events.reopened,
            "wait": lambda *of, **at: events.status_changed(*of, waiting_on="client", **at),
            "priority": lambda *of, **at: events.priority_changed(*of, priority="P1", **at),
            "exclude": lambda *of, **at: events.exclusion_decided(
                *of,
                contract_id="workplace",
                excluded=chance.random() < 0.7,
                decided_by="M. Manager",
                reason="storm",
                **at,
            ),
            "retract": lambda *of, **at: events.retracted(
                *of, retracted_event_id=f"{round_of - 1}-{of[0][3:].lstrip('0') or '0'}", **at
            ),
        }
        history.append(make[chance.choice(kinds)](incident_id, event_id=event_id, time=at))
    return history
