//! Notices of what is to be expected: how objectives stand, and which clocks probably breach.

use super::compliance::encode_objective;
use crate::codec::scalar::encode_period;
use crate::codec::v1;
use crate::engine::answers::objective_outlook::ObjectiveOutlook;
use crate::engine::likely_breaches::LikelyChange;
use crate::engine::objective_states::{ObjectiveChange, ObjectiveState};

/// The result of an objective that is looked at.
pub fn encode_result(outlook: &ObjectiveOutlook<'_, '_>) -> v1::ObjectiveResult {
    encode_objective(&outlook.result)
}

/// The message of a clock that probably breaches, or no longer does, by what was found of it.
pub fn encode_likely(
    change: LikelyChange<(v1::Clock, v1::BreachForecast)>,
    stamp: Option<v1::Stamp>,
) -> v1::LikelyBreach {
    let (incident, (contract, target, cycle)) = change.clock;
    let likely = change.report.is_some();
    let (clock, forecast) = change.report.unzip();
    v1::LikelyBreach {
        incident_id: incident.to_string(),
        contract_id: contract.to_string(),
        target_id: target.to_string(),
        cycle: cycle as i32,
        likely,
        clock,
        forecast,
        stamp,
    }
}

/// The message of an objective that stands otherwise than before.
pub fn encode(
    change: ObjectiveChange<v1::ObjectiveResult>,
    stamp: Option<v1::Stamp>,
) -> v1::ObjectiveNotice {
    v1::ObjectiveNotice {
        contract_id: change.key.contract_id.to_string(),
        objective_id: change.key.objective_id,
        period: Some(encode_period(&change.period)),
        before: change.before.map_or(v1::ObjectiveState::Unspecified, state) as i32,
        state: state(change.state) as i32,
        miss_probability: change.look.as_ref().map_or(0.0, |look| look.miss_probability),
        result: change.look.map(|look| look.report),
        stamp,
    }
}

fn state(state: ObjectiveState) -> v1::ObjectiveState {
    match state {
        ObjectiveState::Safe => v1::ObjectiveState::Safe,
        ObjectiveState::AtRisk => v1::ObjectiveState::AtRisk,
        ObjectiveState::Missed => v1::ObjectiveState::Missed,
        ObjectiveState::Ended => v1::ObjectiveState::Ended,
    }
}
