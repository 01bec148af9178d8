//! Actions: what people did about the figures. They are recorded like facts and change no figure.

use super::catalog::Catalog;
use super::ledger::{Dedup, Event, Ledger, dedup};
use super::period::{PeriodQuery, period_of};
use super::rejection::Rejection;
use crate::domain::contract::Contract;
use crate::domain::personal::{Personal, visit_text};
use crate::domain::recorded::Recorded;
use crate::domain::settlement::{Decided, Decision, Item};
use crate::domain::time::Instant;

/// What a person did about the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// They signed the review of a period.
    ReviewSigned(Signature),
    /// They opened an item that is to be settled.
    ItemOpened(Item),
    /// They decided a facet of one.
    ItemDecided(Box<Decided>),
}

/// A person's confirmation that the review of a period was right as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Names it within the tenant.
    pub id: String,
    /// The id of the contract.
    pub contract_id: String,
    /// The name of the period: `2026-10`, `2026-Q3` or `2026`.
    pub period: String,
    /// Who signed.
    pub signed_by: String,
    /// What they remarked.
    pub note: String,
    /// The review was evaluated as of this instant.
    pub as_of: Instant,
    /// The review used only what was recorded by this instant.
    pub known: Instant,
    /// The identity that recorded it; empty: none was checked.
    pub recorded_by: String,
}

/// A tenant's actions, in the order they were recorded.
pub type ActionLog = Ledger<Action>;

/// A request to record an action.
#[derive(Clone, Debug)]
pub enum TakeAction {
    /// Sign the review of a period.
    SignReview(SignReview),
    /// Open an item that is to be settled.
    OpenItem(OpenItem),
    /// Decide a facet of one.
    DecideItem(Box<DecideItem>),
}

/// A request to open a settlement item.
#[derive(Clone, Debug)]
pub struct OpenItem {
    /// The item. Its `client`, `currency` and `open_time` are ignored: the first two follow from
    /// its contract.
    pub item: Item,
    /// When it came up; `None`: when it is recorded.
    pub open_time: Option<Instant>,
}

/// A request to decide a facet of an item.
#[derive(Clone, Debug)]
pub struct DecideItem {
    /// The decision, whose `decide_time` is ignored, and the item as it stands.
    pub decided: Decided,
    /// When it was decided; `None`: when it is recorded.
    pub decide_time: Option<Instant>,
}

/// A request to sign a review.
#[derive(Clone, Debug)]
pub struct SignReview {
    /// Names the signature within the tenant.
    pub id: String,
    /// The id of the contract.
    pub contract_id: String,
    /// The name of the period: `2026-10`, `2026-Q3` or `2026`.
    pub period: String,
    /// Who signs.
    pub signed_by: String,
    /// What they remark.
    pub note: String,
    /// The instant the review is evaluated at; `None`: when the action is recorded.
    pub as_of: Option<Instant>,
    /// The review uses what was recorded by then; `None`: everything recorded before the action.
    pub known: Option<Instant>,
    /// The identity that signs; empty: none was checked.
    pub recorded_by: String,
}

/// What to do with a request to record an action.
#[derive(Clone, Debug)]
pub enum ActionDecision {
    /// Record it.
    New(Action),
    /// It is recorded already.
    Duplicate(Recorded<Action>),
}

impl Action {
    /// The action, recorded by whom another was.
    fn recorded_as(mut self, other: &Action) -> Action {
        match (&mut self, other) {
            (Action::ReviewSigned(this), Action::ReviewSigned(other)) => {
                this.recorded_by.clone_from(&other.recorded_by);
            }
            (Action::ItemOpened(this), Action::ItemOpened(other)) => {
                this.recorded_by.clone_from(&other.recorded_by);
            }
            (Action::ItemDecided(this), Action::ItemDecided(other)) => {
                this.decision.recorded_by.clone_from(&other.decision.recorded_by);
            }
            _ => {}
        }
        self
    }
}

impl Personal for Action {
    fn each_personal(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match self {
            Action::ReviewSigned(signature) => {
                visit_text(&mut signature.signed_by, visit);
                visit_text(&mut signature.note, visit);
                visit_text(&mut signature.recorded_by, visit);
            }
            Action::ItemOpened(item) => visit_item(item, visit),
            Action::ItemDecided(decided) => {
                let Decided { decision, basis } = decided.as_mut();
                visit_text(&mut decision.decided_by, visit);
                visit_text(&mut decision.note, visit);
                visit_item(basis, visit);
                visit_text(&mut decision.recorded_by, visit);
            }
        }
    }

    fn has_personal(&self) -> bool {
        true
    }
}

fn visit_item(item: &mut Item, visit: &mut dyn FnMut(&mut String)) {
    visit_text(&mut item.summary, visit);
    visit_text(&mut item.opened_by, visit);
    visit_text(&mut item.recorded_by, visit);
}

impl Event for Action {
    fn id(&self) -> &str {
        match self {
            Action::ReviewSigned(signature) => &signature.id,
            Action::ItemOpened(item) => &item.id,
            Action::ItemDecided(decided) => &decided.decision.id,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Action::ReviewSigned(_) => "signature",
            Action::ItemOpened(_) => "settlement item",
            Action::ItemDecided(_) => "decision",
        }
    }
}

impl Ledger<Action> {
    /// The signatures under the review of a period, by what was recorded up to an instant.
    pub fn signatures<'b>(
        &'b self,
        contract_id: &'b str,
        period: &'b str,
        known_time: Instant,
    ) -> impl Iterator<Item = (Instant, &'b Signature)> {
        let signed = self.recorded_by(known_time).filter_map(|recorded| match &recorded.value {
            Action::ReviewSigned(signature) => Some((recorded.record_time, signature)),
            _ => None,
        });
        signed.filter(move |(_, s)| s.contract_id == contract_id && s.period == period)
    }

    /// The items that somebody opened, by what was recorded up to an instant.
    pub fn opened(&self, known_time: Instant) -> impl Iterator<Item = &Item> {
        self.known(known_time).filter_map(|action| match action {
            Action::ItemOpened(item) => Some(item),
            _ => None,
        })
    }

    /// The decisions on items and when they were recorded, up to an instant.
    pub fn decisions(&self, known_time: Instant) -> impl Iterator<Item = (Instant, &Decided)> {
        self.recorded_by(known_time).filter_map(|recorded| match &recorded.value {
            Action::ItemDecided(decided) => Some((recorded.record_time, decided.as_ref())),
            _ => None,
        })
    }
}

/// Decides a request at `now`, the instant the action would be recorded; `last` is the record time
/// of the last record. A request sent again is compared with the recorded action, whose defaults it
/// takes over.
///
/// # Errors
/// A [`Rejection`] when the contract is unknown, the review can't be signed, or the id is recorded
/// with other content.
pub fn decide_action(
    catalog: &Catalog,
    actions: &ActionLog,
    requested: TakeAction,
    now: Instant,
    last: Instant,
) -> Result<ActionDecision, Rejection> {
    let action = match requested {
        TakeAction::SignReview(requested) => match actions.find(&requested.id) {
            Some(recorded) => Action::ReviewSigned(signed_again(requested, recorded)),
            None => Action::ReviewSigned(signature(catalog, requested, now, last)?),
        },
        TakeAction::OpenItem(OpenItem { item, open_time }) => {
            let recorded = actions.find(&item.id).map(|recorded| &recorded.value);
            let before = match recorded {
                Some(Action::ItemOpened(before)) => Some(before.open_time),
                _ => None,
            };
            let open_time = open_time.or(before).unwrap_or(now);
            Action::ItemOpened(Item { open_time, ..of_contract(catalog, item)? })
        }
        TakeAction::DecideItem(requested) => {
            let DecideItem { decided: Decided { decision, basis }, decide_time } = *requested;
            let recorded = actions.find(&decision.id).map(|recorded| &recorded.value);
            let before = match recorded {
                Some(Action::ItemDecided(before)) => Some(before),
                _ => None,
            };
            let then = before.map(|before| before.decision.decide_time);
            // What the item was then is part of what is recorded, not of what is requested again.
            let basis = before.map_or(basis, |before| before.basis.clone());
            let decide_time = decide_time.or(then).unwrap_or(now);
            let decision = Decision { decide_time, ..decision };
            Action::ItemDecided(Box::new(Decided { decision, basis }))
        }
    };
    let recorded = actions.find(action.id());
    // Who recorded it first stays who recorded it.
    let action = match recorded {
        Some(recorded) => action.recorded_as(&recorded.value),
        None => action,
    };
    match (dedup(recorded.map(|r| (r.sequence, &r.value)), &action)?, recorded) {
        (Dedup::Duplicate(_), Some(recorded)) => Ok(ActionDecision::Duplicate(recorded.clone())),
        _ => Ok(ActionDecision::New(action)),
    }
}

/// A request sent again takes the times that were filled in when it was recorded.
fn signed_again(requested: SignReview, recorded: &Recorded<Action>) -> Signature {
    let times = match &recorded.value {
        Action::ReviewSigned(signature) => (signature.as_of, signature.known),
        _ => (Instant::MIN, Instant::MIN),
    };
    filled(requested, times)
}

fn filled(requested: SignReview, (as_of, known): (Instant, Instant)) -> Signature {
    Signature {
        as_of: requested.as_of.unwrap_or(as_of),
        known: requested.known.unwrap_or(known),
        id: requested.id,
        contract_id: requested.contract_id,
        period: requested.period,
        signed_by: requested.signed_by,
        note: requested.note,
        recorded_by: requested.recorded_by,
    }
}

fn signature(
    catalog: &Catalog,
    requested: SignReview,
    now: Instant,
    last: Instant,
) -> Result<Signature, Rejection> {
    let signature = filled(requested, (now, last));
    let Signature { contract_id, period, as_of, known, .. } = &signature;
    let named = PeriodQuery::Named(period.clone());
    let period = period_of(&named, contract_id, catalog.known(*known))?;
    if *as_of > now {
        return Err(Rejection::field("as_of_time", "lies in the future"));
    }
    if *known > now {
        return Err(Rejection::field("known_time", "lies in the future"));
    }
    match period.end <= *as_of {
        true => Ok(signature),
        false => Err(Rejection::PeriodGoesOn { period: period.name, end: period.end }),
    }
}

/// An item with the client and currency of its contract.
fn of_contract(catalog: &Catalog, item: Item) -> Result<Item, Rejection> {
    let known = catalog.known(Instant::MAX);
    let latest = known.contract(&item.contract_id).all().last();
    let latest = latest.ok_or_else(|| Rejection::ContractNotFound(item.contract_id.clone()))?;
    let Contract { client, currency, .. } = &latest.content;
    Ok(Item { client: client.clone(), currency: currency.clone(), ..item })
}
