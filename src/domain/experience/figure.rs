//! The SLX figure: one number that a client understands, made only of what stands beside it.
//!
//! Four parts, each a share from nothing to all, weighed as the contract says:
//!
//! ```text
//! lost time = 1 - lost / (worst a hundred people lose in 30 days x people / 100 x days / 30)
//! promises  = kept / (kept + broken)
//! idle      = 1 - idle / service time
//! score     = average score / 10
//! figure    = sum of weight x part / sum of weights, over the parts of which something is known
//! ```
//!
//! A part below nothing is nothing; every share is rounded down to the millionth.

use super::totals::ExperienceTotals;
use crate::domain::contract::{ExperienceTerms, SlxWeights};
use crate::domain::share::Share;
use crate::domain::time::Span;
use crate::domain::time_sum::TimeSum;

/// The stretch in which a hundred people lose the worst time at most.
const MONTH: Span = Span::from_hours(30 * 24);

/// The figure and its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The figure; `None`: nothing is known of any part that weighs something.
    pub value: Option<Share>,
    /// The time people did not lose.
    pub lost_time: Part,
    /// The promises kept.
    pub promises: Part,
    /// The time somebody worked or somebody else was waited on.
    pub idle: Part,
    /// The score people gave.
    pub score: Part,
}

/// A part of the figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it weighs.
    pub weight: u32,
    /// What it is; `None`: nothing is known of it.
    pub value: Option<Share>,
}

/// The figure of what incidents cost people in a stretch of time, if the contract weighs one.
pub fn figure(
    terms: &ExperienceTerms,
    experience_totals: &ExperienceTotals,
    length: Span,
) -> Option<Figure> {
    let weights = terms.slx_weights.as_ref()?;
    let part = |weight, value| Part { weight, value };
    let mut figure = Figure {
        value: None,
        lost_time: part(
            weights.lost_time,
            kept_time(weights, terms.people, experience_totals, length),
        ),
        promises: part(weights.promises, kept_promises(experience_totals)),
        idle: part(
            weights.idle,
            share(
                experience_totals.service_time.less(experience_totals.idle_time),
                experience_totals.service_time,
            ),
        ),
        score: part(
            weights.score,
            Share::of(experience_totals.survey.scores, experience_totals.survey.answers * 10),
        ),
    };
    figure.value = weighed(&[figure.lost_time, figure.promises, figure.idle, figure.score]);
    Some(figure)
}

fn kept_time(
    weights: &SlxWeights,
    people: u32,
    experience_totals: &ExperienceTotals,
    length: Span,
) -> Option<Share> {
    let lengths = |span: Span| u128::try_from(span.nanos() / 1_000_000_000).unwrap_or_default();
    // A hundred times as much on both sides spares a division.
    let worst = TimeSum::of(people, weights.worst_lost_time).times(lengths(length));
    let lost = experience_totals.lost_time.times(100).times(lengths(MONTH));
    share(worst.less(lost), worst)
}

fn kept_promises(experience_totals: &ExperienceTotals) -> Option<Share> {
    Share::of(
        experience_totals.promises_kept,
        experience_totals.promises_kept + experience_totals.promises_broken,
    )
}

/// The parts of which something is known, each by its weight.
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

    fn experience_totals() -> ExperienceTotals {
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

    fn described(figure: Option<Figure>) -> Vec<String> {
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
        assert_eq!(
            described(figure(&terms(), &experience_totals(), MONTH)),
            ["58", "75", "25", "40", "75"]
        );
        let half = Span::from_hours(15 * 24);
        assert_eq!(
            described(figure(&terms(), &experience_totals(), half))[1],
            "50",
            "in half the time"
        );
    }

    #[test]
    fn what_is_not_known_weighs_nothing() {
        let experience_totals =
            ExperienceTotals { lost_time: hours(100), ..ExperienceTotals::default() };
        assert_eq!(
            described(figure(&terms(), &experience_totals, MONTH)),
            ["75", "75", "-", "-", "-"]
        );
        let nobody = ExperienceTerms { people: 0, ..terms() };
        assert_eq!(
            described(figure(&nobody, &experience_totals, MONTH)),
            ["-", "-", "-", "-", "-"]
        );
        assert_eq!(figure(&ExperienceTerms::default(), &experience_totals, MONTH), None);
    }

    proptest! {
        #[test]
        fn it_lies_between_its_parts_and_falls_when_more_is_lost(
            lost in 0i64..800, idle in 0i64..11, kept in 0u64..5, broken in 0u64..5,
        ) {
            let with = |lost: i64| {
                let (lost_time, idle_time) = (hours(lost), hours(idle));
                let experience_totals = ExperienceTotals { promises_kept: kept, promises_broken: broken, ..experience_totals() };
                figure(&terms(), &ExperienceTotals { lost_time, idle_time, ..experience_totals }, MONTH)
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
