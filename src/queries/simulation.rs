//! History evaluated again under proposed terms. Nothing is recorded.
//!
//! It costs by all incidents of the contract: proposed terms may place any of them in the period.

use super::compliance::PeriodEvaluator;
use super::{QueryError, ReadView};
use crate::domain::incident::History;
use crate::engine::answers::compliance::Question;
use crate::engine::answers::simulation::{Proposal, Simulation};
use crate::engine::catalog::Catalog;

/// Evaluates every incident of a contract under the present terms and under `proposed` ones: those
/// of the view's catalog in which the proposal rules.
pub fn evaluate<'c>(
    view: &'c ReadView<'_>,
    question: &Question,
    proposal: &Proposal,
    proposed: &'c Catalog,
) -> Result<Simulation<'c>, QueryError> {
    let terms = [view.known(), proposed.known(view.times().known)];
    let mut simulation = Simulation::new(question, proposal, terms, view.times())?;
    let ids = view.incident_ids(&question.contract_id, "");
    let blank = simulation.part();
    let add = |part: &mut Simulation<'c>, id: &str, history: &History<'_>| part.add(id, history);
    view.walk(
        ids,
        || blank.part(),
        add,
        |part| {
            simulation.add_part(part);
            Ok(true)
        },
    )?;
    let evaluator = PeriodEvaluator::new(view);
    for period in [&mut simulation.present, &mut simulation.proposed] {
        evaluator.add_services(period)?;
    }
    Ok(simulation)
}
