//! The result of a review: its trends, recurring causes, and what changed since it was signed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use itertools::Itertools;

use super::compliance::Compliance;
use super::credit::CreditStatement;
use super::period_result::{
    Evidence, ObjectiveResult, PeriodResult, SlxResult, objective_results, slx_result,
};
use super::review::{
    CauseCount, OPEN_ITEMS_LISTED_MAX, Pauses, Restated, Restatement, Review, ReviewFigures,
    Reviewed, total,
};
use crate::domain::compliance::attainment::Verdict;
use crate::domain::compliance::{Period, Tally};
use crate::domain::contract::{Contract, Revision};
use crate::domain::experience::TimeSum;
use crate::domain::incident::WaitingOn;
use crate::domain::settlement::ItemStatus;
use crate::domain::share::Share;
use crate::domain::time::Instant;
use crate::engine::action::Signature;
use crate::engine::learning::ForecastScore;

/// From this many incidents of a service on, a party's causes count as recurring.
const RECURRING_MIN: u64 = 3;

/// How many points the trend of an objective has at most.
const TREND_POINTS_MAX: usize = 12;

/// The result of a review.
#[derive(Debug)]
pub struct ReviewResult<'c> {
    /// The revision of the contract in force as the period begins, or else the first to take
    /// effect.
    pub ruling: &'c Revision<Contract>,
    /// The instant everything is evaluated at.
    pub as_of: Instant,
    /// Whether the period goes on, so that the figures are those so far.
    pub is_provisional: bool,
    /// The result of the period, by target and priority.
    pub period: PeriodResult<'c>,
    /// The tally of all its entries.
    pub total: Tally,
    /// How each of its objectives stood in the periods of the trend, the oldest first.
    pub objective_trends: Vec<Vec<ObjectivePoint>>,
    /// The periods of the trend, the oldest first and this one last.
    pub trend: Vec<TrendPeriod>,
    /// The OLAs and UCs that the contract's promises rest on.
    pub chain: Vec<UnderpinningResult<'c>>,
    /// The targets to discuss, with pauses.
    pub figures: ReviewFigures,
    /// Why clocks were paused, the longest first.
    pub pause_grounds: Vec<PauseGround>,
    /// The causes by party and service, the most frequent first.
    pub causes: Vec<Cause>,
    /// The items that are left to be settled, the oldest first, at most
    /// [`OPEN_ITEMS_LISTED_MAX`].
    pub open_items: Vec<ItemStatus>,
    /// How many such items there are in all.
    pub open_item_count: usize,
    /// Who signed it, and when that was recorded.
    pub signatures: Vec<(Instant, Signature)>,
    /// The quality of the forecasts of its clocks; `None`: there were none.
    pub forecasts: Option<ForecastScore>,
    /// What has changed since it was signed last; `None`: nothing, or it is not signed.
    pub restatement: Option<RestatementResult<'c>>,
}

/// How an objective stood over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectivePoint {
    /// The period.
    pub period: Period,
    /// The verdict.
    pub verdict: Verdict,
    /// The share reached, for objectives on a share.
    pub reached: Option<Share>,
    /// The number of outages that counted, or the percentile measured; 0 for other objectives.
    pub value: i64,
}

/// A contract's clocks in a period of the trend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrendPeriod {
    /// The period.
    pub period: Period,
    /// All its clocks.
    pub total: Tally,
    /// Its SLX figure.
    pub slx: Option<SlxResult>,
}

/// The result of an OLA or UC that underpins the contract.
#[derive(Debug)]
pub struct UnderpinningResult<'c> {
    /// The agreement.
    pub ruling: &'c Revision<Contract>,
    /// All its clocks in the period.
    pub total: Tally,
    /// Its objectives.
    pub objectives: Vec<ObjectiveResult<'c>>,
}

/// Why clocks were paused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseGround {
    /// The party that was waited for.
    pub waiting_on: WaitingOn,
    /// The third party.
    pub third_party: String,
    /// Why, in the backend's words.
    pub reason: String,
    /// The service time paused.
    pub paused: TimeSum,
    /// How many pauses.
    pub count: u64,
}

/// How many incidents of a service have a cause that lies with a party.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The party; empty: not attributed.
    pub party: String,
    /// The id of the service, as the monitor or backend names it.
    pub service: String,
    /// How many incidents, and how many of them have a breach.
    pub count: CauseCount,
    /// Whether the party's causes recur for the service.
    pub is_recurring: bool,
}

/// What has changed since a review was signed.
#[derive(Debug)]
pub struct RestatementResult<'c> {
    /// The signature.
    pub signature_id: String,
    /// The tally of all entries when it was signed.
    pub signed_total: Tally,
    /// The results of the objectives when it was signed.
    pub signed_objectives: Vec<ObjectiveResult<'c>>,
    /// Their results now.
    pub present_objectives: Vec<ObjectiveResult<'c>>,
    /// The service credits when it was signed.
    pub signed_credits: Option<CreditStatement<'c>>,
    /// The service credits now.
    pub present_credits: Option<CreditStatement<'c>>,
    /// Those of the periods within it, when it was signed.
    pub signed_contained_credits: Vec<CreditStatement<'c>>,
    /// Those of the periods within it, now.
    pub present_contained_credits: Vec<CreditStatement<'c>>,
    /// The first verdicts that moved, each with the ids of the facts recorded since.
    pub moved: Vec<(Restated, Vec<String>)>,
    /// How many verdicts moved in all.
    pub moved_count: usize,
}

impl<'c> ReviewResult<'c> {
    /// The result of a completed review.
    pub fn of(reviewed: Reviewed<'c>) -> ReviewResult<'c> {
        let Reviewed { review, signatures, forecasts, restatement } = reviewed;
        let restatement = restatement.map(|restatement| restated(restatement, &review));
        let (trend, objective_trends) = (trend(&review), objective_trends(&review));
        let Review { present, chain, mut figures, mut open_items, as_of, .. } = review;
        let open_item_count = open_items.len();
        open_items.truncate(OPEN_ITEMS_LISTED_MAX);
        ReviewResult {
            ruling: present.ruling,
            as_of,
            is_provisional: as_of < present.period.end,
            total: total(&present),
            period: PeriodResult::of(present, as_of),
            objective_trends,
            trend,
            chain: chain.iter().map(|compliance| underpinning(compliance, as_of)).collect(),
            pause_grounds: pause_grounds(&mut figures.pauses),
            causes: causes(std::mem::take(&mut figures.causes)),
            figures,
            open_items,
            open_item_count,
            signatures,
            forecasts,
            restatement,
        }
    }
}

/// The periods of the trend, the oldest first.
fn periods<'r, 'c>(review: &'r Review<'c>) -> impl Iterator<Item = &'r Compliance<'c>> {
    review.before.iter().rev().chain([&review.present])
}

fn trend(review: &Review<'_>) -> Vec<TrendPeriod> {
    let period = |compliance: &Compliance<'_>| TrendPeriod {
        period: compliance.period.clone(),
        total: total(compliance),
        slx: slx_result(compliance),
    };
    periods(review).map(period).collect()
}

/// How each objective of the present period stood in its own periods of the trend: the last of them
/// up to the present one.
fn objective_trends(review: &Review<'_>) -> Vec<Vec<ObjectivePoint>> {
    let before =
        review.before.iter().rev().flat_map(|period| objective_results(period, review.as_of));
    let present = objective_results(&review.present, review.as_of);
    let stood: Vec<_> = before.chain(present.iter().cloned()).collect();
    let points = |of: &ObjectiveResult<'_>| {
        let counts = |result: &&ObjectiveResult<'_>| {
            result.objective.id == of.objective.id
                && result.objective.period == of.objective.period
                && result.counted.end <= of.counted.end
        };
        let found: Vec<_> = stood.iter().filter(counts).map(point).collect();
        let first = found.len().saturating_sub(TREND_POINTS_MAX);
        found.into_iter().skip(first).collect()
    };
    present.iter().map(points).collect()
}

fn point(result: &ObjectiveResult<'_>) -> ObjectivePoint {
    ObjectivePoint {
        period: result.period.clone(),
        verdict: result.verdict,
        reached: result.reached,
        value: match &result.evidence {
            Evidence::Measurements { percentile, .. } => percentile.unwrap_or_default(),
            Evidence::Uptime(uptime) => i64::try_from(uptime.long_outages).unwrap_or(i64::MAX),
            Evidence::Backlog(found) => i64::try_from(found.older).unwrap_or(i64::MAX),
            Evidence::Nothing
            | Evidence::Clocks(_)
            | Evidence::MeanTime(..)
            | Evidence::Experience(_)
            | Evidence::Requests { .. } => 0,
        },
    }
}

fn underpinning<'c>(compliance: &Compliance<'c>, as_of: Instant) -> UnderpinningResult<'c> {
    UnderpinningResult {
        ruling: compliance.ruling,
        total: total(compliance),
        objectives: objective_results(compliance, as_of),
    }
}

fn pause_grounds(pauses: &mut Pauses) -> Vec<PauseGround> {
    let grounds = std::mem::take(&mut pauses.grounds).into_iter();
    let grounds = grounds.map(|((waiting_on, third_party, reason), (paused, count))| PauseGround {
        waiting_on,
        third_party,
        reason,
        paused,
        count,
    });
    grounds.sorted_by_key(|ground| Reverse(ground.paused)).collect()
}

fn causes(causes: BTreeMap<(String, String), CauseCount>) -> Vec<Cause> {
    let cause = |((party, service), count): ((String, String), CauseCount)| Cause {
        is_recurring: !party.is_empty() && count.incidents >= RECURRING_MIN,
        party,
        service,
        count,
    };
    let sorted = causes.into_iter().sorted_by_key(|(_, count)| Reverse(count.incidents));
    sorted.map(cause).collect()
}

fn restated<'c>(restatement: Restatement<'c>, present: &Review<'c>) -> RestatementResult<'c> {
    let Restatement { signature_id, signed, moved, moved_count } = restatement;
    let objectives = |review: &Review<'c>| objective_results(&review.present, review.as_of);
    let credits = |review: &Review<'c>| review.present.credited.statement(review.as_of);
    let contained =
        |review: &Review<'c>| review.present.credited.contained_statements(review.as_of);
    RestatementResult {
        signature_id,
        signed_total: total(&signed.present),
        signed_objectives: objectives(&signed),
        present_objectives: objectives(present),
        signed_credits: credits(&signed),
        present_credits: credits(present),
        signed_contained_credits: contained(&signed),
        present_contained_credits: contained(present),
        moved,
        moved_count,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_recurs_from_three_incidents_on_and_only_with_somebody() {
        let count = |incidents| CauseCount { incidents, ..CauseCount::default() };
        let of = |party: &str, incidents| {
            let key = (party.to_owned(), "mail".to_owned());
            let listed = causes(BTreeMap::from([(key, count(incidents))]));
            listed.first().map(|cause| cause.is_recurring)
        };
        assert_eq!(of("provider", 2), Some(false));
        assert_eq!(of("provider", 3), Some(true));
        assert_eq!(of("", 9), Some(false));
    }
}
