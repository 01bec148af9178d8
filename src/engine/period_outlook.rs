//! What is to be expected of the periods that open clocks belong to.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::compliance::Compliance;
use super::outlook::Outlook;
use crate::domain::clock::Clock;
use crate::domain::compliance::Period;
use crate::domain::contract::AttainmentPromise;
use crate::domain::forecast::{
    Arrivals, Budget, OpenClock, PastDays, PeriodForecast, PeriodSoFar, STOP_QUANTILES, Stretch,
    month_of,
};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;

/// Past days that tell how many clocks a day decides.
const PAST_DAYS: u64 = 91;

/// An open clock that may weigh on a period.
#[derive(Clone, Debug)]
pub struct Weighing {
    /// The incident.
    pub incident_id: String,
    /// The target.
    pub target_id: String,
    /// The priority that rules it.
    pub priority: String,
    /// The probability that it breaches.
    pub breach_probability: f64,
    due: Option<Instant>,
    stop: Option<[Option<Instant>; 3]>,
}

impl Weighing {
    /// Of a clock and what is to be expected of it.
    pub fn of(incident: &str, clock: &Clock<'_>, outlook: &Outlook) -> Weighing {
        Weighing {
            incident_id: incident.to_owned(),
            target_id: clock.target_id.to_owned(),
            priority: clock.priority.to_owned(),
            breach_probability: outlook.forecast.breach_probability,
            due: clock.due_time,
            stop: outlook.forecast.expected_stop.map(|stop| stop.time),
        }
    }

    /// In a period that ends at `end`: a breach is decided when the clock is due, the rest when it
    /// stops.
    fn within(&self, as_of: Instant, end: Instant) -> OpenClock {
        let stops = self.stop.map_or(0.0, |stop| stopped_by(stop, as_of, end));
        let is_due = self.due.is_some_and(|due| due < end);
        OpenClock {
            breach_probability: self.breach_probability,
            decided_if_breached: if is_due { 1.0 } else { 0.0 },
            decided_if_met: stops.max(if is_due { 1.0 } else { 0.0 }),
        }
    }
}

/// The share of cases that stop before `end`, straight between the percentiles that are known.
fn stopped_by(stop: [Option<Instant>; 3], as_of: Instant, end: Instant) -> f64 {
    let mut before = (0.0, as_of);
    for (share, time) in STOP_QUANTILES.into_iter().zip(stop) {
        let Some(time) = time else { return before.0 };
        if time >= end {
            let whole = time.since(before.1).nanos().max(1) as f64;
            let part = end.since(before.1).nanos().max(0) as f64 / whole;
            return before.0 + part.min(1.0) * (share - before.0);
        }
        before = (share, time);
    }
    before.0
}

/// How an objective on attainment will end.
#[derive(Clone, Debug)]
pub struct AttainmentForecast {
    /// How the period will end.
    pub period: PeriodForecast,
    /// The open clocks that weigh most, each with what the miss probability would fall by if it
    /// were met.
    pub heaviest: Vec<(Weighing, f64)>,
    /// Open clocks that the objective covers.
    pub open: usize,
    /// Clocks that are decided already.
    pub decided: u64,
}

/// How the objectives of a period will end.
#[derive(Debug)]
pub struct PeriodOutlook<'c> {
    /// The period as it stands.
    pub compliance: Compliance<'c>,
    /// Its objectives on attainment, by their places.
    pub attainments: BTreeMap<usize, AttainmentForecast>,
    /// Its objectives on availability, by their places.
    pub budgets: BTreeMap<usize, BudgetOutlook>,
}

/// How the downtime that an availability allows is used up.
#[derive(Clone, Copy, Debug)]
pub struct BudgetOutlook {
    /// What is allowed, and what is used up.
    pub budget: Budget,
    /// The last day.
    pub short: Option<Stretch>,
    /// The last seven days.
    pub long: Option<Stretch>,
}

/// A period of a promise, half-way.
#[derive(Clone, Copy, Debug)]
pub struct Halfway<'p> {
    /// The promise.
    pub promise: &'p AttainmentPromise,
    /// The end of the period.
    pub end: Instant,
    /// How many of its clocks are decided.
    pub decided: u64,
    /// How many of them breached.
    pub breached: u64,
}

/// Forecasts a promise, by the open clocks of its contract and the past days of its own clocks.
pub fn forecast_attainment(
    halfway: &Halfway<'_>,
    open: &[Weighing],
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    zone: &Zone,
    as_of: Instant,
) -> AttainmentForecast {
    let Halfway { promise, end, decided, breached } = *halfway;
    // Open clocks that are over their limits are counted already.
    let is_uncertain = |clock: &&Weighing| clock.breach_probability < 1.0;
    let covered = |clock: &&Weighing| promise.covers(&clock.target_id, &clock.priority);
    let covered = open.iter().filter(|_| as_of < end).filter(covered).filter(is_uncertain);
    let covered: Vec<_> = covered.collect();
    let clocks: Vec<_> = covered.iter().map(|clock| clock.within(as_of, end)).collect();
    let arrivals = arrivals(days, &clocks, (as_of, end), zone);
    let period =
        PeriodSoFar { promised: promise.share, decided, breached, open: &clocks, arrivals };
    let period = period.forecast();
    let named = |(place, saved): &(usize, f64)| Some(((*covered.get(*place)?).clone(), *saved));
    let heaviest = period.heaviest.iter().filter_map(named).collect();
    AttainmentForecast { heaviest, open: clocks.len(), decided, period }
}

/// What the rest of a period will bring beyond what is open.
fn arrivals(
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    open: &[OpenClock],
    (as_of, end): (Instant, Instant),
    zone: &Zone,
) -> Arrivals {
    let decided: f64 = open.iter().map(OpenClock::decided_here).sum();
    if as_of < end {
        past(days).expected(dates_left(zone, as_of, end), decided)
    } else {
        Arrivals::NONE
    }
}

/// What past days teach: those since the first on which a clock was decided.
pub(super) fn past(days: &BTreeMap<NaiveDate, (u64, u64)>) -> PastDays {
    let mut past = PastDays::default();
    for (date, (decided, breached)) in days.iter().skip_while(|(_, (decided, _))| *decided == 0) {
        past.learn(*date, *decided, *breached);
    }
    past
}

/// The dates of a period after that of an instant.
pub(super) fn dates_left(
    zone: &Zone,
    as_of: Instant,
    end: Instant,
) -> impl Iterator<Item = NaiveDate> {
    let today = zone.local(as_of).date();
    let last = zone.local(end.checked_add(-Span::from_nanos(1)).unwrap_or(end)).date();
    today.iter_days().skip(1).take_while(move |date| *date <= last)
}

/// The dates before an instant that tell how many clocks a day decides.
pub fn past_dates(zone: &Zone, as_of: Instant) -> Vec<NaiveDate> {
    let today = zone.local(as_of).date();
    let first = today.checked_sub_days(chrono::Days::new(PAST_DAYS)).unwrap_or(today);
    first.iter_days().take_while(|date| *date < today).collect()
}

/// What would have to go right for an objective, in plain words; empty: nothing more.
pub fn needs(forecast: &AttainmentForecast) -> String {
    let AttainmentForecast { period, open, decided, .. } = forecast;
    let yet = (period.expected_decided - *decided as f64).max(0.0);
    match period.allowance_left {
        _ if period.miss_probability < 0.01 => String::new(),
        left @ ..0 => {
            format!("{} breaches too many, if as many clocks are decided as expected", -left)
        }
        left => {
            let most = if left == 0 { "no".to_owned() } else { format!("at most {left}") };
            format!(
                "{most} more breaches among some {yet:.0} clocks yet to be decided, {open} open"
            )
        }
    }
}

/// The months of a period, both included.
pub fn months_of(period: &Period, zone: &Zone) -> (i32, i32) {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    let month = |instant| month_of(zone.local(instant).date());
    (month(period.start), month(last))
}
