-- Months whose counts, made of rows, are not those that slx made. A group of slx without a row has
-- nothing but a backlog.
SELECT contract_id, month, target_id, priority, met, breached, excluded, undecided
FROM attainment_by_month
FULL JOIN (
    SELECT contract_id, period AS month, target_id, priority,
        met AS met_slx, breached AS breached_slx, excluded AS excluded_slx,
        undecided AS undecided_slx, attainment AS attainment_slx
    FROM slx_counts
    QUALIFY pull_id = max(pull_id) OVER (PARTITION BY contract_id, period)
) USING (contract_id, month, target_id, priority)
WHERE coalesce(met, 0) IS DISTINCT FROM met_slx
    OR coalesce(breached, 0) IS DISTINCT FROM breached_slx
    OR coalesce(excluded, 0) IS DISTINCT FROM excluded_slx
    OR coalesce(undecided, 0) IS DISTINCT FROM undecided_slx
    OR abs(coalesce(attainment, -1) - coalesce(attainment_slx, -1)) > 0.00005
