"""A ticket system that reports what happens to its tickets to slx, through an outbox.

    python backend.py open T1 --priority P1 --contract workplace
    python backend.py wait T1 --reason "which printer?"
    python backend.py work T1
    python backend.py resolve T1
    python backend.py send

A change of a ticket and the fact to report are written in one transaction, so neither is without
the other. `send` reports what is pending, whenever the server can be reached. If it is stopped
after the server has recorded something and before it has noted that, it sends the same facts again,
with the same ids: they are duplicates, and change nothing.

Where the server is, and who this is, the environment says: SLX_ADDRESS, SLX_TENANT, SLX_TOKEN_FILE.
"""

import argparse
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import slx
from slx.v1.incident_pb2 import IncidentEvent

SCHEMA = """
CREATE TABLE IF NOT EXISTS tickets (id TEXT PRIMARY KEY, status TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event BLOB NOT NULL,
    sent_at TEXT,
    refused TEXT
);
"""
BATCH = 500


class Tickets:
    """Tickets, and the facts about them that are to be reported."""

    def __init__(self, database: Path) -> None:
        self._database = sqlite3.connect(database)
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    def open(self, ticket: str, priority: str, contracts: list[str]) -> None:
        """A client has reported something."""
        event = slx.events.opened(
            ticket,
            event_id="opened",
            time=datetime.now(UTC),
            contract_ids=contracts,
            priority=priority,
            source="tickets",
        )
        with self._database:
            self._database.execute("INSERT INTO tickets VALUES (?, 'open')", (ticket,))
            self._put(event)

    def change(self, ticket: str, status: str, event: IncidentEvent) -> None:
        """A ticket has another status."""
        with self._database:
            update = "UPDATE tickets SET status = ? WHERE id = ?"
            if self._database.execute(update, (status, ticket)).rowcount == 0:
                raise LookupError(f"there is no ticket {ticket}")
            self._put(event)

    def next_event_id(self) -> str:
        """An id that no other fact has, and that this one keeps."""
        (last,) = self._database.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()
        return f"outbox-{last + 1}"

    def pending(self) -> list[tuple[int, IncidentEvent]]:
        """The oldest facts that are not sent."""
        rows = self._database.execute(
            "SELECT id, event FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT ?", (BATCH,)
        )
        return [(row, IncidentEvent.FromString(event)) for row, event in rows]

    def refused(self) -> list[tuple[int, str]]:
        """Facts that slx did not take, and why: somebody must look at them."""
        query = "SELECT id, refused FROM outbox WHERE refused IS NOT NULL ORDER BY id"
        return list(self._database.execute(query))

    def send(self, client: slx.Client) -> int:
        """Reports all that is pending; returns how many facts that were."""
        sent = 0
        while pending := self.pending():
            try:
                recorded = client.record([event for _, event in pending])
            except slx.EventsRefused as refused:
                # The others are recorded: one that is wrong must not hold them up for ever.
                recorded = refused.recorded
            now = datetime.now(UTC).isoformat()
            with self._database:
                self._database.executemany(
                    "UPDATE outbox SET sent_at = ?, refused = ? WHERE id = ?",
                    [
                        (now, None if result.rejection is None else str(result.rejection), row)
                        for (row, _), result in zip(pending, recorded.results, strict=True)
                    ],
                )
            sent += len(pending)
        return sent

    def _put(self, event: IncidentEvent) -> None:
        self._database.execute(
            "INSERT INTO outbox (event) VALUES (?)", (event.SerializeToString(),)
        )


def main(arguments: list[str] | None = None) -> int:
    """Does one thing."""
    given = _parser().parse_args(arguments)
    with closing(Tickets(given.database)) as tickets:
        if given.command == "send":
            return _send(tickets)
        if given.command == "open":
            tickets.open(given.ticket, given.priority, given.contract)
            return 0
        now, event_id = datetime.now(UTC), tickets.next_event_id()
        match given.command:
            case "wait":
                status, waiting_on = "waiting for user", slx.WaitingOn.CLIENT
            case "work":
                status, waiting_on = "in progress", slx.WaitingOn.PROVIDER
            case _:
                event = slx.events.resolved(given.ticket, event_id=event_id, time=now)
                tickets.change(given.ticket, "resolved", event)
                return 0
        event = slx.events.status_changed(
            given.ticket,
            event_id=event_id,
            time=now,
            status=status,
            waiting_on=waiting_on,
            reason=given.reason,
        )
        tickets.change(given.ticket, status, event)
    return 0


def _send(tickets: Tickets) -> int:
    with slx.Client() as client:
        try:
            print(f"{tickets.send(client)} facts sent")
        except slx.CallError as error:
            print(f"{error}\nwhat is pending stays so: send again", file=sys.stderr)
            return 1
    for row, why in tickets.refused():
        print(f"outbox row {row} was refused: {why}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="A ticket system that reports to slx.")
    parser.add_argument("--database", type=Path, default=Path("tickets.db"))
    commands = parser.add_subparsers(dest="command", required=True)
    opening = commands.add_parser("open", help="opens a ticket")
    opening.add_argument("ticket")
    opening.add_argument("--priority", default="P3")
    opening.add_argument("--contract", action="append", default=[])
    for name, does in (
        ("wait", "the client must answer"),
        ("work", "goes on"),
        ("resolve", "is done"),
    ):
        change = commands.add_parser(name, help=does)
        change.add_argument("ticket")
        change.add_argument("--reason", default="")
    commands.add_parser("send", help="reports what is pending")
    return parser


if __name__ == "__main__":
    sys.exit(main())
