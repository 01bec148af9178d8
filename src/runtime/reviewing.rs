//! Laying a period on the table, and telling what moved since it was signed.

use std::collections::BTreeSet;

use super::complying::{Reckoned, Reckoning, is_now};
use super::{Engine, Sight, sight};
use crate::domain::incident::RecordedEvent;
use crate::domain::time::Instant;
use crate::engine::catalog::{Catalog, Known};
use crate::engine::deed::{Book, Signature};
use crate::engine::learning::Turnout;
use crate::engine::period_outlook::months_of;
use crate::engine::query::Times;
use crate::engine::refusal::Refusal;
use crate::engine::review::{MOVED_TOLD_MAX, Restatement, Review, Reviewed, moved};
use crate::views::ViewsError;

/// Which review is asked for.
#[derive(Clone, Debug)]
pub struct ReviewAsked {
    /// The contract.
    pub contract_id: String,
    /// The period's name.
    pub period: String,
    /// As it was signed last.
    pub as_signed: bool,
}

impl Engine {
    /// Lays a period on the table, by everything recorded up to the sequence `settled`, and makes
    /// of it what the caller needs. Blocks.
    pub fn review<T>(
        &self,
        settled: u64,
        tenant: &str,
        wanted: &ReviewAsked,
        asked: (Option<Instant>, Option<Instant>),
        make: impl FnOnce(Sight, Reviewed<'_>) -> T,
    ) -> Reckoned<T> {
        let index = self.keeper.index(settled)?;
        // Looked up after the index, they know all that the index does.
        let (catalog, book) = (self.memory.catalog(tenant), self.memory.book(tenant));
        let reviewing = Reviewing {
            engine: self,
            tenant,
            wanted,
            catalog: &catalog,
            book: &book,
            sequence: index.sequence,
            record_time: index.record_time,
        };
        let sight = sight(index.sequence, index.record_time, asked.0, asked.1);
        match reviewing.tell(sight)? {
            Ok((sight, reviewed)) => Ok(Ok(make(sight, reviewed))),
            Err(refusal) => Ok(Err(refusal)),
        }
    }
}

struct Reviewing<'r> {
    engine: &'r Engine,
    tenant: &'r str,
    wanted: &'r ReviewAsked,
    catalog: &'r Catalog,
    book: &'r Book,
    sequence: u64,
    record_time: Instant,
}

impl<'r> Reviewing<'r> {
    fn tell(&self, sight: Sight) -> Reckoned<(Sight, Reviewed<'r>)> {
        let known = sight.times.known;
        let signatures: Vec<_> = self.signatures(known).collect();
        let last = signatures.last().map(|(_, signature)| signature.clone());
        let sight = match (&last, self.wanted.as_signed) {
            (Some(signature), true) => self.as_signed(signature),
            (None, true) => return Ok(Err(self.not_signed())),
            (_, false) => sight,
        };
        let review = match self.review(sight)? {
            Ok(review) => review,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let restatement = match last {
            Some(signature) => self.restate(&signature, sight, &review)?,
            None => Ok(None),
        };
        let forecasts = self.forecasts(&review, sight)?;
        let reviewed = |restatement| Reviewed { review, signatures, forecasts, restatement };
        Ok(restatement.map(|restatement| (sight, reviewed(restatement))))
    }

    fn forecasts(&self, review: &Review<'_>, sight: Sight) -> Result<Option<Turnout>, ViewsError> {
        let (contract, known) = (&self.wanted.contract_id, sight.times.known);
        let learned = self.engine.learned(self.sequence, self.tenant, contract, known)?;
        let zone = self.catalog.known(known).zone(contract);
        let months = zone.map(|zone| months_of(&review.present.period, &zone));
        Ok(learned.record.quality("", months))
    }

    fn signatures(&self, known: Instant) -> impl Iterator<Item = (Instant, Signature)> {
        let ReviewAsked { contract_id, period, .. } = self.wanted;
        let signatures = self.book.signatures(contract_id, period, known);
        signatures.map(|(time, signature)| (time, signature.clone()))
    }

    fn as_signed(&self, signature: &Signature) -> Sight {
        let times = Times { as_of: signature.as_of, known: signature.known };
        Sight { sequence: self.sequence, times }
    }

    fn not_signed(&self) -> Refusal {
        let ReviewAsked { contract_id, period, .. } = self.wanted.clone();
        Refusal::NotSigned { contract_id, period }
    }

    fn review(&self, sight: Sight) -> Reckoned<Review<'r>> {
        let known = self.catalog.known(sight.times.known);
        let ReviewAsked { contract_id, period, .. } = self.wanted;
        let zones = &self.engine.zones;
        match Review::new(contract_id, period, known, zones, sight.times) {
            Ok(mut review) => {
                self.reckoning(known, sight).fill(&mut review, self.book)?;
                Ok(Ok(review))
            }
            Err(refusal) => Ok(Err(refusal)),
        }
    }

    fn reckoning(&self, known: Known<'r>, sight: Sight) -> Reckoning<'r> {
        let is_now = is_now(sight, self.record_time);
        Reckoning { engine: self.engine, tenant: self.tenant, known, sight, is_now }
    }

    /// What moved since a review was signed; nothing when this is it.
    fn restate(
        &self,
        signature: &Signature,
        sight: Sight,
        present: &Review<'r>,
    ) -> Reckoned<Option<Restatement<'r>>> {
        let signed_sight = self.as_signed(signature);
        if signed_sight.times == sight.times {
            return Ok(Ok(None));
        }
        let signed = match self.review(signed_sight)? {
            Ok(signed) => signed,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let all = moved(&signed.table, &present.table);
        let moved_count = all.len();
        let told = all.into_iter().take(MOVED_TOLD_MAX);
        let since = (signature.known, sight.times.known);
        let moved = told.map(|moved| Ok((self.facts(&moved.incident_id, since)?, moved)));
        let moved: Vec<_> = moved.collect::<Result<_, ViewsError>>()?;
        Ok(Ok(Some(Restatement {
            signature_id: signature.id.clone(),
            signed,
            moved: moved.into_iter().map(|(facts, moved)| (moved, facts)).collect(),
            moved_count,
        })))
    }

    /// The facts about an incident that were recorded after one instant and up to another.
    fn facts(
        &self,
        incident: &str,
        (after, until): (Instant, Instant),
    ) -> Result<Vec<String>, ViewsError> {
        let ledger = self.engine.listed_ledger(self.tenant, incident)?;
        let since =
            |event: &&RecordedEvent| after < event.record_time && event.record_time <= until;
        let since = ledger.events.iter().filter(since);
        Ok(since.map(|recorded| recorded.value.event_id.clone()).collect())
    }
}

impl Reckoning<'_> {
    /// Takes in whatever belongs to a review.
    fn fill(&self, review: &mut Review<'_>, book: &Book) -> Result<(), ViewsError> {
        self.reckon(&mut review.before)?;
        let mut contracts: Vec<_> =
            review.chain.iter().map(|c| (c.contract_id().to_owned(), c.span())).collect();
        contracts.push((review.present.contract_id().to_owned(), review.present.span()));
        let mut incidents = BTreeSet::new();
        for (contract, span) in contracts {
            incidents.extend(self.incidents(&contract, span)?);
        }
        for incident in incidents {
            self.known(&incident, |history| review.add(&incident, history))?;
        }
        for compliance in [&mut review.present].into_iter().chain(&mut review.chain) {
            let known = self.sight.times.known;
            self.engine.judge_services(self.tenant, known, compliance)?;
        }
        review.finish(book);
        Ok(())
    }
}
