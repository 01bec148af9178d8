"""Keeps tables of slx in DuckDB, in step: whole the first time, and from then on what changed.

    python mirror.py warehouse.duckdb clocks incidents segments settlement

Run it as often as you like, by cron say. Each table says what slx says as of the last run, whatever
came late, was retracted or revised meanwhile. What changed and the token to go on from are taken in
by one transaction, so a run that breaks off is made up for by the next.
"""

import argparse
import sys

import duckdb
import pyarrow as pa

import slx


def main() -> None:
    """Brings the tables up to date."""
    parser = argparse.ArgumentParser(description="Keeps tables of slx in DuckDB.")
    parser.add_argument("database")
    parser.add_argument("tables", nargs="+")
    given = parser.parse_args()
    with slx.Client() as client, duckdb.connect(given.database) as database:
        database.execute(
            "create table if not exists slx_tokens (name text primary key, token text)"
        )
        for name in given.tables:
            sys.stdout.write(f"{name}: {mirror(client, database, name)}\n")


def mirror(client: slx.Client, database: duckdb.DuckDBPyConnection, name: str) -> str:
    """Brings one table up to date, and says what that took."""
    found = database.execute("select token from slx_tokens where name = ?", [name]).fetchall()
    if found:
        try:
            pull = client.pull(name, since=found[0][0])
            return _replace(database, name, pull.to_arrow(), pull.token, is_whole=False)
        except slx.OutOfRange as expired:
            sys.stderr.write(f"{name}: {expired}\n")
    pull = client.pull(name)
    return _replace(database, name, pull.to_arrow(), pull.token, is_whole=True)


def _replace(
    database: duckdb.DuckDBPyConnection, name: str, rows: pa.Table, token: str, *, is_whole: bool
) -> str:
    database.register("pulled", rows)
    database.begin()
    try:
        if is_whole:
            database.execute(f'create or replace table "{name}" as from pulled')
        else:
            keys = [field.name for field in rows.schema if b"key" in (field.metadata or {})]
            same = " and ".join(f'kept."{key}" = pulled."{key}"' for key in keys)
            database.execute(f'delete from "{name}" kept using pulled where {same}')  # noqa: S608
            database.execute(
                f'insert into "{name}" by name '  # noqa: S608
                "select * exclude (change) from pulled where change <> 'withdrawn'"
            )
        database.execute("insert or replace into slx_tokens values (?, ?)", [name, token])
        database.commit()
    except BaseException:
        database.rollback()
        raise
    finally:
        database.unregister("pulled")
    return f"{rows.num_rows} rows" if is_whole else f"{rows.num_rows} changed"


if __name__ == "__main__":
    main()
