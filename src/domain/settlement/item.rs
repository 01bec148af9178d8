//! What is to be settled, and what was decided about it.

use crate::domain::incident::Party;
use crate::domain::time::Instant;

/// Something that is to be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Names it within the tenant.
    pub id: String,
    /// What it is about.
    pub kind: ItemKind,
    /// The contract.
    pub contract_id: String,
    /// Who is served by it.
    pub client: String,
    /// The incidents it is about.
    pub incident_ids: Vec<String>,
    /// The name of the period it is about; empty: of none.
    pub period: String,
    /// What it is, in a line.
    pub summary: String,
    /// Who opened it; empty: it follows from facts.
    pub opened_by: String,
    /// When it came up.
    pub open_time: Instant,
    /// With whom it is to be settled, if not with the client.
    pub party: Option<Party>,
    /// The third party's name.
    pub third_party: String,
    /// Whole minor units of the currency that go to the client; negative: to the provider.
    pub amount: Option<i64>,
    /// ISO 4217 code.
    pub currency: String,
    /// The events it rests on.
    pub event_ids: Vec<String>,
}

/// What an item is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemKind {
    /// Help that was evaluated to be outside the contract's scope.
    OutOfScope,
    /// Clocks that are left out of the contractual figures.
    Excluded,
    /// What a period's missed objectives cost the provider.
    Credit,
    /// A clock is late, its cause lies elsewhere, and nobody has decided whether it counts.
    DecisionOpen,
    /// Anything else: somebody opened it.
    Other,
}

impl ItemKind {
    /// Those that follow from facts by themselves.
    const FOLLOWING: [ItemKind; 4] =
        [ItemKind::OutOfScope, ItemKind::Excluded, ItemKind::Credit, ItemKind::DecisionOpen];

    /// How the ids of its items begin, where they follow from facts by themselves.
    pub fn word(self) -> &'static str {
        match self {
            ItemKind::OutOfScope => "scope",
            ItemKind::Excluded => "excluded",
            ItemKind::Credit => "credit",
            ItemKind::DecisionOpen => "decision",
            ItemKind::Other => "other",
        }
    }

    /// What an item of this id follows from facts as; `None`: somebody opens it.
    pub fn of_id(id: &str) -> Option<ItemKind> {
        let (word, _) = id.split_once(':')?;
        ItemKind::FOLLOWING.into_iter().find(|kind| kind.word() == word)
    }
}

/// In which way an item is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// What was or must be done about the thing itself.
    Technical,
    /// What contracts and figures say about it.
    Administrative,
    /// Who pays what.
    Financial,
}

impl Facet {
    /// All of them.
    pub const ALL: [Facet; 3] = [Facet::Technical, Facet::Administrative, Facet::Financial];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Facet::Technical => "technical",
            Facet::Administrative => "administrative",
            Facet::Financial => "financial",
        }
    }
}

/// How a facet stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// Nothing is agreed, or no more.
    #[default]
    Open,
    /// It is agreed.
    Agreed,
    /// It is let go.
    Waived,
}

/// What was decided about one facet of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Names it within the tenant.
    pub id: String,
    /// The item.
    pub item_id: String,
    /// The facet.
    pub facet: Facet,
    /// How it stands since.
    pub state: State,
    /// What was agreed on, in whole minor units that go to the client; negative: to the provider.
    pub amount: Option<i64>,
    /// Who decided.
    pub decided_by: String,
    /// Why.
    pub note: String,
    /// When.
    pub decide_time: Instant,
}

/// A decision, and what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The item as it stood when the decision was recorded.
    pub basis: Item,
}
