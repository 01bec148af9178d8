//! Settlement items, and the decisions on them.

use chrono::NaiveDate;

use crate::domain::incident::Party;
use crate::domain::time::Instant;

/// Something to agree on afterwards between the parties of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it within the tenant.
    pub id: String,
    /// What it is about.
    pub kind: ItemKind,
    /// The id of the contract.
    pub contract_id: String,
    /// Who is served by it.
    pub client: String,
    /// The incidents it is about.
    pub incident_ids: Vec<String>,
    /// The name of the period it is about; empty: none.
    pub period: String,
    /// What it is about, in a line.
    pub summary: String,
    /// Who opened it; empty: it was derived from facts.
    pub opened_by: String,
    /// When it came up: when the facts occurred that it follows from, or the period ended.
    pub open_time: Instant,
    /// With whom it is to be settled, if not with the client.
    pub party: Option<Party>,
    /// The third party's name.
    pub third_party: String,
    /// Whole minor units of the currency that go to the client; negative: to the provider.
    pub amount: Option<i64>,
    /// Of credits that must be claimed: the last local date for it.
    pub claim_by: Option<NaiveDate>,
    /// The ISO 4217 code of the amount's currency.
    pub currency: String,
    /// The ids of the events it follows from.
    pub event_ids: Vec<String>,
    /// The identity that recorded what a person opened; empty: none was checked.
    pub recorded_by: String,
}

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// Help that was decided to be outside the contract's scope.
    OutOfScope,
    /// Clocks that are left out of the contractual figures.
    Excluded,
    /// An outage that objectives leave out.
    ExcludedOutage,
    /// What a period's missed objectives cost the provider.
    Credit,
    /// What the client pays for a period's exceeded objectives.
    Bonus,
    /// A clock is late, its cause lies elsewhere, and nobody has decided whether it counts.
    DecisionOpen,
    /// Anything else: somebody opened it.
    Other,
}

impl ItemKind {
    /// The kinds that are derived from facts.
    const FOLLOWING: [ItemKind; 6] = [
        ItemKind::OutOfScope,
        ItemKind::Excluded,
        ItemKind::ExcludedOutage,
        ItemKind::Credit,
        ItemKind::Bonus,
        ItemKind::DecisionOpen,
    ];

    /// The word with which the ids of derived items of this kind begin.
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::OutOfScope => "scope",
            ItemKind::Excluded => "excluded",
            ItemKind::ExcludedOutage => "outage",
            ItemKind::Credit => "credit",
            ItemKind::Bonus => "bonus",
            ItemKind::DecisionOpen => "decision",
            ItemKind::Other => "other",
        }
    }

    /// Whether it is about a period, and not about an incident.
    pub fn is_of_period(self) -> bool {
        matches!(self, ItemKind::Credit | ItemKind::Bonus)
    }

    /// The kind of a derived item with this id; `None` for an item that a person opens.
    pub fn of_id(id: &str) -> Option<ItemKind> {
        let (word, _) = id.split_once(':')?;
        ItemKind::FOLLOWING.into_iter().find(|kind| kind.word() == word)
    }
}

/// A side of an item, settled on its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// What was or must be done about the thing itself.
    Technical,
    /// How contracts and figures treat it.
    Administrative,
    /// Who pays what.
    Financial,
}

impl Facet {
    /// All of them.
    pub const ALL: [Facet; 3] = [Facet::Technical, Facet::Administrative, Facet::Financial];

    /// Its name, lower case.
    pub fn word(self) -> &'static str {
        match self {
            Facet::Technical => "technical",
            Facet::Administrative => "administrative",
            Facet::Financial => "financial",
        }
    }
}

/// The state of a facet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FacetState {
    /// Nothing is agreed, or no longer.
    #[default]
    Open,
    /// It is agreed.
    Agreed,
    /// It is given up by agreement.
    Waived,
}

/// A decision on one facet of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Names it within the tenant.
    pub id: String,
    /// The id of the settlement item.
    pub item_id: String,
    /// The facet.
    pub facet: Facet,
    /// The state of the facet from then on.
    pub state: FacetState,
    /// The amount agreed on, in whole minor units that go to the client; negative: to the provider.
    pub amount: Option<i64>,
    /// Who decided.
    pub decided_by: String,
    /// Why.
    pub note: String,
    /// When it was decided.
    pub decide_time: Instant,
    /// The identity that recorded it; empty: none was checked.
    pub recorded_by: String,
}

/// A decision, and the item it was made on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The item as it stood when the decision was recorded.
    pub basis: Item,
}
