"""Tables: what a warehouse has after what changed was taken in is what a whole pull gives."""

from __future__ import annotations

import copy
import csv
import importlib
import io
import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.flight
import pyarrow.parquet
import pytest
import world
from servers import binary

import slx
from slx import events

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from servers import Server

    from slx.v1.incident_pb2 import IncidentEvent

PERIOD = "2025-11"
#: Each table and what it is pulled with.
TABLES: dict[str, dict[str, Any]] = {
    "clocks": {},
    "incidents": {},
    "segments": {},
    "settlement": {},
    "compliance": {"period": PERIOD},
    "objectives": {"period": PERIOD},
    "credits": {"period": "2025"},
    "experience": {"period": PERIOD, "contract_id": "workplace"},
    "coverage": {"period": PERIOD},
}
ROUNDS = 6
MIRROR = Path(__file__).parents[3] / "examples" / "python" / "warehouse" / "mirror.py"


def keys(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if (field.metadata or {}).get(b"key") == b"true"]


def keyed(table: pa.Table) -> dict[tuple[Any, ...], dict[str, Any]]:
    names = keys(table.schema)
    rows = table.to_pylist()
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def take_in(warehouse: dict[tuple[Any, ...], dict[str, Any]], changes: pa.Table) -> int:
    for key, row in keyed(changes).items():
        change = row.pop("change")
        assert (change == "added") == (key not in warehouse)
        if change == "withdrawn":
            assert warehouse.pop(key) == row
        else:
            assert warehouse.get(key) != row
            warehouse[key] = row
    return int(changes.num_rows)


class History:
    """Facts of November, that come late and are taken back."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.recorded: list[tuple[str, str]] = []
        self.number = 0

    def some(self, count: int) -> list[IncidentEvent]:
        return [self.one() for _ in range(count)]

    def one(self) -> IncidentEvent:
        chance = self.chance
        self.number += 1
        incident, event_id = f"INC{chance.randrange(12)}", f"e{self.number}"
        time = world.local("2025-11-03 08:00") + timedelta(minutes=chance.randrange(60 * 24 * 30))
        about: dict[str, Any] = {"event_id": event_id, "time": time}
        if self.recorded and chance.random() < 0.2:
            retracted = chance.choice(self.recorded)
            return events.retracted(retracted[0], retracted_event_id=retracted[1], **about)
        self.recorded.append((incident, event_id))
        match chance.randrange(6):
            case 0 | 1:
                contracts = chance.choice([["workplace"], ["workplace", "nowhere"]])
                return events.opened(
                    incident,
                    contract_ids=contracts,
                    priority=chance.choice(["P1", "P2", "P9"]),
                    **about,
                )
            case 2:
                waiting_on = chance.choice([slx.WaitingOn.CLIENT, slx.WaitingOn.PROVIDER])
                return events.status_changed(
                    incident, status=waiting_on, waiting_on=waiting_on, **about
                )
            case 3:
                return events.reopened(incident, **about)
            case _:
                return events.resolved(incident, **about)


def revised(chance: random.Random) -> dict[str, Any]:
    contract = copy.deepcopy(world.WORKPLACE)
    limits = contract["terms"]["targets"][0]["limits"]
    limits[0]["limit"] = f"{3600 * chance.randrange(1, 9)}s"
    return contract


def test_what_changed_makes_of_a_warehouse_what_a_whole_pull_gives(
    start: Callable[..., Server],
) -> None:
    chance = world.chance()
    history = History(chance)
    server = start()
    client = server.client()
    world.put_terms(client)
    client.record(history.some(40))
    whole = {name: client.pull(name, **more) for name, more in TABLES.items()}
    warehouses = {name: keyed(pull.to_arrow()) for name, pull in whole.items()}
    tokens = {name: pull.token for name, pull in whole.items()}
    taken = 0
    for _ in range(ROUNDS):
        client.record(history.some(chance.randrange(1, 12)))
        if chance.random() < 0.4:
            client.put_contract(revised(chance), effective_time=world.local("2025-11-10 00:00"))
        if chance.random() < 0.3:
            client.close()
            port = server.port
            server.kill()
            server = start(port=port)
            client = server.client()
        for name, more in TABLES.items():
            changes = client.pull(name, since=tokens[name], **more)
            taken += take_in(warehouses[name], changes.to_arrow())
            tokens[name] = changes.token
            expected = client.pull(name, as_of=changes.stamp, known=changes.stamp, **more)
            assert warehouses[name] == keyed(expected.to_arrow()), name
    assert taken > 0
    client.close()


def test_any_client_of_arrow_flight_is_served(client: slx.Client) -> None:
    client.record(world.month(40, world.local("2025-11-03 09:00"), timedelta(hours=3)))
    address = client.address.removeprefix("http://")
    with pyarrow.flight.connect(f"grpc://{address}") as other:
        tenant = {"tenant": client.tenant}
        listed = list(other.list_flights(json.dumps(tenant).encode()))
        names = [json.loads(info.descriptor.command)["table"] for info in listed]
        assert names == [*TABLES][:3] + names[3:]
        assert set(names) == {*TABLES, "forecasts"}
        command = json.dumps({**tenant, "table": "clocks", "contract_id": "workplace"}).encode()
        descriptor = pyarrow.flight.FlightDescriptor.for_command(command)
        info = other.get_flight_info(descriptor)
        table = other.do_get(info.endpoints[0].ticket).read_all()
        assert other.get_schema(descriptor).schema.equals(table.schema)
        ours = client.pull("clocks", contract_id="workplace").to_arrow()
        assert table.schema.equals(ours.schema)
        assert table.num_rows == 40
        assert table.equals(ours)
        meaning = table.schema.field("limit_nanos").metadata
        assert meaning[b"unit"] == b"nanoseconds"
        assert meaning[b"description"].startswith(b"What was promised")
        with pytest.raises(pa.ArrowException, match="unknown: one of clocks"):
            other.do_get(pyarrow.flight.Ticket(json.dumps({**tenant, "table": "x"}))).read_all()
        with pytest.raises(pa.ArrowException, match="no use for this method"):
            list(other.list_actions())


def test_what_is_wrong_is_said_as_everywhere(client: slx.Client) -> None:
    client.record(world.waited_for_the_client())
    with pytest.raises(slx.InvalidArgument) as wrong:
        client.pull("clock", period="2025-11").to_arrow()
    assert [violation.field for violation in wrong.value.violations] == ["table"]
    with pytest.raises(slx.InvalidArgument) as wrong:
        client.pull("compliance").to_arrow()
    assert [violation.field for violation in wrong.value.violations] == ["period"]
    token = client.pull("clocks").token
    of_contract = client.pull("clocks", contract_id="workplace").token
    others: list[tuple[str, str, dict[str, Any]]] = [
        ("segments", token, {}),
        ("clocks", token, {"contract_id": "workplace"}),
        ("clocks", of_contract, {"contract_id": "workplace", "period": "2025-11"}),
        ("forecasts", token, {}),
    ]
    for table, other, more in others:
        with pytest.raises(slx.InvalidArgument) as wrong:
            client.pull(table, since=other, **more).to_arrow()
        assert {violation.field for violation in wrong.value.violations} == {"since"}
    with pytest.raises(slx.NotFound):
        client.pull("clocks", contract_id="none").to_arrow()


def test_a_token_of_another_store_or_from_before_an_erasure_says_to_pull_everything(
    client: slx.Client, start: Callable[..., Server]
) -> None:
    client.record(world.waited_for_the_client())
    client.record(
        events.assigned(
            "INC1", event_id="a", time=world.local("2025-11-24 10:00"), assignee="Jane Doe"
        )
    )
    pull = client.pull("clocks")
    assert pull.to_arrow()["assignee"].to_pylist() == ["Jane Doe"]
    with start().client(tenant=client.tenant) as other:
        world.put_terms(other)
        with pytest.raises(slx.OutOfRange) as expired:
            other.pull("clocks", since=pull.token).to_arrow()
    assert expired.value.reason == "RESUME_POINT_EXPIRED"
    request = slx.v1.incident_pb2.ErasePersonalDataRequest(tenant=client.tenant, subject="Jane Doe")
    client.call(client.stubs.incidents.ErasePersonalData, request)
    with pytest.raises(slx.OutOfRange, match="personal texts were erased"):
        client.pull("clocks", since=pull.token).to_arrow()
    assert client.pull("clocks").to_arrow()["assignee"].to_pylist()[0].startswith("erased-")


def test_a_token_of_what_a_restored_copy_has_lost_says_to_pull_everything(
    start: Callable[..., Server], tmp_path: Path
) -> None:
    server = start()
    with server.client() as client:
        world.put_terms(client)
        client.record(world.waited_for_the_client())
        kept = client.pull("clocks").token
        server.kill()
    shutil.copytree(tmp_path / "data", tmp_path / "copy")
    with start(name="data").client() as client:
        client.record(world.waited_for_the_client("INC2"))
        lost = client.pull("clocks").token
    with start(name="copy").client() as client:
        assert client.pull("clocks", since=kept).to_arrow().num_rows == 0
        with pytest.raises(slx.OutOfRange, match="more was known then"):
            client.pull("clocks", since=lost).to_arrow()
        client.record(world.waited_for_the_client("INC3"))
        with pytest.raises(slx.OutOfRange, match="another than it was"):
            client.pull("clocks", since=lost).to_arrow()


def test_files_of_partitions_are_read_by_duckdb(client: slx.Client, tmp_path: Path) -> None:
    client.record(world.month(40, world.local("2025-10-20 09:00"), timedelta(hours=11)))
    root = tmp_path / "warehouse"
    command = [binary(), "export", "--address", client.address, "--tenant", client.tenant]
    subprocess.run([*command, "--into", str(root)], check=True)
    found = duckdb.sql(
        f"select contract, month, count(*) from read_parquet('{root}/clocks/**/*.parquet', "
        "hive_partitioning = true, hive_types_autocast = false) group by all order by all"
    )
    rows = found.fetchall() if found else []
    assert [row[:2] for row in rows] == [("workplace", "2025-10"), ("workplace", "2025-11")]
    assert sum(row[2] for row in rows) == 40


def test_a_mirror_in_duckdb_keeps_in_step(
    client: slx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLX_ADDRESS", client.address)
    monkeypatch.setenv("SLX_TENANT", client.tenant)
    file, history = tmp_path / "warehouse.duckdb", History(world.chance())
    tables = ["clocks", "incidents", "segments"]
    for round_ in range(3):
        client.record(history.some(15))
        ran = subprocess.run(
            [sys.executable, str(MIRROR), str(file), *tables],
            check=True,
            capture_output=True,
            text=True,
        )
        assert ("changed" in ran.stdout) == (round_ > 0), ran.stdout
        with duckdb.connect(str(file)) as database:
            for name in tables:
                kept = database.sql(f'from "{name}"').to_arrow_table()
                whole = client.pull(name).to_arrow()
                names = keys(whole.schema)
                kept_keys = [tuple(row[key] for key in names) for row in kept.to_pylist()]
                assert sorted(kept_keys) == sorted(keyed(whole)), name
                assert set(kept.schema.names) == set(whole.schema.names)


def test_the_command_line_writes_any_table_and_what_changed(
    client: slx.Client, tmp_path: Path
) -> None:
    client.record(world.waited_for_the_client())
    command = [binary(), "export", "--address", client.address, "--tenant", client.tenant]
    parquet, text = tmp_path / "incidents.parquet", tmp_path / "clocks.csv"
    subprocess.run([*command, "--table", "incidents", "-o", str(parquet)], check=True)
    table = pyarrow.parquet.read_table(parquet)
    assert table["contract_ids"].to_pylist() == [["workplace"]]
    assert table.schema.field("touch_time_nanos").metadata[b"unit"] == b"nanoseconds"
    written = subprocess.run(
        [*command, "--table", "clocks", "-o", str(text)], check=True, capture_output=True, text=True
    )
    token = written.stdout.split("--since ")[1].strip()
    client.record(
        events.opened(
            "INC2",
            event_id="o",
            time=world.local("2025-11-25 09:00"),
            contract_ids=["workplace"],
            priority="P1",
        )
    )
    changes = subprocess.run(
        [*command, "--since", token], check=True, capture_output=True, text=True
    )
    rows = list(csv.DictReader(io.StringIO(changes.stdout)))
    assert [(row["change"], row["incident_id"]) for row in rows] == [("added", "INC2")]
    assert float(rows[0]["limit_seconds"]) == 14400


def test_without_pyarrow_all_else_works(
    client: slx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "slx.tables", raising=False)
    monkeypatch.delattr(slx, "tables", raising=False)
    with pytest.raises(ModuleNotFoundError, match=r"\[arrow\]"):
        client.pull("clocks")
    monkeypatch.undo()
    importlib.import_module("slx.tables")
