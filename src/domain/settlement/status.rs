//! The status of settlement items: which facets are decided, and what changed since.

use std::collections::BTreeMap;

use super::{Decided, Facet, FacetState, Item};
use crate::domain::time::Instant;

/// An item with the decisions on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemStatus {
    /// The item as it follows from what is known; once withdrawn, as it last was decided on.
    pub item: Item,
    /// Every decision on it and when that was recorded, in that order.
    pub decisions: Vec<(Instant, Decided)>,
    /// Whether it no longer follows from what is known. The decisions on it are kept.
    pub is_withdrawn: bool,
}

/// Joins items and the decisions on them, by item id. An item that has decisions but is not among
/// `items` is withdrawn; it is shown as it was when it was decided last.
pub fn settle(
    items: impl IntoIterator<Item = Item>,
    decisions: impl IntoIterator<Item = (Instant, Decided)>,
) -> BTreeMap<String, ItemStatus> {
    let status = |item: Item| {
        (item.id.clone(), ItemStatus { item, decisions: Vec::new(), is_withdrawn: false })
    };
    let mut all: BTreeMap<_, _> = items.into_iter().map(status).collect();
    for (record_time, decided) in decisions {
        let withdrawn = || ItemStatus {
            item: decided.basis.clone(),
            decisions: Vec::new(),
            is_withdrawn: true,
        };
        let status = all.entry(decided.decision.item_id.clone()).or_insert_with(withdrawn);
        if status.is_withdrawn {
            status.item = decided.basis.clone();
        }
        status.decisions.push((record_time, decided));
    }
    all
}

impl ItemStatus {
    /// The decision in force on a facet: the one recorded last.
    pub fn ruling(&self, facet: Facet) -> Option<&(Instant, Decided)> {
        self.decisions.iter().rev().find(|(_, decided)| decided.decision.facet == facet)
    }

    /// The state of a facet.
    pub fn state(&self, facet: Facet) -> FacetState {
        self.ruling(facet).map(|(_, decided)| decided.decision.state).unwrap_or_default()
    }

    /// Whether a facet is open. A withdrawn item is open while something is agreed on it, which
    /// must be undone or confirmed.
    pub fn is_open(&self) -> bool {
        match self.is_withdrawn {
            true => Facet::ALL.iter().any(|facet| self.state(*facet) == FacetState::Agreed),
            false => Facet::ALL.iter().any(|facet| self.state(*facet) == FacetState::Open),
        }
    }

    /// What has changed since each facet was decided last, a sentence each.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::settlement::{Decision, ItemKind};

    fn item(id: &str, summary: &str) -> Item {
        Item {
            id: id.into(),
            kind: ItemKind::Other,
            contract_id: "C".into(),
            client: String::new(),
            incident_ids: Vec::new(),
            period: String::new(),
            summary: summary.into(),
            opened_by: String::new(),
            open_time: Instant::MIN,
            party: None,
            third_party: String::new(),
            amount: None,
            claim_by: None,
            currency: "EUR".into(),
            event_ids: Vec::new(),
            recorded_by: String::new(),
        }
    }

    /// The decision with this number, recorded at that second.
    fn decided(number: i64, basis: Item, facet: Facet, state: FacetState) -> (Instant, Decided) {
        let time = Instant::from_seconds(number).expect("a time");
        let decision = Decision {
            id: format!("d{number}"),
            item_id: basis.id.clone(),
            facet,
            state,
            amount: None,
            decided_by: "Ann".into(),
            note: String::new(),
            decide_time: time,
            recorded_by: String::new(),
        };
        (time, Decided { decision, basis })
    }

    fn stands(
        items: impl IntoIterator<Item = Item>,
        decisions: impl IntoIterator<Item = (Instant, Decided)>,
    ) -> ItemStatus {
        settle(items, decisions).remove("I").expect("the item")
    }

    #[test]
    fn an_item_is_open_until_each_facet_is_agreed_or_waived() {
        let facets = [
            (Facet::Technical, FacetState::Agreed),
            (Facet::Administrative, FacetState::Waived),
            (Facet::Financial, FacetState::Agreed),
        ];
        let decisions = (1..).zip(facets);
        let decisions: Vec<_> = decisions
            .map(|(n, (facet, state))| decided(n, item("I", "it"), facet, state))
            .collect();
        for count in 0..=3 {
            let status = stands([item("I", "it")], decisions[..count].to_vec());
            assert_eq!(status.is_open(), count < 3);
        }
        let reopened = decided(9, item("I", "it"), Facet::Financial, FacetState::Open);
        assert!(stands([item("I", "it")], decisions.into_iter().chain([reopened])).is_open());
    }

    #[test]
    fn changes_name_what_a_decision_no_longer_rests_on() {
        let agreed = decided(1, item("I", "late"), Facet::Technical, FacetState::Agreed);
        let same = stands([item("I", "late")], [agreed.clone()]);
        assert_eq!(same.changes(), Vec::<String>::new());
        let other = stands([item("I", "later")], [agreed.clone()]);
        assert_eq!(other.changes(), ["the technical decision rests on: late"]);
        let with_amount = Item { amount: Some(5), ..item("I", "late") };
        let other = stands([with_amount], [agreed]);
        assert_eq!(other.changes(), ["the technical decision rests on no amount"]);
    }

    #[test]
    fn a_withdrawn_item_is_open_while_something_is_agreed_on_it() {
        let agreed = decided(1, item("I", "late"), Facet::Technical, FacetState::Agreed);
        let waived = decided(2, item("I", "later"), Facet::Technical, FacetState::Waived);
        let status = stands([], [agreed.clone()]);
        assert!(status.is_withdrawn && status.is_open());
        assert_eq!(status.changes(), ["the technical decision rests on what no longer holds"]);
        let status = stands([], [agreed, waived]);
        assert!(status.is_withdrawn && !status.is_open());
        assert_eq!(status.item.summary, "later", "what was decided last counts");
    }

    fn any_decision() -> impl Strategy<Value = (u8, usize, u8)> {
        (0..6u8, 0..3usize, 0..3u8)
    }

    proptest! {
        #[test]
        fn settling_never_loses_a_decision(
            following in prop::collection::btree_set(0..6u8, 0..6),
            made in prop::collection::vec(any_decision(), 0..30),
        ) {
            let name = |id: u8| format!("item {id}");
            let decisions: Vec<_> = (1..)
                .zip(made)
                .map(|(number, (id, facet, state))| {
                    let state = [FacetState::Open, FacetState::Agreed, FacetState::Waived][usize::from(state)];
                    decided(number, item(&name(id), "it"), Facet::ALL[facet], state)
                })
                .collect();
            let items = following.iter().map(|id| item(&name(*id), "it"));
            let status = settle(items, decisions.clone());
            let mut kept: Vec<_> = status.values().flat_map(|s| s.decisions.clone()).collect();
            kept.sort_by_key(|(time, _)| *time);
            prop_assert_eq!(kept, decisions);
            for (id, status) in &status {
                prop_assert_eq!(id, &status.item.id);
                prop_assert!(status.decisions.is_sorted_by_key(|(time, _)| *time));
                prop_assert!(status.decisions.iter().all(|(_, d)| d.decision.item_id == *id));
                let follows = following.iter().any(|known| name(*known) == *id);
                prop_assert_eq!(status.is_withdrawn, !follows);
            }
        }
    }
}
