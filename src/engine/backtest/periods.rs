//! Backtests forecasts of periods, given at noon of every business day.
//!
//! A contract has too few months to distinguish skill from luck. Each of its promises on attainment
//! is therefore evaluated over every whole week, month and quarter, for the contract as a whole and
//! for each service, category and group. Past days count with their final outcomes, which seldom
//! differ from those first known.

use std::collections::BTreeMap;

use super::length::{LENGTHS, Length, noons};
use super::outcomes::{GROUPINGS, Group, Outcomes};
use super::period_baselines::{PERIOD_BASELINES, PeriodBaseline, Simply};
use super::stand::{AtNoon, Stand};
use super::tested::{Test, Tested};
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::contract::{AttainmentPromise, Promise};
use crate::domain::forecast::{Quality, Scored};
use crate::domain::time::Instant;
use crate::engine::answers::compliance::GroupKey;
use crate::engine::answers::period_outlook::{PeriodInProgress, forecast_attainment, past_dates};
use crate::engine::catalog::Known;
use crate::engine::fold::{Unobserved, Upto};
use crate::engine::occurred::OccurredIncidents;

/// A period in which fewer clocks are decided is not scored: there is too little to forecast.
const DECIDED_LEAST: u64 = 10;

/// What is forecast: periods of a length, of a grouping's groups.
pub type PeriodsOf = (Length, Option<GroupKey>);

/// How forecasts of periods turned out.
#[derive(Clone, Debug, Default)]
pub struct TestedPeriods {
    /// By what was forecast, whether anything of it could be scored or not.
    pub kinds: Vec<(PeriodsOf, Option<PeriodScores>)>,
    /// Every scored forecast, in the order in which they were given.
    pub forecasts: Vec<ScoredPeriod>,
}

/// How forecasts of one kind of periods turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct PeriodScores {
    /// How many periods were scored, of each promise and group.
    pub periods: usize,
    /// How forecasts of them turned out.
    pub tested: Tested<PeriodBaseline>,
    /// The share of the forecasts whose attainment interval held, 0 to 1: it is to hold in nine of
    /// ten cases.
    pub interval_held: f64,
}

/// A forecast of a period that was scored.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredPeriod {
    /// What was forecast.
    pub of: PeriodsOf,
    /// The name of the period.
    pub period: String,
    /// The id of the objective.
    pub objective: String,
    /// The group's value; empty for the whole contract.
    pub group: String,
    /// The probability to miss the promise, and what came of it.
    pub scored: Scored,
    /// The attainment was to lie between these in nine of ten cases.
    pub interval: (f64, f64),
    /// The attainment, 0 to 1.
    pub attained: f64,
    simpler: [f64; PERIOD_BASELINES.len()],
}

/// Folds what had occurred of incidents, and scores the forecasts of their periods given on the
/// way.
pub fn test_periods(
    test: Test<'_>,
    incidents: &mut OccurredIncidents,
    known: Known<'_>,
) -> TestedPeriods {
    let promises = promises(test, known);
    let zone = known.zone(test.contract_id, test.until);
    let (Some(zone), false) = (zone, promises.is_empty()) else { return TestedPeriods::default() };
    let days = LocalDays::from(zone.clone());
    let mut outcomes = Outcomes::of(incidents, &promises, test, &known, &zone);
    let mut fold = incidents.fold();
    let mut predicted = Predicted::default();
    for noon in noons(test, &zone) {
        let upto = Upto { until: noon, by: (u64::MAX, Instant::MAX), known };
        let Ok(()) = fold.advance(upto, incidents, &mut Unobserved);
        let learned = fold.of(test.contract_id);
        let at_noon = AtNoon { test, noon, learned: &learned, known: &known, zone: &zone };
        let stand = at_noon.stand(incidents, &promises, &mut outcomes);
        for length in LENGTHS.into_iter().filter(|_| stand.is_business) {
            let period = length.around(noon, &days).filter(|period| period.end <= test.until);
            let Some(period) = period else { continue };
            let of = OfPeriod { at_noon, length, period: &period, days: &days, stand: &stand };
            of.forecast(&promises, &outcomes, &mut predicted);
        }
    }
    predicted.result()
}

/// The promises on attainment, with the ids of their objectives.
fn promises<'k>(test: Test<'_>, known: Known<'k>) -> Vec<(&'k str, &'k AttainmentPromise)> {
    let terms = known.contract(test.contract_id).at(test.until);
    let objectives = terms.into_iter().flat_map(|terms| &terms.content.terms.objectives);
    let promises = objectives.filter_map(|objective| match &objective.promise {
        Promise::Attainment(promise) => Some((objective.id.as_str(), promise)),
        _ => None,
    });
    let is_meant = |id: &str| test.target_id.is_empty() || test.target_id == id;
    promises.filter(|(_, promise)| is_meant(&promise.target_id)).collect()
}

/// A period at one noon.
#[derive(Clone, Copy)]
struct OfPeriod<'t> {
    at_noon: AtNoon<'t>,
    length: Length,
    period: &'t Period,
    days: &'t LocalDays,
    stand: &'t Stand,
}

impl OfPeriod<'_> {
    fn forecast(
        &self,
        promises: &[(&str, &AttainmentPromise)],
        outcomes: &Outcomes,
        predicted: &mut Predicted,
    ) {
        let AtNoon { noon, zone, test, known, .. } = self.at_noon;
        let stood = self.stand.decided(self.period, noon, outcomes);
        let dates = past_dates(zone, noon);
        for of in outcomes.days.keys().copied() {
            let (decided, breached) = outcomes.counted(of, self.period, zone);
            let named = promises.get(of.1).zip(outcomes.groups.name(of.0));
            let Some(((objective, promise), (key, group))) = named else { continue };
            if decided < promise.minimum_count.max(DECIDED_LEAST) {
                continue;
            }
            let counts = stood.get(&of).copied().unwrap_or_default();
            let in_progress = PeriodInProgress {
                contract_id: test.contract_id,
                promise,
                as_of: noon,
                end: self.period.end,
                decided: counts.0,
                breached: counts.1,
                is_of_group: *key == Some(GroupKey::Group),
            };
            let past = outcomes.past(of, &dates);
            let open = self.stand.open.get(&of.0).map(Vec::as_slice).unwrap_or_default();
            let forecast = forecast_attainment(&in_progress, open, &past, known).period;
            let simply = Simply {
                in_progress: &in_progress,
                past: &past,
                length: self.length,
                period: self.period,
                days: self.days,
                known,
            };
            let scored = Scored {
                clock: predicted.place(of, self),
                time: noon,
                probability: forecast.miss_probability,
                is_breached: !promise.share.is_reached(decided - breached, decided),
                decide_time: self.period.end,
            };
            predicted.forecasts.push(ScoredPeriod {
                of: (self.length, *key),
                period: self.period.name.clone(),
                objective: (*objective).to_owned(),
                group: group.clone(),
                scored,
                interval: forecast.attainment_interval,
                attained: (decided - breached) as f64 / decided.max(1) as f64,
                simpler: PERIOD_BASELINES.map(|baseline| simply.probability(baseline)),
            });
        }
    }
}

/// The scored forecasts.
#[derive(Default)]
struct Predicted {
    periods: BTreeMap<(Group, usize, Length, Instant), usize>,
    forecasts: Vec<ScoredPeriod>,
}

impl Predicted {
    /// The number of a period of a group and promise.
    fn place(&mut self, (group, promise): (Group, usize), of: &OfPeriod<'_>) -> usize {
        let next = self.periods.len();
        *self.periods.entry((group, promise, of.length, of.period.start)).or_insert(next)
    }

    fn result(self) -> TestedPeriods {
        let kinds = GROUPINGS.into_iter().flat_map(|key| LENGTHS.map(|length| (length, key)));
        let kinds = kinds.map(|of| (of, scores(self.forecasts.iter().filter(|f| f.of == of))));
        TestedPeriods { kinds: kinds.collect(), forecasts: self.forecasts }
    }
}

fn scores<'f>(forecasts: impl Iterator<Item = &'f ScoredPeriod>) -> Option<PeriodScores> {
    let forecasts: Vec<_> = forecasts.collect();
    let model: Vec<_> = forecasts.iter().map(|forecast| forecast.scored).collect();
    let simpler = |place: usize| {
        let of = |forecast: &&ScoredPeriod| {
            let probability = forecast.simpler.get(place).copied()?;
            Some(Scored { probability, ..forecast.scored })
        };
        Quality::of(&forecasts.iter().filter_map(of).collect::<Vec<_>>())
    };
    let baselines = PERIOD_BASELINES.iter().enumerate();
    let baselines = baselines.filter_map(|(place, of)| Some((*of, simpler(place)?))).collect();
    let held = forecasts.iter().filter(|forecast| forecast.has_held()).count();
    let mut periods: Vec<_> = model.iter().map(|scored| scored.clock).collect();
    periods.sort_unstable();
    periods.dedup();
    Some(PeriodScores {
        periods: periods.len(),
        tested: Tested { model: Quality::of(&model)?, baselines },
        interval_held: held as f64 / forecasts.len().max(1) as f64,
    })
}

impl ScoredPeriod {
    /// Whether the attainment lay in its interval.
    pub fn has_held(&self) -> bool {
        let (low, high) = self.interval;
        (low - 1e-9..=high + 1e-9).contains(&self.attained)
    }
}
