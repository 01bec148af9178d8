//! Deeds: what people did about the figures. They are recorded as facts are, and change none.

use super::catalog::Catalog;
use super::compliance::{PeriodAsked, period_of};
use super::refusal::Refusal;
use crate::domain::time::Instant;

/// What somebody did about the figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// They signed the review of a period.
    ReviewSigned(Signature),
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

/// A deed with its place in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedDeed {
    /// Its journal sequence.
    pub sequence: u64,
    /// When it was recorded.
    pub record_time: Instant,
    /// The deed.
    pub deed: Deed,
}

/// A tenant's deeds, in the order they were recorded.
#[derive(Clone, Debug, Default)]
pub struct Book {
    deeds: Vec<RecordedDeed>,
}

/// A deed that is to be recorded.
#[derive(Clone, Debug)]
pub enum DoDeed {
    /// Sign the review of a period.
    SignReview(SignReview),
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
    Duplicate(RecordedDeed),
}

impl Deed {
    /// What names it among the tenant's deeds.
    pub fn id(&self) -> &str {
        match self {
            Deed::ReviewSigned(signature) => &signature.id,
        }
    }
}

impl Book {
    /// Folds in a deed. Sequences never decrease; one that is in already changes nothing.
    pub fn apply(&mut self, recorded: RecordedDeed) {
        if self.deeds.last().is_none_or(|last| last.sequence < recorded.sequence) {
            self.deeds.push(recorded);
        }
    }

    /// The deed with this id.
    pub fn find(&self, id: &str) -> Option<&RecordedDeed> {
        self.deeds.iter().find(|recorded| recorded.deed.id() == id)
    }

    /// The signatures under the review of a period, by what was recorded up to an instant.
    pub fn signatures<'b>(
        &'b self,
        contract_id: &'b str,
        period: &'b str,
        known_time: Instant,
    ) -> impl DoubleEndedIterator<Item = (Instant, &'b Signature)> {
        let known = self.deeds.iter().filter(move |deed| deed.record_time <= known_time);
        let signed = known.map(|recorded| match &recorded.deed {
            Deed::ReviewSigned(signature) => (recorded.record_time, signature),
        });
        signed.filter(move |(_, s)| s.contract_id == contract_id && s.period == period)
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
    let DoDeed::SignReview(asked) = asked;
    if let Some(recorded) = book.find(&asked.id) {
        return repeated(recorded, &asked);
    }
    let signature = Signature {
        as_of: asked.as_of.unwrap_or(now),
        known: asked.known.unwrap_or(last),
        id: asked.id,
        contract_id: asked.contract_id,
        period: asked.period,
        signed_by: asked.signed_by,
        note: asked.note,
    };
    check_signature(catalog, &signature, now)?;
    Ok(DeedDecision::New(Deed::ReviewSigned(signature)))
}

/// What is asked for again is the same where it names what was recorded; what it leaves out was
/// filled in then.
fn repeated(recorded: &RecordedDeed, asked: &SignReview) -> Result<DeedDecision, Refusal> {
    let Deed::ReviewSigned(signature) = &recorded.deed;
    let is_same = signature.contract_id == asked.contract_id
        && signature.period == asked.period
        && signature.signed_by == asked.signed_by
        && signature.note == asked.note
        && asked.as_of.is_none_or(|as_of| as_of == signature.as_of)
        && asked.known.is_none_or(|known| known == signature.known);
    match is_same {
        true => Ok(DeedDecision::Duplicate(recorded.clone())),
        false => {
            Err(Refusal::EventConflict { event_id: asked.id.clone(), sequence: recorded.sequence })
        }
    }
}

fn check_signature(catalog: &Catalog, signature: &Signature, now: Instant) -> Result<(), Refusal> {
    let Signature { contract_id, period, as_of, known, .. } = signature;
    let asked = PeriodAsked::Named(period.clone());
    let period = period_of(&asked, contract_id, catalog.known(*known), catalog.zones())?;
    if *as_of > now {
        return Err(Refusal::field("as_of_time", "lies in the future"));
    }
    if *known > now {
        return Err(Refusal::field("known_time", "lies in the future"));
    }
    match period.end <= *as_of {
        true => Ok(()),
        false => Err(Refusal::PeriodGoesOn { period: period.name, end: period.end }),
    }
}
