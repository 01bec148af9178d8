//! What one incident teaches: a walk through its facts in the order in which they occurred.
//!
//! At each fact its undecided clocks are observed, and at each noon of a business day on which
//! nothing happens to them. What a step uses had occurred by its instant, so a history that goes on
//! only adds steps after those it had.

use std::collections::BTreeSet;

use super::catalog::Known;
use super::evaluate::clocks_of;
use super::observation::{ClockKey, DecidedClock, Observation, Step, StepKind, StoppedClock};
use super::snapshot::{GoesOn, elapsed_by, hours, is_undecided, noons as noons_of};
use crate::domain::calendar::hours::ServiceHours;
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::forecast::{IncidentFeatures, Snapshot, classes_run_through, month_of};
use crate::domain::incident::History;
use crate::domain::time::{Instant, Span};

const NANO: Span = Span::from_nanos(1);
/// The most observations of a clock between two of its stops: one that never stops must stay small.
const OBSERVATIONS_MAX: usize = 256;
/// The most instants of an incident at which something happens that teach: what happens later does
/// not.
const INSTANTS_MAX: usize = 1_000;
/// While nothing happens to a clock that is paused or over its limit, it is looked at after a day,
/// and again each time half as long again has passed, so many times at most.
const FIRST_CHECK_AFTER: Span = Span::from_hours(24);
const CHECKS_MAX: usize = 20;

/// What an incident teaches, up to an instant.
#[derive(Debug, Default)]
pub struct Lessons {
    /// Its clocks.
    pub clocks: Vec<Taught>,
    /// What they teach, in order.
    pub steps: Vec<Step>,
    /// When it next teaches something if nothing more is recorded of it.
    pub next: Option<Instant>,
}

/// A clock, and what was observed of it.
#[derive(Debug)]
pub struct Taught {
    /// Its contract, target and cycle.
    pub key: ClockKey,
    /// What was observed of it, in order.
    pub observed: Vec<Observation>,
    /// The first of those since it was last decided.
    undecided_from: usize,
    /// The first of those since it last stopped; `None`: it is not being observed.
    from: Option<usize>,
    /// When it goes over its limit if nothing happens.
    lapse: Option<Instant>,
    /// Since when it has been paused or over its limit with nothing happening.
    silent_since: Option<Instant>,
}

impl Lessons {
    /// What the incident of a history teaches by what had occurred up to an instant.
    pub fn of<'h>(history: &History<'h>, known: &'h Known<'h>, until: Instant) -> Lessons {
        Lessons::walk(history, known, until, elapsed_by)
    }

    /// The same, where `goes_on` says what clocks come to while nothing happens.
    pub(super) fn walk<'h>(
        history: &History<'h>,
        known: &'h Known<'h>,
        until: Instant,
        goes_on: GoesOn,
    ) -> Lessons {
        let mut walk =
            Walk { history, known, goes_on, incident: None, lessons: Lessons::default() };
        let mut times: Vec<_> = history.moments(until).map(|moment| moment.time).collect();
        times.dedup();
        // All of them are walked for each, which must not grow without bound.
        let beyond = times.get(INSTANTS_MAX).copied();
        let until = beyond.map_or(until, |beyond| earlier(beyond, NANO));
        times.truncate(INSTANTS_MAX);
        for (place, time) in times.iter().enumerate() {
            let evaluated = walk.look(*time, true);
            walk.silence(&evaluated, *time, times.get(place + 1).copied(), until);
        }
        let mut lessons = walk.lessons;
        lessons.steps.sort_by_key(|step| (step.time, step.kind.rank()));
        // At the very instant at which it lapses it is not over its limit yet.
        let lapses = lessons.clocks.iter().filter_map(|clock| clock.lapse);
        let lapses = lapses.map(|lapse| lapse.max(later(until, NANO)));
        let facts = history.effective().iter().map(|fact| fact.value.occur_time);
        let checks = lessons.clocks.iter().filter_map(|clock| {
            clock.silent_since.and_then(|since| checks(since).find(|check| *check > until))
        });
        let next = lapses.chain(facts.filter(|time| *time > until)).chain(checks).min();
        lessons.next = next.filter(|_| beyond.is_none());
        lessons
    }
}

/// A walk through the facts of an incident.
struct Walk<'w, 'h> {
    history: &'w History<'h>,
    known: &'h Known<'h>,
    goes_on: GoesOn,
    /// The incident as of its last fact.
    incident: Option<IncidentFeatures<'h>>,
    lessons: Lessons,
}

impl<'h> Walk<'_, 'h> {
    /// Takes how the clocks stand at an instant, and observes them where something happened.
    fn look(&mut self, time: Instant, is_fact: bool) -> Vec<Clock<'h>> {
        let evaluated = clocks_of(self.history, self.known, time);
        if is_fact {
            self.incident = IncidentFeatures::up_to(self.history, time);
        }
        for place in 0..self.lessons.clocks.len() {
            self.settle(place, &evaluated, time, is_fact);
        }
        for clock in evaluated.iter().filter(|clock| is_fact && is_undecided(clock)) {
            let place = self.place(clock);
            self.observe(place, clock, clock.elapsed, time, true);
            let lapse = self.lapse(clock, time);
            if let Some(taught) = self.lessons.clocks.get_mut(place) {
                taught.lapse = lapse;
                taught.silent_since = (clock.phase == Phase::Paused).then_some(time);
            }
        }
        evaluated
    }

    /// Takes what passes while nothing happens, from one fact to the next or the end.
    fn silence(
        &mut self,
        evaluated: &[Clock<'h>],
        since: Instant,
        next: Option<Instant>,
        until: Instant,
    ) {
        let end = next.unwrap_or_else(|| later(until, NANO));
        self.noons(evaluated, since, end);
        let has_lapsed = |clock: &Taught| clock.lapse.is_some_and(|lapse| lapse < end);
        if self.lessons.clocks.iter().any(has_lapsed) {
            self.look(earlier(end, NANO), false);
        }
        for place in 0..self.lessons.clocks.len() {
            self.check(place, evaluated, end);
        }
    }

    /// Looks at a clock that is paused or over its limit while nothing happens.
    fn check(&mut self, place: usize, evaluated: &[Clock<'h>], end: Instant) {
        let Some(taught) = self.lessons.clocks.get(place) else { return };
        let clock = evaluated.iter().find(|clock| taught.is_of(clock));
        let Some(hours) = clock.and_then(|clock| hours(clock, self.known)) else { return };
        for check in taught.silent_since.into_iter().flat_map(checks) {
            if check >= end {
                return;
            }
            self.run_on(place, hours, check);
        }
    }

    /// Takes that a clock is still open.
    fn run_on(&mut self, place: usize, hours: &ServiceHours, time: Instant) {
        let Some(taught) = self.lessons.clocks.get_mut(place) else { return };
        let Some(from) = taught.from else { return };
        let mut ran_on = Vec::new();
        for seen in taught.observed.iter_mut().skip(from) {
            let now = classes_run_through(hours.elapsed(seen.time, time), seen.stop.unit);
            if now > seen.run_through {
                ran_on.push((seen.stop.stratum, (seen.run_through, now)));
                seen.run_through = now;
            }
        }
        if !ran_on.is_empty() {
            self.lessons.steps.push(Step { time, clock: place, kind: StepKind::RanOn(ran_on) });
        }
    }

    fn noons(&mut self, evaluated: &[Clock<'h>], since: Instant, end: Instant) {
        let with_room = |clock: &'_ Clock<'h>| {
            let place = self.found(clock).filter(|_| is_undecided(clock))?;
            self.lessons.clocks.get(place)?.has_room().then_some(place)
        };
        // Each clock at the noons of its own business days.
        let mut noons = BTreeSet::new();
        for clock in evaluated {
            let Some(place) = with_room(clock) else { continue };
            let lapse = self.lapse(clock, since).map_or(end, |lapse| lapse.min(end));
            let of_clock = noons_of(clock, self.known, later(since, NANO), lapse);
            noons.extend(of_clock.into_iter().map(|noon| (noon, place)));
        }
        for noons in noons.into_iter().collect::<Vec<_>>().chunk_by(|a, b| a.0 == b.0) {
            let Some((noon, _)) = noons.first() else { continue };
            let places: Vec<_> = noons.iter().map(|(_, place)| *place).collect();
            self.noon(evaluated, since, *noon, &places);
        }
    }

    /// Observes some clocks at a noon, by how they stood at the fact before it.
    fn noon(&mut self, evaluated: &[Clock<'h>], since: Instant, noon: Instant, places: &[usize]) {
        let mut went_on = Vec::with_capacity(places.len());
        for clock in evaluated.iter().filter(|clock| is_undecided(clock)) {
            let Some(place) = self.found(clock).filter(|of| places.contains(of)) else { continue };
            let Some(elapsed) = (self.goes_on)(clock, self.known, since, noon) else {
                return self.noon_anew(noon, places);
            };
            went_on.push((place, clock, elapsed));
        }
        for (place, clock, elapsed) in went_on {
            self.observe(place, clock, elapsed, noon, false);
        }
    }

    fn noon_anew(&mut self, noon: Instant, places: &[usize]) {
        let evaluated = clocks_of(self.history, self.known, noon);
        for clock in evaluated.iter().filter(|clock| is_undecided(clock)) {
            if let Some(place) = self.found(clock).filter(|of| places.contains(of)) {
                self.observe(place, clock, clock.elapsed, noon, false);
            }
        }
    }

    fn found(&self, clock: &Clock<'_>) -> Option<usize> {
        self.lessons.clocks.iter().position(|taught| taught.is_of(clock))
    }

    fn place(&mut self, clock: &Clock<'_>) -> usize {
        if let Some(place) = self.found(clock) {
            return place;
        }
        let place = self.lessons.clocks.len();
        self.lessons.clocks.push(Taught {
            key: (clock.contract_id.to_owned(), clock.target_id.to_owned(), clock.cycle),
            observed: Vec::new(),
            undecided_from: 0,
            from: None,
            lapse: None,
            silent_since: None,
        });
        place
    }

    fn observe(
        &mut self,
        place: usize,
        clock: &Clock<'h>,
        elapsed: Span,
        time: Instant,
        is_fact: bool,
    ) {
        let Some(incident) = self.incident else { return };
        let Some(hours) = hours(clock, self.known) else { return };
        let Some(taught) = self.lessons.clocks.get_mut(place) else { return };
        let from = *taught.from.get_or_insert(taught.observed.len());
        if taught.observed.len() - from >= OBSERVATIONS_MAX {
            return;
        }
        let kind = StepKind::Observed(taught.observed.len());
        let snapshot = Snapshot::gone_on(incident, clock, elapsed, hours, time);
        taught.observed.push(Observation::of(&snapshot, hours, is_fact));
        self.lessons.steps.push(Step { time, clock: place, kind });
    }

    /// Takes how a clock stands that is being observed.
    fn settle(&mut self, place: usize, evaluated: &[Clock<'_>], time: Instant, is_fact: bool) {
        let Some(taught) = self.lessons.clocks.get_mut(place) else { return };
        let clock = evaluated.iter().find(|clock| taught.is_of(clock));
        let lapse = std::mem::take(&mut taught.lapse);
        let silent_since = std::mem::take(&mut taught.silent_since);
        if taught.from.is_none() {
            return;
        }
        let Some(clock) = clock else {
            taught.forget();
            return;
        };
        if matches!(clock.outcome, Outcome::Met | Outcome::Breached) {
            self.decide(place, clock, lapse, time);
        }
        match clock.phase {
            Phase::Stopped => self.stop(place, clock, time),
            Phase::Cancelled => {
                if let Some(taught) = self.lessons.clocks.get_mut(place) {
                    taught.forget();
                }
            }
            Phase::Pending | Phase::Running | Phase::Paused => {
                let lapsed = lapse.filter(|lapse| *lapse <= time);
                let since = if is_fact { Some(time) } else { silent_since.or(lapsed) };
                let is_silent = clock.phase == Phase::Paused || clock.outcome == Outcome::Breached;
                if let Some((hours, since)) = hours(clock, self.known).zip(since) {
                    self.run_on(place, hours, since);
                }
                let lapse = self.lapse(clock, time);
                if let Some(taught) = self.lessons.clocks.get_mut(place) {
                    taught.lapse = lapse;
                    taught.silent_since = since.filter(|_| is_silent);
                }
            }
        }
    }

    /// A clock that went over its limit before this instant was decided then; any other is by what
    /// happened now, even if a rule sets its decision back.
    fn decide(&mut self, place: usize, clock: &Clock<'_>, lapse: Option<Instant>, now: Instant) {
        let Some(days) = self.known.local_days(clock.contract_id) else { return };
        let Some(taught) = self.lessons.clocks.get_mut(place) else { return };
        let observed = (taught.undecided_from, taught.observed.len());
        if observed.0 >= observed.1 {
            return;
        }
        // It is over its limit from the instant after: whoever looked by then did not see it.
        let lapsed = lapse.filter(|lapse| *lapse <= now).map(|lapse| later(lapse, NANO).min(now));
        let last = taught.observed.last().map_or(now, |last| last.time);
        let time = lapsed.unwrap_or(now).max(last);
        let placed = clock.decide_time().filter(|_| lapsed.is_some()).unwrap_or(now).min(now);
        taught.undecided_from = observed.1;
        let is_breached = clock.outcome == Outcome::Breached;
        let share = clock.elapsed.nanos() as f64 / clock.limit.nanos().max(1) as f64;
        let (share_used, month) =
            (share.clamp(0.0, 1.0) as f32, month_of(days.date(placed.max(last))));
        let decided = DecidedClock { is_breached, observed, share_used, month };
        self.lessons.steps.push(Step { time, clock: place, kind: StepKind::Decided(decided) });
    }

    fn stop(&mut self, place: usize, clock: &Clock<'_>, now: Instant) {
        let Some(hours) = hours(clock, self.known) else { return };
        let Some(days) = self.known.local_days(clock.contract_id) else { return };
        let Some(taught) = self.lessons.clocks.get_mut(place) else { return };
        let stop = clock.stop_time.unwrap_or(now);
        let mut last = None;
        let of = |seen: &Observation| {
            let effort = seen.effort.as_ref().map(|effort| (effort.team.clone(), effort.left));
            let is_new = effort.is_some() && effort.as_ref().map(|of| of.1) != last;
            last = effort.as_ref().map(|of| of.1).or(last);
            seen.stopped(hours.elapsed(seen.time, stop), clock, effort.filter(|_| is_new))
        };
        let observed = taught.from.and_then(|from| taught.observed.get(from..));
        let observed = observed.unwrap_or_default().iter().map(of).collect();
        taught.forget();
        let stopped = StoppedClock { month: month_of(days.date(now)), observed };
        self.lessons.steps.push(Step { time: now, clock: place, kind: StepKind::Stopped(stopped) });
    }

    /// When a clock goes over its limit if nothing happens from an instant on.
    fn lapse(&self, clock: &Clock<'_>, from: Instant) -> Option<Instant> {
        let due = clock.due_time.filter(|_| is_undecided(clock))?;
        let lapse = hours(clock, self.known)?.next_opening(due)?;
        (lapse >= from).then_some(lapse)
    }
}

impl Taught {
    /// When that was first observed which its decision has yet to teach.
    pub fn undecided_since(&self) -> Option<Instant> {
        let from = self.from?.max(self.undecided_from);
        self.observed.get(from).map(|seen| seen.time)
    }

    /// When that was first observed which its stop has yet to teach.
    pub fn observed_since(&self) -> Option<Instant> {
        self.observed.get(self.from?).map(|seen| seen.time)
    }

    fn is_of(&self, clock: &Clock<'_>) -> bool {
        let (contract_id, target_id, cycle) = &self.key;
        *cycle == clock.cycle && target_id == clock.target_id && contract_id == clock.contract_id
    }

    fn has_room(&self) -> bool {
        let from = self.from.unwrap_or(self.observed.len());
        self.from.is_some() && self.observed.len() - from < OBSERVATIONS_MAX
    }

    /// Begins anew: what was observed teaches nothing more.
    fn forget(&mut self) {
        self.undecided_from = self.observed.len();
        self.from = None;
        self.lapse = None;
        self.silent_since = None;
    }
}

/// When a clock is looked at that has been silent since an instant.
fn checks(since: Instant) -> impl Iterator<Item = Instant> {
    let spans = std::iter::successors(Some(FIRST_CHECK_AFTER), |span| {
        Some(Span::from_nanos(span.nanos() + span.nanos() / 2))
    });
    spans.take(CHECKS_MAX).map_while(move |span| since.checked_add(span).ok())
}

fn earlier(time: Instant, by: Span) -> Instant {
    time.checked_add(Span::ZERO - by).unwrap_or(Instant::MIN)
}

fn later(time: Instant, by: Span) -> Instant {
    time.checked_add(by).unwrap_or(Instant::MAX)
}
