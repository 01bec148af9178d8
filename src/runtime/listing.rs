//! Lists of clocks and incidents, found by the index.
//!
//! As of now, every clock is where the index files it, but for incidents with facts that still
//! lie in the future: those are judged one by one beside it. As of another time, or by what was
//! known at one, the index can't tell; then every incident of the contracts asked about is judged.

use std::collections::BTreeSet;
use std::sync::Arc;

use itertools::Itertools;

use super::keeper::Carried;
use super::{Engine, Sight, sight};
use crate::domain::clock::{Clock, Outcome, Phase};
use crate::domain::incident::History;
use crate::domain::time::Instant;
use crate::engine::catalog::Catalog;
use crate::engine::index::{self, SHELVES, Shelf};
use crate::engine::ledger::Ledger;
use crate::engine::query::{Times, history, judge_incident};
use crate::views::{ClockKey, IncidentKey, ViewsError};

/// Which clocks are wanted.
#[derive(Clone, Debug, Default)]
pub struct ClockFilter {
    /// Only this contract's; empty: of all.
    pub contract_id: String,
    /// Only this target's; empty: of all.
    pub target_id: String,
    /// Only of this priority; empty: of all.
    pub priority: String,
    /// Only these phases; empty: all.
    pub phases: Vec<Phase>,
    /// Only these outcomes; empty: all.
    pub outcomes: Vec<Outcome>,
    /// Only those due before this instant.
    pub due_before: Option<Instant>,
}

/// A clock's place in a list. Lists are sorted by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockMark {
    /// When it is due, or was decided; [`Instant::MAX`] when nothing decides it.
    pub time: Instant,
    /// The incident.
    pub incident: String,
    /// The contract.
    pub contract: String,
    /// The target.
    pub target: String,
    /// The cycle.
    pub cycle: u32,
}

/// A clock that was found, and its place in the list.
#[derive(Debug)]
pub struct FoundClock<T> {
    /// Its place.
    pub mark: ClockMark,
    /// What was made of it.
    pub made: T,
}

/// Clocks judged for one page of a list at most, so that a filter that fits few ends.
const CLOCKS_JUDGED_MAX: usize = 20_000;

impl Engine {
    /// Visits the clocks of `tenant` that pass `filter`, in the order of their marks, after the
    /// mark `after`. Each is made into what the caller needs; `visit` says whether to go on.
    ///
    /// Returns what could be seen, up to the sequence `settled` at least, and the mark to go on
    /// from if the list was cut, though `visit` asked for more. Blocks.
    #[expect(clippy::too_many_arguments, reason = "each is another question to the list")]
    pub fn list_clocks<T>(
        &self,
        settled: u64,
        tenant: &str,
        filter: &ClockFilter,
        asked: (Option<Instant>, Option<Instant>),
        after: Option<&ClockMark>,
        make: impl Fn(&str, &Clock<'_>) -> T,
        visit: impl FnMut(FoundClock<T>) -> bool,
    ) -> Result<(Sight, Option<ClockMark>), ViewsError> {
        let nothing = |_, _: &Catalog| Ok(());
        let make =
            |(): &(), incident: &str, clock: &Clock<'_>, _: &History<'_>| make(incident, clock);
        let most = (filter, CLOCKS_JUDGED_MAX);
        let index = self.keeper.index(settled)?;
        self.list_clocks_by(*index, tenant, most, asked, after, nothing, make, visit)
    }

    /// The same, each clock made into what the caller needs by what it has prepared when it knows
    /// what can be seen, and by the incident's history; it is cut after so many clocks. The
    /// index must be held meanwhile.
    #[expect(clippy::too_many_arguments, reason = "each is another question to the list")]
    pub(super) fn list_clocks_by<M, T>(
        &self,
        index: Carried,
        tenant: &str,
        (filter, most): (&ClockFilter, usize),
        asked: (Option<Instant>, Option<Instant>),
        after: Option<&ClockMark>,
        prepare: impl FnOnce(Sight, &Catalog) -> Result<M, ViewsError>,
        make: impl Fn(&M, &str, &Clock<'_>, &History<'_>) -> T,
        mut visit: impl FnMut(FoundClock<T>) -> bool,
    ) -> Result<(Sight, Option<ClockMark>), ViewsError> {
        // Looked up after the index, it knows all that the index does.
        let catalog = self.memory.catalog(tenant);
        let sight = sight(index.sequence, index.record_time, asked.0, asked.1);
        let prepared = prepare(sight, &catalog)?;
        let make = |incident: &str, clock: &Clock<'_>, history: &History<'_>| {
            make(&prepared, incident, clock, history)
        };
        let list = List { engine: self, tenant, filter, most, catalog, times: sight.times };
        let is_now =
            sight.times.known == index.record_time && sight.times.as_of >= index.record_time;
        let apart = list.apart(is_now)?;
        let judged = list.judge_all(&apart, after, &make)?;
        if is_now {
            let filed = list.filed(after);
            let cut = list.visit_filed(filed, &apart, judged, &make, &mut visit)?;
            return Ok((sight, cut));
        }
        for clock in judged {
            if !visit(clock) {
                break;
            }
        }
        Ok((sight, None))
    }

    /// Lists a tenant's incidents after one, recorded up to the sequence `settled` at least, in the
    /// order of their ids, until `visit` says stop. Blocks.
    pub fn list_incidents(
        &self,
        settled: u64,
        tenant: &str,
        contract: &str,
        asked: (Option<Instant>, Option<Instant>),
        after: &str,
        mut visit: impl FnMut(String, &Ledger, Times) -> bool,
    ) -> Result<Sight, ViewsError> {
        let index = self.keeper.index(settled)?;
        let sight = sight(index.sequence, index.record_time, asked.0, asked.1);
        let ids: Box<dyn Iterator<Item = Result<String, ViewsError>>> = match contract {
            "" => Box::new(self.views.incident_ids(tenant, after)),
            contract => Box::new(self.views.attached_ids(tenant, contract, after)),
        };
        for id in ids {
            let id = id?;
            let ledger = self.listed_ledger(tenant, &id)?;
            if !visit(id, &ledger, sight.times) {
                break;
            }
        }
        Ok(sight)
    }

    /// An incident's ledger for a list: not kept in memory, since lists touch each once.
    pub(super) fn listed_ledger(&self, tenant: &str, id: &str) -> Result<Arc<Ledger>, ViewsError> {
        let incident = self.memory.incident(IncidentKey::new(tenant, id), &self.views)?;
        Ok(incident.ledger)
    }
}

struct List<'l> {
    engine: &'l Engine,
    tenant: &'l str,
    filter: &'l ClockFilter,
    most: usize,
    catalog: Arc<Catalog>,
    times: Times,
}

impl List<'_> {
    /// The incidents to be judged one by one.
    fn apart(&self, is_now: bool) -> Result<BTreeSet<String>, ViewsError> {
        let views = &self.engine.views;
        if is_now {
            return views.unsettled_ids(self.tenant, self.times.as_of).collect();
        }
        let contracts = self.contracts();
        let attached =
            contracts.iter().flat_map(|contract| views.attached_ids(self.tenant, contract, ""));
        attached.collect()
    }

    fn contracts(&self) -> Vec<String> {
        match self.filter.contract_id.as_str() {
            "" => self.catalog.known(Instant::MAX).contract_ids().map(str::to_owned).collect(),
            one => vec![one.to_owned()],
        }
    }

    /// The wanted clocks of some incidents, sorted.
    fn judge_all<T>(
        &self,
        incidents: &BTreeSet<String>,
        after: Option<&ClockMark>,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
    ) -> Result<Vec<FoundClock<T>>, ViewsError> {
        let mut found = Vec::new();
        for incident in incidents {
            self.judge(incident, |clock, mark, history| {
                if self.wants(clock) && after.is_none_or(|after| *after < mark) {
                    found.push(FoundClock { made: make(incident, clock, history), mark });
                }
            })?;
        }
        found.sort_by(|a, b| a.mark.cmp(&b.mark));
        Ok(found)
    }

    fn judge(
        &self,
        incident: &str,
        mut visit: impl FnMut(&Clock<'_>, ClockMark, &History<'_>),
    ) -> Result<(), ViewsError> {
        let ledger = self.engine.listed_ledger(self.tenant, incident)?;
        let known = self.catalog.known(self.times.known);
        let Some(history) = history(&ledger, self.times) else { return Ok(()) };
        for clock in &judge_incident(&history, &known, self.times.as_of).clocks {
            visit(clock, mark(incident, clock), &history);
        }
        Ok(())
    }

    /// The places of the clocks that may be wanted, merged over contracts and shelves.
    fn filed(
        &self,
        after: Option<&ClockMark>,
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<> {
        let mut runs = Vec::new();
        for contract in self.contracts() {
            for shelf in SHELVES.into_iter().filter(|shelf| self.may_hold_wanted(*shelf)) {
                runs.push(self.run(contract.clone(), shelf, after));
            }
        }
        runs.into_iter().kmerge_by(|a, b| match (a, b) {
            (Ok(a), Ok(b)) => a < b,
            (Err(_), _) => true,
            (_, Err(_)) => false,
        })
    }

    /// The clocks of one shelf, from a place on.
    fn run(
        &self,
        contract: String,
        shelf: Shelf,
        after: Option<&ClockMark>,
    ) -> impl Iterator<Item = Result<ClockMark, ViewsError>> + use<> {
        let from = ClockKey {
            tenant: self.tenant,
            contract: &contract,
            shelf,
            time: after.map_or(Instant::MIN, |after| after.time),
            incident: after.map_or("", |after| &after.incident),
        };
        let until = self.filter.due_before.filter(|_| shelf == Shelf::Open);
        let rows = self.engine.views.clocks(&from);
        let after = after.cloned();
        rows.map_ok(move |filed| ClockMark {
            time: filed.time,
            incident: filed.incident,
            contract: contract.clone(),
            target: filed.target,
            cycle: filed.cycle,
        })
        .take_while(move |mark| match (mark, until) {
            (Ok(mark), Some(until)) => mark.time < until,
            _ => true,
        })
        .filter(move |mark| match (mark, &after) {
            (Ok(mark), Some(after)) => after < mark,
            _ => true,
        })
    }

    /// Visits filed clocks in their order, with those already judged apart between them. Returns
    /// the mark to go on from when there were too many to judge.
    fn visit_filed<T>(
        &self,
        filed: impl Iterator<Item = Result<ClockMark, ViewsError>>,
        apart: &BTreeSet<String>,
        judged: Vec<FoundClock<T>>,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
        visit: &mut impl FnMut(FoundClock<T>) -> bool,
    ) -> Result<Option<ClockMark>, ViewsError> {
        let mut judged = judged.into_iter().peekable();
        for (count, place) in filed.enumerate() {
            let place = place?;
            while let Some(clock) = judged.next_if(|clock| clock.mark < place) {
                if !visit(clock) {
                    return Ok(None);
                }
            }
            if apart.contains(&place.incident) {
                continue;
            }
            if let Some(clock) = self.wanted(&place, make)?
                && !visit(clock)
            {
                return Ok(None);
            }
            if count >= self.most {
                return Ok(Some(place));
            }
        }
        for clock in judged {
            if !visit(clock) {
                break;
            }
        }
        Ok(None)
    }

    /// The clock filed at a place, if it is wanted.
    fn wanted<T>(
        &self,
        place: &ClockMark,
        make: &impl Fn(&str, &Clock<'_>, &History<'_>) -> T,
    ) -> Result<Option<FoundClock<T>>, ViewsError> {
        let mut found = None;
        self.judge(&place.incident, |clock, _, history| {
            let is_it = clock.contract_id == place.contract
                && clock.target_id == place.target
                && clock.cycle == place.cycle;
            if is_it && self.wants(clock) {
                let made = make(&place.incident, clock, history);
                found = Some(FoundClock { mark: place.clone(), made });
            }
        })?;
        Ok(found)
    }

    fn may_hold_wanted(&self, shelf: Shelf) -> bool {
        let ClockFilter { phases, outcomes, .. } = self.filter;
        let phase_fits = phases.iter().any(|phase| shelf.may_hold_phase(*phase));
        let outcome_fits = outcomes.iter().any(|outcome| shelf.may_hold_outcome(*outcome));
        (phases.is_empty() || phase_fits) && (outcomes.is_empty() || outcome_fits)
    }

    fn wants(&self, clock: &Clock<'_>) -> bool {
        let filter = self.filter;
        let text_fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        text_fits(&filter.contract_id, clock.contract_id)
            && text_fits(&filter.target_id, clock.target_id)
            && text_fits(&filter.priority, clock.priority)
            && (filter.phases.is_empty() || filter.phases.contains(&clock.phase))
            && (filter.outcomes.is_empty() || filter.outcomes.contains(&clock.verdict()))
            && filter.due_before.is_none_or(|before| clock.due_time.is_some_and(|due| due < before))
    }
}

fn mark(incident: &str, clock: &Clock<'_>) -> ClockMark {
    let place = index::place(clock);
    ClockMark {
        time: place.time,
        incident: incident.to_owned(),
        contract: place.contract_id,
        target: place.target_id,
        cycle: place.cycle,
    }
}
