//! The SLX figure: one number for the experience of a client's people, computed from four parts
//! that are always shown with it.
//!
//! Each part is a share from 0 to 1, weighted as the contract states:
//!
//! ```text
//! lost time = 1 - lost / (worst a hundred people lose in 30 days x people / 100 x days / 30)
//! promises  = kept / (kept + broken)
//! idle      = 1 - idle / service time
//! score     = average score / 10
//! figure    = sum of weight x part / sum of weights, over the parts that are known
//! ```
//!
//! A negative part counts as 0; every share is rounded down to the millionth.

use super::totals::ExperienceTotals;
use crate::domain::contract::{ExperienceTerms, SlxWeights};
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::time_sum::TimeSum;

/// The length of time that `worst_lost_time` refers to: thirty days.
const MONTH: Span = Span::from_hours(30 * 24);

/// The figure and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The figure; `None`: no part with a weight is known.
    pub value: Option<Share>,
    /// How little time people lost.
    pub lost_time: Part,
    /// The share of promises kept.
    pub promises: Part,
    /// The share of service time that was not idle.
    pub idle: Part,
    /// The average score people gave, as a share of 10.
    pub score: Part,
}

/// A part of the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its weight.
    pub weight: u32,
    /// Its value; `None`: it is not known.
    pub value: Option<Share>,
}

/// The SLX figure of the experience totals over `length` of time; `None` when the terms set no
/// weights.
pub fn figure(terms: &ExperienceTerms, totals: &ExperienceTotals, length: Span) -> Option<Figure> {
    let weights = terms.slx_weights.as_ref()?;
    let part = |weight, value| Part { weight, value };
    let mut figure = Figure {
        value: None,
        lost_time: part(weights.lost_time, kept_time(weights, terms.people, totals, length)),
        promises: part(weights.promises, kept_promises(totals)),
        idle: part(
            weights.idle,
            share(totals.service_time.less(totals.idle_time), totals.service_time),
        ),
        score: part(weights.score, Share::of(totals.survey.scores, totals.survey.answers * 10)),
    };
    figure.value = weighed(&[figure.lost_time, figure.promises, figure.idle, figure.score]);
    Some(figure)
}

fn kept_time(
    weights: &SlxWeights,
    people: u32,
    totals: &ExperienceTotals,
    length: Span,
) -> Option<Share> {
    let lengths = |span: Span| u128::try_from(span.nanos() / 1_000_000_000).unwrap_or_default();
    // Both sides are a hundred times as large, which spares a division.
    let worst = TimeSum::of(people, weights.worst_lost_time).times(lengths(length));
    let lost = totals.lost_time.times(100).times(lengths(MONTH));
    share(worst.less(lost), worst)
}

fn kept_promises(totals: &ExperienceTotals) -> Option<Share> {
    Share::of(totals.promises_kept, totals.promises_kept + totals.promises_broken)
}

/// The weighted mean of the known parts.
fn weighed(parts: &[Part]) -> Option<Share> {
    let known = || parts.iter().filter_map(|part| Some((u64::from(part.weight), part.value?)));
    let whole: u64 = known().map(|(weight, _)| weight * u64::from(Share::ALL.millionths())).sum();
    let part: u64 = known().map(|(weight, value)| weight * u64::from(value.millionths())).sum();
    Share::of(part, whole)
}

fn share(part: TimeSum, whole: TimeSum) -> Option<Share> {
    Share::of(part.nanos(), whole.nanos())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::experience::Survey;

    fn terms() -> ExperienceTerms {
        let slx_weights = Some(SlxWeights {
            lost_time: 40,
            promises: 20,
            idle: 20,
            score: 20,
            worst_lost_time: Span::from_hours(100),
        });
        ExperienceTerms { people: 400, slx_weights, ..ExperienceTerms::default() }
    }

    fn hours(hours: i64) -> TimeSum {
        Span::from_hours(hours).into()
    }

    fn totals() -> ExperienceTotals {
        ExperienceTotals {
            lost_time: hours(100),
            promises_kept: 1,
            promises_broken: 3,
            idle_time: hours(6),
            service_time: hours(10),
            survey: Survey { answers: 2, scores: 15, ..Survey::default() },
            ..ExperienceTotals::default()
        }
    }

    fn shares(figure: Option<Figure>) -> Vec<String> {
        let Some(Figure { value, lost_time, promises, idle, score }) = figure else {
            return Vec::new();
        };
        let parts = [lost_time, promises, idle, score].map(|part| part.value);
        let shares = [value].into_iter().chain(parts);
        shares.map(|share| share.map_or("-".to_owned(), |share| share.to_string())).collect()
    }

    #[test]
    fn the_figure_is_its_parts_by_their_weights() {
        // 100 of 400 hours lost: 75 %. (40 x 75 + 20 x 25 + 20 x 40 + 20 x 75) / 100 = 58.
        assert_eq!(shares(figure(&terms(), &totals(), MONTH)), ["58", "75", "25", "40", "75"]);
        let half = Span::from_hours(15 * 24);
        assert_eq!(shares(figure(&terms(), &totals(), half))[1], "50", "in half the time");
    }

    #[test]
    fn unknown_parts_have_no_weight() {
        let totals = ExperienceTotals { lost_time: hours(100), ..ExperienceTotals::default() };
        assert_eq!(shares(figure(&terms(), &totals, MONTH)), ["75", "75", "-", "-", "-"]);
        let nobody = ExperienceTerms { people: 0, ..terms() };
        assert_eq!(shares(figure(&nobody, &totals, MONTH)), ["-", "-", "-", "-", "-"]);
        assert_eq!(figure(&ExperienceTerms::default(), &totals, MONTH), None);
    }

    proptest! {
        #[test]
        fn it_lies_between_its_parts_and_falls_when_more_is_lost(
            lost in 0i64..800, idle in 0i64..11, kept in 0u64..5, broken in 0u64..5,
        ) {
            let with = |lost: i64| {
                let (lost_time, idle_time) = (hours(lost), hours(idle));
                let totals = ExperienceTotals {
                    promises_kept: kept,
                    promises_broken: broken,
                    ..totals()
                };
                figure(&terms(), &ExperienceTotals { lost_time, idle_time, ..totals }, MONTH)
            };
            let Some(Figure { value, lost_time, promises, idle, score }) = with(lost) else {
                return Err(TestCaseError::fail("no figure"));
            };
            let parts = [lost_time, promises, idle, score].map(|part| part.value);
            let known = || parts.into_iter().flatten();
            prop_assert!(known().min() <= value && value <= known().max());
            prop_assert!(with(lost + 1).and_then(|more| more.value) <= value);
        }
    }
}
