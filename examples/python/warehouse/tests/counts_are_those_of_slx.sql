-- Months whose counts, made of rows, are not those that slx made. A group of slx without a row has
-- nothing but a backlog.
SELECT contract_id, month, target_id, priority, met, breached, excluded, undecided
FROM attainment_by_month
FULL JOIN (
    SELECT contract_id, period AS month, target_id, priority,
        met AS met_slx, breached AS breached_slx, excluded AS excluded_slx,
        undecided AS undecided_slx, attainment AS attainment_slx
    FROM slx_counts
    SEMI JOIN (
        SELECT contract_id, month AS period, max(pull_id) AS pull_id FROM pulled_months GROUP BY ALL
    ) USING (contract_id, period, pull_id)
) USING (contract_id, month, target_id, priority)
WHERE coalesce(met, 0) IS DISTINCT FROM met_slx
    OR coalesce(breached, 0) IS DISTINCT FROM breached_slx
    OR coalesce(excluded, 0) IS DISTINCT FROM excluded_slx
    OR coalesce(undecided, 0) IS DISTINCT FROM undecided_slx
    OR abs(coalesce(attainment, -1) - coalesce(attainment_slx, -1)) > 0.00005
