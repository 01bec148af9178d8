//! What is to be talked of in a review, kind by kind.

use crate::codec::v1;

/// Clocks of a kind that are to be talked of.
pub(super) struct Talk<'r> {
    /// What they are.
    pub title: String,
    /// Those that went furthest over their limits as people lived it.
    pub clocks: Vec<&'r v1::ReviewedClock>,
    /// How many more there are.
    pub more: i64,
}

/// What is to be talked of, kind by kind, so many of each.
pub(super) fn to_talk_of(review: &v1::GetServiceReviewResponse, most: usize) -> Vec<Talk<'_>> {
    let total = review.total.clone().unwrap_or_default();
    let counts = total.contractual.unwrap_or_default();
    let talk = |title: &str, count: i64, is_kind: fn(&v1::ReviewedClock) -> bool| {
        let clocks: Vec<_> = review.clocks.iter().filter(|c| is_kind(c)).take(most).collect();
        Talk { title: format!("{count} {title}"), more: count - clocks.len() as i64, clocks }
    };
    let late =
        talk("late by the contract", counts.breached, |c| c.outcome() == v1::Outcome::Breached);
    let excluded = talk("excluded", counts.excluded, |c| c.outcome() == v1::Outcome::Excluded);
    let lying = review.only_left_lying_count;
    let melons = review.clock_count - counts.breached - counts.excluded - lying;
    let melons = talk("watermelons: in time by the contract, late for people", melons, |c| {
        c.outcome() == v1::Outcome::Met && c.is_watermelon
    });
    let lying = talk("in time for everybody, but left to lie", lying, |c| {
        c.outcome() == v1::Outcome::Met && !c.is_watermelon
    });
    [late, excluded, melons, lying].into_iter().filter(|talk| !talk.clocks.is_empty()).collect()
}
