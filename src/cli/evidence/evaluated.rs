//! What follows from the records of one incident, without a store.

use anyhow::Context;
use serde_json::Value;

use crate::codec;
use crate::codec::text;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::recorded::Recorded;
use crate::domain::zone::ZoneDatabase;
use crate::engine::evaluate::{Times, evaluate_incident, history};
use crate::engine::record::{Entry, Record};
use crate::engine::state::{IncidentLedgers, State};

/// The incident that evidence is about.
#[derive(Clone, Debug)]
pub struct Subject {
    pub tenant: TenantId,
    pub incident: IncidentId,
}

impl Subject {
    /// Whether a record may bear on it: it is one of its facts, a change of its
    /// tenant's terms, or the adoption of a time zone database.
    pub fn concerns(&self, record: &Record) -> bool {
        let is_about = match &record.entry {
            Entry::IncidentEvent(event) => event.incident_id == *self.incident,
            Entry::Terms(_) => true,
            // Of no tenant: local time is read by it for all.
            Entry::Adoption(_) => return true,
            Entry::ServiceEvent(_) | Entry::Action(_) | Entry::Webhook(_) | Entry::Lost => false,
        };
        is_about && record.tenant == self.tenant
    }
}

/// The answer `EvaluateIncident` would give by these records, as JSON. It includes the time zones
/// named, which may be others than it is evaluated by: most verdicts are the same by both.
pub fn evaluated(
    subject: &Subject,
    records: impl IntoIterator<Item = Recorded<Record>>,
    times: Times,
    zones: &ZoneDatabase,
    time_zone_database: &str,
) -> anyhow::Result<Value> {
    let Subject { tenant, incident } = subject;
    let (mut state, mut ledgers) = (State::new(zones.clone()), IncidentLedgers::default());
    for recorded in records {
        let Ok(()) = state.apply(recorded, &mut ledgers);
    }
    let ledger = ledgers.remove(&(tenant.clone(), incident.clone())).unwrap_or_default();
    let history = history(&ledger, times).context("nothing was known of the incident by then")?;
    let known = state.catalog(tenant).known(times.known);
    let evaluation = evaluate_incident(&history, &known, times.as_of);
    let answer =
        codec::api::clock::encode_evaluation(incident, &evaluation, time_zone_database, true);
    Ok(serde_json::from_str(&text::to_json(&answer, "slx.v1.EvaluateIncidentResponse")?)?)
}
