-- Months that have ended and no longer stand as they were first reported.
WITH counts AS (
    SELECT
        contract_id,
        month,
        target_id,
        priority,
        count(*) FILTER (is_reported AND counted_as = 'met') AS met_reported,
        count(*) FILTER (is_last AND counted_as = 'met') AS met,
        count(*) FILTER (is_reported AND counted_as = 'breached') AS breached_reported,
        count(*) FILTER (is_last AND counted_as = 'breached') AS breached,
        count(*) FILTER (is_reported AND counted_as = 'excluded') AS excluded_reported,
        count(*) FILTER (is_last AND counted_as = 'excluded') AS excluded
    FROM stg_clocks
    WHERE month_has_ended
    GROUP BY ALL
)
SELECT
    *,
    1000000 * met_reported // nullif(met_reported + breached_reported, 0) / 10000
        AS attainment_reported,
    1000000 * met // nullif(met + breached, 0) / 10000 AS attainment
FROM counts
WHERE (met, breached, excluded) <> (met_reported, breached_reported, excluded_reported)
ORDER BY ALL
