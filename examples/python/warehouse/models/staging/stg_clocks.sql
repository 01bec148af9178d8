-- The clocks by which months count their targets, as each pull that is kept had them.
SELECT
    pull_id,
    month,
    month_has_ended,
    contract_id,
    target_id,
    priority,
    incident_id,
    cycle,
    service,
    counted_as,
    place_time,
    epoch(elapsed) AS elapsed_seconds,
    epoch(lateness) AS lateness_seconds,
    pull_id = max(pull_id) OVER (PARTITION BY contract_id, month) AS is_last,
    pull_id = min(pull_id) FILTER (month_has_ended) OVER (PARTITION BY contract_id, month) AS is_reported
FROM clock_rows
WHERE counted_as IS NOT NULL
