//! History judged again under proposed terms.

use super::complying::Reckoned;
use super::{Engine, Sight, sight};
use crate::domain::time::Instant;
use crate::engine::compliance::Question;
use crate::engine::query::history;
use crate::engine::simulation::{Proposal, Simulation};

impl Engine {
    /// Judges every incident of a contract under the present terms and under proposed ones, by
    /// everything recorded up to the sequence `settled`. Records nothing. Blocks.
    pub fn simulate<T>(
        &self,
        settled: u64,
        tenant: &str,
        question: &Question,
        proposal: &Proposal,
        asked: (Option<Instant>, Option<Instant>),
        make: impl FnOnce(Sight, Simulation<'_>) -> T,
    ) -> Reckoned<T> {
        let sight = {
            let index = self.keeper.index(settled)?;
            sight(index.sequence, index.record_time, asked.0, asked.1)
        };
        // Looked up after the index, it knows all that the index does.
        let catalog = self.memory.catalog(tenant);
        let thought_of = proposal.catalog(&catalog);
        let known = sight.times.known;
        let terms = [catalog.known(known), thought_of.known(known)];
        let simulation = Simulation::new(question, proposal, terms, &self.zones, sight.times);
        let mut simulation = match simulation {
            Ok(simulation) => simulation,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let mut after = String::new();
        loop {
            let ids = self.ids_after(settled, tenant, &question.contract_id, &after)?;
            let Some(last) = ids.last() else { break };
            after.clone_from(last);
            for id in &ids {
                let ledger = self.listed_ledger(tenant, id)?;
                if let Some(history) = history(&ledger, sight.times) {
                    simulation.add(id, &history);
                }
            }
        }
        for compliance in [&mut simulation.present, &mut simulation.proposed] {
            self.judge_services(tenant, known, compliance)?;
        }
        Ok(Ok(make(sight, simulation)))
    }
}
