//! Which objectives a period is held to: over which periods of their own, and by which words.
//!
//! An objective is evaluated over each period of its own that has begun and overlaps the requested
//! one: the months of a quarter, say. The last of them may run on beyond it, and is then evaluated
//! as it stood at its end. Rolling days are evaluated once, ending with the last day.
//!
//! The revision in force as such a period begins rules it or, for a contract that begins within it,
//! the first to take effect. It also says whether later revisions rule the rest of it
//! ([`PeriodTerms`]).

use super::objective::Ruling;
use crate::domain::compliance::{LocalDays, Period};
use crate::domain::contract::{Contract, Objective, PeriodKind, PeriodTerms, Revision};
use crate::domain::time::{Instant, OutOfRange, Span};
use crate::engine::catalog::Known;
use crate::engine::period::last_instant;
use crate::engine::rejection::Rejection;

/// How many periods of its own an objective is evaluated over for a requested one: the last ones.
const OWN_PERIODS_MAX: usize = 36;

/// A contract as it is known, and its local days.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownContract<'d, 'c> {
    pub id: &'d str,
    pub known: Known<'c>,
    pub days: &'d LocalDays,
    pub as_of: Instant,
}

impl<'c> KnownContract<'_, 'c> {
    /// The objectives that a period is held to, in the order of its contract.
    pub fn objectives(&self, period: &Period) -> Result<Vec<Ruling<'c>>, Rejection> {
        let mut found = Vec::new();
        for kind in self.kinds() {
            let own = self.own_periods(kind, period);
            let own = own.map_err(|error| Rejection::TimeOutOfRange(error.to_string()))?;
            for own in own {
                found.extend(self.ruled(kind, &own, period.end));
            }
        }
        Ok(self.in_order(found, period))
    }

    /// The objectives over those periods of their own that overlap a period and have not begun, in
    /// the order of its contract: the first 36 of each kind.
    pub fn to_come(&self, period: &Period) -> Vec<Ruling<'c>> {
        let mut found = Vec::new();
        for kind in PeriodKind::OF_CALENDAR {
            let begun = self.own_periods(kind, period).unwrap_or_default();
            let next = |own: &Period| own.after(kind, self.days).ok();
            let later = std::iter::successors(begun.last().and_then(next), next);
            let later = later.skip_while(|own| own.start <= self.as_of);
            for own in later.take_while(|own| own.start < period.end).take(OWN_PERIODS_MAX) {
                let ruled = self.ruled(kind, &own, Instant::MAX).into_iter();
                found.extend(ruled.filter(|ruling| ruling.part.start == own.start));
            }
        }
        self.in_order(found, period)
    }

    /// The months, quarters and years within a period that have begun, but not it itself: the
    /// earliest first, and of those that end together the shortest first.
    pub fn contained(&self, period: &Period) -> Vec<Period> {
        let of_kind = |kind| {
            let own = self.own_periods(kind, period).unwrap_or_default().into_iter();
            own.map(move |own| (kind, own))
        };
        let is_within = |(_, own): &(PeriodKind, Period)| {
            period.start <= own.start
                && own.end <= period.end
                && (own.start, own.end) != (period.start, period.end)
        };
        let mut found: Vec<_> =
            PeriodKind::OF_CALENDAR.into_iter().flat_map(of_kind).filter(is_within).collect();
        found.sort_by_key(|(kind, own)| (own.end, kind.months()));
        found.into_iter().map(|(_, own)| own).collect()
    }

    /// The revision that rules a period: the one in force as it begins, or else the first to take
    /// effect.
    pub fn ruling(&self, period: &Period) -> Option<&'c Revision<Contract>> {
        self.known.contract(self.id).ruling(period.start)
    }

    /// Every kind of period that an objective of the contract has.
    fn kinds(&self) -> Vec<PeriodKind> {
        let mut kinds = PeriodKind::OF_CALENDAR.to_vec();
        for revision in self.known.contract(self.id).all() {
            for objective in &revision.content.terms.objectives {
                if !kinds.contains(&objective.period) {
                    kinds.push(objective.period);
                }
            }
        }
        kinds
    }

    /// The periods of a kind that have begun and overlap a period.
    fn own_periods(&self, kind: PeriodKind, period: &Period) -> Result<Vec<Period>, OutOfRange> {
        let last = last_instant(period, self.as_of);
        let mut found = vec![Period::around(kind, last, self.days)?];
        if kind.months().is_none() {
            return Ok(found);
        }
        while let Some(first) = found.last().filter(|first| period.start < first.start) {
            match first.before(kind, self.days) {
                Ok(before) if found.len() < OWN_PERIODS_MAX => found.push(before),
                _ => break,
            }
        }
        found.reverse();
        Ok(found)
    }

    /// The objectives over periods of a kind that rule one of these, as far as they are seen.
    fn ruled(&self, kind: PeriodKind, own: &Period, seen_until: Instant) -> Vec<Ruling<'c>> {
        let Some(ruling) = self.ruling(own) else { return Vec::new() };
        let whole = |revision: &'c Revision<Contract>, objective: &'c Objective| Ruling {
            seen_until,
            ..Ruling::new(objective, revision.number, own.clone())
        };
        let of_kind = |revision: &'c Revision<Contract>| {
            let objectives = revision.content.terms.objectives.iter();
            objectives.filter(move |o| o.period == kind).map(move |o| whole(revision, o))
        };
        let mut found: Vec<_> = of_kind(ruling).collect();
        if ruling.content.terms.period_terms == PeriodTerms::EachPart {
            for (revision, _) in self.stretches(ruling, own) {
                let is_new =
                    |new: &Ruling<'c>| found.iter().all(|r| r.objective.id != new.objective.id);
                let new: Vec<_> = of_kind(revision).filter(is_new).collect();
                found.extend(new);
            }
        }
        found.into_iter().flat_map(|ruling| self.parts(ruling)).collect()
    }

    /// The parts of an objective's period, each with the words that rule it: only one, unless the
    /// revision that rules the period says that each part is ruled by its own.
    pub fn parts(&self, whole: Ruling<'c>) -> Vec<Ruling<'c>> {
        let own = &whole.period;
        let Some(ruling) = self.ruling(own) else { return Vec::new() };
        if ruling.content.terms.period_terms == PeriodTerms::AtPeriodStart {
            return vec![whole];
        }
        let mut parts: Vec<Ruling<'c>> = Vec::new();
        for (revision, stretch) in self.stretches(ruling, own) {
            let mut objectives = revision.content.terms.objectives.iter();
            let is_it =
                |o: &&Objective| o.id == whole.objective.id && o.period == whole.objective.period;
            let Some(objective) = objectives.find(is_it) else { continue };
            match parts.last_mut() {
                Some(last) if last.objective == objective && last.part.end == stretch.start => {
                    last.part.end = stretch.end;
                }
                _ => parts.push(Ruling {
                    objective,
                    revision: revision.number,
                    part: stretch,
                    ..whole.clone()
                }),
            }
        }
        let seen = self.as_of.min(whole.seen_until);
        let parts = parts.into_iter().flat_map(|part| self.by_calendar(part));
        parts.filter(|part| part.part.start <= seen).collect()
    }

    /// The stretches of a period, each with the revision in force in it.
    fn stretches(
        &self,
        ruling: &'c Revision<Contract>,
        own: &Period,
    ) -> Vec<(&'c Revision<Contract>, Period)> {
        let last = own.end.checked_add(-Span::from_nanos(1)).unwrap_or(own.start);
        let revisions = self.known.contract(self.id);
        let later = revisions.taking_effect(own.start.max(ruling.effective_time), last);
        let starts = [(ruling, own.start)].into_iter();
        let starts: Vec<_> =
            starts.chain(later.into_iter().map(|r| (r, r.effective_time))).collect();
        let ends = starts.iter().skip(1).map(|(_, start)| *start).chain([own.end]);
        let stretch = |((revision, start), end): (&(&'c Revision<Contract>, Instant), Instant)| {
            (*revision, Period { name: own.name.clone(), start: *start, end })
        };
        starts.iter().zip(ends).map(stretch).collect()
    }

    /// A part, cut where the calendar of its agreed service time reads otherwise.
    fn by_calendar(&self, part: Ruling<'c>) -> Vec<Ruling<'c>> {
        let Some(calendar_id) = part.objective.calendar_id() else { return vec![part] };
        let (start, end) = (part.part.start, part.part.end);
        let last = end.checked_add(-Span::from_nanos(1)).unwrap_or(start);
        let revisions = self.known.calendar(calendar_id);
        let mut before = revisions.ruling(start).map(|revision| &revision.content.calendar);
        let mut starts = vec![start];
        for revision in revisions.taking_effect(start, last) {
            if before.is_some_and(|calendar| *calendar != revision.content.calendar) {
                starts.push(revision.effective_time);
            }
            before = Some(&revision.content.calendar);
        }
        let ends = starts.iter().skip(1).copied().chain([end]);
        let cut = |(start, end): (&Instant, Instant)| {
            let stretch = Period { name: part.part.name.clone(), start: *start, end };
            Ruling { part: stretch, ..part.clone() }
        };
        starts.iter().zip(ends).map(cut).collect()
    }

    /// Rulings in the order of the contract's objectives, each objective's periods in the order of
    /// time, with their places.
    fn in_order(&self, mut found: Vec<Ruling<'c>>, period: &Period) -> Vec<Ruling<'c>> {
        let ruling = self.ruling(period);
        let objectives = ruling.iter().flat_map(|ruling| &ruling.content.terms.objectives);
        let mut ids: Vec<&str> = objectives.map(|objective| objective.id.as_str()).collect();
        for ruling in &found {
            if !ids.contains(&ruling.objective.id.as_str()) {
                ids.push(&ruling.objective.id);
            }
        }
        let rank = |id: &str| ids.iter().position(|other| *other == id);
        found.sort_by_key(|r| (rank(&r.objective.id), r.period.start, r.period.end, r.part.start));
        let mut place = 0;
        let mut last: Option<(&str, Instant, Instant)> = None;
        for ruling in &mut found {
            let this = (ruling.objective.id.as_str(), ruling.period.start, ruling.period.end);
            place += usize::from(last.is_some_and(|last| last != this));
            ruling.place = place;
            last = Some(this);
        }
        found
    }
}
