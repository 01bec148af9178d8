//! Settlement items.
//!
//! They cost by what is to be settled, and by the days of the tallies that credits follow from: see
//! [`items`] and [`item`].

use std::collections::{BTreeMap, BTreeSet};

use super::compliance::{PeriodEvaluator, Rest};
use super::{IndexReader, QueryError, ReadView};
use crate::domain::ids::IncidentId;
use crate::domain::settlement::{Item, ItemKind, ItemStatus};
use crate::domain::time::Instant;
use crate::engine::answers::compliance::{Compliance, PeriodQuery, Question};
use crate::engine::answers::outage_items::{outage_items, services_of};
use crate::engine::answers::settlement::{
    credit_periods, credited_services, credits_of, decided_periods, items_of, may_credit, statuses,
};
use crate::engine::catalog::Known;
use crate::engine::rejection::Rejection;

/// The settlement items of one contract, or ("") of all, by their ids. What follows from incidents
/// costs by those from which something does, each of which is evaluated; the credits of every
/// period that has ended cost by the tallies of its days, but as of the past, or by what was known
/// then, by its incidents. Only by what was known before terms changed, every incident is
/// evaluated.
pub fn items(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    contract: &str,
) -> Result<BTreeMap<String, ItemStatus>, QueryError> {
    view.check_contract(contract)?;
    let index = index.and_then(|index| index.of(contract));
    let mut credits = Vec::new();
    for id in contracts(view, contract) {
        let since = match may_credit(view.known(), id) {
            true => begin(view, index.as_ref(), id)?,
            false => None,
        };
        let mut periods = credit_periods(view.known(), id, since, view.times());
        periods.extend(decided_periods(view.actions(), id, view.times()));
        periods.sort_unstable();
        periods.dedup();
        credits.push(Credits::gather(view, index.as_ref(), id, periods)?);
    }
    let gathered = index.as_ref().map(|index| incidents(view, index, contract)).transpose()?;
    drop(index);
    let mut items = Vec::new();
    for credits in credits {
        items.extend(credits.evaluate(view)?);
    }
    for id in contracts(view, contract) {
        items.extend(excluded_outages(view, id)?);
    }
    match gathered {
        Some(ids) => {
            for id in ids {
                items.extend(items_of_incident(view, &id, contract)?);
            }
        }
        None => {
            for id in view.incident_ids(contract, "") {
                items.extend(items_of_incident(view, &id?, contract)?);
            }
        }
    }
    Ok(statuses(items, view.actions(), contract, view.times()))
}

/// The incidents from which items may follow, by the index.
fn incidents(
    view: &ReadView<'_>,
    index: &IndexReader<'_>,
    contract: &str,
) -> Result<BTreeSet<IncidentId>, QueryError> {
    let mut found = index.apart(view.times().as_of)?;
    for id in contracts(view, contract) {
        found.extend(index.settlement(id)?);
    }
    Ok(found)
}

/// An instant before which no clock of a contract was decided and nothing happened to a service
/// that its credits rest on; `None`: nothing was, so nothing can be credited.
fn begin(
    view: &ReadView<'_>,
    index: Option<&IndexReader<'_>>,
    contract: &str,
) -> Result<Option<Instant>, QueryError> {
    let services = credited_services(view.known(), contract);
    if let Some(index) = index {
        let clocks = index.begin(contract, view.times().as_of)?;
        let services = services.into_iter().map(|service| index.service_begin(service));
        let services = services.collect::<Result<Vec<_>, _>>()?;
        return Ok(services.into_iter().chain([clocks]).flatten().min());
    }
    let known = view.times().known;
    let mut first: Option<Instant> = None;
    for service in services {
        let ledger = view.service_ledger(service)?;
        first = earliest(first, ledger.known(known).map(|event| event.occur_time).min());
    }
    for id in view.incident_ids(contract, "") {
        let begun = view.with_history(&id?, |history| history.begin())?;
        first = earliest(first, begun);
    }
    Ok(first)
}

fn earliest(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}

/// The settlement item with this id: only what the id names is evaluated.
pub fn item(
    view: &ReadView<'_>,
    index: Option<IndexReader<'_>>,
    id: &str,
) -> Result<Item, QueryError> {
    let named: Vec<_> = named(view.known(), id).collect();
    let index = named.iter().fold(index, |index, (contract, _)| index?.of(contract));
    let is_credit = ItemKind::of_id(id).is_some_and(ItemKind::is_of_period);
    let mut credits = Vec::new();
    for (contract, period) in named.iter().filter(|_| is_credit) {
        let periods = vec![(*period).to_owned()];
        credits.push(Credits::gather(view, index.as_ref(), contract, periods)?);
    }
    drop(index);
    let mut items = Vec::new();
    for credits in credits {
        items.extend(credits.evaluate(view)?);
    }
    for (contract, incident) in named.iter().filter(|_| !is_credit) {
        match ItemKind::of_id(id) {
            Some(ItemKind::ExcludedOutage) => items.extend(excluded_outages(view, contract)?),
            _ => items.extend(items_of_incident(view, incident, contract)?),
        }
    }
    let mut all = statuses(items, view.actions(), "", view.times());
    let found = all.remove(id).map(|status| status.item);
    Ok(found.ok_or_else(|| Rejection::ItemNotFound(id.to_owned()))?)
}

/// The contracts in question.
fn contracts<'v>(view: &'v ReadView<'_>, contract: &'v str) -> Vec<&'v str> {
    match contract {
        "" => view.known().contract_ids().collect(),
        one => vec![one],
    }
}

/// What an item's id may name: a contract, and an incident or a period. Ids may hold colons
/// themselves.
fn named<'i>(known: Known<'i>, id: &'i str) -> impl Iterator<Item = (&'i str, &'i str)> {
    let rest = id.split_once(':').map_or("", |(_, rest)| rest);
    known.contract_ids().filter_map(move |contract| {
        let about = rest.strip_prefix(contract)?.strip_prefix(':')?;
        Some((contract, about))
    })
}

/// The items of the outages that a contract's objectives leave out.
pub(super) fn excluded_outages(
    view: &ReadView<'_>,
    contract: &str,
) -> Result<Vec<Item>, QueryError> {
    let ledgers = view.service_ledgers(services_of(view.known(), contract))?;
    let ledgers = ledgers.iter().map(|(id, ledger)| (id.clone(), ledger.as_ref())).collect();
    Ok(outage_items(contract, &ledgers, view.known(), view.times()))
}

/// What follows from an incident.
fn items_of_incident(
    view: &ReadView<'_>,
    incident: &str,
    contract: &str,
) -> Result<Vec<Item>, QueryError> {
    let (known, times) = (view.known(), view.times());
    let items =
        view.with_history(incident, |history| items_of(incident, history, contract, known, times))?;
    Ok(items.unwrap_or_default())
}

/// The periods of a contract whose credits may be items.
struct Credits<'v> {
    periods: Vec<Compliance<'v>>,
    rest: Rest,
}

impl<'v> Credits<'v> {
    /// Takes in what the index has added up for periods of these names.
    fn gather(
        view: &'v ReadView<'_>,
        index: Option<&IndexReader<'_>>,
        contract: &str,
        names: Vec<String>,
    ) -> Result<Credits<'v>, QueryError> {
        let mut periods = Vec::new();
        for name in names {
            let contract_id = contract.to_owned();
            let question = Question {
                contract_id,
                period: PeriodQuery::Named(name),
                group_by: Vec::new(),
                contained_credits: false,
            };
            let period = Compliance::new(&question, view.known(), view.times());
            // A period before time began, or in a zone that is no longer known, has no credits.
            periods.extend(period.ok().filter(|period| !period.credited.own.is_empty()));
        }
        let rest = PeriodEvaluator::new(view).gather(index, &mut periods)?;
        Ok(Credits { periods, rest })
    }

    /// The items that follow from them.
    fn evaluate(mut self, view: &ReadView<'_>) -> Result<Vec<Item>, QueryError> {
        PeriodEvaluator::new(view).evaluate(self.rest, &mut self.periods)?;
        Ok(self.periods.iter().flat_map(|period| credits_of(period, view.times())).collect())
    }
}
