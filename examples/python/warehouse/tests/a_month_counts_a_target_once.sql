-- Targets of an incident that a month counts more than once.
SELECT contract_id, month, target_id, incident_id, count(*)
FROM stg_clocks
WHERE is_last
GROUP BY ALL
HAVING count(*) > 1
