//! What is to be talked of in a review, kind by kind.

use crate::codec::v1;

/// Clocks of a kind that are to be talked of.
pub(super) struct Items<'r> {
    /// What they are.
    pub title: String,
    /// Those that went furthest over their limits as people experienced it.
    pub clocks: Vec<&'r v1::ReviewedClock>,
    /// How many more there are.
    pub more: i64,
}

/// What is to be talked of, kind by kind, so many of each.
pub(super) fn review_items(review: &v1::GetServiceReviewResponse, most: usize) -> Vec<Items<'_>> {
    let total = review.total.clone().unwrap_or_default();
    let counts = total.contractual.unwrap_or_default();
    let talk = |title: &str, count: i64, is_kind: fn(&v1::ReviewedClock) -> bool| {
        let clocks: Vec<_> = review.clocks.iter().filter(|c| is_kind(c)).take(most).collect();
        Items { title: format!("{count} {title}"), more: count - clocks.len() as i64, clocks }
    };
    let late =
        talk("late by the contract", counts.breached, |c| c.outcome() == v1::Outcome::Breached);
    let excluded = talk("excluded", counts.excluded, |c| c.outcome() == v1::Outcome::Excluded);
    let idle = review.only_idle_work_count;
    let melons = review.clock_count - counts.breached - counts.excluded - idle;
    let melons = talk("watermelons: in time by the contract, late for people", melons, |c| {
        c.outcome() == v1::Outcome::Met && c.is_watermelon
    });
    let idle = talk("in time for everybody, but left to lie", idle, |c| {
        c.outcome() == v1::Outcome::Met && !c.is_watermelon
    });
    [late, excluded, melons, idle].into_iter().filter(|talk| !talk.clocks.is_empty()).collect()
}
