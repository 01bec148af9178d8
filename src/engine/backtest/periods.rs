//! Backtests forecasts of periods, given at noon of every business day.
//!
//! A contract has too few months to distinguish skill from luck. Each of its promises on attainment
//! is therefore evaluated over every whole week, for each kind of incident (service and category)
//! on its own. Past days count with their final outcomes, which seldom differ from those first
//! known.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use chrono::Days;

use super::outcomes::{DayCounts, Kind, Outcomes, count, covering, kind, sum};
use super::tested::{Test, Tested};
use super::week::{Week, weeks};
use crate::domain::compliance::entries;
use crate::domain::contract::{AttainmentPromise, Promise};
use crate::domain::forecast::{Arrivals, PeriodSoFar, Quality, Scored};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::answers::outlook::outlook;
use crate::engine::answers::period_outlook::{
    OpenClockForecast, PAST_DAYS, Past, PeriodInProgress, forecast_attainment, past_dates,
};
use crate::engine::catalog::Known;
use crate::engine::evaluate::evaluate_under;
use crate::engine::fold::{Learned, Unobserved, Upto};
use crate::engine::occurred::OccurredIncidents;
use crate::engine::snapshot::{hours, is_undecided, noon_of_business};

/// A week in which fewer clocks are decided is not scored: there is too little to forecast.
const DECIDED_LEAST: u64 = 10;
/// The number of whole weeks before the present one whose days are used.
const PAST_WEEKS: u64 = PAST_DAYS / 7 - 1;

/// The forecasts of periods that the model is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodBaseline {
    /// The share of past weeks that were missed.
    PastWeeks,
    /// What is decided so far, taken for the whole.
    SoFar,
    /// What is decided so far, and as many more as usual that breach as often as so far.
    RunningRate,
}

/// Every baseline.
pub const PERIOD_BASELINES: [PeriodBaseline; 3] =
    [PeriodBaseline::PastWeeks, PeriodBaseline::SoFar, PeriodBaseline::RunningRate];

/// How forecasts of periods turned out.
#[derive(Clone, Debug, PartialEq)]
pub struct TestedPeriods {
    /// How many periods were scored: weeks of a promise and a kind of incident.
    pub periods: usize,
    /// How forecasts of them turned out.
    pub tested: Tested<PeriodBaseline>,
    /// The share of the forecasts whose attainment interval held, 0 to 1: it is to hold in nine of
    /// ten cases.
    pub interval_held: f64,
}

/// Folds what had occurred of incidents, and scores the forecasts of their weeks given on the way;
/// `None` when there was none to score.
pub fn test_periods(
    test: Test<'_>,
    incidents: &mut OccurredIncidents,
    known: Known<'_>,
) -> Option<TestedPeriods> {
    let zone = known.zone(test.contract_id, test.until)?;
    let terms = known.contract(test.contract_id).at(test.until)?;
    let promises: Vec<_> = (terms.content.terms.objectives.iter())
        .filter_map(|objective| match &objective.promise {
            Promise::Attainment(promise) => Some(promise),
            _ => None,
        })
        .filter(|promise| [promise.target_id.as_str(), ""].contains(&test.target_id))
        .collect();
    if promises.is_empty() {
        return None;
    }
    let outcomes = Outcomes::of(incidents, &promises, test, &known, &zone);
    let mut fold = incidents.fold();
    let mut predicted = Predicted::default();
    for week in weeks(test, &zone) {
        for noon in week.noons(&zone) {
            let upto = Upto { until: noon, by: (u64::MAX, Instant::MAX), known };
            let Ok(()) = fold.advance(upto, incidents, &mut Unobserved);
            let learned = fold.of(test.contract_id);
            let at_noon =
                WeekAtNoon { test, week, noon, learned: &learned, known: &known, zone: &zone };
            at_noon.forecast(incidents, &promises, &outcomes, &mut predicted);
        }
    }
    predicted.result()
}

/// A week at one noon, and what was learnt by then.
struct WeekAtNoon<'t> {
    test: Test<'t>,
    week: Week,
    noon: Instant,
    learned: &'t Learned,
    known: &'t Known<'t>,
    zone: &'t Zone,
}

/// The decided and open clocks of a week at a noon.
#[derive(Default)]
struct Stand {
    decided: BTreeMap<(Kind, usize), DayCounts>,
    open: BTreeMap<Kind, Vec<OpenClockForecast>>,
    /// Whether some open clock has service hours on this day.
    is_business: bool,
}

impl WeekAtNoon<'_> {
    fn forecast(
        &self,
        incidents: &OccurredIncidents,
        promises: &[&AttainmentPromise],
        outcomes: &Outcomes,
        predicted: &mut Predicted,
    ) {
        let stand = OnceCell::new();
        let dates = past_dates(self.zone, self.noon);
        for of in outcomes.days.keys() {
            let (decided, breached) = outcomes.week(of, self.week);
            let Some(promise) = promises.get(of.1) else { continue };
            if decided < promise.minimum_count.max(DECIDED_LEAST) {
                continue;
            }
            let stand: &Stand = stand.get_or_init(|| self.stand(incidents, promises, outcomes));
            if !stand.is_business {
                return;
            }
            let counts = stand.decided.get(of).copied().unwrap_or_default();
            let in_progress = PeriodInProgress {
                contract_id: self.test.contract_id,
                promise,
                as_of: self.noon,
                end: self.week.end,
                decided: counts.0,
                breached: counts.1,
            };
            let past = outcomes.past(of, &dates);
            let open = stand.open.get(&of.0).map(Vec::as_slice).unwrap_or_default();
            let forecast = forecast_attainment(&in_progress, open, &past, self.known);
            let probability = forecast.period.miss_probability;
            let (low, high) = forecast.period.attainment_interval;
            let attained = (decided - breached) as f64 / decided.max(1) as f64;
            predicted.held += u64::from((low - 1e-9..=high + 1e-9).contains(&attained));
            let simpler = PERIOD_BASELINES.map(|baseline| match baseline {
                PeriodBaseline::PastWeeks => self.missed_before(promise, &past),
                PeriodBaseline::SoFar => so_far(&in_progress),
                PeriodBaseline::RunningRate => self.at_running_rate(&in_progress, &past),
            });
            let is_missed = !promise.share.is_reached(decided - breached, decided);
            predicted.take(of, self.week, self.noon, (probability, simpler), is_missed);
        }
    }

    fn stand(
        &self,
        incidents: &OccurredIncidents,
        promises: &[&AttainmentPromise],
        outcomes: &Outcomes,
    ) -> Stand {
        let mut stand = Stand::default();
        let changes =
            |id: &String| outcomes.changed.get(id).is_some_and(|last| *last >= self.week.start);
        for (id, ledger) in incidents.0.iter().filter(|(id, _)| changes(id)) {
            let history = History::fold(&ledger.events, self.noon);
            let evaluated = evaluate_under(&history, self.test.contract_id, self.known, self.noon);
            let mut of_incident = Kind::default();
            for entry in entries(&evaluated, &history.state(self.noon), &[]) {
                of_incident = kind(&entry);
                let decided = entry.decide_time.filter(|time| self.week.start <= *time);
                for place in covering(promises, &entry).into_iter().filter(|_| decided.is_some()) {
                    count(stand.decided.entry((kind(&entry), place)).or_default(), &entry);
                }
            }
            for clock in evaluated.clocks.iter().filter(|clock| is_undecided(clock)) {
                let expected = outlook(self.learned, clock, &history, *self.known, self.noon);
                let Some(expected) = expected else { continue };
                let open_clock = OpenClockForecast::of(id, clock, &expected);
                stand.open.entry(of_incident.clone()).or_default().push(open_clock);
                let today = self.zone.local(self.noon).date();
                let hours = hours(clock, self.known);
                stand.is_business |=
                    hours.is_some_and(|hours| noon_of_business(today, self.zone, hours).is_some());
            }
        }
        stand
    }

    /// The share of past weeks that were missed.
    fn missed_before(&self, promise: &AttainmentPromise, past: &Past) -> f64 {
        let (mut seen, mut missed) = (2.0, 1.0);
        for weeks in 1..=PAST_WEEKS {
            let counts = self.counted_before(past, weeks);
            if counts.0 >= DECIDED_LEAST {
                seen += 1.0;
                let is_missed = !promise.share.is_reached(counts.0 - counts.1, counts.0);
                missed += f64::from(u8::from(is_missed));
            }
        }
        missed / seen
    }

    /// The counts of the week `weeks` weeks ago.
    fn counted_before(&self, past: &Past, weeks: u64) -> DayCounts {
        let Some(first) = self.week.first.checked_sub_days(Days::new(7 * weeks)) else {
            return (0, 0);
        };
        let dates = || first.iter_days().take(7);
        sum(past.values().flat_map(|days| dates().filter_map(|date| days.get(&date))))
    }

    /// The miss probability if as many clocks are decided as in past weeks on average, and they
    /// breach at the rate so far.
    fn at_running_rate(&self, in_progress: &PeriodInProgress<'_>, past: &Past) -> f64 {
        let PeriodInProgress { promise, decided, breached, .. } = *in_progress;
        let weeks: Vec<_> =
            (1..=PAST_WEEKS).map(|weeks| self.counted_before(past, weeks)).collect();
        let all = sum(&weeks);
        let weeks_seen = weeks.iter().rposition(|counts| counts.0 > 0).map_or(1, |last| last + 1);
        let usual = all.0 as f64 / weeks_seen as f64;
        let past_share = (all.1 as f64 + 1.0) / (all.0 as f64 + 2.0);
        let mean = (usual - decided as f64).max(0.0);
        let breach_share = (breached as f64 + 2.0 * past_share) / (decided as f64 + 2.0);
        let arrivals = Arrivals { mean, variance: mean, breach_share };
        let promised = promise.share;
        let period = PeriodSoFar { promised, decided, breached, open: &[], arrivals };
        period.forecast().miss_probability
    }
}

fn so_far(in_progress: &PeriodInProgress<'_>) -> f64 {
    let PeriodInProgress { promise, decided, breached, .. } = *in_progress;
    match decided {
        0 => 0.5,
        _ if promise.share.is_reached(decided - breached, decided) => 0.0,
        _ => 1.0,
    }
}

/// The scored forecasts of the model and of each baseline.
#[derive(Default)]
struct Predicted {
    /// How many attainment intervals held.
    held: u64,
    periods: BTreeMap<(Kind, usize, Week), usize>,
    model: Vec<Scored>,
    of_baselines: [Vec<Scored>; PERIOD_BASELINES.len()],
}

impl Predicted {
    fn take(
        &mut self,
        (kind, promise): &(Kind, usize),
        week: Week,
        time: Instant,
        (predicted, simpler): (f64, [f64; PERIOD_BASELINES.len()]),
        is_breached: bool,
    ) {
        let next = self.periods.len();
        let clock = *self.periods.entry((kind.clone(), *promise, week)).or_insert(next);
        let decide_time = week.end;
        let scored = |probability| Scored { clock, time, probability, is_breached, decide_time };
        self.model.push(scored(predicted));
        for (scores, predicted) in self.of_baselines.iter_mut().zip(simpler) {
            scores.push(scored(predicted));
        }
    }

    fn result(&self) -> Option<TestedPeriods> {
        let qualities = PERIOD_BASELINES.iter().zip(&self.of_baselines);
        let baselines = qualities.filter_map(|(of, scored)| Some((*of, Quality::of(scored)?)));
        let (model, baselines) = (Quality::of(&self.model)?, baselines.collect());
        let interval_held = self.held as f64 / model.forecasts.max(1) as f64;
        let (periods, tested) = (self.periods.len(), Tested { model, baselines });
        Some(TestedPeriods { periods, tested, interval_held })
    }
}
