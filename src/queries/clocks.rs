//! Lists of clocks.
//!
//! Clocks are found in the index, except for the incidents of which it does not show what holds:
//! those are evaluated by themselves. As of now they are few. As of another time, or by what was
//! known at one, they are those that there was activity about then, however long ago that was. So a
//! page costs by what it finds, and by these. Only by what was known before the terms of a contract
//! in question changed, every incident of it is evaluated.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use itertools::Itertools;

use super::outlooks::Outlooks;
use super::{IndexReader, QueryError, ReadPoint, ReadView, Reading};
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::ids::{ClockId, ContractId, IncidentId, TargetId};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::evaluate::{clocks_of, clocks_under};
use crate::engine::index::{self, ClockMark, INDEX_BUCKETS, IndexBucket};
use crate::views::ViewsError;

/// Which clocks to list.
#[derive(Clone, Debug, Default)]
pub struct ClockFilter {
    /// Only this contract's; empty: of all.
    pub contract_id: ContractId,
    /// Only this target's; empty: of all.
    pub target_id: TargetId,
    /// Only of this priority; empty: of all.
    pub priority: String,
    /// Only these phases; empty: all.
    pub phases: Vec<Phase>,
    /// Only these outcomes; empty: all.
    pub outcomes: Vec<Outcome>,
    /// Only those due before this instant.
    pub due_before: Option<Instant>,
}

/// A clock that was found, and its place in the list.
#[derive(Debug)]
pub struct FoundClock<T> {
    /// Its place.
    pub mark: ClockMark,
    /// What was made of it.
    pub made: T,
}

/// A part of a list.
#[derive(Debug)]
pub struct ClockPage<T> {
    /// The read point it was computed at.
    pub point: ReadPoint,
    /// The clocks, in the order of their marks.
    pub clocks: Vec<FoundClock<T>>,
    /// The mark to go on from, if it ends early since too many clocks were passed over.
    pub cut: Option<ClockMark>,
}

/// The most clocks that are examined for one page, so that a filter that few pass comes to an end.
const CLOCKS_LOOKED_AT_MAX: usize = 20_000;
/// How many more than requested are examined at first; if that is not enough, more each time.
const CLOCKS_LOOKED_AT_FIRST: usize = 64;
const TIMES_AS_MANY: usize = 8;

/// The first clocks of a list after a mark, `most` at most, each made into what the caller needs,
/// who may look up its outlook.
pub fn page<T>(
    mut reading: Reading<'_>,
    filter: &ClockFilter,
    after: Option<&ClockMark>,
    most: usize,
    make: impl Fn(&Outlooks<'_>, &str, &Clock<'_>, &History<'_>) -> Result<T, QueryError>,
) -> Result<ClockPage<T>, QueryError> {
    reading.view.check_contract(&filter.contract_id)?;
    let (mut clocks, mut cut) = (Vec::new(), None);
    let mut evaluated = EvaluatedIncidents::default();
    let mut looked_at = 0;
    let mut bound = first_bound(most);
    loop {
        let Reading { view, index } = reading;
        let index = index.and_then(|index| index.of(&filter.contract_id));
        let list = List { view: &view, filter, after: cut.as_ref().or(after) };
        let candidates = list.gather(index.as_ref(), bound - looked_at)?;
        drop(index);
        let outlooks = Outlooks::new(&view);
        let make = |incident: &str, clock: &Clock<'_>, history: &History<'_>| {
            make(&outlooks, incident, clock, history)
        };
        let missing = most - clocks.len();
        for found in list.evaluate(&candidates, missing, &mut evaluated, &make)? {
            clocks.push(FoundClock { mark: found.mark, made: found.made? });
        }
        cut = candidates.cut;
        if clocks.len() >= most || cut.is_none() || bound >= CLOCKS_LOOKED_AT_MAX {
            return Ok(ClockPage { point: view.point(), clocks, cut });
        }
        let reopened = view.reopened()?;
        if reopened.view.point().sequence == view.point().sequence {
            looked_at = bound;
            reading = Reading { view, index: reopened.index };
        } else {
            // Anew, since the index has moved on: a page is of one piece.
            evaluated = EvaluatedIncidents::default();
            (clocks, cut, looked_at) = (Vec::new(), None, 0);
            reading = reopened;
        }
        bound = bound.saturating_mul(TIMES_AS_MANY).min(CLOCKS_LOOKED_AT_MAX);
    }
}

fn first_bound(most: usize) -> usize {
    let wanted = most.saturating_mul(2).saturating_add(CLOCKS_LOOKED_AT_FIRST);
    wanted.min(CLOCKS_LOOKED_AT_MAX)
}

/// A list of wanted clocks, after a mark.
#[derive(Clone, Copy)]
pub(super) struct List<'l> {
    pub view: &'l ReadView<'l>,
    pub filter: &'l ClockFilter,
    pub after: Option<&'l ClockMark>,
}

/// Where clocks are that may be wanted.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Where they are in the index, in the order of the list.
    places: Vec<ClockMark>,
    /// The incidents that are evaluated by themselves, whatever the index says of them.
    apart: BTreeSet<IncidentId>,
    /// The last place, if the index has more.
    cut: Option<ClockMark>,
}

impl Candidates {
    /// The incidents that have them.
    pub fn incidents(&self) -> HashSet<&IncidentId> {
        let indexed = self.places.iter().map(|place| &place.clock.incident_id);
        indexed.chain(&self.apart).collect()
    }

    /// The clocks of some incidents, which are evaluated by themselves.
    pub fn of_incidents(incidents: impl IntoIterator<Item = IncidentId>) -> Candidates {
        let apart = incidents.into_iter().collect();
        Candidates { places: Vec::new(), apart, cut: None }
    }
}

impl List<'_> {
    /// Gathers at most so many places from the index. Without an index, every incident is
    /// evaluated by itself.
    pub fn gather(
        &self,
        index: Option<&IndexReader<'_>>,
        bound: usize,
    ) -> Result<Candidates, QueryError> {
        let Some(index) = index else {
            let contracts = self.contracts();
            let ids = contracts.iter().flat_map(|id| self.view.incident_ids(id, ""));
            return Ok(Candidates { places: Vec::new(), apart: ids.try_collect()?, cut: None });
        };
        let mut all = self.places(index);
        let places: Vec<_> = all.by_ref().take(bound).try_collect()?;
        let cut = match all.next().transpose()? {
            Some(_) => places.last().cloned(),
            None => None,
        };
        Ok(Candidates { places, apart: index.apart(self.view.times().as_of)?, cut })
    }

    /// Evaluates candidates: the first wanted clocks, in order, each made into what the caller
    /// needs. An incident is evaluated once, however many of its clocks are candidates, now and in
    /// later steps with the same `evaluated`.
    pub fn evaluate<T>(
        &self,
        candidates: &Candidates,
        most: usize,
        evaluated: &mut EvaluatedIncidents<T>,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
    ) -> Result<Vec<FoundClock<T>>, QueryError> {
        let mut found = Vec::new();
        for incident in &candidates.apart {
            self.evaluate_apart(incident, evaluated, make)?;
        }
        for place in &candidates.places {
            let incident = &place.clock.incident_id;
            if !candidates.apart.contains(incident) {
                found.extend(evaluated.apart_before(|mark| mark < place));
                if found.len() >= most {
                    break;
                }
                self.evaluate_indexed(incident, evaluated, make)?;
                let made = evaluated.take(&place.clock);
                found.extend(made.map(|made| FoundClock { mark: place.clone(), made }));
            }
        }
        let reached = candidates.cut.as_ref();
        found.extend(evaluated.apart_before(|mark| reached.is_none_or(|end| mark <= end)));
        found.truncate(most);
        Ok(found)
    }

    fn contracts(&self) -> Vec<ContractId> {
        match self.filter.contract_id.as_str() {
            "" => self.view.known().contract_ids().map(ContractId::from).collect(),
            _ => vec![self.filter.contract_id.clone()],
        }
    }

    /// Evaluates an incident by itself, if that was not done before: its wanted clocks.
    fn evaluate_apart<T>(
        &self,
        incident: &IncidentId,
        evaluated: &mut EvaluatedIncidents<T>,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
    ) -> Result<(), QueryError> {
        if !evaluated.are_apart.insert(incident.clone()) {
            return Ok(());
        }
        self.each_wanted(incident, |clock, history| {
            let mark = index::place(incident, clock).mark;
            if self.after.is_none_or(|after| *after < mark) {
                evaluated.apart.insert(mark, make(incident, clock, history));
            }
        })
    }

    /// Evaluates an incident whose clocks have places in the index, if that was not done before.
    fn evaluate_indexed<T>(
        &self,
        incident: &IncidentId,
        evaluated: &mut EvaluatedIncidents<T>,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
    ) -> Result<(), QueryError> {
        if evaluated.indexed.contains_key(incident) {
            return Ok(());
        }
        let mut clocks = Vec::new();
        self.each_wanted(incident, |clock, history| {
            clocks.push((clock.id(incident), make(incident, clock, history)));
        })?;
        evaluated.indexed.insert(incident.clone(), clocks);
        Ok(())
    }

    /// Visits the wanted clocks of an incident.
    fn each_wanted(
        &self,
        incident: &str,
        mut visit: impl FnMut(&Clock<'_>, &History<'_>),
    ) -> Result<(), QueryError> {
        let (known, as_of) = (self.view.known(), self.view.times().as_of);
        self.view.with_history(incident, |history| {
            let clocks = match self.filter.contract_id.as_str() {
                "" => clocks_of(history, &known, as_of),
                contract => clocks_under(history, contract, &known, as_of),
            };
            let wanted = clocks.iter().filter(|clock| self.filter.wants(clock));
            wanted.for_each(|clock| visit(clock, history));
        })?;
        Ok(())
    }

    /// The places of the clocks that may be wanted, merged over contracts and index buckets.
    fn places<'i>(
        &self,
        index: &'i IndexReader<'_>,
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<'i, '_> {
        let mut runs = Vec::new();
        for contract in self.contracts() {
            for index_bucket in INDEX_BUCKETS
                .into_iter()
                .filter(|index_bucket| self.filter.may_lie_on(*index_bucket))
            {
                runs.push(self.run(index, &contract, index_bucket));
            }
        }
        runs.into_iter().kmerge_by(|a, b| match (a, b) {
            (Ok(a), Ok(b)) => a < b,
            (Err(_), _) => true,
            (_, Err(_)) => false,
        })
    }

    /// The clocks of one index bucket that may be wanted, after the mark.
    fn run<'i>(
        &self,
        index: &'i IndexReader<'_>,
        contract: &str,
        index_bucket: IndexBucket,
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<'i, '_> {
        let from =
            self.after.map_or((Instant::MIN, ""), |after| (after.time, &after.clock.incident_id));
        let rows = index.clocks(contract, index_bucket, from);
        let until = self.filter.due_before.filter(|_| index_bucket == IndexBucket::Open);
        let after = self.after.cloned();
        rows.take_while(move |mark| match (mark, until) {
            (Ok(mark), Some(until)) => mark.time < until,
            _ => true,
        })
        .filter(move |mark| match (mark, &after) {
            (Ok(mark), Some(after)) => after < mark,
            _ => true,
        })
    }
}

/// The wanted clocks of incidents that were evaluated for a list, as far as they were not taken.
pub(super) struct EvaluatedIncidents<T> {
    /// Of incidents that are found by the places of their clocks.
    indexed: HashMap<IncidentId, Vec<(ClockId, T)>>,
    /// Of the others, by their places.
    apart: BTreeMap<ClockMark, T>,
    /// The others.
    are_apart: BTreeSet<IncidentId>,
}

impl<T> Default for EvaluatedIncidents<T> {
    fn default() -> Self {
        let (indexed, apart) = (HashMap::new(), BTreeMap::new());
        EvaluatedIncidents { indexed, apart, are_apart: BTreeSet::new() }
    }
}

impl<T> EvaluatedIncidents<T> {
    /// Takes the clock with a place in the index, if it is wanted.
    fn take(&mut self, clock: &ClockId) -> Option<T> {
        let clocks = self.indexed.get_mut(&clock.incident_id)?;
        let place = clocks.iter().position(|(id, _)| id == clock)?;
        Some(clocks.swap_remove(place).1)
    }

    /// Takes the clocks of incidents that were evaluated by themselves, in order, as long as their
    /// places pass a test.
    fn apart_before(&mut self, is_before: impl Fn(&ClockMark) -> bool) -> Vec<FoundClock<T>> {
        let mut taken = Vec::new();
        while let Some(first) = self.apart.first_entry().filter(|first| is_before(first.key())) {
            let (mark, made) = first.remove_entry();
            taken.push(FoundClock { mark, made });
        }
        taken
    }
}

impl ClockFilter {
    fn may_lie_on(&self, index_bucket: IndexBucket) -> bool {
        let ClockFilter { phases, outcomes, .. } = self;
        let phase_fits = phases.iter().any(|phase| index_bucket.may_hold_phase(*phase));
        let outcome_fits = outcomes.iter().any(|outcome| index_bucket.may_hold_outcome(*outcome));
        (phases.is_empty() || phase_fits) && (outcomes.is_empty() || outcome_fits)
    }

    pub(super) fn wants(&self, clock: &Clock<'_>) -> bool {
        let text_fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        text_fits(&self.contract_id, clock.contract_id)
            && text_fits(&self.target_id, clock.target_id)
            && text_fits(&self.priority, clock.priority)
            && (self.phases.is_empty() || self.phases.contains(&clock.phase))
            && (self.outcomes.is_empty() || self.outcomes.contains(&clock.verdict()))
            && self.due_before.is_none_or(|before| clock.due_time.is_some_and(|due| due < before))
    }
}
