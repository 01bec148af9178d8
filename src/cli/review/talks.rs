//! The clocks to discuss in a review, kind by kind.

use crate::codec::v1;

/// The clocks of one kind that are to be discussed.
pub(super) struct Items<'r> {
    /// The kind, with how many there are.
    pub title: String,
    /// Those that are listed: the most over their limits as experienced.
    pub clocks: Vec<&'r v1::ReviewedClock>,
    /// How many more there are than are listed.
    pub more: i64,
}

/// The clocks to discuss, kind by kind, at most `most` of each.
pub(super) fn review_items(review: &v1::GetServiceReviewResponse, most: usize) -> Vec<Items<'_>> {
    let total = review.total.clone().unwrap_or_default();
    let counts = total.contractual.unwrap_or_default();
    let kind = |title: &str, count: i64, is_kind: fn(&v1::ReviewedClock) -> bool| {
        let clocks: Vec<_> = review.clocks.iter().filter(|c| is_kind(c)).take(most).collect();
        Items { title: format!("{count} {title}"), more: count - clocks.len() as i64, clocks }
    };
    let late =
        kind("late by the contract", counts.breached, |c| c.outcome() == v1::Outcome::Breached);
    let excluded = kind("excluded", counts.excluded, |c| c.outcome() == v1::Outcome::Excluded);
    let idle = review.only_idle_work_count;
    let melons = review.clock_count - counts.breached - counts.excluded - idle;
    let melons = kind("watermelons: in time by the contract, late for people", melons, |c| {
        c.outcome() == v1::Outcome::Met && c.is_watermelon
    });
    let idle = kind("in time for everybody, but with work left idle", idle, |c| {
        c.outcome() == v1::Outcome::Met && !c.is_watermelon
    });
    [late, excluded, melons, idle].into_iter().filter(|kind| !kind.clocks.is_empty()).collect()
}
