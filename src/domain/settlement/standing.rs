//! How items stand, by what was decided about them.

use std::collections::BTreeMap;

use super::{Decided, Facet, Item, State};
use crate::domain::time::Instant;

/// An item, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The item, as it follows from what is known.
    pub item: Item,
    /// Every decision on it and when that was recorded, in that order.
    pub decisions: Vec<(Instant, Decided)>,
    /// It no longer follows from what is known; what was decided stays.
    pub is_withdrawn: bool,
}

/// How items stand, by their ids. Of an item that follows no more, what was decided last tells.
pub fn settle(
    items: impl IntoIterator<Item = Item>,
    decisions: impl IntoIterator<Item = (Instant, Decided)>,
) -> BTreeMap<String, Settled> {
    let settled = |item: Item| {
        (item.id.clone(), Settled { item, decisions: Vec::new(), is_withdrawn: false })
    };
    let mut all: BTreeMap<_, _> = items.into_iter().map(settled).collect();
    for (record_time, decided) in decisions {
        let withdrawn =
            || Settled { item: decided.basis.clone(), decisions: Vec::new(), is_withdrawn: true };
        let settled = all.entry(decided.decision.item_id.clone()).or_insert_with(withdrawn);
        if settled.is_withdrawn {
            settled.item = decided.basis.clone();
        }
        settled.decisions.push((record_time, decided));
    }
    all
}

impl Settled {
    /// The decision that rules a facet: the one recorded last.
    pub fn ruling(&self, facet: Facet) -> Option<&(Instant, Decided)> {
        self.decisions.iter().rev().find(|(_, decided)| decided.decision.facet == facet)
    }

    /// How a facet stands.
    pub fn state(&self, facet: Facet) -> State {
        self.ruling(facet).map(|(_, decided)| decided.decision.state).unwrap_or_default()
    }

    /// A facet is open. What is withdrawn is open only where something was agreed on it: that is
    /// to be undone or confirmed.
    pub fn is_open(&self) -> bool {
        match self.is_withdrawn {
            true => Facet::ALL.iter().any(|facet| self.state(*facet) == State::Agreed),
            false => Facet::ALL.iter().any(|facet| self.state(*facet) == State::Open),
        }
    }

    /// What is other than it was when a facet was decided last, a line each.
    pub fn changes(&self) -> Vec<String> {
        let changed = |facet: Facet| {
            let (_, Decided { basis: was, .. }) = self.ruling(facet)?;
            let facet = facet.word();
            if self.is_withdrawn {
                return Some(format!("the {facet} decision rests on what no longer holds"));
            }
            if was.summary != self.item.summary {
                let was = &was.summary;
                return Some(format!("the {facet} decision rests on: {was}"));
            }
            (was.amount != self.item.amount).then(|| match was.amount {
                Some(was) => format!("the {facet} decision rests on an amount of {was}"),
                None => format!("the {facet} decision rests on no amount"),
            })
        };
        Facet::ALL.into_iter().filter_map(changed).collect()
    }
}
