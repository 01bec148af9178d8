//! The service review of a contract's period (ITIL 4): its figures, their trend, and the targets to
//! discuss.

use std::collections::BTreeSet;

use super::compliance::{Compliance, Question};
use super::counted::{CountedEntry, CountedIncident};
use super::group_key::GroupKey;
use super::service_objective::ServiceResult;
use super::settlement::{credits_of, statuses};
use crate::domain::clock::Outcome;
use crate::domain::compliance::{CountedAs, Membership, Period, Tally};
use crate::domain::contract::{Contract, Effective, Revision};
use crate::domain::incident::History;
use crate::domain::settlement::{Item, ItemStatus, excluded_outage_id, items};
use crate::domain::time::Instant;
use crate::engine::action::{ActionLog, Signature};
use crate::engine::catalog::Known;
use crate::engine::learning::ForecastScore;
use crate::engine::period::{PeriodQuery, last_instant};
use crate::engine::rejection::Rejection;
use crate::engine::times::Times;

pub use super::review_figures::{CLOCKS_LISTED_MAX, CauseCount, Pauses, ReviewFigures, ReviewItem};

/// How many periods before the reviewed one its trend has, at most.
const PERIODS_BEFORE_MAX: usize = 11;

/// How many items left to be settled are listed; the rest are counted.
pub const OPEN_ITEMS_LISTED_MAX: usize = 1_000;

/// How many moved verdicts are listed; the rest are counted.
pub const MOVED_LISTED_MAX: usize = 1_000;

/// What the clocks of a review are grouped by.
pub const GROUPED_BY: [GroupKey; 2] = [GroupKey::Target, GroupKey::Priority];

/// The review of a contract's period, from the incidents added so far.
#[derive(Debug)]
pub struct Review<'c> {
    /// The compliance of the period, by target and priority.
    pub present: Compliance<'c>,
    /// The compliance of the periods before it, the newest first.
    pub before: Vec<Compliance<'c>>,
    /// The compliance over the period of the OLAs and UCs that underpin the contract.
    pub chain: Vec<Compliance<'c>>,
    /// The targets to discuss, with pauses and causes.
    pub figures: ReviewFigures,
    /// The items that are left to be settled, the oldest first.
    pub open_items: Vec<ItemStatus>,
    /// The instant everything is evaluated at.
    pub as_of: Instant,
    items: Vec<Item>,
    known: Known<'c>,
    times: Times,
}

impl<'c> Review<'c> {
    /// The review of a named period before any incident is added.
    ///
    /// # Errors
    /// A [`Rejection`] when the contract or its time zone is unknown, or the name is not a
    /// period's.
    pub fn new(
        contract_id: &str,
        period: &str,
        known: Known<'c>,
        times: Times,
    ) -> Result<Review<'c>, Rejection> {
        let query = |contract_id: &str, period: PeriodQuery, group_by: &[GroupKey]| {
            let contract_id = contract_id.to_owned();
            let is_present = !group_by.is_empty();
            let group_by = group_by.to_vec();
            let question =
                Question { contract_id, period, group_by, contained_credits: is_present };
            Compliance::new(&question, known, times)
        };
        let present = query(contract_id, PeriodQuery::Named(period.to_owned()), &GROUPED_BY)?;
        let before = names_before(&present, known).into_iter();
        let before = before.map(|name| query(contract_id, PeriodQuery::Named(name), &[]));
        let chain = underpinning(contract_id, known, last_instant(&present.period, times.as_of));
        // The period of the same name, which each of them cuts in its own time zone.
        let named = || PeriodQuery::Named(period.to_owned());
        let chain = chain.into_iter().map(|id| query(id, named(), &[]));
        Ok(Review {
            before: before.collect::<Result<_, _>>()?,
            chain: chain.collect::<Result<_, _>>()?,
            present,
            figures: ReviewFigures::default(),
            open_items: Vec::new(),
            items: Vec::new(),
            known,
            times,
            as_of: times.as_of,
        })
    }

    /// Adds an incident to the period and the chain, but not to the periods before.
    pub fn add(&mut self, incident: &str, history: &History<'_>) {
        let known = self.known;
        let is_meant = |id: &str| {
            let mut meant = [&self.present].into_iter().chain(&self.chain);
            meant.any(|compliance| compliance.contract_id() == id)
        };
        let all = [&self.present].into_iter().chain(&self.chain);
        let periods = all.flat_map(Compliance::periods);
        let counted = CountedIncident::of(history, is_meant, &known, self.as_of, periods);
        for compliance in [&mut self.present].into_iter().chain(&mut self.chain) {
            compliance.add(&counted);
            compliance.add_missing(history, &counted.present.evaluation);
        }
        self.add_figures(incident, history, &counted);
    }

    /// A part of it to which no incident is added yet.
    pub fn part(&self) -> Review<'c> {
        Review {
            present: self.present.part(),
            before: Vec::new(),
            chain: self.chain.iter().map(Compliance::part).collect(),
            figures: ReviewFigures::default(),
            open_items: Vec::new(),
            as_of: self.as_of,
            items: Vec::new(),
            known: self.known,
            times: self.times,
        }
    }

    /// Adds the incidents that were added to a part of it, as though they were added one by one.
    pub fn add_part(&mut self, part: Review<'c>) {
        let Review { present, chain, figures, items, .. } = part;
        self.present.add_part(present);
        self.chain.iter_mut().zip(chain).for_each(|(whole, part)| whole.add_part(part));
        self.figures.add_all(figures);
        self.items.extend(items);
    }

    fn add_figures(
        &mut self,
        incident: &str,
        history: &History<'_>,
        counted: &CountedIncident<'_>,
    ) {
        let (period, contract) = (&self.present.period, &self.present.ruling.content);
        let belonging: Vec<_> = counted.counted(&contract.id, period).collect();
        let at_end = counted.at(period);
        for counted in &belonging {
            self.figures.add(incident, counted, &at_end.evaluation.clocks);
        }
        let state = history.state(self.as_of);
        let is_placed = |counted: &&CountedEntry<'_, '_>| counted.membership == Membership::Placed;
        let placed: Vec<_> = belonging.iter().filter(is_placed).map(|c| c.entry).collect();
        if let Some(first) = placed.first() {
            let is_late = placed.iter().any(|e| e.contractual.outcome == Outcome::Breached);
            let confidence = state.cause.and_then(|cause| cause.confidence_percent);
            self.figures.note_cause(first, is_late, confidence);
        }
        let mut experiences = at_end.experiences.iter();
        let carried = experiences.find(|experience| {
            let is_it = placed.iter().any(|entry| entry.target_id == experience.target_id);
            is_it && experience.contract_id == contract.id
        });
        carried.into_iter().for_each(|experience| self.figures.add_party_time(experience));
        if !belonging.is_empty() {
            let present = &counted.present;
            let evaluated = (present.entries.as_slice(), present.evaluation.clocks.as_slice());
            self.items.extend(items(incident, contract, history, &state, evaluated, self.as_of));
        }
    }

    /// Adds those of the items of excluded outages that the period's objectives leave out.
    pub fn add_outages(&mut self, items: Vec<Item>) {
        let results = self.present.on_services.iter().filter_map(|on| on.result.as_ref());
        let excluded = results.filter_map(ServiceResult::excluded).flatten();
        let contract = &self.present.ruling.content.id;
        let ids: BTreeSet<_> =
            excluded.map(|outage| excluded_outage_id(contract, outage)).collect();
        self.items.extend(items.into_iter().filter(|item| ids.contains(&item.id)));
    }

    /// Completes the review when all incidents are added.
    pub fn finish(&mut self, actions: &ActionLog) {
        self.items.extend(credits_of(&self.present, self.times));
        let all = statuses(
            std::mem::take(&mut self.items),
            actions,
            self.present.contract_id(),
            self.times,
        );
        self.open_items = all.into_values().filter(ItemStatus::is_open).collect();
        self.open_items.sort_by_key(|status| status.item.open_time);
        let has_clocks = |compliance: &Compliance<'_>| !compliance.groups.is_empty();
        let count = self.before.iter().rposition(has_clocks).map_or(0, |last| last + 1);
        self.before.truncate(count);
        self.figures.sort();
    }
}

/// The names of the periods before one, the newest first.
fn names_before(present: &Compliance<'_>, known: Known<'_>) -> Vec<String> {
    let Some((kind, days)) = present.kind().zip(known.local_days(present.contract_id())) else {
        return Vec::new();
    };
    let before = |period: &Period| period.before(kind, &days).ok();
    let periods = std::iter::successors(before(&present.period), before);
    periods.take(PERIODS_BEFORE_MAX).map(|period| period.name).collect()
}

/// The ids of the contracts that underpin a contract at an instant.
fn underpinning<'c>(contract_id: &str, known: Known<'c>, at: Instant) -> Vec<&'c str> {
    let underpins = |id: &&str| {
        let revisions: Effective<'_, Contract> = known.contract(id);
        let ruling: Option<&Revision<Contract>> = revisions.at(at);
        ruling.is_some_and(|revision| revision.content.underpins == contract_id)
    };
    known.contract_ids().filter(underpins).collect()
}

/// The sum of all groups of a compliance.
pub fn total(compliance: &Compliance<'_>) -> Tally {
    let mut total = Tally::default();
    compliance.groups.values().for_each(|tally| total.add(tally));
    total
}

/// A target whose verdict in a signed period has changed since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restated {
    /// The id of the incident, as the backend sent it.
    pub incident_id: String,
    /// The id of the target, unique within its contract.
    pub target_id: String,
    /// How the period counted it when the review was signed; `None`: it did not.
    pub signed: Option<CountedAs>,
    /// How the period counts it now; `None`: it does not.
    pub present: Option<CountedAs>,
}

/// A review, who signed it, and what moved since.
#[derive(Debug)]
pub struct Reviewed<'c> {
    /// The review.
    pub review: Review<'c>,
    /// Who signed it, and when that was recorded.
    pub signatures: Vec<(Instant, Signature)>,
    /// The quality of the forecasts of its clocks; `None`: there were none.
    pub forecasts: Option<ForecastScore>,
    /// What has changed since it was signed last; `None`: nothing, or it is not signed.
    pub restatement: Option<Restatement<'c>>,
}

/// What has changed since a review was signed.
#[derive(Debug)]
pub struct Restatement<'c> {
    /// The signature.
    pub signature_id: String,
    /// The review as it was signed.
    pub signed: Review<'c>,
    /// The first verdicts that moved, each with the ids of the facts recorded since.
    pub moved: Vec<(Restated, Vec<String>)>,
    /// How many verdicts moved in all.
    pub moved_count: usize,
}

/// The verdicts that differ, by incident and target.
pub fn moved(signed: &ReviewFigures, present: &ReviewFigures) -> Vec<Restated> {
    let only_now = present.verdicts.keys().filter(|name| !signed.verdicts.contains_key(*name));
    let names = signed.verdicts.keys().chain(only_now);
    let mut moved: Vec<_> = names
        .map(|name| Restated {
            incident_id: name.0.clone(),
            target_id: name.1.clone(),
            signed: signed.verdicts.get(name).copied(),
            present: present.verdicts.get(name).copied(),
        })
        .filter(|restated| restated.signed != restated.present)
        .collect();
    moved.sort_by(|a, b| (&a.incident_id, &a.target_id).cmp(&(&b.incident_id, &b.target_id)));
    moved
}
