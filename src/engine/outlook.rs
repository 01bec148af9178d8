//! What is to be expected: of open clocks, and of the periods they belong to.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::catalog::Known;
use super::compliance::{Attainment, Compliance};
use super::learning::Learned;
use super::ledger::Ledger;
use super::query::Times;
use crate::domain::clock::{Calendars, Clock};
use crate::domain::compliance::Period;
use crate::domain::forecast::{
    Arrivals, Budget, Forecast, OpenClock, PastDays, PeriodForecast, PeriodSoFar, Reason,
    STOP_QUANTILES, Snapshot, Story, Stretch, Urgency, explain, idle_time, month_of,
};
use crate::domain::incident::{Fact, History, IncidentEvent, RecordedEvent, Waiting, WaitingOn};
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;

/// Past days that tell how many clocks a day decides.
pub const PAST_DAYS: u64 = 91;

/// What is to be expected of an open clock.
#[derive(Clone, Debug)]
pub struct Outlook {
    /// Its probability and its stop.
    pub forecast: Forecast,
    /// How it stands against the work estimated; `None`: nothing is.
    pub urgency: Option<Urgency>,
    /// The service time for which it now is the provider's to act and nothing happens.
    pub idle_time: Span,
    /// What moved the probability, the strongest first.
    pub reasons: Vec<Reason>,
}

/// What is to be expected of a clock of an incident with this history; `None`: it has not started,
/// or its calendar is not known.
pub fn outlook(
    learned: &Learned,
    clock: &Clock<'_>,
    history: &History<'_>,
    known: Known<'_>,
    as_of: Instant,
) -> Option<Outlook> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    let snapshot = Snapshot::new(Story::up_to(history, as_of)?, clock, hours, as_of);
    Some(Outlook {
        forecast: learned.forecaster.forecast(&snapshot, hours),
        urgency: Urgency::of(&snapshot, hours),
        idle_time: idle_time(&snapshot, hours),
        reasons: explain(&learned.forecaster.model, &snapshot),
    })
}

/// How an open clock stands against the work estimated; `None`: nothing is, or it is not open.
pub fn urgency(
    clock: &Clock<'_>,
    history: &History<'_>,
    known: &Known<'_>,
    as_of: Instant,
) -> Option<Urgency> {
    let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
    Urgency::of(&Snapshot::new(Story::up_to(history, as_of)?, clock, hours, as_of), hours)
}

/// What might become so of an incident.
#[derive(Clone, Debug, Default)]
pub struct WhatIf {
    /// The incident.
    pub incident_id: String,
    /// So much work is left.
    pub effort_remaining: Option<Span>,
    /// It is the provider's to act again from then on.
    pub wait_end: Option<Instant>,
    /// Its priority becomes this.
    pub priority: Option<String>,
}

impl WhatIf {
    /// The instant at which all of it would be so.
    pub fn as_of(&self, times: Times) -> Instant {
        self.wait_end.map_or(times.as_of, |end| end.max(times.as_of))
    }

    /// The facts of a ledger, and those that are thought of.
    pub fn ledger(&self, ledger: &Ledger, times: Times) -> Ledger {
        let mut facts = Vec::new();
        facts.extend(self.effort_remaining.map(|left| (times.as_of, Fact::EffortEstimated(left))));
        facts.extend(self.priority.clone().map(|to| (times.as_of, Fact::PriorityChanged(to))));
        facts.extend(self.wait_end.map(|end| (end, self.goes_on(ledger, times))));
        let known = ledger.events.iter().filter(|event| event.record_time <= times.known);
        let mut events: Vec<_> = known.cloned().collect();
        let last = ledger.last_sequence();
        events.extend(facts.into_iter().zip(1..).map(|((occur_time, fact), place)| {
            let event = IncidentEvent {
                event_id: format!("what-if-{place}"),
                incident_id: self.incident_id.clone(),
                occur_time,
                occur_order: i64::MAX,
                source: String::new(),
                corrects_event_id: String::new(),
                fact,
            };
            RecordedEvent { sequence: last + place, record_time: times.known, event }
        }));
        Ledger { events }
    }

    /// It goes on in the status it is in, but it is the provider's to act.
    fn goes_on(&self, ledger: &Ledger, times: Times) -> Fact {
        let state = History::fold(&ledger.events, times.known);
        let status = state.state(times.as_of).status.to_owned();
        let (waiting_on, third_party, reason) = (WaitingOn::Provider, String::new(), String::new());
        Fact::StatusChanged(Waiting { status, waiting_on, third_party, reason })
    }
}

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

/// Forecasts an objective, by the open clocks of its contract and the past days of its own clocks.
pub fn forecast_attainment(
    attainment: &Attainment<'_>,
    open: &[Weighing],
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    zone: &Zone,
    as_of: Instant,
) -> AttainmentForecast {
    let promise = attainment.promise();
    let goes_on = as_of < attainment.period.end;
    let covered = |clock: &&Weighing| goes_on && promise.covers(&clock.target_id, &clock.priority);
    let covered: Vec<_> = open.iter().filter(covered).collect();
    let end = attainment.period.end;
    let clocks: Vec<_> = covered.iter().map(|clock| clock.within(as_of, end)).collect();
    let counts = &attainment.tally.contractual;
    // Open clocks that are over their limits are counted already.
    let is_certain = |clock: &OpenClock| clock.breach_probability >= 1.0;
    let undecided: Vec<_> = clocks.iter().copied().filter(|clock| !is_certain(clock)).collect();
    let uncertain = covered.iter().zip(&clocks).filter(|(_, clock)| !is_certain(clock));
    let uncertain: Vec<_> = uncertain.map(|(weighing, _)| *weighing).collect();
    let so_far = PeriodSoFar {
        promised: promise.share,
        decided: counts.met + counts.breached,
        breached: counts.breached,
        open: &undecided,
        arrivals: arrivals(days, &undecided, (as_of, end), zone),
    };
    let period = so_far.forecast();
    let named = |(place, saved): &(usize, f64)| Some(((*uncertain.get(*place)?).clone(), *saved));
    let heaviest = period.heaviest.iter().filter_map(named).collect();
    let (open, decided) = (undecided.len(), so_far.decided);
    AttainmentForecast { heaviest, open, decided, period }
}

/// What the rest of a period will bring beyond what is open.
fn arrivals(
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    open: &[OpenClock],
    (as_of, end): (Instant, Instant),
    zone: &Zone,
) -> Arrivals {
    let mut past = PastDays::default();
    for (date, (decided, breached)) in days {
        past.learn(*date, *decided, *breached);
    }
    let today = zone.local(as_of).date();
    let last = zone.local(end.checked_add(-Span::from_nanos(1)).unwrap_or(end)).date();
    let left = today.iter_days().skip(1).take_while(|date| *date <= last);
    let decided: f64 = open.iter().map(decided_here).sum();
    if as_of < end { past.expected(left, decided) } else { Arrivals::NONE }
}

fn decided_here(clock: &OpenClock) -> f64 {
    let breach = clock.breach_probability;
    breach * clock.decided_if_breached + (1.0 - breach) * clock.decided_if_met
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
