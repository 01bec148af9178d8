//! What a fold changes in the views.

use super::keys::{self, IncidentKey};
use crate::domain::time::Instant;
use crate::engine::index::Standing;
use crate::engine::ledger::{Ledger, ServiceLedger};
use crate::engine::record::Record;
use crate::wire::record as rows;

/// Changes to write; what belongs together is written in one step.
#[derive(Debug, Default)]
pub struct Changes {
    pub(super) steps: Vec<Step>,
}

/// Keys with their new values, or nothing for those that go.
pub(super) type Step = Vec<(Vec<u8>, Option<Vec<u8>>)>;

impl Changes {
    /// Files an incident: its row, and where it stands. `filed` are the keys it is filed under so
    /// far; the keys from now on are returned.
    pub fn file_incident(
        &mut self,
        key: &IncidentKey,
        ledger: &Ledger,
        standing: &Standing,
        filed: &[Vec<u8>],
    ) -> Vec<Vec<u8>> {
        let (tenant, incident) = key.parts();
        let clocks = standing.clocks.iter().map(|place| keys::clock(tenant, incident, place));
        let attached =
            standing.contracts.iter().map(|contract| keys::attachment(tenant, contract, incident));
        let unsettled =
            standing.settles.map(|settles| keys::unsettled_at(tenant, settles, incident));
        let mut now: Vec<_> = clocks.chain(attached).chain(unsettled).collect();
        now.sort_unstable();
        let row = (key.as_bytes().to_vec(), Some(rows::encode_ledger(ledger, &now)));
        let gone = filed.iter().filter(|key| now.binary_search(key).is_err());
        let new = now.iter().filter(|key| !filed.contains(key));
        let step = gone
            .map(|key| (key.clone(), None))
            .chain(new.map(|key| (key.clone(), Some(Vec::new()))))
            .chain([row]);
        self.steps.push(step.collect());
        now
    }

    /// Keeps a service's row.
    pub fn keep_service(&mut self, tenant: &str, service: &str, ledger: &ServiceLedger) {
        let row = (keys::service(tenant, service), Some(rows::encode_service_ledger(ledger)));
        self.steps.push(vec![row]);
    }

    /// Keeps a change of terms.
    pub fn keep_terms(&mut self, sequence: u64, record_time: Instant, record: &Record) {
        let row = (keys::terms(sequence), Some(rows::encode_terms(record_time, record)));
        self.steps.push(vec![row]);
    }
}
