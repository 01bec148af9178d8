-- Each month as it stands: how many clocks were met and breached, and the share of those met.
SELECT
    contract_id,
    month,
    target_id,
    priority,
    count(*) FILTER (counted_as = 'met') AS met,
    count(*) FILTER (counted_as = 'breached') AS breached,
    count(*) FILTER (counted_as = 'excluded') AS excluded,
    count(*) FILTER (counted_as = 'undecided') AS undecided,
    -- Rounded down to four decimals, as slx does, so that 99.99999 % is not 100 %.
    1000000 * met // nullif(met + breached, 0) / 10000 AS attainment,
    sum(lateness_seconds) / 3600 AS hours_late,
    NOT bool_and(month_has_ended) AS is_provisional
FROM stg_clocks
WHERE is_last
GROUP BY ALL
ORDER BY ALL
