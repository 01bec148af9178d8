//! Gathering what is to be settled.

use std::collections::BTreeMap;

use super::complying::{Reckoned, Reckoning, is_now};
use super::{Engine, Sight, sight};
use crate::domain::settlement::{Item, ItemKind, Settled};
use crate::domain::time::Instant;
use crate::engine::catalog::Known;
use crate::engine::compliance::{Compliance, PeriodAsked, Question};
use crate::engine::refusal::Refusal;
use crate::engine::settlement::{credit_of, credit_periods, decided_periods, items_of, standing};
use crate::views::ViewsError;

impl Engine {
    /// Everything that is to be settled of one contract, or of all, by everything recorded up to
    /// the sequence `settled`, by its id. Blocks.
    pub fn settlement(
        &self,
        settled: u64,
        tenant: &str,
        contract: &str,
        asked: (Option<Instant>, Option<Instant>),
    ) -> Reckoned<(Sight, BTreeMap<String, Settled>)> {
        let (record_time, sight) = {
            let index = self.keeper.index(settled)?;
            (index.record_time, sight(index.sequence, index.record_time, asked.0, asked.1))
        };
        // Looked up after the index, they know all that the index does.
        let (catalog, book) = (self.memory.catalog(tenant), self.memory.book(tenant));
        let known = catalog.known(sight.times.known);
        let contracts: Vec<_> = match contract {
            "" => known.contract_ids().collect(),
            one if known.contract(one).all().is_empty() => {
                return Ok(Err(Refusal::ContractNotFound(one.to_owned())));
            }
            one => vec![one],
        };
        let is_now = is_now(sight, record_time);
        let reckoning = Reckoning { engine: self, tenant, known, sight, is_now };
        let mut items = Vec::new();
        for id in contracts {
            let mut periods = credit_periods(known, id, sight.times);
            periods.extend(decided_periods(&book, id, sight.times));
            items.extend(reckoning.credits(id, periods, settled)?);
        }
        items.extend(reckoning.items(contract, settled)?);
        Ok(Ok((sight, standing(items, &book, contract, sight.times))))
    }

    /// The item of this id as it stands by everything recorded up to the sequence `settled`, if
    /// there is one: only what it names is reckoned. Blocks.
    pub fn settlement_item(
        &self,
        settled: u64,
        tenant: &str,
        id: &str,
    ) -> Result<Option<Item>, ViewsError> {
        let (record_time, sight) = {
            let index = self.keeper.index(settled)?;
            (index.record_time, sight(index.sequence, index.record_time, None, None))
        };
        let (catalog, book) = (self.memory.catalog(tenant), self.memory.book(tenant));
        let known = catalog.known(sight.times.known);
        let is_now = is_now(sight, record_time);
        let reckoning = Reckoning { engine: self, tenant, known, sight, is_now };
        let mut items = Vec::new();
        for (contract, about) in named(known, id) {
            if ItemKind::of_id(id) == Some(ItemKind::Credit) {
                items.extend(reckoning.credits(contract, vec![about.to_owned()], settled)?);
            } else {
                reckoning.known(about, |history| {
                    items.extend(items_of(about, history, contract, known, sight.times));
                })?;
            }
        }
        let all = standing(items, &book, "", sight.times);
        Ok(all.get(id).map(|settled| settled.item.clone()))
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

impl Reckoning<'_> {
    /// What follows from incidents.
    fn items(&self, contract: &str, settled: u64) -> Result<Vec<Item>, ViewsError> {
        let (mut items, mut after) = (Vec::new(), String::new());
        loop {
            let ids = self.engine.ids_after(settled, self.tenant, contract, &after)?;
            let Some(last) = ids.last() else { return Ok(items) };
            after.clone_from(last);
            for id in &ids {
                self.known(id, |history| {
                    items.extend(items_of(id, history, contract, self.known, self.sight.times));
                })?;
            }
        }
    }

    /// What follows from the credits of periods.
    fn credits(
        &self,
        contract: &str,
        periods: Vec<String>,
        settled: u64,
    ) -> Result<Vec<Item>, ViewsError> {
        let _index = self.engine.keeper.index(settled)?;
        let mut found = Vec::new();
        for name in periods {
            let contract_id = contract.to_owned();
            let question =
                Question { contract_id, period: PeriodAsked::Named(name), group_by: Vec::new() };
            let zones = &self.engine.zones;
            let compliance = Compliance::new(&question, self.known, zones, self.sight.times);
            // A period before time began, or in a zone that is no longer known, has no credits.
            found.extend(compliance.ok().filter(|period| !period.credited.is_empty()));
        }
        self.reckon(&mut found)?;
        Ok(found.iter().filter_map(|period| credit_of(period, self.sight.times)).collect())
    }
}
