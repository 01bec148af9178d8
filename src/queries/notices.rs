//! Notices of a tenant's clocks, from one read point on to another. They cost by what happened in
//! between, and where terms changed by the incidents of their contracts.
//!
//! Three things find the incidents of which there is something to report, so that none else is
//! evaluated: the schedule in the index has those that time alone has changed; changed terms have
//! all incidents of their contracts; and the records since have the incidents they are about. Each
//! incident is followed from the first point to the last at once.
//!
//! The schedule shows how things stand now. An incident that something was recorded about since the
//! first point may have left it; such are found by their records, which come last and go as far as
//! the schedule has been read.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use super::changed_terms::changed_contracts;
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::ids::{ContractId, IncidentId};
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::ledger::Ledger;
use crate::engine::notices::{Notice, visit_notices};
use crate::views::ViewsError;

/// How far notices were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeProgress {
    /// Everything up to here was.
    pub at: ReadPoint,
    /// What was given of what comes after it, unless that is nothing.
    pub pass: Option<Pass>,
}

/// A pass over everything that is to be reported between two points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pass {
    /// Where it ends.
    pub goal: ReadPoint,
    /// Up to when terms were known as it began: later ones move the schedule.
    pub terms: Instant,
    /// How far it is.
    pub stage: Stage,
    /// An incident of which some was given: everything up to these times.
    pub partly: Option<(IncidentId, Times)>,
}

/// How far a pass is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// At what happens by time alone: after this instant, and this incident of it.
    Scheduled(Instant, IncidentId),
    /// At the contracts whose terms changed: at this contract, after this incident.
    Terms(ContractId, IncidentId),
    /// At the incidents that something was recorded about: after this sequence, up to that one.
    Records(u64, u64),
}

/// How far a step goes at most.
#[derive(Clone, Copy, Debug)]
pub struct StepSize {
    /// By so many incidents, or records.
    pub incidents: usize,
    /// By so many notices, and those that come of one turn of an incident.
    pub notices: usize,
}

impl NoticeProgress {
    /// From a point on: nothing after it was given.
    pub fn after(at: ReadPoint) -> NoticeProgress {
        NoticeProgress { at, pass: None }
    }

    /// Goes on towards a goal by a step, and visits the notices of its incidents, each with the id
    /// of its incident. A pass that is under way keeps its goal. The view must hold the goal; it
    /// may be of any later time.
    ///
    /// # Errors
    /// What keeps the view from being read. Then nothing has changed here; what was visited will be
    /// again.
    pub fn advance(
        &mut self,
        reading: Reading<'_>,
        goal: ReadPoint,
        size: StepSize,
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> Result<(), QueryError> {
        let Reading { view, index } = reading;
        let known = view.times().known;
        let begun = || Pass { goal, terms: known, stage: Stage::begin(), partly: None };
        let mut pass = self.pass.clone().unwrap_or_else(begun);
        if !matches!(pass.stage, Stage::Records(..)) && has_new_terms(&view, &pass) {
            pass = Pass { terms: known, stage: Stage::begin(), ..pass };
        }
        let following = Following {
            view: &view,
            at: self.at,
            goal: pass.goal,
            size,
            given: Cell::new(0),
            partly: RefCell::new(pass.partly.take()),
        };
        let next = match &pass.stage {
            Stage::Scheduled(after, incident) => {
                let index = index.ok_or(ViewsError::Behind)?;
                let entries = following.entries(&index, (*after, incident))?;
                drop(index);
                following.scheduled(entries, &pass.stage, visit)?
            }
            Stage::Terms(contract, incident) => {
                drop(index);
                following.of_terms(contract, incident, visit)?
            }
            Stage::Records(after, until) => {
                drop(index);
                following.of_records((*after, *until), visit)?
            }
        };
        let partly = following.partly.into_inner();
        match next {
            Some(stage) => self.pass = Some(Pass { stage, partly, ..pass }),
            None => *self = NoticeProgress::after(pass.goal),
        }
        Ok(())
    }
}

impl Stage {
    fn begin() -> Stage {
        Stage::Scheduled(Instant::MIN, IncidentId::default())
    }
}

fn has_new_terms(view: &ReadView<'_>, pass: &Pass) -> bool {
    !view.catalog().recorded_between(pass.terms, view.times().known).is_empty()
}

/// Incidents are followed from one point to another, by a step.
struct Following<'f> {
    view: &'f ReadView<'f>,
    at: ReadPoint,
    goal: ReadPoint,
    size: StepSize,
    /// The notices of the step so far.
    given: Cell<usize>,
    /// The incident of which some was given, and up to when.
    partly: RefCell<Option<(IncidentId, Times)>>,
}

/// How far a step came among some incidents.
enum Came<T> {
    /// To the end of them all.
    Through,
    /// To the end of this one: others are to follow in another step.
    After(T),
    /// Not to the end of the first.
    Nowhere,
}

impl Following<'_> {
    /// The next entries of the schedule: first those of incidents that must be looked at whenever
    /// time has passed, then those of the time in question. What happens at the instant that it
    /// begins with may show only after that.
    fn entries(
        &self,
        index: &IndexReader<'_>,
        (after, incident): (Instant, &str),
    ) -> Result<Vec<(Instant, IncidentId)>, QueryError> {
        let (from, until) = (self.at.times.as_of, self.goal.times.as_of);
        let always = (after == Instant::MIN).then_some((after, incident));
        let always = always.map(|after| index.scheduled(after, Instant::MIN));
        let after = if after == Instant::MIN { (from, "") } else { (after, incident) };
        let entries = always.into_iter().flatten().chain(index.scheduled(after, until));
        Ok(entries.take(self.size.incidents).collect::<Result<_, _>>()?)
    }

    fn scheduled(
        &self,
        entries: Vec<(Instant, IncidentId)>,
        begun: &Stage,
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> Result<Option<Stage>, QueryError> {
        let changed = changed_contracts(self.view, self.at.times.known);
        let mut followed = BTreeSet::new();
        let came = self.each(entries, |(_, incident)| match followed.insert(incident.clone()) {
            true => self.follow_unrecorded(incident, None, &changed, visit),
            false => Ok(true),
        })?;
        Ok(Some(match came {
            Came::Nowhere => begun.clone(),
            Came::After((time, incident)) => Stage::Scheduled(time, incident),
            Came::Through => Stage::Terms(ContractId::default(), IncidentId::default()),
        }))
    }

    fn of_terms(
        &self,
        contract: &ContractId,
        after: &IncidentId,
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> Result<Option<Stage>, QueryError> {
        let changed = changed_contracts(self.view, self.at.times.known);
        let Some(next) = changed.range(contract.clone()..).next() else {
            let sequence = self.view.point().sequence;
            return Ok(Some(Stage::Records(self.at.sequence, sequence)));
        };
        let after = if next == contract { after.as_str() } else { "" };
        let ids = self.view.incident_ids(next, after).take(self.size.incidents);
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let came = self
            .each(ids, |incident| self.follow_unrecorded(incident, Some(next), &changed, visit))?;
        Ok(Some(match came {
            Came::Nowhere => Stage::Terms(next.clone(), after.into()),
            Came::After(last) => Stage::Terms(next.clone(), last),
            // The first id after it.
            Came::Through => Stage::Terms(format!("{next}\0").into(), IncidentId::default()),
        }))
    }

    fn of_records(
        &self,
        (after, until): (u64, u64),
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> Result<Option<Stage>, QueryError> {
        let mut step = until.min(after.saturating_add(self.size.incidents as u64));
        for (sequence, incident) in self.view.touched((after, step))? {
            let ledger = self.view.scanned_ledger(&incident)?;
            let is_first = self.first_record(&ledger) == Some(sequence);
            if is_first && !self.follow(&incident, &ledger, visit) {
                step = sequence - 1;
                break;
            }
            if self.is_full() {
                step = sequence;
                break;
            }
        }
        Ok((step < until).then_some(Stage::Records(step, until)))
    }

    /// Follows one incident after another, each to its end if that is true, until the step is full.
    fn each<T>(
        &self,
        all: Vec<T>,
        mut follow: impl FnMut(&T) -> Result<bool, QueryError>,
    ) -> Result<Came<T>, QueryError> {
        let is_all = all.len() < self.size.incidents;
        let (mut came, mut left) = (Came::Nowhere, all.into_iter());
        while let Some(one) = left.next() {
            if !follow(&one)? {
                return Ok(came);
            }
            came = Came::After(one);
            if self.is_full() && left.len() > 0 {
                return Ok(came);
            }
        }
        Ok(if is_all { Came::Through } else { came })
    }

    fn is_full(&self) -> bool {
        self.given.get() >= self.size.notices
    }

    /// Follows an incident, unless something was recorded about it: such come with their records.
    /// One under contracts of which terms changed comes with the first of these.
    fn follow_unrecorded(
        &self,
        incident: &str,
        contract: Option<&ContractId>,
        changed: &BTreeSet<ContractId>,
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> Result<bool, QueryError> {
        let ledger = self.view.scanned_ledger(incident)?;
        let first = self.first_record(&ledger);
        let named = ledger.events.iter().flat_map(|event| event.value.fact.contract_ids());
        let comes_with = named.filter_map(|id| changed.get(id.as_str())).min();
        let is_its =
            comes_with == contract && first.is_none_or(|first| first > self.view.point().sequence);
        Ok(!is_its || self.follow(incident, &ledger, visit))
    }

    /// The first record about an incident since the first point.
    fn first_record(&self, ledger: &Ledger) -> Option<u64> {
        let records = ledger.events.iter().map(|event| event.sequence);
        records.into_iter().find(|sequence| *sequence > self.at.sequence)
    }

    /// Follows an incident, from where it was left; false: not to its end, since the step is full.
    fn follow(
        &self,
        incident: &str,
        ledger: &Ledger,
        visit: &mut dyn FnMut(&str, &Notice<'_>),
    ) -> bool {
        let mut partly = self.partly.borrow_mut();
        let left = partly.take_if(|(left, _)| left.as_str() == incident).map(|(_, times)| times);
        let (from, to) = (left.unwrap_or(self.at.times), self.goal.times);
        let mut visit = |notice: &Notice<'_>| {
            self.given.set(self.given.get() + 1);
            visit(incident, notice);
        };
        let is_enough = || self.is_full();
        let reached =
            visit_notices(ledger, self.view.catalog(), (from, to), &is_enough, &mut visit);
        if reached != to {
            *partly = Some((incident.into(), reached));
        }
        reached == to
    }
}

#[cfg(test)]
mod tests;
