//! The incidents of which an export may say something else than at an earlier read point.
//!
//! Whatever is said of an incident follows from what is recorded about it, from terms, and from the
//! two times. So it is another only where something was recorded about the incident or its terms
//! since, where facts or terms took effect between the two instants, or where time alone moves it:
//! then a clock of it is open. Others are not evaluated.

use std::collections::BTreeSet;

use super::changed_terms::changed_contracts;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::ids::{ContractId, IncidentId};
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::index::IndexBucket;
use crate::engine::ledger::Ledger;

/// Incidents that may have changed between two read points of which one knows all the other does.
#[derive(Debug)]
pub struct Candidates {
    /// All of them.
    pub ids: BTreeSet<IncidentId>,
    /// Those that may have changed though nothing was recorded about them since; of the others the
    /// index only knows that something was recorded at about the time.
    moved: BTreeSet<IncidentId>,
    /// From after when, and up to when, what is recorded is another.
    recorded: (Instant, Instant),
}

impl Candidates {
    /// Whether an incident may have changed, by everything recorded about it.
    pub fn may_have_changed(&self, id: &str, ledger: &Ledger) -> bool {
        let (after, until) = self.recorded;
        let is_new = |time: Instant| after < time && time <= until;
        self.moved.contains(id) || ledger.events.iter().any(|event| is_new(event.record_time))
    }
}

/// The incidents of a contract, or ("") of all, that may have changed since, and some more; `None`:
/// any may have. What was known then is known to the view.
pub fn incidents_since(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
    since: Times,
) -> Result<Option<Candidates>, QueryError> {
    let Some(index) = index.and_then(|index| index.of(contract)) else { return Ok(None) };
    let Times { as_of, known } = view.times();
    let occurred = (since.as_of.min(as_of), since.as_of.max(as_of));
    // Those of which the index leaves out what had been recorded ahead and has occurred.
    let mut moved = index.apart(as_of)?;
    let mut ids = index.recorded_in((since.known, known))?;
    moved.extend(index.occurring_in(occurred)?);
    let all: Vec<ContractId> = match contract {
        "" => view.known().contract_ids().map(ContractId::from).collect(),
        one => vec![one.into()],
    };
    for contract in &all {
        let ever = (Instant::MIN, Instant::MAX);
        moved.extend(index.incidents_on(contract, IndexBucket::Open, ever)?);
    }
    drop(index);
    for changed in changed_contracts(view, since.known) {
        if all.contains(&changed) {
            for id in view.incident_ids(&changed, "") {
                moved.insert(id?);
            }
        }
    }
    ids.extend(moved.iter().cloned());
    Ok(Some(Candidates { ids, moved, recorded: (since.known, known) }))
}
