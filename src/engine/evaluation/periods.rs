//! Forecasts of periods: at noon of every business day, whether a week's promise will be missed.
//!
//! A contract has too few months to tell skill from luck. So each of its promises on attainment is
//! held against every whole week, of each kind of incident on its own: those of one service and
//! category. Past days count as they finally stood: few clocks are judged otherwise later.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, NaiveTime};

use super::{Test, Tested, is_under};
use crate::domain::clock::Outcome;
use crate::domain::compliance::{Entry, entries};
use crate::domain::contract::{AttainmentPromise, Promise};
use crate::domain::forecast::{Arrivals, PeriodSoFar, Quality, Scored};
use crate::domain::incident::{History, RecordedEvent};
use crate::domain::time::Instant;
use crate::domain::zone::Zone;
use crate::engine::catalog::Known;
use crate::engine::learning::{Learned, Learning, Ledgers};
use crate::engine::ledger::Ledger;
use crate::engine::outlook::outlook;
use crate::engine::period_outlook::{
    Halfway, PAST_DAYS, Past, Weighing, forecast_attainment, past_dates,
};
use crate::engine::query::judge_under;
use crate::engine::snapshot::{hours, is_undecided, noon_of_business};

/// A week in which fewer clocks are decided is not scored: hardly anything could be foreseen.
const DECIDED_LEAST: u64 = 10;
/// Whole weeks before the running one of which past days tell.
const PAST_WEEKS: u64 = PAST_DAYS / 7 - 1;

/// The forecasts of periods to beat.
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
    /// How many weeks of a promise and a kind of incident.
    pub periods: usize,
    /// How forecasts of them turned out.
    pub tested: Tested<PeriodBaseline>,
}

/// Lives through the incidents of `ledgers` again, by the same fold that a server learns by, and
/// says how forecasts of their weeks turned out; `None`: there was none to score.
pub fn test_periods<'l>(
    test: Test<'_>,
    ledgers: impl IntoIterator<Item = (&'l String, &'l Ledger)>,
    known: Known<'_>,
) -> Option<TestedPeriods> {
    let zone = known.zone(test.contract_id)?;
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
    let mut lives = Lives::of(test, ledgers);
    let outcomes = Outcomes::of(&lives, &promises, test, &known, &zone);
    let mut facts = lives.facts().into_iter().peekable();
    let mut learning = Learning::default();
    let mut said = Said::default();
    for week in weeks(test, &zone) {
        for noon in week.noons(&zone) {
            while let Some(fact) = facts.next_if(|fact| fact.record_time <= noon) {
                let Ok(()) = learning.take(&fact, known, &mut lives);
            }
            let learned = learning.of(test.contract_id);
            let look = Look { test, week, noon, learned: &learned, known: &known, zone: &zone };
            look.forecast(&lives, &promises, &outcomes, &mut said);
        }
    }
    said.result()
}

/// A kind of incident: its service and its category.
type Kind = (String, String);

/// A calendar week, Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Week {
    first: NaiveDate,
    start: Instant,
    end: Instant,
}

impl Week {
    fn of(first: NaiveDate, zone: &Zone) -> Option<Week> {
        let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).ok();
        let next = first.checked_add_days(Days::new(7))?;
        Some(Week { first, start: midnight(first)?, end: midnight(next)? })
    }

    fn dates(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take(7)
    }

    fn noons(self, zone: &Zone) -> Vec<Instant> {
        let noon = NaiveTime::from_hms_opt(12, 0, 0).unwrap_or_default();
        self.dates().filter_map(|date| zone.instant(date.and_time(noon)).ok()).collect()
    }
}

/// The whole weeks in which forecasts are scored.
fn weeks(test: Test<'_>, zone: &Zone) -> Vec<Week> {
    let begin = zone.local(test.learn_until).date();
    let mondays = begin.iter_days().filter(|date| date.weekday() == chrono::Weekday::Mon);
    let weeks = mondays.map_while(|monday| Week::of(monday, zone));
    let weeks = weeks.skip_while(|week| week.start < test.learn_until);
    weeks.take_while(|week| week.end <= test.until).collect()
}

/// The incidents under the contract, each fact recorded when it occurred.
struct Lives(BTreeMap<String, Arc<Ledger>>);

impl Lives {
    fn of<'l>(
        test: Test<'_>,
        ledgers: impl IntoIterator<Item = (&'l String, &'l Ledger)>,
    ) -> Lives {
        let relived = |(id, ledger): (&String, &Ledger)| {
            let history = History::fold(&ledger.events, Instant::MAX);
            if !is_under(&history, test.contract_id) {
                return None;
            }
            let occurred =
                ledger.events.iter().filter(|known| known.value.occur_time <= test.until);
            let recorded = occurred.map(|known| RecordedEvent {
                record_time: known.value.occur_time,
                ..known.clone()
            });
            Some((id.clone(), Arc::new(recorded.collect())))
        };
        Lives(ledgers.into_iter().filter_map(relived).collect())
    }

    /// Every fact, in the order in which they occurred.
    fn facts(&self) -> Vec<RecordedEvent> {
        let mut all: Vec<_> = self.0.values().flat_map(|ledger| ledger.events.clone()).collect();
        all.sort_by_key(|fact| (fact.record_time, fact.sequence));
        all
    }
}

impl Ledgers for Lives {
    type Error = Infallible;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Infallible> {
        Ok(self.0.get(incident_id).cloned().unwrap_or_default())
    }
}

/// Decided and breached clocks.
type Counts = (u64, u64);

/// What became so: of each kind of incident and each promise, by its place, what each day decided.
struct Outcomes {
    days: BTreeMap<(Kind, usize), Past>,
    /// The last instant at which anything about an incident changed.
    changed: BTreeMap<String, Instant>,
}

impl Outcomes {
    fn of(
        lives: &Lives,
        promises: &[&AttainmentPromise],
        test: Test<'_>,
        known: &Known<'_>,
        zone: &Zone,
    ) -> Outcomes {
        let mut outcomes = Outcomes { days: BTreeMap::new(), changed: BTreeMap::new() };
        for (id, ledger) in &lives.0 {
            let history = History::fold(&ledger.events, test.until);
            let judged = judge_under(&history, test.contract_id, known, test.until);
            let mut changed = ledger.events.iter().map(|fact| fact.record_time).max();
            for entry in entries(&judged, &history.state(test.until), &[]) {
                changed = changed.max(Some(entry.decide_time.unwrap_or(Instant::MAX)));
                let Some(date) = entry.decide_time.map(|time| zone.local(time).date()) else {
                    continue;
                };
                for place in covering(promises, &entry) {
                    let past = outcomes.days.entry((kind(&entry), place)).or_default();
                    let days = past.entry(entry.priority.to_owned()).or_default();
                    count(days.entry(date).or_default(), &entry);
                }
            }
            outcomes.changed.insert(id.clone(), changed.unwrap_or(Instant::MIN));
        }
        outcomes
    }

    fn week(&self, of: &(Kind, usize), week: Week) -> Counts {
        let days = self.days.get(of).into_iter().flat_map(Past::values);
        sum(days.flat_map(|days| week.dates().filter_map(|date| days.get(&date))))
    }

    /// What is known of some dates.
    fn past(&self, of: &(Kind, usize), dates: &[NaiveDate]) -> Past {
        let day = |days: &BTreeMap<_, _>, date| days.get(date).copied().unwrap_or_default();
        let of_dates = |days| dates.iter().map(|date| (*date, day(days, date))).collect();
        let all = self.days.get(of).into_iter().flatten();
        all.map(|(priority, days)| (priority.clone(), of_dates(days))).collect()
    }
}

fn sum<'c>(counts: impl IntoIterator<Item = &'c Counts>) -> Counts {
    counts.into_iter().fold((0, 0), |sum, more| (sum.0 + more.0, sum.1 + more.1))
}

fn kind(entry: &Entry<'_>) -> Kind {
    (entry.service.to_owned(), entry.category.to_owned())
}

/// The places of the promises that an entry counts for.
fn covering(promises: &[&AttainmentPromise], entry: &Entry<'_>) -> Vec<usize> {
    let covers = |promise: &AttainmentPromise| promise.covers(entry.target_id, entry.priority);
    let counts = promises.iter().enumerate().filter(|(_, of)| !entry.is_excluded && covers(of));
    counts.map(|(place, _)| place).collect()
}

fn count(counts: &mut Counts, entry: &Entry<'_>) {
    counts.0 += 1;
    counts.1 += u64::from(entry.verdict() == Outcome::Breached);
}

/// A noon at which a week is looked at.
struct Look<'t> {
    test: Test<'t>,
    week: Week,
    noon: Instant,
    learned: &'t Learned,
    known: &'t Known<'t>,
    zone: &'t Zone,
}

/// How a week stands at a noon.
#[derive(Default)]
struct Stand {
    decided: BTreeMap<(Kind, usize), Counts>,
    open: BTreeMap<Kind, Vec<Weighing>>,
    /// Some open clock has service hours on this day.
    is_business: bool,
}

impl Look<'_> {
    fn forecast(
        &self,
        lives: &Lives,
        promises: &[&AttainmentPromise],
        outcomes: &Outcomes,
        said: &mut Said,
    ) {
        let stand = OnceCell::new();
        let dates = past_dates(self.zone, self.noon);
        for of in outcomes.days.keys() {
            let (decided, breached) = outcomes.week(of, self.week);
            let Some(promise) = promises.get(of.1) else { continue };
            if decided < promise.minimum_count.max(DECIDED_LEAST) {
                continue;
            }
            let stand: &Stand = stand.get_or_init(|| self.stand(lives, promises, outcomes));
            if !stand.is_business {
                return;
            }
            let counts = stand.decided.get(of).copied().unwrap_or_default();
            let halfway = Halfway {
                contract_id: self.test.contract_id,
                promise,
                as_of: self.noon,
                end: self.week.end,
                decided: counts.0,
                breached: counts.1,
            };
            let past = outcomes.past(of, &dates);
            let open = stand.open.get(&of.0).map(Vec::as_slice).unwrap_or_default();
            let forecast = forecast_attainment(&halfway, open, &past, self.known);
            let probability = forecast.period.miss_probability;
            let simpler = PERIOD_BASELINES.map(|baseline| match baseline {
                PeriodBaseline::PastWeeks => self.missed_before(promise, &past),
                PeriodBaseline::SoFar => so_far(&halfway),
                PeriodBaseline::RunningRate => self.at_running_rate(&halfway, &past),
            });
            let is_missed = !promise.share.is_reached(decided - breached, decided);
            said.take(of, self.week, self.noon, (probability, simpler), is_missed);
        }
    }

    fn stand(&self, lives: &Lives, promises: &[&AttainmentPromise], outcomes: &Outcomes) -> Stand {
        let mut stand = Stand::default();
        let changes =
            |id: &String| outcomes.changed.get(id).is_some_and(|last| *last >= self.week.start);
        for (id, ledger) in lives.0.iter().filter(|(id, _)| changes(id)) {
            let history = History::fold(&ledger.events, self.noon);
            let judged = judge_under(&history, self.test.contract_id, self.known, self.noon);
            let mut of_incident = Kind::default();
            for entry in entries(&judged, &history.state(self.noon), &[]) {
                of_incident = kind(&entry);
                let decided = entry.decide_time.filter(|time| self.week.start <= *time);
                for place in covering(promises, &entry).into_iter().filter(|_| decided.is_some()) {
                    count(stand.decided.entry((kind(&entry), place)).or_default(), &entry);
                }
            }
            for clock in judged.clocks.iter().filter(|clock| is_undecided(clock)) {
                let expected = outlook(self.learned, clock, &history, *self.known, self.noon);
                let Some(expected) = expected else { continue };
                let weighing = Weighing::of(id, clock, &expected);
                stand.open.entry(of_incident.clone()).or_default().push(weighing);
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

    /// What was decided in the week so many weeks ago.
    fn counted_before(&self, past: &Past, weeks: u64) -> Counts {
        let Some(first) = self.week.first.checked_sub_days(Days::new(7 * weeks)) else {
            return (0, 0);
        };
        let dates = || first.iter_days().take(7);
        sum(past.values().flat_map(|days| dates().filter_map(|date| days.get(&date))))
    }

    /// As many clocks as in past weeks on average, of which as many breach as so far.
    fn at_running_rate(&self, halfway: &Halfway<'_>, past: &Past) -> f64 {
        let Halfway { promise, decided, breached, .. } = *halfway;
        let weeks: Vec<_> =
            (1..=PAST_WEEKS).map(|weeks| self.counted_before(past, weeks)).collect();
        let all = sum(&weeks);
        let lived = weeks.iter().rposition(|counts| counts.0 > 0).map_or(1, |last| last + 1);
        let usual = all.0 as f64 / lived as f64;
        let past_share = (all.1 as f64 + 1.0) / (all.0 as f64 + 2.0);
        let mean = (usual - decided as f64).max(0.0);
        let breach_share = (breached as f64 + 2.0 * past_share) / (decided as f64 + 2.0);
        let arrivals = Arrivals { mean, variance: mean, breach_share };
        let promised = promise.share;
        let period = PeriodSoFar { promised, decided, breached, open: &[], arrivals };
        period.forecast().miss_probability
    }
}

fn so_far(halfway: &Halfway<'_>) -> f64 {
    let Halfway { promise, decided, breached, .. } = *halfway;
    match decided {
        0 => 0.5,
        _ if promise.share.is_reached(decided - breached, decided) => 0.0,
        _ => 1.0,
    }
}

/// What was said, and what became so.
#[derive(Default)]
struct Said {
    periods: BTreeMap<(Kind, usize, Week), usize>,
    model: Vec<Scored>,
    of_baselines: [Vec<Scored>; PERIOD_BASELINES.len()],
}

impl Said {
    fn take(
        &mut self,
        (kind, promise): &(Kind, usize),
        week: Week,
        time: Instant,
        (said, simpler): (f64, [f64; PERIOD_BASELINES.len()]),
        is_breached: bool,
    ) {
        let next = self.periods.len();
        let clock = *self.periods.entry((kind.clone(), *promise, week)).or_insert(next);
        let decide_time = week.end;
        let scored = |probability| Scored { clock, time, probability, is_breached, decide_time };
        self.model.push(scored(said));
        for (scores, said) in self.of_baselines.iter_mut().zip(simpler) {
            scores.push(scored(said));
        }
    }

    fn result(&self) -> Option<TestedPeriods> {
        let qualities = PERIOD_BASELINES.iter().zip(&self.of_baselines);
        let baselines = qualities.filter_map(|(of, scored)| Some((*of, Quality::of(scored)?)));
        let (model, baselines) = (Quality::of(&self.model)?, baselines.collect());
        Some(TestedPeriods { periods: self.periods.len(), tested: Tested { model, baselines } })
    }
}
