//! Evaluates a history under one contract.

use super::exclusion_evaluator::ExclusionEvaluator;
use super::measure::measure;
use super::timeline::Timeline;
use super::timeline_builder::{Admission, timeline};
use super::verdict::{TargetVerdict, verdict};
use super::{Clock, Outcome};
use crate::domain::calendar::Calendars;
use crate::domain::contract::{Contract, Effective, Revision, Target};
use crate::domain::incident::History;
use crate::domain::time::Instant;

/// A contract's revisions as far as they are known, and its end.
#[derive(Debug)]
pub struct Agreement<'a> {
    /// Every known revision.
    pub revisions: Effective<'a, Contract>,
    /// From here on no clock of it starts.
    pub end_time: Option<Instant>,
}

/// A contract's clocks for one incident.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evaluation<'a> {
    /// The clocks, by target and cycle.
    pub clocks: Vec<Clock<'a>>,
    /// Each target's verdict over its cycles.
    pub verdicts: Vec<TargetVerdict<'a>>,
}

/// Evaluates `history` under `agreement` as of an instant.
///
/// The revision in force when a clock (each cycle is one) starts rules it, unless a later one says
/// that it also applies to open clocks and finds it undecided when it takes effect.
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
    /// The revisions that can rule clocks starting in [opened, as_of], each with the instant its
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
        let admission = |after| Admission { from: revision.effective_time, until, after };
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

    /// Leaves out what the revision that rules each clock, or a decision, leaves out.
    fn exclude(&self, clocks: &mut [Clock<'a>]) {
        for clock in clocks {
            let revision = self.agreement.revisions.numbered(clock.contract_revision);
            let rules = revision.map(|revision| revision.content.terms.exclusions.as_slice());
            self.exclusions.apply(clock, rules.unwrap_or_default());
        }
    }

    /// When the clock that must stop first did so first; `None`: there is none to wait for.
    fn stop_before(
        &self,
        contract: &'a Contract,
        target: &Target,
        until: Option<Instant>,
        as_of: Instant,
    ) -> Option<Option<Instant>> {
        let before = contract.terms.target(&target.starts_after)?;
        let after = self.stop_before(contract, before, until, as_of);
        let admission = Admission { from: Instant::MIN, until, after };
        let timeline = timeline(before, self.history, admission, as_of);
        Some(timeline.first_stop)
    }

    /// A target's clocks, and its wording for the last of them. A later revision takes over the
    /// cycles that begin under it and, if it says so, the one that is open and undecided when it
    /// takes effect. What was decided before stands.
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
                notes: timeline.notes.clone(),
            })
        });
        measured.collect()
    }
}

/// The cycle that is open and undecided.
fn open_cycle(clocks: &[Clock<'_>]) -> Option<u32> {
    let last = clocks.last()?;
    (last.is_open() && last.outcome == Outcome::Undecided).then_some(last.cycle)
}
