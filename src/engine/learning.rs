//! Learns from a tenant's incidents, as they are recorded: the same whether facts came at once, in
//! bundles, late or in an import.
//!
//! What is learnt by an instant is the fold of what had been decided by then, in that order. Since
//! facts arrive a little late, a [`Learning`] keeps a few folds that end a while ago, and goes on
//! from the latest that no record since has changed. With the first record of each day (UTC) the
//! earliest of them moves on to [`LATENESS`] before that day, unless a history is being imported.
//! What is recorded later than that about days before it is still learnt, at the place at which it
//! came up among what is new.
//!
//! The result depends on the records alone, not on when it was queried.

use std::sync::Arc;

use super::catalog::Known;
pub use super::fold::{Fold, Learned, Ledgers, Upto};
use crate::domain::incident::{IncidentEvent, RecordedEvent};
use crate::domain::time::{Instant, Span};

pub use crate::domain::forecast::{ForecastScore, TrackRecord};

/// Facts recorded no later than this after they occurred are learnt from as if they had been
/// recorded at once.
pub const LATENESS: Span = Span::from_hours(24);
/// How many lags there are. A number, not the length of [`LAGS`]: types that depend on a constant
/// made by calls can't be checked without the bodies of functions, which makes a circle in
/// optimised builds.
const LAG_COUNT: usize = 6;
/// How long ago the folds end that are gone on from, the earliest first. The closer they are, the
/// less is walked through again when a fact comes a little late.
const LAGS: [Span; LAG_COUNT] = [
    Span::from_hours(25),
    Span::from_hours(1),
    Span::from_minutes(3),
    Span::from_seconds(10),
    Span::from_seconds(1),
    Span::ZERO,
];
/// A fold is replaced by a later one once it ends so many times its lag ago.
const LAGS_KEPT: i64 = 2;
/// A day on which more than one record in so many came late is one of an import: what it brings is
/// still incomplete.
const LATE_ONE_IN: u64 = 20;
/// Imports hold up what is final for so many days on end at most.
const DAYS_HELD_UP_MAX: u32 = 7;
const SECONDS_PER_DAY: i64 = 86_400;

/// What was learnt from a tenant's incidents up to a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Learning {
    /// The last record that was taken: its sequence, and when it was recorded.
    pub taken: (u64, Instant),
    /// The records of that one's day.
    pub today: Today,
    /// What was decided so long ago that it is final.
    pub settled: Arc<Fold>,
    /// Later folds, one for each lag.
    pub stages: [Option<Arc<Fold>>; LAG_COUNT],
}

/// The records of a day, and the days before it that held up what is final.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Today {
    /// How many records.
    pub records: u64,
    /// How many of them came later than [`LATENESS`].
    pub late: u64,
    /// How many days on end before it were of an import.
    pub held_up: u32,
}

impl Today {
    fn is_import(self) -> bool {
        self.late * LATE_ONE_IN > self.records && self.held_up < DAYS_HELD_UP_MAX
    }
}

impl Learning {
    /// The learning up to a record, from its parts that were kept.
    pub fn restored(
        taken: (u64, Instant),
        today: Today,
        settled: Fold,
        stage: Option<Fold>,
    ) -> Learning {
        let mut stages = <[Option<Arc<Fold>>; LAG_COUNT]>::default();
        if let Some(first) = stages.first_mut() {
            *first = stage.map(Arc::new);
        }
        Learning { taken, today, settled: Arc::new(settled), stages }
    }

    /// The first of the later folds, which is kept: the others are soon learnt again.
    pub fn earliest_stage(&self) -> Option<&Fold> {
        self.stages.first()?.as_deref()
    }

    /// The latest of its folds. It may end long ago, and lack what was recorded since.
    pub fn latest(&self) -> &Arc<Fold> {
        self.stages.iter().flatten().last().unwrap_or(&self.settled)
    }

    /// What questions about other instants go on from: what is final, and the latest.
    pub fn bases(&self) -> Learning {
        let mut bases = Learning { stages: Default::default(), ..self.clone() };
        if let (Some(latest), Some(fold)) =
            (bases.stages.last_mut(), self.stages.iter().flatten().last())
        {
            *latest = Some(Arc::clone(fold));
        }
        bases
    }

    /// Takes the next record in the journal's order: a fact about an incident, with the terms known
    /// by then.
    ///
    /// # Errors
    /// Those of reading a ledger; the record is not taken then.
    pub fn take<L: Ledgers>(
        &mut self,
        recorded: &RecordedEvent,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<(), L::Error> {
        while !self.take_after_a_step(recorded, known, ledgers)? {}
        Ok(())
    }

    /// Takes the next record, unless something must be made final before: then it does one step of
    /// that work. False: call it again with the same record.
    ///
    /// # Errors
    /// Those of reading a ledger; the record is not taken then, and may be later.
    pub fn take_after_a_step<L: Ledgers>(
        &mut self,
        recorded: &RecordedEvent,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<bool, L::Error> {
        let now = recorded.record_time;
        if self.taken.0 > 0 && day(now) > day(self.taken.1) {
            let is_import = self.today.is_import();
            let until = earlier(beginning(now), LATENESS);
            if !is_import && !self.settle(until, known.by(self.taken.1), ledgers)? {
                return Ok(false);
            }
            let held_up = if is_import { self.today.held_up + 1 } else { 0 };
            self.today = Today { held_up, ..Today::default() };
        }
        self.today.records += 1;
        self.today.late += u64::from(now.since(recorded.value.occur_time) > LATENESS);
        self.note(&recorded.value);
        self.taken = (recorded.sequence, now);
        Ok(true)
    }

    fn note(&mut self, event: &IncidentEvent) {
        // What a correction voids may have occurred at any time.
        let from = if event.voids().is_none() { event.occur_time } else { Instant::MIN };
        let id = Arc::from(event.incident_id.as_str());
        Arc::make_mut(&mut self.settled).note(&id, from);
        for stage in &mut self.stages {
            // What it holds up to its end is no longer so, and its memory is needed before it is
            // learnt again.
            *stage = stage.take().filter(|fold| fold.until < from);
            if let Some(fold) = stage {
                Arc::make_mut(fold).note(&id, from);
            }
        }
    }

    /// What was decided by an instant, by all that was taken and the terms known by now. What it
    /// goes on from is kept for the next question.
    ///
    /// # Errors
    /// Those of reading a ledger.
    pub fn present<L: Ledgers>(
        &mut self,
        as_of: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<&Fold, L::Error> {
        while !self.approach(as_of, known, ledgers)? {}
        Ok(self.latest())
    }

    /// Does one step of the work to learn what was decided by an instant. True: [`Self::latest`] is
    /// that.
    ///
    /// # Errors
    /// Those of reading a ledger. What was learnt stays sound, and may be gone on from.
    pub fn approach<L: Ledgers>(
        &mut self,
        as_of: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<bool, L::Error> {
        self.drop_changed(known);
        for (place, lag) in LAGS.into_iter().enumerate() {
            let until = earlier(as_of, lag);
            if until > self.settled.until && !self.stage(place, until, known, ledgers)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What was decided by an instant, by what was recorded by another; `None`: that is longer ago
    /// than what is final.
    ///
    /// # Errors
    /// Those of reading a ledger.
    pub fn past<L: Ledgers>(
        &self,
        as_of: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<Option<Fold>, L::Error> {
        let is_earlier = |fold: &&Arc<Fold>| fold.until <= as_of && fold.by.1 <= known.time();
        let stages = self.stages.iter().flatten().filter(|fold| is_unchanged(fold, known));
        let from = std::iter::once(&self.settled).chain(stages).rfind(is_earlier);
        let Some(mut fold) = from.map(|fold| Fold::clone(fold)) else { return Ok(None) };
        let by = (self.taken.0, known.time());
        while !fold.advance_a_step(Upto { until: as_of, by, known }, ledgers)? {}
        Ok(Some(fold))
    }

    /// Does one step of the work on a stage; true: it is ready.
    fn stage<L: Ledgers>(
        &mut self,
        place: usize,
        until: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<bool, L::Error> {
        let lag = LAGS.get(place).copied().unwrap_or_default();
        let (before, rest) = self.stages.split_at_mut(place);
        let Some(stage) = rest.first_mut() else { return Ok(true) };
        let own = stage.take().filter(|fold| fold.until <= until);
        if let Some(fold) = own.as_ref() {
            let is_recent = until.since(fold.until).nanos() < (LAGS_KEPT - 1) * lag.nanos();
            if is_recent || fold.is_still(until) {
                *stage = own;
                return Ok(true);
            }
        }
        let before = before.iter().flatten().rfind(|fold| fold.until <= until);
        let fold = match (own, before) {
            (Some(own), before) if before.is_none_or(|fold| fold.until <= own.until) => own,
            (_, Some(before)) => Arc::clone(before),
            _ => Arc::clone(&self.settled),
        };
        let fold = stage.insert(fold);
        let by = (self.taken.0, known.time());
        let advanced = Arc::make_mut(fold).advance_a_step(Upto { until, by, known }, ledgers);
        // What it had learnt since the stage before it is learnt again.
        advanced.inspect_err(|_| *stage = None)
    }

    /// Does one step of the work that makes final what was decided by an instant; true: it is done.
    fn settle<L: Ledgers>(
        &mut self,
        until: Instant,
        known: Known<'_>,
        ledgers: &mut L,
    ) -> Result<bool, L::Error> {
        self.drop_changed(known);
        if until <= self.settled.until {
            return Ok(true);
        }
        let settled = self.settled.until;
        let is_between = |fold: &&Arc<Fold>| settled < fold.until && fold.until <= until;
        if let Some(fold) = self.stages.iter().flatten().rfind(is_between) {
            self.settled = Arc::clone(fold);
        }
        for stage in &mut self.stages {
            *stage = stage.take().filter(|fold| fold.until > until);
        }
        let upto = Upto { until, by: self.taken, known };
        let mut next = Arc::clone(&self.settled);
        let is_done = Arc::make_mut(&mut next).advance_a_step(upto, ledgers)?;
        self.settled = next;
        Ok(is_done)
    }

    /// Drops the later folds that what was recorded since has changed.
    fn drop_changed(&mut self, known: Known<'_>) {
        for stage in &mut self.stages {
            *stage = stage.take().filter(|fold| is_unchanged(fold, known));
        }
    }
}

fn is_unchanged(fold: &Fold, known: Known<'_>) -> bool {
    fold.is_final() && !known.has_changed_since(fold.by.1)
}

fn day(time: Instant) -> i64 {
    time.seconds().div_euclid(SECONDS_PER_DAY)
}

/// The beginning of an instant's day.
fn beginning(time: Instant) -> Instant {
    Instant::from_seconds(day(time) * SECONDS_PER_DAY).unwrap_or(Instant::MIN)
}

fn earlier(time: Instant, by: Span) -> Instant {
    time.checked_add(Span::ZERO - by).unwrap_or(Instant::MIN)
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
