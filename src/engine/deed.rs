//! Deeds: what people did about the figures. They are recorded as facts are, and change none.

use super::catalog::Catalog;
use super::ledger::{Dedup, Event, Ledger, dedup};
use super::period::{PeriodAsked, period_of};
use super::refusal::Refusal;
use crate::domain::contract::Contract;
use crate::domain::recorded::Recorded;
use crate::domain::settlement::{Decided, Decision, Item};
use crate::domain::time::Instant;

/// What somebody did about the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// They signed the review of a period.
    ReviewSigned(Signature),
    /// They opened an item that is to be settled.
    ItemOpened(Item),
    /// They decided a facet of one.
    ItemDecided(Box<Decided>),
}

/// Somebody's word that the review of a period is right as it stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Names it within the tenant.
    pub id: String,
    /// The contract.
    pub contract_id: String,
    /// The period's name.
    pub period: String,
    /// Who signed.
    pub signed_by: String,
    /// What they had to say.
    pub note: String,
    /// The review was evaluated as of this instant.
    pub as_of: Instant,
    /// It rests on what was recorded by then.
    pub known: Instant,
}

/// A tenant's deeds, in the order they were recorded.
pub type Book = Ledger<Deed>;

/// A deed that is to be recorded.
#[derive(Clone, Debug)]
pub enum DoDeed {
    /// Sign the review of a period.
    SignReview(SignReview),
    /// Open an item that is to be settled.
    OpenItem(OpenItem),
    /// Decide a facet of one.
    DecideItem(Box<DecideItem>),
}

/// An item that is to be opened.
#[derive(Clone, Debug)]
pub struct OpenItem {
    /// The item; its client and currency follow from its contract, and its `open_time` is not so.
    pub item: Item,
    /// When it came up; `None`: when it is recorded.
    pub open_time: Option<Instant>,
}

/// A facet that is to be decided.
#[derive(Clone, Debug)]
pub struct DecideItem {
    /// The decision, whose `decide_time` is not so, and the item as it stands.
    pub decided: Decided,
    /// When it was decided; `None`: when it is recorded.
    pub decide_time: Option<Instant>,
}

/// A review that is to be signed.
#[derive(Clone, Debug)]
pub struct SignReview {
    /// Names the signature within the tenant.
    pub id: String,
    /// The contract.
    pub contract_id: String,
    /// The period's name.
    pub period: String,
    /// Who signs.
    pub signed_by: String,
    /// What they have to say.
    pub note: String,
    /// As of when; `None`: when it is recorded.
    pub as_of: Option<Instant>,
    /// Known by when; `None`: everything recorded before.
    pub known: Option<Instant>,
}

/// What to do about a deed.
#[derive(Clone, Debug)]
pub enum DeedDecision {
    /// Record it.
    New(Deed),
    /// It is recorded already.
    Duplicate(Recorded<Deed>),
}

impl Event for Deed {
    fn id(&self) -> &str {
        match self {
            Deed::ReviewSigned(signature) => &signature.id,
            Deed::ItemOpened(item) => &item.id,
            Deed::ItemDecided(decided) => &decided.decision.id,
        }
    }
}

impl Ledger<Deed> {
    /// The signatures under the review of a period, by what was recorded up to an instant.
    pub fn signatures<'b>(
        &'b self,
        contract_id: &'b str,
        period: &'b str,
        known_time: Instant,
    ) -> impl Iterator<Item = (Instant, &'b Signature)> {
        let signed = self.recorded_by(known_time).filter_map(|recorded| match &recorded.value {
            Deed::ReviewSigned(signature) => Some((recorded.record_time, signature)),
            _ => None,
        });
        signed.filter(move |(_, s)| s.contract_id == contract_id && s.period == period)
    }

    /// The items that somebody opened, by what was recorded up to an instant.
    pub fn opened(&self, known_time: Instant) -> impl Iterator<Item = &Item> {
        self.known(known_time).filter_map(|deed| match deed {
            Deed::ItemOpened(item) => Some(item),
            _ => None,
        })
    }

    /// What was decided of items, by what was recorded up to an instant.
    pub fn decisions(&self, known_time: Instant) -> impl Iterator<Item = (Instant, &Decided)> {
        self.recorded_by(known_time).filter_map(|recorded| match &recorded.value {
            Deed::ItemDecided(decided) => Some((recorded.record_time, decided.as_ref())),
            _ => None,
        })
    }
}

/// Decides a deed at `now`, the instant it would be recorded; the last record is of `last`.
pub fn decide_deed(
    catalog: &Catalog,
    book: &Book,
    asked: DoDeed,
    now: Instant,
    last: Instant,
) -> Result<DeedDecision, Refusal> {
    let deed = match asked {
        DoDeed::SignReview(asked) => match book.find(&asked.id) {
            Some(recorded) => Deed::ReviewSigned(signed_again(asked, recorded)),
            None => Deed::ReviewSigned(signature(catalog, asked, now, last)?),
        },
        DoDeed::OpenItem(OpenItem { item, open_time }) => {
            let recorded = book.find(&item.id).map(|recorded| &recorded.value);
            let before = match recorded {
                Some(Deed::ItemOpened(before)) => Some(before.open_time),
                _ => None,
            };
            let open_time = open_time.or(before).unwrap_or(now);
            Deed::ItemOpened(Item { open_time, ..of_contract(catalog, item)? })
        }
        DoDeed::DecideItem(asked) => {
            let DecideItem { decided: Decided { decision, basis }, decide_time } = *asked;
            let recorded = book.find(&decision.id).map(|recorded| &recorded.value);
            let before = match recorded {
                Some(Deed::ItemDecided(before)) => Some(before),
                _ => None,
            };
            let then = before.map(|before| before.decision.decide_time);
            // What the item was then is part of what is recorded, not of what is asked again.
            let basis = before.map_or(basis, |before| before.basis.clone());
            let decide_time = decide_time.or(then).unwrap_or(now);
            let decision = Decision { decide_time, ..decision };
            Deed::ItemDecided(Box::new(Decided { decision, basis }))
        }
    };
    let recorded = book.find(deed.id());
    match (dedup(recorded.map(|r| (r.sequence, &r.value)), &deed)?, recorded) {
        (Dedup::Duplicate(_), Some(recorded)) => Ok(DeedDecision::Duplicate(recorded.clone())),
        _ => Ok(DeedDecision::New(deed)),
    }
}

/// What is asked for again leaves out what was filled in when it was recorded.
fn signed_again(asked: SignReview, recorded: &Recorded<Deed>) -> Signature {
    let times = match &recorded.value {
        Deed::ReviewSigned(signature) => (signature.as_of, signature.known),
        _ => (Instant::MIN, Instant::MIN),
    };
    filled(asked, times)
}

fn filled(asked: SignReview, (as_of, known): (Instant, Instant)) -> Signature {
    Signature {
        as_of: asked.as_of.unwrap_or(as_of),
        known: asked.known.unwrap_or(known),
        id: asked.id,
        contract_id: asked.contract_id,
        period: asked.period,
        signed_by: asked.signed_by,
        note: asked.note,
    }
}

fn signature(
    catalog: &Catalog,
    asked: SignReview,
    now: Instant,
    last: Instant,
) -> Result<Signature, Refusal> {
    let signature = filled(asked, (now, last));
    let Signature { contract_id, period, as_of, known, .. } = &signature;
    let named = PeriodAsked::Named(period.clone());
    let period = period_of(&named, contract_id, catalog.known(*known), catalog.zones())?;
    if *as_of > now {
        return Err(Refusal::field("as_of_time", "lies in the future"));
    }
    if *known > now {
        return Err(Refusal::field("known_time", "lies in the future"));
    }
    match period.end <= *as_of {
        true => Ok(signature),
        false => Err(Refusal::PeriodGoesOn { period: period.name, end: period.end }),
    }
}

/// An item with what its contract says.
fn of_contract(catalog: &Catalog, item: Item) -> Result<Item, Refusal> {
    let known = catalog.known(Instant::MAX);
    let latest = known.contract(&item.contract_id).all().last();
    let latest = latest.ok_or_else(|| Refusal::ContractNotFound(item.contract_id.clone()))?;
    let Contract { client, currency, .. } = &latest.content;
    Ok(Item { client: client.clone(), currency: currency.clone(), ..item })
}
