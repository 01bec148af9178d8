//! Facts about an incident: what an event says has happened.

use crate::codec::checks::Checks;
use crate::codec::choices::{party, party_number, waiting_on, waiting_on_number};
use crate::codec::scalar::{
    count, count_to, duration, optional_instant, timestamp, unsigned_span, unsigned_span_or_zero,
};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact as Wire;
use crate::codec::violations::FieldViolations;
use crate::domain::incident::{
    Cause, DetailsChange, ExclusionDecision, Fact, Opened, Party, Waiting, WaitingOn,
};
use crate::domain::time::Span;
use crate::domain::violation::Violation;

/// What happened, its violations noted.
pub(super) fn decode(fact: Wire, checks: Checks<'_>, violations: &mut FieldViolations) -> Fact {
    match fact {
        Wire::Opened(opened) => Fact::Opened(
            violations.keep("opened", decode_opened(opened, checks)).unwrap_or_default(),
        ),
        Wire::Responded(_) => Fact::Responded,
        Wire::StatusChanged(change) => Fact::StatusChanged(
            violations.keep("status_changed", decode_waiting(change, checks)).unwrap_or_default(),
        ),
        Wire::PriorityChanged(change) => Fact::PriorityChanged(violations.or(
            "priority_changed.priority",
            checks.priority(change.priority),
            String::new(),
        )),
        Wire::Assigned(assigned) => decode_assigned(assigned, checks, violations),
        Wire::ClientUpdated(update) => Fact::ClientUpdated {
            reported_time: violations.or(
                "client_updated.reported_time",
                optional_instant(update.reported_time),
                None,
            ),
        },
        Wire::ClientReplied(_) => Fact::ClientReplied,
        Wire::WorkLogged(work) => decode_work(work, violations),
        Wire::EffortEstimated(estimate) => Fact::EffortEstimated(violations.or(
            "effort_estimated.remaining",
            unsigned_span(estimate.remaining),
            Span::ZERO,
        )),
        Wire::ImpactChanged(impact) => decode_impact(impact, checks, violations),
        Wire::DetailsChanged(change) => Fact::DetailsChanged(
            violations.keep("details_changed", decode_details(change, checks)).unwrap_or_default(),
        ),
        Wire::Restored(_) => Fact::Restored,
        Wire::Resolved(_) => Fact::Resolved,
        Wire::Reopened(_) => Fact::Reopened,
        Wire::Closed(_) => Fact::Closed,
        Wire::Cancelled(_) => Fact::Cancelled,
        Wire::Merged(merged) => {
            Fact::Merged(violations.or("merged.into", checks.id(merged.into), String::new()))
        }
        Wire::CauseAttributed(cause) => Fact::CauseAttributed(decode_cause(cause, violations)),
        Wire::ScopeJudged(scope) => decode_scope(scope, checks, violations),
        Wire::ExclusionDecided(decision) => Fact::ExclusionDecided(
            violations
                .keep("exclusion_decided", decode_decision(decision, checks))
                .unwrap_or_default(),
        ),
        Wire::Surveyed(survey) => decode_survey(survey, checks, violations),
        Wire::Retracted(v1::Retracted { event_id }) => {
            Fact::Retracted(violations.or("retracted.event_id", checks.id(event_id), String::new()))
        }
    }
}

fn decode_assigned(
    assigned: v1::Assigned,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Fact {
    let v1::Assigned { group, assignee } = assigned;
    if checks.are_rules_held && group.is_none() && assignee.is_none() {
        violations.add("assigned", "is empty: say to which group, to whom, or both");
    }
    Fact::Assigned { group, assignee }
}

fn decode_work(work: v1::WorkLogged, violations: &mut FieldViolations) -> Fact {
    let start_time = optional_instant(work.start_time);
    Fact::WorkLogged {
        start_time: violations.or("work_logged.start_time", start_time, None),
        duration: violations.or("work_logged.duration", unsigned_span(work.duration), Span::ZERO),
    }
}

fn decode_scope(
    scope: v1::ScopeJudged,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Fact {
    let v1::ScopeJudged { in_scope, note } = scope;
    if checks.are_rules_held && in_scope.is_none() {
        violations.add("scope_judged.in_scope", "is missing: say true or false");
    }
    Fact::ScopeJudged { in_scope: in_scope.unwrap_or_default(), note }
}

fn decode_impact(
    impact: v1::ImpactChanged,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Fact {
    let users = impact.affected_users.map(count).transpose();
    let loss = impact.productivity_loss.map(|loss| count_to(loss, 100)).transpose();
    let affected_users = violations.or("impact_changed.affected_users", users, None);
    let productivity_loss = violations.or("impact_changed.productivity_loss", loss, None);
    let is_sent = impact.affected_users.is_some() || impact.productivity_loss.is_some();
    if checks.are_rules_held && !is_sent {
        violations.add("impact_changed", "is empty: say how many people, how much, or both");
    }
    Fact::ImpactChanged { affected_users, productivity_loss }
}

fn decode_survey(
    survey: v1::Surveyed,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) -> Fact {
    let score = survey.score.map(|score| count_to(score, 10)).transpose();
    if checks.are_rules_held && survey.score.is_none() && survey.lost_time.is_none() {
        violations.add("surveyed", "is empty: give the score, the time lost, or both");
    }
    Fact::Surveyed {
        score: violations.or("surveyed.score", score, None),
        lost_time: violations.or(
            "surveyed.lost_time",
            unsigned_span_or_zero(survey.lost_time),
            Span::ZERO,
        ),
    }
}

fn decode_cause(cause: v1::CauseAttributed, violations: &mut FieldViolations) -> Cause {
    let confidence = count_to(cause.confidence_percent, 100);
    let confidence = violations.or("cause_attributed.confidence_percent", confidence, 0);
    Cause {
        party: violations.or("cause_attributed.party", party(cause.party), Party::Provider),
        third_party: cause.third_party,
        note: cause.note,
        confidence_percent: Some(confidence).filter(|said| *said > 0),
    }
}

fn decode_opened(opened: v1::Opened, checks: Checks<'_>) -> Result<Opened, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let limits = checks.limits;
    violations.at_most("contract_ids", opened.contract_ids.len(), limits.contracts_per_incident);
    violations.at_most("attributes", opened.attributes.len(), limits.attributes_per_incident);
    let affected_users = opened.affected_users.map(count).transpose();
    let decoded = Opened {
        contract_ids: violations
            .each("contract_ids", opened.contract_ids, |id| checks.terms_id(id)),
        service: violations.or("service", checks.optional_id(opened.service), String::new()),
        category: opened.category,
        priority: violations.or("priority", checks.priority(opened.priority), String::new()),
        affected_users: violations.or("affected_users", affected_users, None),
        are_users_estimated: opened.affected_users_estimated,
        trouble_time: violations.or("trouble_time", optional_instant(opened.trouble_time), None),
        attributes: opened.attributes,
    };
    violations.check()?;
    Ok(decoded)
}

fn decode_details(
    change: v1::DetailsChanged,
    checks: Checks<'_>,
) -> Result<DetailsChange, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let limits = checks.limits;
    let named = change.attributes.len().saturating_add(change.removed_attributes.len());
    violations.at_most("attributes", named, limits.attributes_per_incident);
    let contract_ids = change.contracts.map(|contracts| {
        let ids = contracts.contract_ids;
        violations.at_most("contracts.contract_ids", ids.len(), limits.contracts_per_incident);
        violations.each("contracts.contract_ids", ids, |id| checks.terms_id(id))
    });
    let service = change.service.map(|service| checks.optional_id(service)).transpose();
    let decoded = DetailsChange {
        contract_ids,
        service: violations.or("service", service, None),
        category: change.category,
        attributes: change.attributes,
        removed_attributes: change.removed_attributes,
    };
    if checks.are_rules_held && decoded == DetailsChange::default() {
        violations.add("", "is empty: say what changed");
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_waiting(
    change: v1::StatusChanged,
    checks: Checks<'_>,
) -> Result<Waiting, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = Waiting {
        status: change.status,
        waiting_on: violations.or("waiting_on", waiting_on(change.waiting_on), WaitingOn::Provider),
        third_party: change.third_party,
        reason: change.reason,
    };
    let is_nameless = decoded.waiting_on == WaitingOn::ThirdParty && decoded.third_party.is_empty();
    if checks.are_rules_held && is_nameless {
        violations.add("third_party", "is missing: name the third party it waits on");
    }
    violations.check()?;
    Ok(decoded)
}

fn decode_decision(
    decision: v1::ExclusionDecided,
    checks: Checks<'_>,
) -> Result<ExclusionDecision, Vec<Violation>> {
    let mut violations = FieldViolations::default();
    let decoded = ExclusionDecision {
        contract_id: violations.or(
            "contract_id",
            checks.terms_id(decision.contract_id),
            String::new(),
        ),
        target_id: violations.or(
            "target_id",
            checks.optional_terms_id(decision.target_id),
            String::new(),
        ),
        is_excluded: decision.excluded,
        decided_by: decision.decided_by,
        reason: decision.reason,
    };
    check_decided(&decoded.decided_by, &decoded.reason, checks, &mut violations);
    violations.check()?;
    Ok(decoded)
}

/// By the API's rules a decision says who made it, and why.
pub(super) fn check_decided(
    decided_by: &str,
    reason: &str,
    checks: Checks<'_>,
    violations: &mut FieldViolations,
) {
    if checks.are_rules_held && decided_by.trim().is_empty() {
        violations.add("decided_by", "is missing: say who decided");
    }
    if checks.are_rules_held && reason.trim().is_empty() {
        violations.add("reason", "is missing: say why");
    }
}

/// What happened, as it is sent.
pub(super) fn encode(fact: &Fact) -> Wire {
    match fact {
        Fact::Opened(opened) => Wire::Opened(encode_opened(opened)),
        Fact::Responded => Wire::Responded(v1::Responded {}),
        Fact::StatusChanged(waiting) => Wire::StatusChanged(v1::StatusChanged {
            status: waiting.status.clone(),
            waiting_on: waiting_on_number(waiting.waiting_on),
            third_party: waiting.third_party.clone(),
            reason: waiting.reason.clone(),
        }),
        Fact::PriorityChanged(priority) => {
            Wire::PriorityChanged(v1::PriorityChanged { priority: priority.clone() })
        }
        Fact::Assigned { group, assignee } => {
            Wire::Assigned(v1::Assigned { group: group.clone(), assignee: assignee.clone() })
        }
        Fact::ClientUpdated { reported_time } => {
            Wire::ClientUpdated(v1::ClientUpdated { reported_time: reported_time.map(timestamp) })
        }
        Fact::ClientReplied => Wire::ClientReplied(v1::ClientReplied {}),
        Fact::WorkLogged { start_time, duration: worked } => Wire::WorkLogged(v1::WorkLogged {
            start_time: start_time.map(timestamp),
            duration: Some(duration(*worked)),
        }),
        Fact::EffortEstimated(remaining) => {
            Wire::EffortEstimated(v1::EffortEstimated { remaining: Some(duration(*remaining)) })
        }
        Fact::ImpactChanged { affected_users, productivity_loss } => {
            Wire::ImpactChanged(v1::ImpactChanged {
                affected_users: affected_users.map(whole),
                productivity_loss: productivity_loss.map(whole),
            })
        }
        Fact::DetailsChanged(change) => Wire::DetailsChanged(encode_details(change)),
        Fact::Restored => Wire::Restored(v1::Restored {}),
        Fact::Resolved => Wire::Resolved(v1::Resolved {}),
        Fact::Reopened => Wire::Reopened(v1::Reopened {}),
        Fact::Closed => Wire::Closed(v1::Closed {}),
        Fact::Cancelled => Wire::Cancelled(v1::Cancelled {}),
        Fact::Merged(into) => Wire::Merged(v1::Merged { into: into.clone() }),
        Fact::CauseAttributed(cause) => Wire::CauseAttributed(encode_cause(cause)),
        Fact::ScopeJudged { in_scope, note } => {
            Wire::ScopeJudged(v1::ScopeJudged { in_scope: Some(*in_scope), note: note.clone() })
        }
        Fact::ExclusionDecided(decision) => Wire::ExclusionDecided(v1::ExclusionDecided {
            contract_id: decision.contract_id.clone(),
            target_id: decision.target_id.clone(),
            excluded: decision.is_excluded,
            decided_by: decision.decided_by.clone(),
            reason: decision.reason.clone(),
        }),
        Fact::Surveyed { score, lost_time } => Wire::Surveyed(v1::Surveyed {
            score: score.map(whole),
            lost_time: Some(duration(*lost_time)),
        }),
        Fact::Retracted(event_id) => Wire::Retracted(v1::Retracted { event_id: event_id.clone() }),
    }
}

/// The message of a cause.
pub(super) fn encode_cause(cause: &Cause) -> v1::CauseAttributed {
    v1::CauseAttributed {
        party: party_number(cause.party),
        third_party: cause.third_party.clone(),
        note: cause.note.clone(),
        confidence_percent: whole(cause.confidence_percent.unwrap_or_default()),
    }
}

fn encode_details(change: &DetailsChange) -> v1::DetailsChanged {
    let contract_ids = change.contract_ids.clone();
    v1::DetailsChanged {
        contracts: contract_ids.map(|contract_ids| v1::ContractIds { contract_ids }),
        service: change.service.clone(),
        category: change.category.clone(),
        attributes: change.attributes.clone(),
        removed_attributes: change.removed_attributes.clone(),
    }
}

fn encode_opened(opened: &Opened) -> v1::Opened {
    v1::Opened {
        contract_ids: opened.contract_ids.clone(),
        service: opened.service.clone(),
        category: opened.category.clone(),
        priority: opened.priority.clone(),
        affected_users: opened.affected_users.map(whole),
        affected_users_estimated: opened.are_users_estimated,
        trouble_time: opened.trouble_time.map(timestamp),
        attributes: opened.attributes.clone(),
    }
}

/// Counts come from the wire as `i32`, so they go back as they came.
pub(super) fn whole(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
