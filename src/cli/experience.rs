//! What people went through in an incident, for a terminal.

use prost_types::Duration;

use super::show::{Times, choice, outcome, span, table};
use crate::codec::v1;

/// The chain of contracts, whose turn it was, and what people went through; whatever there is.
pub(super) fn show(evaluated: &v1::EvaluateIncidentResponse, times: &Times) -> Vec<String> {
    let mut parts = Vec::new();
    let idle =
        evaluated.work.iter().filter(|work| work.idle_work).map(|work| {
            format!("IDLE WORK {} {}: {}", work.contract_id, work.target_id, work.reason)
        });
    let idle: Vec<_> = idle.collect();
    if !idle.is_empty() {
        parts.push(idle.join("\n"));
    }
    if evaluated.chain.iter().any(|link| !link.underpins.is_empty()) {
        parts.push(chain(evaluated));
    }
    if !evaluated.experience.is_empty() {
        parts.push(experience(&evaluated.experience, times));
        parts.push(party_time(&evaluated.party_time));
    }
    parts
}

/// Each contract's verdicts, those that underpin another set in below it.
fn chain(evaluated: &v1::EvaluateIncidentResponse) -> String {
    let rows = evaluated.chain.iter().flat_map(|link| {
        let name = format!("{}{}", "  ".repeat(depth(link, &evaluated.chain)), link.contract_id);
        let of_contract = evaluated.verdicts.iter().filter(|v| v.contract_id == link.contract_id);
        of_contract.map(move |verdict| {
            vec![
                name.clone(),
                choice(link.kind().as_str_name(), "CONTRACT_KIND_"),
                link.provider.clone(),
                verdict.target_id.clone(),
                outcome(verdict.outcome()),
                span(verdict.elapsed),
                span(verdict.limit),
            ]
        })
    });
    let headings = ["contract", "kind", "provider", "target", "outcome", "used", "of"];
    format!("Chain\n{}", table(&headings, &[5, 6], rows.collect()))
}

/// How many contracts rest on one another above this one.
fn depth(link: &v1::ChainLink, chain: &[v1::ChainLink]) -> usize {
    let mut depth = 0;
    let mut above = &link.underpins;
    while let Some(next) = chain.iter().find(|link| link.contract_id == *above)
        && depth < chain.len()
    {
        depth += 1;
        above = &next.underpins;
    }
    depth
}

fn experience(experiences: &[v1::Experience], times: &Times) -> String {
    let rows = experiences.iter().map(|experience| {
        let flow = experience.flow.clone().unwrap_or_default();
        let promises = flow.promises_kept + flow.promises_broken;
        let efficiency = match flow.efficiency_percent.as_str() {
            "" => "-".to_owned(),
            percent => format!("{percent}%"),
        };
        vec![
            experience.contract_id.clone(),
            times.show(experience.trouble_start_time),
            times.show(experience.trouble_end_time),
            span(experience.experienced_time),
            span(experience.gap),
            experience.people_hit.to_string(),
            span(experience.lost_time),
            span(flow.touch_time),
            span(flow.idle_time),
            efficiency,
            flow.handovers.to_string(),
            format!("{} of {promises}", flow.promises_kept),
        ]
    });
    let headings = [
        "contract",
        "trouble from",
        "to",
        "lasted",
        "gap",
        "people",
        "lost",
        "worked",
        "idle",
        "flow",
        "handovers",
        "kept",
    ];
    format!("Experience\n{}", table(&headings, &[3, 4, 5, 6, 7, 8, 9, 10, 11], rows.collect()))
}

fn party_time(party_time: &[v1::PartyTime]) -> String {
    let life = |contract: &str| -> i64 {
        let of_contract = party_time.iter().filter(|part| part.contract_id == contract);
        of_contract.map(|part| seconds(part.duration)).sum()
    };
    let rows = party_time.iter().map(|part| {
        let who = match part.third_party.as_str() {
            "" => choice(part.kind().as_str_name(), "PARTY_TIME_KIND_"),
            name => name.to_owned(),
        };
        let share = seconds(part.duration) * 100 / life(&part.contract_id).max(1);
        vec![part.contract_id.clone(), who, span(part.duration), format!("{share} %")]
    });
    format!("Time of\n{}", table(&["contract", "who", "time", "share"], &[2, 3], rows.collect()))
}

fn seconds(duration: Option<Duration>) -> i64 {
    duration.unwrap_or_default().seconds
}
