"""Pulls the clocks of a contract into DuckDB, and models its months.

    python pipeline.py --warehouse sla.duckdb --contract workplace --since 2026-01

Each run pulls every month since the first, all by one state of knowledge, so that what was recorded
late is there, whatever month it belongs to. Of a month that has ended the warehouse keeps two
pulls: the first after its end, which is what was reported, and the last.

The models below `models` are one SELECT each, as in dbt: `attainment_by_month` has the months as
they stand, `restated_months` those that no longer stand as they were reported, `restated_clocks`
the verdicts behind that and the facts that changed them. Then the queries below `tests` must find
nothing: one of them holds the months against what slx itself counts.

Where the server is, and who this is, the environment says: SLX_ADDRESS, SLX_TENANT, SLX_TOKEN_FILE.
"""

import argparse
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd

import slx

HERE = Path(__file__).parent
SCHEMA = """
CREATE TABLE IF NOT EXISTS pulls (
    pull_id INTEGER PRIMARY KEY, contract_id VARCHAR, sequence BIGINT, stamp VARCHAR
);
CREATE TABLE IF NOT EXISTS pulled_months (
    pull_id INTEGER, contract_id VARCHAR, month VARCHAR, has_ended BOOLEAN
);
CREATE TABLE IF NOT EXISTS verdict_changes (
    pull_id INTEGER, incident_id VARCHAR, contract_id VARCHAR, target_id VARCHAR, cycle INTEGER,
    outcome_before VARCHAR, outcome VARCHAR, record_time TIMESTAMPTZ, record VARCHAR
);
"""


def main(arguments: list[str] | None = None) -> int:
    """Pulls once."""
    parser = argparse.ArgumentParser(description="Pulls the clocks of a contract into DuckDB.")
    parser.add_argument("--warehouse", default="sla.duckdb", help="the database")
    parser.add_argument("--contract", required=True, help="the id of the contract")
    parser.add_argument("--since", required=True, help="the first month, such as 2026-01")
    given = parser.parse_args(arguments)
    with slx.Client() as client, duckdb.connect(given.warehouse) as warehouse:
        warehouse.execute("SET TimeZone = 'UTC'")
        warehouse.execute(SCHEMA)
        months = list(months_until(given.since, datetime.now(UTC).date()))
        warehouse.begin()
        pull(client, warehouse, given.contract, months)
        model(warehouse)
        wrong = failures(warehouse)
        if wrong:
            warehouse.rollback()
            print("nothing was loaded: these must find nothing:", *wrong, sep="\n", file=sys.stderr)
            return 1
        warehouse.commit()
        report(warehouse)
    return 0


def months_until(first: str, today: date) -> Iterator[str]:
    """The months from the first until today's."""
    month = date.fromisoformat(f"{first}-01")
    while month <= today:
        yield f"{month:%Y-%m}"
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def pull(
    client: slx.Client, warehouse: duckdb.DuckDBPyConnection, contract: str, months: list[str]
) -> None:
    """Loads all months, as they stand at one instant by what is known then."""
    stamp: slx.Stamp | None = None
    rows, counted, ended = [], [], []
    for month in months:
        # From the second month on: as the first one stood.
        export = client.export(
            contract_id=contract, period=month, include_open=True, as_of=stamp, known=stamp
        )
        stamp = stamp or export.stamp
        compliance = client.compliance(
            contract, month, group_by=["target", "priority"], as_of=stamp, known=stamp
        )
        ended.append(compliance.period.end_time <= stamp.as_of_time)
        frame = as_text(export.to_pandas())
        rows.append(frame.assign(month=pd.Series(month, frame.index, "str")))
        counted.append(as_text(compliance.to_pandas()))
    if stamp is None:
        return
    previous = last_stamp(warehouse, contract)
    pull_id = next_pull(warehouse, contract, stamp)
    warehouse.executemany(
        "INSERT INTO pulled_months VALUES (?, ?, ?, ?)",
        [
            [pull_id, contract, month, has_ended]
            for month, has_ended in zip(months, ended, strict=True)
        ],
    )
    load(warehouse, "clock_rows", pd.concat(rows, ignore_index=True), pull_id)
    load(warehouse, "slx_counts", pd.concat(counted, ignore_index=True), pull_id)
    if previous is not None:
        load_changes(client, warehouse, contract, (previous, stamp), pull_id)
    for table, month in (("clock_rows", "month"), ("slx_counts", "period")):
        keep_first_and_last(warehouse, table, month, contract)


def as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Words as texts: a column of DuckDB need not know all there may be."""
    words = frame.select_dtypes("category").columns
    return frame.astype(dict.fromkeys(words, "str"))


def load(
    warehouse: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame, pull_id: int
) -> None:
    """Adds rows; the first pull makes the table."""
    warehouse.register("loaded", frame.assign(pull_id=pd.Series(pull_id, frame.index, "int32")))
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM loaded LIMIT 0")
    warehouse.execute(f"INSERT INTO {table} BY NAME FROM loaded")
    warehouse.unregister("loaded")


def load_changes(
    client: slx.Client,
    warehouse: duckdb.DuckDBPyConnection,
    contract: str,
    between: tuple[slx.Stamp, slx.Stamp],
    pull_id: int,
) -> None:
    """Adds which verdicts were changed since the pull before, each with the records that did."""
    since, until = between
    for change in client.changes(since, contract_id=contract, as_of=until, known=until):
        clock = change.clock
        # None: there was no such clock, or is none any more.
        before = None if change.before is None else change.before.outcome
        after = None if change.after is None else change.after.outcome
        for step in change.steps:
            record = step.contract_id or step.calendar_id or step.time_zone_database
            if step.event is not None:
                record = f"{step.event.WhichOneof('fact')} {step.event.event_id}"
            warehouse.execute(
                "INSERT INTO verdict_changes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    pull_id,
                    clock.incident_id,
                    clock.contract_id,
                    clock.target_id,
                    clock.cycle,
                    before,
                    after,
                    step.record_time,
                    record,
                ],
            )


def last_stamp(warehouse: duckdb.DuckDBPyConnection, contract: str) -> slx.Stamp | None:
    """What the pull before rests on, to the nanosecond."""
    query = "SELECT stamp FROM pulls WHERE contract_id = ? ORDER BY pull_id DESC LIMIT 1"
    found = warehouse.execute(query, [contract]).fetchone()
    return None if found is None else slx.Stamp.from_json(found[0])


def next_pull(warehouse: duckdb.DuckDBPyConnection, contract: str, stamp: slx.Stamp) -> int:
    """Notes this pull, and gives its number."""
    (number,) = warehouse.execute("SELECT coalesce(max(pull_id), 0) + 1 FROM pulls").fetchall()[0]
    values = [number, contract, stamp.sequence, stamp.to_json()]
    warehouse.execute("INSERT INTO pulls VALUES (?, ?, ?, ?)", values)
    return int(number)


def keep_first_and_last(
    warehouse: duckdb.DuckDBPyConnection, table: str, month: str, contract: str
) -> None:
    """Drops pulls of a month that are neither the last nor the first after its end."""
    warehouse.execute(
        f"""
        WITH of_months AS (
            SELECT month, max(pull_id) AS last, min(pull_id) FILTER (has_ended) AS first
            FROM pulled_months WHERE contract_id = $contract GROUP BY month
        )
        DELETE FROM {table} USING of_months
        WHERE {table}.contract_id = $contract AND {table}.{month} = of_months.month
            AND {table}.pull_id <> of_months.last
            AND {table}.pull_id IS DISTINCT FROM of_months.first
        """,  # noqa: S608 - names of this file
        {"contract": contract},
    )


def model(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Makes a view of each model, those first on which others rest."""
    for layer in ("staging", "marts"):
        for file in sorted((HERE / "models" / layer).glob("*.sql")):
            warehouse.execute(f"CREATE OR REPLACE VIEW {file.stem} AS {file.read_text()}")


def failures(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    """The tests that find something."""
    wrong = []
    for file in sorted((HERE / "tests").glob("*.sql")):
        found = warehouse.execute(file.read_text()).fetchall()
        if found:
            wrong.append(f"{file.name}: {len(found)} rows, such as {found[0]}")
    return wrong


def report(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Prints the months, and those that were restated."""
    months = warehouse.sql("FROM attainment_by_month").df()
    shown = months.pivot_table(
        index="month", columns=["target_id", "priority"], values="attainment"
    )
    print("attainment by month, in percent:", shown.to_string(), sep="\n")
    restated = warehouse.sql("FROM restated_months").df()
    if not restated.empty:
        print("restated since they were reported:", restated.to_string(index=False), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
