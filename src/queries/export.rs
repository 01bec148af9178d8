//! The export of clocks.
//!
//! It costs by the incidents of the period, which are evaluated one by one; where that has neither
//! a beginning nor an end, by all.

use std::collections::BTreeSet;

use super::compliance::PeriodEvaluator;
use super::{IndexReader, QueryError, ReadView};
use crate::domain::compliance::{Period, entries};
use crate::domain::ids::{ContractId, IncidentId};
use crate::domain::incident::{History, State};
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{Compliance, PeriodQuery, Question, period_of};
use crate::engine::answers::exported::{ExportedClock, exported};
use crate::engine::catalog::Known;
use crate::engine::evaluate::clocks_among;
use crate::engine::index::IndexBucket;
use crate::engine::rejection::Rejection;

/// Which clocks to export.
#[derive(Clone, Debug)]
pub struct Export {
    /// Only clocks of this contract; empty: of all.
    pub contract_id: ContractId,
    /// Only those placed or decided in it; by its name only for one contract.
    pub period: PeriodQuery,
    /// Also those that were open and undecided at its end.
    pub include_open: bool,
}

/// The clocks of single incidents that are wanted, as a view shows them.
#[derive(Debug)]
pub struct IncidentClocks<'v> {
    view: &'v ReadView<'v>,
    known: Known<'v>,
    export: &'v Export,
    period: Period,
}

/// Makes rows of the clocks that are wanted by `make`, which is given each with its incident, and
/// visits them in the order of the incidents' ids, until `visit` says stop.
pub fn each<R: Send>(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    export: &Export,
    make: impl Fn(&mut Vec<R>, &str, &ExportedClock<'_>, &State<'_>) + Sync,
    mut visit: impl FnMut(R) -> bool,
) -> Result<(), QueryError> {
    view.check_contract(&export.contract_id)?;
    let of_incidents = IncidentClocks::new(view, export)?;
    let index = index.and_then(|index| index.of(&export.contract_id));
    let gathered = index.map(|index| export.incidents(view, &index)).transpose()?.flatten();
    let every = gathered.is_none().then(|| view.incident_ids(&export.contract_id, ""));
    let gathered = gathered.into_iter().flatten().map(Ok);
    let ids = gathered.chain(every.into_iter().flatten());
    let add = |rows: &mut Vec<R>, id: &str, history: &History<'_>| {
        of_incidents.each(history, |exported, state| make(rows, id, exported, state));
    };
    view.walk(ids, Vec::new, add, |rows| Ok(rows.into_iter().all(&mut visit)))
}

impl<'v> IncidentClocks<'v> {
    /// Of an export, whose period is that by what the view knows.
    fn new(view: &'v ReadView<'v>, export: &'v Export) -> Result<Self, QueryError> {
        Ok(IncidentClocks { view, known: view.known(), export, period: export.period(view)? })
    }

    /// Makes rows of those of an incident, by its id and what the view knows of it.
    pub fn rows<R>(
        view: &'v ReadView<'v>,
        export: &'v Export,
        make: impl Fn(&mut Vec<R>, &str, &ExportedClock<'_>, &State<'_>) + Sync + 'v,
    ) -> Result<impl Fn(&str, &History<'_>) -> Vec<R> + Sync + 'v, QueryError> {
        let of_incidents = IncidentClocks::new(view, export)?;
        Ok(move |id: &str, history: &History<'_>| {
            let mut rows = Vec::new();
            of_incidents.each(history, |exported, state| make(&mut rows, id, exported, state));
            rows
        })
    }

    /// Visits those of a history.
    fn each(&self, history: &History<'_>, mut visit: impl FnMut(&ExportedClock<'_>, &State<'_>)) {
        let IncidentClocks { view, known, export, period } = self;
        let as_of = view.times().as_of;
        let is_meant = |id: &str| export.contract_id.is_empty() || *export.contract_id == *id;
        let evaluation = clocks_among(history, is_meant, known, as_of);
        let state = history.state(as_of);
        // How people experienced it is no part of a row.
        let entries = entries(&evaluation, &state, &[]);
        let rows = exported(evaluation, &entries, period, export.include_open, known, as_of);
        if view.check_wanted().is_ok() {
            rows.iter().for_each(|row| visit(row, &state));
        }
    }
}

impl Export {
    /// The incidents with clocks in the period, and some more; `None`: any incident may have some.
    fn incidents(
        &self,
        view: &ReadView<'_>,
        index: &IndexReader<'_>,
    ) -> Result<Option<BTreeSet<IncidentId>>, QueryError> {
        if let PeriodQuery::Between(Instant::MIN, Instant::MAX) = self.period {
            return Ok(None);
        }
        let contracts: Vec<ContractId> = match self.contract_id.as_str() {
            "" => view.known().contract_ids().map(ContractId::from).collect(),
            _ => vec![self.contract_id.clone()],
        };
        let mut found = BTreeSet::new();
        for contract in contracts {
            let question = Question {
                contract_id: contract.to_string(),
                period: self.period.clone(),
                group_by: Vec::new(),
                contained_credits: false,
            };
            // In a time zone that is no longer known there are no days to look through.
            let Ok(period) = Compliance::new(&question, view.known(), view.times()) else {
                return Ok(None);
            };
            found.extend(PeriodEvaluator::new(view).incidents_within(index, &period)?);
            if self.include_open {
                let ever = (Instant::MIN, Instant::MAX);
                found.extend(index.incidents_on(&contract, IndexBucket::Open, ever)?);
            }
        }
        Ok(Some(found))
    }

    /// The period; what is unbounded ends with time.
    fn period(&self, view: &ReadView<'_>) -> Result<Period, Rejection> {
        if let (PeriodQuery::Between(start, end), "") = (&self.period, &*self.contract_id) {
            return Ok(Period { name: String::new(), start: *start, end: *end });
        }
        period_of(&self.period, &self.contract_id, view.known())
    }
}
