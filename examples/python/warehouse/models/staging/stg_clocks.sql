-- The clocks by which months count their targets, as each pull that is kept had them.
WITH months AS (
    -- A month may have no row in a pull, and is what it was pulled as all the same.
    SELECT
        contract_id,
        month,
        max(pull_id) AS last_pull,
        min(pull_id) FILTER (has_ended) AS reported_pull
    FROM pulled_months
    GROUP BY ALL
)
SELECT
    month,
    reported_pull IS NOT NULL AS month_has_ended,
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
    pull_id = last_pull AS is_last,
    pull_id IS NOT DISTINCT FROM reported_pull AS is_reported
FROM clock_rows
JOIN months USING (contract_id, month)
WHERE counted_as IS NOT NULL
