//! What a fold changes in the views.

use super::keys::{self, IncidentKey};
use crate::codec::store::record as rows;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::engine::index::{Filed, Standing};
use crate::engine::ledger::Ledger;
use crate::engine::record::Record;
use crate::engine::tally::Counted;

/// Changes to write; what belongs together is written in one step.
#[derive(Debug, Default)]
pub struct Changes {
    pub(super) steps: Vec<Step>,
}

/// What is written in one step.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Keys with their new values, or nothing for those that go.
    pub rows: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Whose cells change, what is taken out of them, and what is added.
    pub counted: Option<(String, Counted, Counted)>,
}

impl Changes {
    /// Files an incident: its row, where it stands, and what it adds to the tallies. `filed` is
    /// under what it is filed so far; what it is filed under from now on is returned.
    pub fn file_incident(
        &mut self,
        key: &IncidentKey,
        ledger: &Ledger,
        standing: Standing,
        filed: &Filed,
    ) -> Filed {
        let (tenant, incident) = key.parts();
        let mut now = Filed { keys: keys_of(tenant, incident, &standing), ..Filed::default() };
        now.counted = standing.counted;
        let gone = filed.keys.iter().filter(|key| now.keys.binary_search(key).is_err());
        let new = now.keys.iter().filter(|key| !filed.keys.contains(key));
        let row = (key.as_bytes().to_vec(), Some(rows::encode_ledger(ledger, &now)));
        let rows = gone
            .map(|key| (key.clone(), None))
            .chain(new.map(|key| (key.clone(), Some(Vec::new()))))
            .chain([row]);
        let mut step = Step { rows: rows.collect(), ..Step::default() };
        if now.counted != filed.counted {
            let (removed, added) = (filed.counted.clone(), now.counted.clone());
            step.counted = Some((tenant.to_owned(), removed, added));
        }
        self.steps.push(step);
        now
    }

    /// Keeps a service's row.
    pub fn keep_service(&mut self, tenant: &str, service: &str, ledger: &Ledger<ServiceEvent>) {
        let row = (keys::service(tenant, service), Some(rows::encode_service_ledger(ledger)));
        self.steps.push(Step { rows: vec![row], ..Step::default() });
    }

    /// Keeps a record whole: a change of terms, or a deed.
    pub fn keep_record(&mut self, recorded: &Recorded<Record>) {
        let row = rows::encode_kept(recorded.record_time, &recorded.value);
        let row = (keys::kept(recorded.sequence), Some(row));
        self.steps.push(Step { rows: vec![row], ..Step::default() });
    }
}

/// The keys that lead to an incident where it stands, sorted.
fn keys_of(tenant: &str, incident: &str, standing: &Standing) -> Vec<Vec<u8>> {
    let clocks = standing.clocks.iter().map(|place| keys::clock(tenant, incident, place));
    let attached =
        standing.contracts.iter().map(|contract| keys::attachment(tenant, contract, incident));
    let unsettled = standing.settles.map(|settles| keys::unsettled_at(tenant, settles, incident));
    let mut keys: Vec<_> = clocks.chain(attached).chain(unsettled).collect();
    keys.sort_unstable();
    keys
}
