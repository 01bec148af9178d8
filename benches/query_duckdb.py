"""What DuckDB takes for the question GetCompliance answers, over the rows of `slx export`.

Usage: query_duckdb.py FILE.csv; needs `pip install duckdb`. Prints the best of some rounds in milliseconds.
"""

import sys
import time

import duckdb

QUESTION = """
    SELECT target_id, priority,
           count(*) FILTER (outcome = 'met'), count(*) FILTER (outcome = 'breached'),
           quantile_disc(elapsed_seconds, [0.5, 0.9, 0.99])
    FROM clocks
    WHERE decide_time >= TIMESTAMPTZ '2025-06-01 00:00:00+02:00'
      AND decide_time < TIMESTAMPTZ '2025-07-01 00:00:00+02:00'
    GROUP BY ALL
"""

database = duckdb.connect()
database.execute("CREATE TABLE clocks AS SELECT * FROM read_csv(?)", [sys.argv[1]])
best = float("inf")
for _ in range(20):
    started = time.perf_counter()
    database.execute(QUESTION).fetchall()
    best = min(best, time.perf_counter() - started)
print(f"{best * 1000:.2f}")
