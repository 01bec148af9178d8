//! How objectives stand from one look to the next: what is said when it changes.

use std::collections::BTreeMap;

use crate::domain::compliance::Period;
use crate::domain::compliance::attainment::Verdict;
use crate::domain::ids::ContractId;

/// An objective is said to be at risk once its period misses it with this probability.
const RISK_FROM: f64 = 0.5;
/// It stays so until the probability is below this: what is near the mark does not flap.
const RISK_UNTIL: f64 = 0.4;

/// How an objective stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveState {
    /// Neither missed nor at risk.
    Safe,
    /// Not missed, but its period probably will miss it.
    AtRisk,
    /// Missed by what has been decided.
    Missed,
    /// Not looked at any more.
    Ended,
}

/// An objective over a period of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectiveKey {
    /// The contract.
    pub contract_id: ContractId,
    /// The objective.
    pub objective_id: String,
    /// The start of its period in nanoseconds, which distinguishes its periods.
    pub period_start: i64,
}

/// What a look at an objective finds.
#[derive(Clone, Debug)]
pub struct ObjectiveLook<T> {
    /// The verdict by what has been decided.
    pub verdict: Verdict,
    /// The probability that the period misses it, 0 to 1.
    pub miss_probability: f64,
    /// Its own period.
    pub period: Period,
    /// What is reported of it.
    pub report: T,
}

/// An objective that stands otherwise than before.
#[derive(Clone, Debug)]
pub struct ObjectiveChange<T> {
    /// Which.
    pub key: ObjectiveKey,
    /// Its period.
    pub period: Period,
    /// How it stood; `None`: it was not looked at before.
    pub before: Option<ObjectiveState>,
    /// How it stands.
    pub state: ObjectiveState,
    /// What was found; `None`: it has ended.
    pub look: Option<ObjectiveLook<T>>,
}

/// How objectives stood when they were last looked at.
#[derive(Debug, Default)]
pub struct ObjectiveStates {
    known: BTreeMap<ObjectiveKey, (ObjectiveState, Period)>,
}

impl ObjectiveStates {
    /// Takes in a look at all objectives there are; returns those that stand otherwise.
    pub fn take<T>(
        &mut self,
        looks: BTreeMap<ObjectiveKey, ObjectiveLook<T>>,
    ) -> Vec<ObjectiveChange<T>> {
        let mut changes = Vec::new();
        let gone = self.known.extract_if(.., |key, _| !looks.contains_key(key));
        changes.extend(gone.map(|(key, (before, period))| {
            let before = Some(before);
            ObjectiveChange { key, period, before, state: ObjectiveState::Ended, look: None }
        }));
        for (key, look) in looks {
            let before = self.known.get(&key).map(|(state, _)| *state);
            let state = state(before, look.verdict, look.miss_probability);
            if before != Some(state) {
                let period = look.period.clone();
                self.known.insert(key.clone(), (state, period.clone()));
                changes.push(ObjectiveChange { key, period, before, state, look: Some(look) });
            }
        }
        changes
    }
}

/// How an objective stands that stood so before.
fn state(before: Option<ObjectiveState>, verdict: Verdict, missed: f64) -> ObjectiveState {
    let mark = match before {
        Some(ObjectiveState::AtRisk) => RISK_UNTIL,
        _ => RISK_FROM,
    };
    match verdict {
        Verdict::Missed | Verdict::AtRisk => ObjectiveState::Missed,
        Verdict::Met | Verdict::NoData if missed >= mark => ObjectiveState::AtRisk,
        Verdict::Met | Verdict::NoData => ObjectiveState::Safe,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::Instant;

    type Looks = BTreeMap<ObjectiveKey, ObjectiveLook<()>>;

    fn look(verdict: Verdict, miss_probability: f64) -> ObjectiveLook<()> {
        let period = Period { name: String::new(), start: Instant::MIN, end: Instant::MAX };
        ObjectiveLook { verdict, miss_probability, period, report: () }
    }

    fn key(number: i64) -> ObjectiveKey {
        let (contract_id, objective_id) = ("C".into(), "o".to_owned());
        ObjectiveKey { contract_id, objective_id, period_start: number }
    }

    fn said(looks: &[(Verdict, f64)]) -> Vec<ObjectiveState> {
        let mut states = ObjectiveStates::default();
        let looks =
            looks.iter().map(|(verdict, missed)| Looks::from([(key(0), look(*verdict, *missed))]));
        looks.flat_map(|looks| states.take(looks)).map(|change| change.state).collect()
    }

    #[test]
    fn a_risk_near_the_mark_is_said_once() {
        use ObjectiveState::{AtRisk, Safe};
        let met = |missed: f64| (Verdict::Met, missed);
        let found =
            said(&[met(0.3), met(0.49), met(0.5), met(0.45), met(0.55), met(0.39), met(0.45)]);
        assert_eq!(found, [Safe, AtRisk, Safe]);
    }

    #[test]
    fn what_was_decided_goes_before_any_forecast() {
        use ObjectiveState::{AtRisk, Missed, Safe};
        let found = said(&[(Verdict::AtRisk, 0.1), (Verdict::Missed, 1.0), (Verdict::Met, 0.45)]);
        assert_eq!(found, [Missed, Safe]);
        assert_eq!(said(&[(Verdict::NoData, 0.9), (Verdict::AtRisk, 0.9)]), [AtRisk, Missed]);
    }

    fn a_look() -> impl Strategy<Value = Looks> {
        let verdict = prop_oneof![
            Just(Verdict::Met),
            Just(Verdict::Missed),
            Just(Verdict::AtRisk),
            Just(Verdict::NoData),
        ];
        let one = (0_i64..4, verdict, 0.0..=1.0);
        let one = one.prop_map(|(number, verdict, missed)| (key(number), look(verdict, missed)));
        proptest::collection::vec(one, 0..6).prop_map(|looks| looks.into_iter().collect())
    }

    proptest! {
        /// Who keeps the last that was said of each objective has how all stand.
        #[test]
        fn changes_add_up_to_the_present(history in proptest::collection::vec(a_look(), 1..20)) {
            let mut states = ObjectiveStates::default();
            let mut folded: BTreeMap<ObjectiveKey, ObjectiveState> = BTreeMap::new();
            for looks in history {
                for change in states.take(looks.clone()) {
                    prop_assert_eq!(folded.get(&change.key).copied(), change.before);
                    prop_assert_ne!(change.before, Some(change.state));
                    match change.state {
                        ObjectiveState::Ended => drop(folded.remove(&change.key)),
                        state => drop(folded.insert(change.key, state)),
                    }
                }
                prop_assert!(folded.keys().eq(looks.keys()));
                for (key, look) in &looks {
                    let is_missed = matches!(look.verdict, Verdict::Missed | Verdict::AtRisk);
                    prop_assert_eq!(folded[key] == ObjectiveState::Missed, is_missed);
                    if !is_missed && look.miss_probability >= RISK_FROM {
                        prop_assert_eq!(folded[key], ObjectiveState::AtRisk);
                    }
                    if !is_missed && look.miss_probability < RISK_UNTIL {
                        prop_assert_eq!(folded[key], ObjectiveState::Safe);
                    }
                }
            }
        }
    }
}
