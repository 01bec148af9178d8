//! What follows from the records of one incident, without a store.

use anyhow::Context;
use serde_json::Value;

use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::query::{Times, history, judge_incident};
use crate::engine::record::{Entry, Record};
use crate::wire;
use crate::wire::text;

/// The answer `EvaluateIncident` would give by these records, as JSON. It tells of the time zones
/// named, which may be others than it is judged by: most verdicts are the same by both.
pub fn judged(
    incident: &str,
    records: impl IntoIterator<Item = (u64, Instant, Record)>,
    times: Times,
    zones: &ZoneDatabase,
    time_zone_database: &str,
) -> anyhow::Result<Value> {
    let mut catalog = Catalog::new(zones.clone());
    let mut ledger = Ledger::default();
    for (sequence, record_time, record) in records {
        match record.entry {
            Entry::Terms(terms) => catalog.apply(record_time, terms),
            Entry::IncidentEvent(event) => {
                ledger.events.push(RecordedEvent { sequence, record_time, value: event });
            }
            _ => {}
        }
    }
    let history = history(&ledger, times).context("nothing was known of the incident by then")?;
    let known = catalog.known(times.known);
    let judgement = judge_incident(&history, &known, times.as_of);
    let answer = wire::clock::encode_judgement(incident, &judgement, time_zone_database, true);
    Ok(serde_json::from_str(&text::to_json(&answer, "slx.v1.EvaluateIncidentResponse")?)?)
}
