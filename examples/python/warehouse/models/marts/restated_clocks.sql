-- The verdicts that facts recorded later have changed, and those facts.
SELECT
    changes.incident_id,
    changes.contract_id,
    changes.target_id,
    changes.cycle,
    changes.outcome_before,
    changes.outcome,
    changes.record,
    changes.record_time
FROM verdict_changes AS changes
-- What was no clock before is new, and restates nothing.
WHERE changes.outcome_before IS NOT NULL
ORDER BY changes.record_time, changes.incident_id, changes.target_id, changes.cycle
