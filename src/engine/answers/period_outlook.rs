//! Forecasts of the objectives of periods that open clocks belong to.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveTime};

use super::compliance::{Compliance, GroupKey};
use crate::domain::calendar::Calendars;
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::contract::AttainmentPromise;
use crate::domain::forecast::{
    Arrivals, Budget, BurnWindow, DayLeft, Forecast, Influence, OpenClock, PastDays,
    PeriodForecast, PeriodSoFar, STOP_QUANTILES, common_shock, month_of,
};
use crate::domain::ids::ClockId;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::Zone;
use crate::engine::catalog::Known;

/// How many past days are learnt from.
pub const PAST_DAYS: u64 = 91;
const NANOS_PER_DAY: f64 = 86_400e9;

/// An open clock, and its forecast as far as periods need it.
#[derive(Clone, Debug)]
pub struct OpenClockForecast {
    /// Which clock.
    pub clock: ClockId,
    /// The priority it is measured by.
    pub priority: String,
    /// The group of its incident, where clocks are grouped; else empty.
    pub group: String,
    /// The probability that it breaches.
    pub breach_probability: f64,
    /// Whether it is over its limit.
    is_over: bool,
    is_paused: bool,
    remaining: Span,
    due: Option<Instant>,
    stop: Option<[Option<Instant>; 3]>,
}

impl OpenClockForecast {
    /// A clock of an incident as it is forecast.
    pub fn of(incident: &str, clock: &Clock<'_>, forecast: &Forecast) -> OpenClockForecast {
        OpenClockForecast {
            clock: clock.id(incident),
            priority: clock.priority.to_owned(),
            group: String::new(),
            breach_probability: forecast.breach_probability,
            is_over: clock.outcome == Outcome::Breached,
            is_paused: clock.phase == Phase::Paused,
            remaining: clock.remaining(),
            due: clock.due_time,
            stop: forecast.expected_stop.map(|stop| stop.time),
        }
    }

    /// Its place among others: those due first come first.
    pub fn place(&self) -> (Instant, &ClockId) {
        (self.due.unwrap_or(Instant::MAX), &self.clock)
    }

    /// The clock in a period that ends at `end`: a breach is decided when the clock is due,
    /// anything else when it stops. One that is paused breaches in the period if its wait ends so
    /// early that what is left of its limit is used up before the end. Of any other the hours don't
    /// matter.
    fn within(&self, as_of: Instant, end: Instant, hours: Option<&ServiceHours>) -> OpenClock {
        let ended_by = |by| self.stop.map_or(0.0, |stop| stopped_by(stop, as_of, by));
        let is_due = !self.is_paused && self.due.is_some_and(|due| due < end);
        let goes_on_by = hours.filter(|_| self.is_paused).and_then(|hours| {
            let rest = hours.elapsed(as_of, end) - self.remaining;
            (rest > Span::ZERO).then(|| hours.add(as_of, rest)).flatten()
        });
        let if_paused = goes_on_by.map_or(0.0, ended_by);
        let if_due = if is_due { 1.0 } else { 0.0 };
        OpenClock {
            breach_probability: self.breach_probability,
            decided_if_breached: if_paused.max(if_due),
            decided_if_met: ended_by(end).max(if_due),
        }
    }
}

/// The probability of a stop before `end`, linearly interpolated between the known percentiles.
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

/// The forecast of an objective on attainment.
#[derive(Clone, Debug)]
pub struct AttainmentForecast {
    /// The forecast of the period's end.
    pub period: PeriodForecast,
    /// The open clocks whose outcomes move the miss probability most.
    pub most_influential: Vec<(OpenClockForecast, Influence)>,
    /// What the objective needs to be met, as a sentence; empty: nothing more.
    pub needs: String,
}

/// The forecasts of a period's objectives.
#[derive(Debug)]
pub struct PeriodOutlook<'c> {
    /// The compliance so far.
    pub compliance: Compliance<'c>,
    /// The forecasts of its objectives on attainment, by their index in the contract.
    pub attainments: BTreeMap<usize, AttainmentForecast>,
    /// The error budgets of its objectives on availability, by their index in the contract.
    pub budgets: BTreeMap<usize, BudgetOutlook>,
    /// What the objectives are forecast for as well; `None`: only for the whole contract.
    pub grouped_by: Option<GroupKey>,
    /// The forecasts of the objectives on attainment of each of these groups, by its value.
    pub groups: BTreeMap<String, BTreeMap<usize, AttainmentForecast>>,
}

/// The error budget of an objective on availability, and how fast it is used.
#[derive(Clone, Copy, Debug)]
pub struct BudgetOutlook {
    /// The error budget.
    pub budget: Budget,
    /// The window of the last day; `None` when its calendar is unknown.
    pub short: Option<BurnWindow>,
    /// The window of the last seven days; `None` when its calendar is unknown.
    pub long: Option<BurnWindow>,
}

/// A promise over a period that goes on.
#[derive(Clone, Copy, Debug)]
pub struct PeriodInProgress<'p> {
    /// The id of the contract.
    pub contract_id: &'p str,
    /// The promise.
    pub promise: &'p AttainmentPromise,
    /// The instant the forecast is given at.
    pub as_of: Instant,
    /// The end of the period.
    pub end: Instant,
    /// How many of its clocks are decided.
    pub decided: u64,
    /// How many of them breached.
    pub breached: u64,
    /// Whether it is about those that one group is assigned: what comes to it from another group
    /// has used some of its limit, or all of it.
    pub is_of_group: bool,
}

/// By priority and date: how many clocks the date decided, and how many of them breached.
pub type Past = BTreeMap<String, BTreeMap<NaiveDate, (u64, u64)>>;

/// Forecasts a promise from the open clocks of its contract and the past days of its own clocks.
pub fn forecast_attainment(
    in_progress: &PeriodInProgress<'_>,
    open: &[OpenClockForecast],
    past: &Past,
    known: &Known<'_>,
) -> AttainmentForecast {
    let PeriodInProgress { promise, as_of, end, decided, breached, .. } = *in_progress;
    // Open clocks over their limits are among the decided ones already.
    let is_undecided = |clock: &&OpenClockForecast| !clock.is_over;
    let covered =
        |clock: &&OpenClockForecast| promise.covers(&clock.clock.target_id, &clock.priority);
    let covered = open.iter().filter(|_| as_of < end).filter(covered).filter(is_undecided);
    let covered: Vec<_> = covered.collect();
    let within = |clock: &&OpenClockForecast| {
        let limit = || in_progress.limit(&clock.priority, known);
        let hours = clock.is_paused.then(limit).flatten().map(|(_, hours)| hours);
        clock.within(as_of, end, hours)
    };
    let clocks: Vec<_> = covered.iter().map(within).collect();
    let decided_of = |priority: &str| {
        let of = covered.iter().zip(&clocks).filter(|(clock, _)| clock.priority == priority);
        of.map(|(_, clock)| clock.decided_here()).sum()
    };
    let arrivals = in_progress.arrivals(past, decided_of, known);
    let period = PeriodSoFar {
        promised: promise.share,
        minimum: promise.minimum_count,
        decided,
        breached,
        open: &clocks,
        arrivals,
        shock: in_progress.shock(past, known),
    };
    let period = period.forecast();
    let named = |of: &Influence| Some(((*covered.get(of.clock)?).clone(), *of));
    let most_influential = period.most_influential.iter().filter_map(named).collect();
    AttainmentForecast { most_influential, needs: needs(&period, clocks.len(), decided), period }
}

impl PeriodInProgress<'_> {
    /// The clocks expected in the rest of the period beyond the open ones; `open` gives the number
    /// of open ones of a priority that are expected to be decided in it.
    ///
    /// A clock can't breach before its limit is used up. Of those yet to come, which are taken to
    /// start evenly over the service time left, only the early ones can breach within the period.
    fn arrivals(&self, past: &Past, open: impl Fn(&str) -> f64, known: &Known<'_>) -> Arrivals {
        let (true, Some(zone)) = (self.as_of < self.end, known.zone(self.contract_id, self.as_of))
        else {
            return Arrivals::NONE;
        };
        let days_left = self.end.since(self.as_of).nanos() as f64 / NANOS_PER_DAY;
        let first = first_decided(past);
        Arrivals::sum(
            days_left,
            past.iter().map(|(priority, days)| {
                let limit = self.limit(priority, known);
                let hours = limit.map(|(_, hours)| hours);
                let past = past_days(days, first, |date| usual_part(date, &zone, hours));
                let mean = (past.expected(self.days_left(&zone, hours)) - open(priority)).max(0.0);
                let early = match limit.filter(|_| !self.is_of_group) {
                    Some((limit, hours)) => self.early_enough(limit, hours),
                    None => 1.0,
                };
                (mean, early * past.breach_share())
            }),
        )
    }

    /// How much the clocks of a period have in common, as past weeks had.
    fn shock(&self, past: &Past, known: &Known<'_>) -> f64 {
        let Some(zone) = known.zone(self.contract_id, self.as_of) else { return 0.0 };
        let mut days = BTreeMap::<NaiveDate, (u64, u64)>::new();
        for (date, counts) in past.values().flatten() {
            let sum = days.entry(*date).or_default();
            *sum = (sum.0 + counts.0, sum.1 + counts.1);
        }
        common_shock(&days, zone.local(self.as_of).date())
    }

    /// The number of clocks that the rest of the period usually decides.
    pub fn usual(&self, past: &Past, known: &Known<'_>) -> f64 {
        let (true, Some(zone)) = (self.as_of < self.end, known.zone(self.contract_id, self.as_of))
        else {
            return 0.0;
        };
        let first = first_decided(past);
        let of = |(priority, days): (&String, &BTreeMap<NaiveDate, (u64, u64)>)| {
            let hours = self.limit(priority, known).map(|(_, hours)| hours);
            let past = past_days(days, first, |date| usual_part(date, &zone, hours));
            past.expected(self.days_left(&zone, hours))
        };
        past.iter().map(of).sum()
    }

    /// The present limit of a priority, and the service hours it is measured in.
    fn limit<'k>(&self, priority: &str, known: &'k Known<'_>) -> Option<(Span, &'k ServiceHours)> {
        let terms = &known.contract(self.contract_id).at(self.as_of)?.content.terms;
        let target = terms.targets.iter().find(|target| target.id == self.promise.target_id)?;
        let limit = target.limit(priority)?;
        let hours = known.in_force(&limit.calendar_id, self.as_of)?.hours;
        Some((limit.limit.service_time(hours, self.as_of)?, hours))
    }

    /// The share of the service time left in which a clock that starts may still breach.
    fn early_enough(&self, limit: Span, hours: &ServiceHours) -> f64 {
        let left = hours.elapsed(self.as_of, self.end).nanos() as f64;
        if left > 0.0 { (1.0 - limit.nanos() as f64 / left).max(0.0) } else { 0.0 }
    }

    /// The days of the period that are not over, in service time or, without `hours`, in real time.
    fn days_left(&self, zone: &Zone, hours: Option<&ServiceHours>) -> Vec<DayLeft> {
        let last = self.end.checked_add(-Span::from_nanos(1)).unwrap_or(self.end);
        let (today, last) = (zone.local(self.as_of).date(), zone.local(last).date());
        let dates = today.iter_days().take_while(|date| *date <= last);
        let part = |date: NaiveDate| {
            let whole = usual_part(date, zone, hours);
            if date > today { whole } else { whole * self.part_left(zone, hours) }
        };
        dates.map(|date| DayLeft { date, part: part(date) }).collect()
    }

    /// The share of today that is still to come, 0 to 1.
    fn part_left(&self, zone: &Zone, hours: Option<&ServiceHours>) -> f64 {
        let today = zone.local(self.as_of).date();
        let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).ok();
        let (Some(begins), Some(ends)) = (midnight(today), today.succ_opt().and_then(midnight))
        else {
            return 0.0;
        };
        let between = |from, to: Instant| match hours {
            Some(hours) => hours.elapsed(from, to).nanos() as f64,
            None => to.since(from).nanos() as f64,
        };
        let whole = between(begins, ends);
        if whole > 0.0 { between(self.as_of, ends) / whole } else { 0.0 }
    }
}

/// The service time of a date, as a share of the most that its weekday has in the weeks about it:
/// none on a holiday. Of a weekday without service hours all counts, since clocks may stop then.
fn usual_part(date: NaiveDate, zone: &Zone, hours: Option<&ServiceHours>) -> f64 {
    let Some(hours) = hours else { return 1.0 };
    let of = |date: NaiveDate| -> Option<i64> {
        let midnight = |date: NaiveDate| zone.instant(date.and_time(NaiveTime::MIN)).ok();
        Some(hours.elapsed(midnight(date)?, midnight(date.succ_opt()?)?).nanos())
    };
    let days = |days| date.checked_add_signed(chrono::Duration::days(days)).and_then(of);
    let usual = [-14, -7, 0, 7, 14].into_iter().filter_map(days).max().unwrap_or(0);
    match of(date) {
        Some(own) if usual > 0 => own as f64 / usual as f64,
        _ => 1.0,
    }
}

/// The first day on which a clock of any priority was decided, where history begins. A priority
/// first seen later counts as rare, not as new.
fn first_decided(past: &Past) -> Option<NaiveDate> {
    let days = past.values().flatten().filter(|(_, (decided, _))| *decided > 0);
    days.map(|(date, _)| *date).min()
}

/// What past days teach, from the first day of history on.
fn past_days(
    days: &BTreeMap<NaiveDate, (u64, u64)>,
    first: Option<NaiveDate>,
    part: impl Fn(NaiveDate) -> f64,
) -> PastDays {
    let mut past = PastDays::default();
    for (date, (decided, breached)) in days.iter().filter(|(date, _)| Some(**date) >= first) {
        past.learn(*date, part(*date), *decided, *breached);
    }
    past
}

/// The dates before an instant that are learnt from.
pub fn past_dates(zone: &Zone, as_of: Instant) -> Vec<NaiveDate> {
    let today = zone.local(as_of).date();
    let first = today.checked_sub_days(chrono::Days::new(PAST_DAYS)).unwrap_or(today);
    first.iter_days().take_while(|date| *date < today).collect()
}

/// What an objective needs to be met, with `open` open and `decided` decided clocks.
fn needs(period: &PeriodForecast, open: usize, decided: u64) -> String {
    let yet = (period.expected_decided - decided as f64).max(0.0).round() as i64;
    let breaches = |count: i64| if count == 1 { "breach" } else { "breaches" };
    match period.allowance_left {
        _ if period.miss_probability < 0.01 => String::new(),
        left @ ..0 => {
            let (many, breaches) = (-left, breaches(-left));
            format!("{many} {breaches} too many, if as many clocks are decided as expected")
        }
        left => {
            let most = if left == 0 { "no".to_owned() } else { format!("at most {left}") };
            let clocks = if yet == 1 { "one clock".into() } else { format!("some {yet} clocks") };
            let breaches = breaches(left);
            format!("{most} more {breaches} among {clocks} yet to be decided, {open} open")
        }
    }
}

/// The first and last month of a period, both included, numbered as by [`month_of`].
pub fn months_of(period: &Period, days: &LocalDays) -> (i32, i32) {
    let last = period.end.checked_add(-Span::from_nanos(1)).unwrap_or(period.start);
    let month = |instant| month_of(days.date(instant));
    (month(period.start), month(last))
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;

    use super::*;
    use crate::domain::clock::testing::{MONDAY_SECOND, TestCalendars};
    use crate::domain::share::Share;

    fn promise() -> AttainmentPromise {
        AttainmentPromise {
            target_id: "t".into(),
            priorities: Vec::new(),
            share: Share::from_percent("90").unwrap(),
            minimum_count: 0,
        }
    }

    fn after(hours: i64) -> Instant {
        Instant::from_seconds(MONDAY_SECOND + hours * 3600).unwrap()
    }

    #[test]
    fn a_clock_that_starts_late_can_not_breach_in_the_period() {
        let promise = promise();
        let hours = TestCalendars.in_force("long", Instant::MIN).unwrap().hours;
        let of = |as_of: Instant, limit: i64| {
            let end = after(7 * 24);
            let (decided, breached) = (0, 0);
            let in_progress = PeriodInProgress {
                contract_id: "c",
                promise: &promise,
                as_of,
                end,
                decided,
                breached,
                is_of_group: false,
            };
            in_progress.early_enough(Span::from_hours(limit), hours)
        };
        assert_eq!(of(after(0), 10), 0.8);
        assert_eq!(of(after(0), 50), 0.0);
        assert_eq!(of(after(7 * 24), 1), 0.0);
    }

    /// Finding 4: a coming holiday counted as a full working day, and past ones lowered the rate of
    /// their weekday.
    #[test]
    fn a_holiday_has_no_part_of_its_weekday() {
        let hours = TestCalendars.in_force("long", Instant::MIN).unwrap().hours;
        let zones = crate::domain::zone::ZoneDatabase::bundled();
        let zone = zones.zone("UTC").unwrap();
        let monday = zone.local(after(12)).date();
        let part = |date| usual_part(date, &zone, Some(hours));
        assert_eq!(part(monday), 1.0);
        let begin = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let holidays = |date: &NaiveDate| date.iso_week().week() == 3;
        let days = begin
            .iter_days()
            .take(70)
            .map(|date| (date, if holidays(&date) { (0, 0) } else { (10, 1) }));
        let days: BTreeMap<_, _> = days.collect();
        let learnt = past_days(&days, Some(begin), |date| f64::from(u8::from(!holidays(&date))));
        assert!((learnt.rate(begin) - 10.0).abs() < 0.01, "{}", learnt.rate(begin));
    }

    #[test]
    fn a_priority_that_came_late_is_rare_and_not_daily() {
        let begin = NaiveDate::from_ymd_opt(2026, 10, 5).unwrap();
        let counts = |is_busy: fn(usize) -> bool| {
            let day = |(place, date)| (date, (u64::from(is_busy(place)), 0));
            begin.iter_days().take(28).enumerate().map(day).collect::<BTreeMap<_, _>>()
        };
        let past = Past::from([
            ("P1".to_owned(), counts(|place| place == 27)),
            ("P3".to_owned(), counts(|place| place >= 7)),
        ]);
        let first = first_decided(&past);
        assert_eq!(first, begin.checked_add_days(chrono::Days::new(7)));
        let week = || begin.iter_days().take(7).map(|date| DayLeft { date, part: 1.0 });
        let expected = |priority: &str| past_days(&past[priority], first, |_| 1.0).expected(week());
        assert!((expected("P3") - 7.0).abs() < 0.01, "{}", expected("P3"));
        assert!(expected("P1") < 0.5, "{}", expected("P1"));
    }

    #[test]
    fn what_a_period_needs_is_put_in_words() {
        let forecast = |allowance_left, miss_probability| PeriodForecast {
            miss_probability,
            expected_attainment: 0.9,
            attainment_interval: (0.8, 1.0),
            expected_decided: 120.0,
            allowance_left,
            most_influential: Vec::new(),
        };
        let of = |left, missed, open| needs(&forecast(left, missed), open, 100);
        assert_eq!(of(5, 0.001, 7), "");
        assert_eq!(
            of(5, 0.4, 7),
            "at most 5 more breaches among some 20 clocks yet to be decided, 7 open"
        );
        assert!(of(0, 0.4, 7).starts_with("no more breaches among"));
        assert!(of(-3, 1.0, 7).starts_with("3 breaches too many"));
        assert!(of(-1, 1.0, 7).starts_with("1 breach too many"));
        let one_left = PeriodForecast { expected_decided: 101.0, ..forecast(1, 0.4) };
        assert_eq!(
            needs(&one_left, 7, 100),
            "at most 1 more breach among one clock yet to be decided, 7 open"
        );
    }
}
