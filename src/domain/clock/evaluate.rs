//! Evaluates an incident's history under one contract.

use super::exclusion_evaluator::ExclusionEvaluator;
use super::measure::measure;
use super::missing::MissingClock;
use super::timeline::Timeline;
use super::timeline_builder::{Admission, timeline};
use super::verdict::{TargetVerdict, verdict};
use super::{Clock, Outcome};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{Contract, Effective, Revision, Target};
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// A contract's known revisions, and its end.
#[derive(Debug)]
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
}

impl<'a> Agreement<'a> {
    /// The revision in force at an instant; `None`: the contract is not in force then.
    pub fn in_force(&self, time: Instant) -> Option<&'a Revision<Contract>> {
        let revision = self.revisions.at(time);
        revision.filter(|_| self.end_time.is_none_or(|end| time < end))
    }
}

/// Evaluates `history` under `agreement` as of an instant.
///
/// A clock (each cycle is one) is governed by the revision in force when it starts, unless a later
/// one applies to open clocks and the clock is still undecided when that one takes effect.
pub fn evaluate<'a>(
    history: &History<'a>,
    agreement: Agreement<'a>,
    calendars: &'a dyn Calendars,
    as_of: Instant,
) -> Evaluation<'a> {
    let Some(opening) = history.opening() else { return Evaluation::default() };
    let opened = opening.value.occur_time;
    let evaluate = Evaluator {
        history,
        agreement,
        calendars,
        exclusions: ExclusionEvaluator::new(history, as_of),
    };
    let mut evaluation = Evaluation::default();
    for (revision, until) in evaluate.governing_revisions(opened, as_of) {
        for target in &revision.content.terms.targets {
            let evaluated = evaluation.clocks.iter().any(|clock| clock.target_id == target.id);
            if !evaluated {
                evaluate.evaluate_target(revision, until, target, as_of, &mut evaluation);
            }
        }
    }
    evaluation
}

struct Evaluator<'h, 'a> {
    history: &'h History<'a>,
    exclusions: ExclusionEvaluator<'h, 'a>,
    agreement: Agreement<'a>,
    calendars: &'a dyn Calendars,
}

impl<'a> Evaluator<'_, 'a> {
    /// The revisions that govern clocks starting in `[opened, as_of]`, each with the instant its
    /// successor takes over or the contract ends.
    fn governing_revisions(
        &self,
        opened: Instant,
        as_of: Instant,
    ) -> Vec<(&'a Revision<Contract>, Option<Instant>)> {
        let revisions = self.agreement.revisions;
        let first = revisions.at(opened).into_iter();
        let ruling: Vec<_> = first.chain(revisions.taking_effect(opened, as_of)).collect();
        let successors = ruling.iter().skip(1).map(|next| Some(next.effective_time)).chain([None]);
        let end = self.agreement.end_time;
        let until = successors.map(|next| [next, end].into_iter().flatten().min());
        ruling.iter().copied().zip(until.collect::<Vec<_>>()).collect()
    }

    fn evaluate_target(
        &self,
        revision: &'a Revision<Contract>,
        until: Option<Instant>,
        target: &'a Target,
        as_of: Instant,
        evaluation: &mut Evaluation<'a>,
    ) {
        let end = self.agreement.end_time;
        let admission = |after| Admission { from: revision.effective_time, until, end, after };
        let after = self.stop_before(&revision.content, target, until, as_of);
        let timeline = timeline(target, self.history, admission(after), as_of);
        let is_over = until.is_some_and(|until| until <= as_of);
        if timeline.cycles.iter().all(|cycle| cycle.started.is_none()) && is_over {
            return;
        }
        let (target, mut clocks) =
            self.apply_later_revisions(revision, target, &timeline, admission(after), as_of);
        self.exclude(&mut clocks);
        evaluation.verdicts.extend(verdict(target, &clocks));
        evaluation.clocks.extend(clocks);
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
        until: Option<Instant>,
        as_of: Instant,
    ) -> Option<Option<Instant>> {
        let before = contract.terms.target(&target.starts_after)?;
        let after = self.stop_before(contract, before, until, as_of);
        let end = self.agreement.end_time;
        let admission = Admission { from: Instant::MIN, until, end, after };
        let timeline = timeline(before, self.history, admission, as_of);
        Some(timeline.first_stop)
    }

    /// A target's clocks, and the target as the revision governing the last of them words it. A
    /// later revision takes over the cycles that begin under it and, where it applies to open
    /// clocks, the one that is open and undecided when it takes effect. What was decided before
    /// stands.
    fn apply_later_revisions(
        &self,
        mut revision: &'a Revision<Contract>,
        mut target: &'a Target,
        ruled: &Timeline<'a>,
        admission: Admission,
        as_of: Instant,
    ) -> (&'a Target, Vec<Clock<'a>>) {
        let mut clocks = self.clocks(revision, target, ruled);
        let Some(started) = ruled.cycles.first().and_then(|cycle| cycle.started) else {
            return (target, clocks);
        };
        for later in self.agreement.revisions.taking_effect(started, as_of) {
            let Some(successor) = later.content.terms.target(&target.id) else { continue };
            let from = later.effective_time;
            let open = || {
                let then = timeline(target, self.history, admission, from);
                open_cycle(&self.clocks(revision, target, &then))
            };
            let open = later.content.applies_to_open_clocks.then(open).flatten();
            let next = || clocks.iter().find(|clock| clock.start_time >= Some(from));
            let Some(cycle) = open.or_else(|| next().map(|clock| clock.cycle)) else { continue };
            (revision, target) = (later, successor);
            let ruled = timeline(target, self.history, admission, as_of);
            clocks.retain(|clock| clock.cycle < cycle);
            let taken_over = self.clocks(revision, target, &ruled).into_iter();
            clocks.extend(taken_over.filter(|clock| clock.cycle >= cycle));
        }
        (target, clocks)
    }

    fn clocks(
        &self,
        revision: &'a Revision<Contract>,
        target: &'a Target,
        timeline: &Timeline<'a>,
    ) -> Vec<Clock<'a>> {
        let cycles = timeline.cycles.iter().zip(1..);
        let measured = cycles.filter_map(|(cycle, number)| {
            let measured = measure(cycle, target, self.calendars)?;
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
                original_due_time: measured.original_due_time,
                due_time: measured.due_time,
                breach_time: measured.breach_time,
                calendar_id: measured.calendar_id,
                calendar_revision: measured.calendar_revision,
                segments: measured.segments,
                warnings: measured.warnings,
                notes: timeline.notes.iter().cloned().chain(measured.note).collect(),
            })
        });
        measured.collect()
    }
}

/// The number of the last cycle, if it is open and undecided.
fn open_cycle(clocks: &[Clock<'_>]) -> Option<u32> {
    let last = clocks.last()?;
    (last.is_open() && last.outcome == Outcome::Undecided).then_some(last.cycle)
}
