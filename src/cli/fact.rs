//! Facts in words.

use super::show::{choice, span};
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;

/// What a fact is called in the API.
pub(super) fn fact_name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Opened(_) => "opened",
        Fact::Responded(_) => "responded",
        Fact::StatusChanged(_) => "status_changed",
        Fact::PriorityChanged(_) => "priority_changed",
        Fact::Assigned(_) => "assigned",
        Fact::ClientUpdated(_) => "client_updated",
        Fact::ClientReplied(_) => "client_replied",
        Fact::WorkLogged(_) => "work_logged",
        Fact::EffortEstimated(_) => "effort_estimated",
        Fact::ImpactChanged(_) => "impact_changed",
        Fact::Restored(_) => "restored",
        Fact::Resolved(_) => "resolved",
        Fact::Reopened(_) => "reopened",
        Fact::Closed(_) => "closed",
        Fact::Cancelled(_) => "cancelled",
        Fact::Merged(_) => "merged",
        Fact::CauseAttributed(_) => "cause_attributed",
        Fact::ScopeJudged(_) => "scope_judged",
        Fact::Surveyed(_) => "surveyed",
        Fact::Retracted(_) => "retracted",
        Fact::ExclusionDecided(_) => "exclusion_decided",
        Fact::DetailsChanged(_) => "details_changed",
    }
}

/// A fact in a few words.
pub(super) fn describe_fact(fact: &Fact) -> String {
    match fact {
        Fact::Opened(opened) => {
            let contracts = opened.contract_ids.join(", ");
            format!("opened, priority {}, under {contracts}", opened.priority)
        }
        Fact::StatusChanged(change) => {
            let on = choice(change.waiting_on().as_str_name(), "WAITING_ON_");
            match change.status.as_deref() {
                Some(status) => format!("status {status}, waiting on {on}"),
                None => format!("waiting on {on}"),
            }
        }
        Fact::PriorityChanged(change) => format!("priority {}", change.priority),
        Fact::Assigned(assigned) => format!("assigned to {}", assignee(assigned)),
        Fact::Responded(_) => "responded".into(),
        Fact::ClientUpdated(update) if update.reported_time.is_some() => {
            "client promised when it will work".into()
        }
        Fact::ClientUpdated(_) => "client updated".into(),
        Fact::ClientReplied(_) => "client replied".into(),
        Fact::WorkLogged(work) => format!("work logged: {}", span(work.duration)),
        Fact::EffortEstimated(left) => format!("effort left: {}", span(left.remaining)),
        Fact::ImpactChanged(impact) => {
            let users = impact.affected_users.map(|users| format!("{users} people"));
            let loss = impact.productivity_loss.map(|loss| format!("{loss} % lost"));
            users.into_iter().chain(loss).collect::<Vec<_>>().join(", ")
        }
        Fact::DetailsChanged(change) => describe_change(change),
        Fact::Restored(_) => "restored".into(),
        Fact::Resolved(_) => "resolved".into(),
        Fact::Reopened(_) => "reopened".into(),
        Fact::Closed(_) => "closed".into(),
        Fact::Cancelled(_) => "cancelled".into(),
        Fact::Merged(merged) => format!("merged into {}", merged.into),
        Fact::CauseAttributed(cause) => format!("cause: {}", describe_cause(cause)),
        Fact::ExclusionDecided(decision) => {
            let verb = if decision.excluded { "left out" } else { "counted" };
            format!("to be {verb}, says {}: {}", decision.decided_by, decision.reason)
        }
        Fact::ScopeJudged(evaluated) if evaluated.in_scope() => "within scope".into(),
        Fact::ScopeJudged(_) => "outside scope".into(),
        Fact::Surveyed(survey) => match survey.score {
            Some(score) => format!("score {score}"),
            None => format!("lost, as answered: {}", span(survey.lost_time)),
        },
        Fact::Retracted(retracted) => format!("retracts {}", retracted.event_id),
    }
}

fn describe_change(change: &v1::DetailsChanged) -> String {
    let contracts = change.contracts.as_ref().map(|contracts| match &contracts.contract_ids[..] {
        [] => "under no contract any more".to_owned(),
        ids => format!("moved to {}", ids.join(", ")),
    });
    let service = change.service.as_ref().map(|service| format!("service {service}"));
    let category = change.category.as_ref().map(|category| format!("category {category}"));
    let set = change.attributes.iter().map(|(name, value)| format!("{name} {value}"));
    let removed = change.removed_attributes.iter().map(|name| format!("no {name}"));
    let changes = contracts.into_iter().chain(service).chain(category).chain(set).chain(removed);
    changes.collect::<Vec<_>>().join(", ")
}

fn assignee(assigned: &v1::Assigned) -> String {
    match (assigned.group(), assigned.assignee()) {
        ("", "") => "nobody".to_owned(),
        ("", name) | (name, "") => name.to_owned(),
        (group, person) => format!("{group}, {person}"),
    }
}

/// The party a cause is attributed to, and how certain that is.
pub(super) fn describe_cause(cause: &v1::CauseAttributed) -> String {
    let who = match cause.third_party.as_str() {
        "" => choice(cause.party().as_str_name(), "PARTY_"),
        name => name.to_owned(),
    };
    match cause.confidence_percent {
        0 => who,
        sure => format!("{who}, {sure}% sure"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::codec::text;

    #[test]
    fn a_fact_is_called_what_the_protos_call_it() {
        const EVENT: &str = "slx.v1.IncidentEvent";
        for name in text::choices(EVENT, "fact") {
            let event: v1::IncidentEvent = text::from_json(json!({ &name: {} }), EVENT).unwrap();
            assert_eq!(fact_name(&event.fact.unwrap()), name);
        }
    }
}
