//! Evaluates an incident's history under one contract.

use std::collections::BTreeSet;

use super::admission::{Admission, Came, TakeOver};
use super::exclusion_evaluator::ExclusionEvaluator;
use super::measure::measure;
use super::missing::MissingClock;
use super::timeline::Timeline;
use super::timeline_builder::timeline;
use super::verdict::{TargetVerdict, verdict};
use super::{Clock, Outcome};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{Contract, Effective, OnTransfer, OpenIncidents, Revision, Target};
use crate::domain::incident::{History, Place, Stint};
use crate::domain::time::Instant;

/// A contract's known revisions, and its end.
#[derive(Clone, Copy, Debug)]
pub struct Agreement<'a> {
    /// The revisions known at the `known_time` of the query.
    pub revisions: Effective<'a, Contract>,
    /// From this instant on none of its clocks starts; `None`: it has no end.
    pub end_time: Option<Instant>,
}

/// A contract's clocks for one incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation<'a> {
    /// The clocks, in the order of their targets, then of their cycles.
    pub clocks: Vec<Clock<'a>>,
    /// Each target's verdict over its cycles.
    pub verdicts: Vec<TargetVerdict<'a>>,
    /// The clocks it lacks, each with the reason: [`missing_clocks`](super::missing_clocks).
    pub missing: Vec<MissingClock<'a>>,
    /// When revisions came upon it.
    pub turns: RevisionTurns,
}

/// When revisions that took effect by the instant evaluated at came upon an incident. After its
/// last fact, and the take-over before, only these move its clocks other than by time alone:
/// evaluated at any later instant they are the same up to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevisionTurns {
    /// Where one gave it a clock, or took one over.
    pub taken_over: BTreeSet<Instant>,
    /// Where one excluded a clock that never started, and where that one was in force no longer.
    pub excluded: BTreeSet<Instant>,
}

impl RevisionTurns {
    /// Adds those of another contract, or target.
    pub fn extend(&mut self, other: RevisionTurns) {
        // Most incidents fall under one contract that is evaluated.
        match *self == RevisionTurns::default() {
            true => *self = other,
            false => {
                self.taken_over.extend(other.taken_over);
                self.excluded.extend(other.excluded);
            }
        }
    }
}

impl<'a> Agreement<'a> {
    /// The revision in force at an instant; `None`: the contract is not in force then.
    pub fn in_force(&self, time: Instant) -> Option<&'a Revision<Contract>> {
        let revision = self.revisions.at(time);
        revision.filter(|_| self.end_time.is_none_or(|end| time < end))
    }
}

/// Evaluates `history` under `agreement` as of an instant, in the `stints` in which the incident
/// falls under that contract.
///
/// A clock (each cycle is one) is governed by the revision in force when it starts, unless a later
/// one applies to open clocks and the clock is still undecided when that one takes effect. The
/// cycles of a target count on from one stint to the next.
pub fn evaluate<'a>(
    history: &History<'a>,
    stints: &[Stint<'a>],
    agreement: Agreement<'a>,
    calendars: &'a dyn Calendars,
    as_of: Instant,
) -> Evaluation<'a> {
    let exclusions = ExclusionEvaluator::new(history, as_of);
    let turns = RevisionTurns::default();
    let mut evaluate = Evaluator { history, agreement, calendars, exclusions, turns };
    let mut of_targets: Vec<TargetClocks<'a>> = Vec::new();
    for stint in stints.iter().filter(|stint| stint.from.time <= as_of) {
        let until = stint.until.map_or(as_of, |(place, _)| as_of.min(place.time));
        for found in evaluate.evaluate_stint(stint, until) {
            match of_targets.iter_mut().find(|earlier| earlier.target.id == found.target.id) {
                Some(earlier) => earlier.go_on(found),
                None => of_targets.push(found),
            }
        }
    }
    let mut evaluation = Evaluation { turns: evaluate.turns, ..Evaluation::default() };
    for TargetClocks { target, clocks } in of_targets {
        evaluation.verdicts.extend(verdict(target, &clocks, calendars));
        evaluation.clocks.extend(clocks);
    }
    evaluation
}

/// A target as the revision governing its last clock words it, and its clocks.
struct TargetClocks<'a> {
    target: &'a Target,
    clocks: Vec<Clock<'a>>,
}

impl<'a> TargetClocks<'a> {
    /// Adds the clocks of a later stint; their cycles count on.
    fn go_on(&mut self, later: TargetClocks<'a>) {
        let cycles = self.clocks.last().map_or(0, |clock| clock.cycle);
        self.target = later.target;
        let later = later.clocks.into_iter();
        self.clocks.extend(later.map(|clock| Clock { cycle: clock.cycle + cycles, ..clock }));
    }
}

struct Evaluator<'h, 'a> {
    history: &'h History<'a>,
    exclusions: ExclusionEvaluator<'h, 'a>,
    agreement: Agreement<'a>,
    calendars: &'a dyn Calendars,
    turns: RevisionTurns,
}

impl<'a> Evaluator<'_, 'a> {
    /// Each target's clocks in one stint, up to its end or the instant evaluated at.
    fn evaluate_stint(&mut self, stint: &Stint<'a>, as_of: Instant) -> Vec<TargetClocks<'a>> {
        let mut found: Vec<TargetClocks<'a>> = Vec::new();
        for (revision, until) in self.governing_revisions(stint.from.time, as_of) {
            for target in &revision.content.terms.targets {
                let is_evaluated = found.iter().any(|earlier| earlier.target.id == target.id);
                let clocks = || self.evaluate_target(revision, until, target, stint, as_of);
                found.extend((!is_evaluated).then(clocks).flatten());
            }
        }
        found
    }

    /// The revisions that govern clocks starting in `[from, as_of]`, each with the instant its
    /// successor takes over or the contract ends.
    fn governing_revisions(
        &self,
        from: Instant,
        as_of: Instant,
    ) -> Vec<(&'a Revision<Contract>, Option<Instant>)> {
        let revisions = self.agreement.revisions;
        let first = revisions.at(from).into_iter();
        let mut left = first.chain(revisions.taking_effect(from, as_of)).peekable();
        let mut ruling = Vec::with_capacity(1);
        while let Some(revision) = left.next() {
            let next = left.peek().map(|next| next.effective_time);
            let until = [next, self.agreement.end_time].into_iter().flatten().min();
            ruling.push((revision, until));
        }
        ruling
    }

    fn evaluate_target(
        &mut self,
        revision: &'a Revision<Contract>,
        until: Option<Instant>,
        target: &'a Target,
        stint: &Stint<'a>,
        as_of: Instant,
    ) -> Option<TargetClocks<'a>> {
        let admission = admission(revision, until, self.agreement.end_time, target, stint);
        let after = self.stop_before(&revision.content, target, admission, as_of);
        let admission = Admission { after, ..admission };
        let timeline = timeline(target, self.history, admission, as_of);
        let has_begun = timeline.has_begun();
        let is_over = until.is_some_and(|until| until <= as_of);
        if !has_begun && is_over && !self.exclusions.may_apply(&revision.content.terms) {
            return None;
        }
        if has_begun {
            self.turns.taken_over.insert(revision.effective_time);
        }
        let (target, mut clocks) =
            self.apply_later_revisions(revision, target, timeline, admission, as_of);
        self.exclude(&mut clocks);
        if !has_begun && clocks.iter().any(|clock| clock.exclusion.is_some()) {
            self.turns.excluded.extend([revision.effective_time].into_iter().chain(until));
        }
        let has_clocks = !clocks.is_empty() && (has_begun || !is_over);
        has_clocks.then_some(TargetClocks { target, clocks })
    }

    /// Excludes the clocks that a decision, or a rule of their governing revision, excludes.
    fn exclude(&self, clocks: &mut [Clock<'a>]) {
        for clock in clocks {
            let revision = self.agreement.revisions.numbered(clock.contract_revision);
            let rules = revision.map(|revision| revision.content.terms.exclusions.as_slice());
            self.exclusions.apply(clock, rules.unwrap_or_default());
        }
    }

    /// The first stop of the clock that `target` starts after: `None` when it starts after none,
    /// `Some(None)` when that clock has not stopped.
    fn stop_before(
        &self,
        contract: &'a Contract,
        target: &Target,
        admission: Admission<'a>,
        as_of: Instant,
    ) -> Option<Option<Instant>> {
        let before = contract.terms.target(&target.starts_after)?;
        let after = self.stop_before(contract, before, admission, as_of);
        let admission = Admission { from: Instant::MIN, after, ..admission };
        let timeline = timeline(before, self.history, admission, as_of);
        Some(timeline.first_stop)
    }

    /// A target's clocks, and the target as the revision governing the last of them words it. A
    /// later revision takes over the cycles that begin under it and, where it applies to open
    /// clocks, the one that is open and undecided when it takes effect. What was decided before
    /// stands.
    fn apply_later_revisions(
        &mut self,
        mut revision: &'a Revision<Contract>,
        mut target: &'a Target,
        mut ruled: Timeline<'a>,
        admission: Admission<'a>,
        as_of: Instant,
    ) -> (&'a Target, Vec<Clock<'a>>) {
        let mut clocks = self.clocks(revision, target, admission, &ruled);
        let Some(started) = ruled.cycles.first().and_then(|cycle| cycle.started) else {
            return (target, clocks);
        };
        // Where the clock counts from an opening before the revision that took it over, those in
        // between had given it none.
        let since = started.max(revision.effective_time);
        for later in self.agreement.revisions.taking_effect(since, as_of) {
            let from = later.effective_time;
            if ruled.has_ended_before(from) {
                break;
            }
            let Some(successor) = later.content.terms.target(&target.id) else { continue };
            let open = || {
                let then = timeline(target, self.history, admission, from);
                open_cycle(&self.clocks(revision, target, admission, &then))
            };
            let open = later.content.applies_to_open_clocks.then(open).flatten();
            let next = || clocks.iter().find(|clock| clock.start_time >= Some(from));
            let Some(cycle) = open.or_else(|| next().map(|clock| clock.cycle)) else { continue };
            self.turns.taken_over.insert(from);
            (revision, target) = (later, successor);
            ruled = timeline(target, self.history, admission, as_of);
            clocks.retain(|clock| clock.cycle < cycle);
            let governed = self.clocks(revision, target, admission, &ruled).into_iter();
            clocks.extend(governed.filter(|clock| clock.cycle >= cycle));
        }
        (target, clocks)
    }

    fn clocks(
        &self,
        revision: &'a Revision<Contract>,
        target: &'a Target,
        admission: Admission<'a>,
        timeline: &Timeline<'a>,
    ) -> Vec<Clock<'a>> {
        let take_over = admission.take_over.filter(|take_over| take_over.is_from_opening);
        let taken_over = take_over.map(|take_over| take_over.at.time);
        let cycles = timeline.cycles.iter().zip(1..);
        let measured = cycles.filter_map(|(cycle, number)| {
            let measured = measure(cycle, target, self.calendars)?;
            let after_start = |time: &Instant| cycle.started.is_some_and(|start| start < *time);
            Some(Clock {
                contract_id: &revision.content.id,
                contract_revision: revision.number,
                target_id: &target.id,
                metric: target.metric,
                cycle: number,
                priority: measured.priority,
                phase: measured.phase,
                outcome: measured.outcome,
                exclusion: None,
                limit: measured.limit,
                elapsed: measured.elapsed,
                start_time: cycle.started,
                stop_time: measured.stop_time,
                taken_over: taken_over.filter(after_start),
                governed_since: Some(revision.effective_time).filter(after_start),
                original_due_time: measured.original_due_time,
                due_time: measured.due_time,
                breach_time: measured.breach_time,
                calendar_id: measured.calendar_id,
                calendar_revision: measured.calendar_revision,
                segments: measured.segments,
                overruns: measured.overruns,
                warnings: measured.warnings,
                notes: timeline.notes.iter().cloned().chain(measured.notes).collect(),
            })
        });
        measured.collect()
    }
}

/// When a target's clock may start in a stint, under a revision.
fn admission<'a>(
    revision: &Revision<Contract>,
    until: Option<Instant>,
    end: Option<Instant>,
    target: &Target,
    stint: &Stint<'a>,
) -> Admission<'a> {
    let take_over = take_over(revision, target, stint);
    let is_from_opening = take_over.is_some_and(|take_over| take_over.is_from_opening);
    let of_stint = if stint.is_first { Instant::MIN } else { stint.from.time };
    let from = match is_from_opening {
        true => Instant::MIN,
        false => revision.effective_time.max(of_stint),
    };
    Admission { from, until, end, after: None, take_over, leaves: stint.until }
}

/// How a target comes upon an incident that moves to the contract, or is open when the revision
/// takes effect; `None`: it was there at the opening, or takes nothing over.
fn take_over<'a>(
    revision: &Revision<Contract>,
    target: &Target,
    stint: &Stint<'a>,
) -> Option<TakeOver<'a>> {
    if revision.effective_time > stint.from.time {
        let is_from_opening = match revision.content.open_incidents {
            OpenIncidents::NotTakenOver => return None,
            OpenIncidents::FromOpening => true,
            OpenIncidents::FromEffect => false,
        };
        let at = Place::at(revision.effective_time);
        return Some(TakeOver { at, is_from_opening, with: Came::Revision(revision.number) });
    }
    let is_from_opening = target.on_transfer == OnTransfer::FromOpening;
    let with = Came::Event(stint.began_by);
    (!stint.is_first).then_some(TakeOver { at: stint.from, is_from_opening, with })
}

/// The number of the last cycle, if it is open and undecided.
fn open_cycle(clocks: &[Clock<'_>]) -> Option<u32> {
    let last = clocks.last()?;
    (last.is_open() && last.outcome == Outcome::Undecided).then_some(last.cycle)
}
