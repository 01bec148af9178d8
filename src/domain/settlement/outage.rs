//! Derives the settlement items of outages that are excluded.

use super::derive::{item, item_id};
use super::{Item, ItemKind};
use crate::domain::compliance::{ExcludedOutage, span_in_words};
use crate::domain::contract::Contract;
use crate::domain::time::Instant;

/// The id of the item of an excluded outage.
pub fn excluded_outage_id(contract_id: &str, outage: &ExcludedOutage) -> String {
    item_id(ItemKind::ExcludedOutage, contract_id, &about(outage))
}

/// An event's id is unique within its service only.
fn about(outage: &ExcludedOutage) -> String {
    format!("{}:{}", outage.service, outage.event_id)
}

/// The item of an outage that objectives of a contract leave out: it came up with the event that
/// decided so or named its cause.
pub fn excluded_outage(
    contract: &Contract,
    outage: &ExcludedOutage,
    objective_ids: &[&str],
    (event_id, open_time): (&str, Instant),
) -> Item {
    let what = if outage.is_degradation { "degraded" } else { "down" };
    let by = match (outage.rule_id.as_str(), outage.decided_by.as_str(), outage.reason.as_str()) {
        ("", "", reason) => format!("decision: {reason}"),
        ("", decided_by, reason) => format!("{decided_by}: {reason}"),
        (rule, _, "") => format!("rule {rule}"),
        (rule, _, title) => format!("rule {rule} ({title})"),
    };
    let summary = format!(
        "{} {what} for {}, excluded by {by}; left out of {}",
        outage.service,
        span_in_words(outage.time),
        objective_ids.join(", ")
    );
    let found = item(ItemKind::ExcludedOutage, contract, &about(outage), summary, open_time);
    Item { event_ids: vec![outage.event_id.clone(), event_id.to_owned()], ..found }
}
