//! The incidents of a contract that are not over as of now, and their clocks that run or are
//! paused: as they are kept from question to question, where that holds, and otherwise evaluated
//! and kept. A question costs by walking through them, and reads what has changed since the last.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{IndexReader, QueryError, ReadView};
use crate::domain::clock::Clock;
use crate::domain::ids::IncidentId;
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::keeping::{Added, Keeping};
use crate::engine::kept::KeptIncident;
use crate::engine::tally::{Contribution, local_day};
use crate::runtime::{KeptIncidents, KeptLook, RenewedIncidents};

/// What is kept of them, and what the index says of those that are to be evaluated.
#[derive(Debug)]
pub(super) struct GatheredIncidents {
    contract_id: String,
    look: KeptLook,
    changed: Vec<(IncidentId, Contribution)>,
    apart: BTreeSet<IncidentId>,
}

/// The incidents as they stand as of now.
#[derive(Debug)]
pub(super) struct PresentIncidents {
    kept: Arc<KeptIncidents>,
    /// What was evaluated, in place of what is kept; `None`: it is over.
    renewed: RenewedIncidents,
    apart: BTreeSet<IncidentId>,
}

/// Where a clock that is kept is found: there are very many of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeptPlace<'k> {
    /// When it is due: those due first are listed first.
    pub due: Instant,
    pub incident: &'k KeptIncident,
    /// Its place among the clocks of the incident.
    pub place: usize,
}

impl<'k> KeptPlace<'k> {
    /// Its place among those due at once.
    pub fn id(&self) -> Option<(&'k str, &'k str, u32)> {
        self.incident.clock_id(self.place)
    }
}

impl GatheredIncidents {
    /// Gathers the incidents of a contract, but for those that the index may not show as they
    /// stand: `apart` are evaluated by themselves. `None`: nothing is kept for such a question.
    pub fn gather(
        view: &ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        contract: &str,
    ) -> Result<Option<GatheredIncidents>, QueryError> {
        let as_of = view.times().as_of;
        let (Some(index), Some(today)) = (index, local_day(view.known(), contract, as_of)) else {
            return Ok(None);
        };
        let Some(look) = index.kept(contract, today)? else { return Ok(None) };
        let apart = index.apart(as_of)?;
        let changed = look.changed.iter().filter(|id| !apart.contains(*id));
        let contributed = |id: &IncidentId| Ok((id.clone(), index.contribution(id)?));
        let changed = changed.map(contributed).collect::<Result<_, QueryError>>()?;
        Ok(Some(GatheredIncidents { contract_id: contract.to_owned(), look, changed, apart }))
    }

    /// Those that the index may not show as they stand.
    pub fn apart(&self) -> &BTreeSet<IncidentId> {
        &self.apart
    }

    /// Evaluates those that are not kept, or do not stand as they are kept any more, and keeps them
    /// for the questions that follow.
    pub fn evaluate(self, view: &ReadView<'_>) -> Result<PresentIncidents, QueryError> {
        let as_of = view.times().as_of;
        let mut keeping = Keeping::new(&self.contract_id, view.known(), as_of);
        let mut keep = |id: &IncidentId, added: Added<'_>| {
            let keep = |history: &History<'_>| keeping.keep(id, history, added);
            Ok::<_, QueryError>(view.with_history(id, keep)?.flatten().map(Arc::new))
        };
        let mut evaluated = RenewedIncidents::new();
        for (id, contribution) in &self.changed {
            evaluated.insert(id.clone(), keep(id, Added::Indexed(contribution))?);
        }
        let has_gone_on = |kept: &&KeptIncident| !kept.holds(as_of);
        for kept in self.unchanged().filter(has_gone_on) {
            let id = IncidentId::from(kept.incident_id());
            let again = keep(&id, Added::AsBefore(kept))?;
            evaluated.insert(id, again);
        }
        view.keep(&self.contract_id, &self.look, &evaluated);
        let GatheredIncidents { look, apart, .. } = self;
        let mut renewed = look.renewed;
        renewed.extend(evaluated);
        Ok(PresentIncidents { kept: look.incidents, renewed, apart })
    }

    /// Those that are kept and have not changed.
    fn unchanged(&self) -> impl Iterator<Item = &KeptIncident> {
        let all = each(&self.look.incidents, &self.look.renewed);
        all.filter(|kept| {
            let id = kept.incident_id();
            !self.look.changed.contains(id) && !self.apart.contains(id)
        })
    }
}

impl PresentIncidents {
    /// Each of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &KeptIncident> + Clone {
        let all = each(&self.kept, &self.renewed);
        all.filter(|kept| self.apart.is_empty() || !self.apart.contains(kept.incident_id()))
    }

    /// Their clocks under a contract that pass a test, as they were kept, in no order.
    pub fn clocks(
        &self,
        contract: &str,
        known: &Known<'_>,
        mut is_wanted: impl FnMut(&Clock<'_>) -> bool,
    ) -> Vec<KeptPlace<'_>> {
        let mut found = Vec::new();
        for incident in self.iter() {
            for place in 0..incident.clock_count() {
                let clock = incident.clock_when_kept(place, contract, known);
                if let Some(clock) = clock.filter(&mut is_wanted) {
                    let due = clock.due_time.unwrap_or(Instant::MAX);
                    found.push(KeptPlace { due, incident, place });
                }
            }
        }
        found
    }
}

/// Incidents that are kept, and those in place of some.
fn each<'k>(
    kept: &'k KeptIncidents,
    renewed: &'k RenewedIncidents,
) -> impl Iterator<Item = &'k KeptIncident> + Clone {
    let stays = |(id, _): &(&IncidentId, _)| renewed.is_empty() || !renewed.contains_key(*id);
    let kept = kept.iter().filter(stays).map(|(_, kept)| kept.as_ref());
    kept.chain(renewed.values().flatten().map(Arc::as_ref))
}
