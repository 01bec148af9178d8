//! The SLX figure: one number for the experience of a client's people, computed from four parts
//! that are always shown with it.
//!
//! Each part is a share from 0 to 1, weighted as the contract states:
//!
//! ```text
//! lost time = 1 - lost / (worst a hundred people lose in 30 days x people / 100 x days / 30),
//!             where a day is 24 hours
//! promises  = kept / (kept + broken)
//! idle      = 1 - idle / service time
//! score     = average score / 10
//! figure    = sum of weight x part / sum of weights, over the parts of which enough is known
//! ```
//!
//! What is never reported is not measured: it is neither good nor bad. A part that rests on less
//! than its minimum is shown and has no weight.
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
    /// Its value; `None`: it is not measured.
    pub value: Option<Share>,
    /// How many incidents, promises or answers it rests on.
    pub count: u64,
    /// With fewer it has no weight.
    pub minimum: u64,
    /// How many of them are estimates.
    pub estimated: u64,
}

impl Part {
    /// Whether it has its weight in the figure.
    pub fn counts(&self) -> bool {
        self.value.is_some() && self.count >= self.minimum
    }
}

/// The SLX figure of the experience totals over `length` of time; `None` when the terms set no
/// weights.
pub fn figure(terms: &ExperienceTerms, totals: &ExperienceTotals, length: Span) -> Option<Figure> {
    let weights = terms.slx_weights.as_ref()?;
    let reported = weights.minimum_reported.smallest_part(totals.incidents);
    let part = |weight, value: Option<Share>, count, minimum: u64| {
        let value = value.filter(|_| count > 0);
        Part { weight, value, count, minimum: minimum.max(1), estimated: 0 }
    };
    let survey = &totals.survey;
    let score = Share::of(survey.scores, survey.answers * 10);
    let lost = kept_time(weights, terms.people, totals, length);
    let mut figure = Figure {
        value: None,
        lost_time: Part {
            estimated: totals.people_estimated,
            ..part(weights.lost_time, lost, totals.people_reported, reported)
        },
        promises: part(
            weights.promises,
            kept_promises(totals),
            totals.promises_kept + totals.promises_broken,
            weights.minimum_promises,
        ),
        idle: part(weights.idle, busy(totals), totals.work_reported, reported),
        score: part(weights.score, score, survey.answers, weights.minimum_answers),
    };
    figure.value = weighed(&[figure.lost_time, figure.promises, figure.idle, figure.score]);
    Some(figure)
}

/// The lost-time part, exactly.
fn kept_time(
    weights: &SlxWeights,
    people: u32,
    totals: &ExperienceTotals,
    length: Span,
) -> Option<Share> {
    let nanos = |span: Span| u128::try_from(span.nanos()).unwrap_or_default();
    // Both sides are 3,000 days as large, which spares divisions.
    let worst = [TimeSum::of(people, weights.worst_lost_time).nanos(), nanos(length)];
    let lost = [totals.lost_time.times(100).nanos(), nanos(MONTH)];
    Share::rest_of_products(lost, worst)
}

fn busy(totals: &ExperienceTotals) -> Option<Share> {
    share(totals.service_time.less(totals.idle_time), totals.service_time)
}

fn kept_promises(totals: &ExperienceTotals) -> Option<Share> {
    Share::of(totals.promises_kept, totals.promises_kept + totals.promises_broken)
}

/// The weighted mean of the parts that count.
fn weighed(parts: &[Part]) -> Option<Share> {
    let counting = || parts.iter().filter(|part| part.counts());
    let known = || counting().filter_map(|part| Some((u64::from(part.weight), part.value?)));
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
            minimum_answers: 1,
            minimum_promises: 1,
            minimum_reported: Share::HALF,
        });
        ExperienceTerms { people: 400, slx_weights, ..ExperienceTerms::default() }
    }

    fn hours(hours: i64) -> TimeSum {
        Span::from_hours(hours).into()
    }

    fn totals() -> ExperienceTotals {
        ExperienceTotals {
            incidents: 5,
            people_reported: 5,
            work_reported: 5,
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

    /// P7: what is never reported is not measured, and has no weight.
    #[test]
    fn what_is_not_measured_has_no_weight() {
        let only = |totals| shares(figure(&terms(), &totals, MONTH));
        let (incidents, lost_time) = (5, hours(100));
        let people = ExperienceTotals {
            incidents,
            people_reported: 5,
            lost_time,
            ..ExperienceTotals::default()
        };
        assert_eq!(only(people.clone()), ["75", "75", "-", "-", "-"]);
        let untold = ExperienceTotals { people_reported: 0, ..people.clone() };
        assert_eq!(only(untold), ["-", "-", "-", "-", "-"], "nobody lost nothing");
        let unworked = ExperienceTotals { work_reported: 0, ..totals() };
        // (40 x 75 + 20 x 25 + 20 x 75) / 80.
        assert_eq!(only(unworked), ["62.5", "75", "25", "-", "75"], "nobody idled");
        assert_eq!(only(ExperienceTotals::default()), ["-", "-", "-", "-", "-"], "no incidents");
        let nobody = ExperienceTerms { people: 0, ..terms() };
        assert_eq!(shares(figure(&nobody, &people, MONTH)), ["-", "-", "-", "-", "-"]);
        assert_eq!(figure(&ExperienceTerms::default(), &people, MONTH), None);
    }

    /// P7: one answer of 7,636 incidents does not move the figure, and says that it is one.
    #[test]
    fn a_part_that_rests_on_too_little_is_shown_and_has_no_weight() {
        let weights = SlxWeights {
            minimum_answers: 10,
            minimum_promises: 10,
            ..terms().slx_weights.unwrap()
        };
        let terms = ExperienceTerms { slx_weights: Some(weights), ..terms() };
        let of = |answers, promises_kept, reported| {
            let survey = Survey { answers, scores: answers * 10, ..Survey::default() };
            let totals = ExperienceTotals {
                incidents: 7_636,
                people_reported: reported,
                people_estimated: 7,
                work_reported: reported,
                promises_kept,
                promises_broken: 0,
                survey,
                ..totals()
            };
            figure(&terms, &totals, MONTH)
        };
        let few = of(1, 9, 3_817);
        assert_eq!(shares(few), ["-", "75", "100", "40", "100"]);
        let basis = few.map(|few| (few.score.count, few.score.minimum, few.score.counts()));
        assert_eq!(basis, Some((1, 10, false)));
        let lost = few.map(|few| (few.lost_time.count, few.lost_time.minimum));
        assert_eq!(lost, Some((3_817, 3_818)), "half of 7,636");
        assert_eq!(few.map(|few| few.lost_time.estimated), Some(7));
        let enough = of(10, 10, 3_818);
        // (40 x 75 + 20 x 100 + 20 x 40 + 20 x 100) / 100.
        assert_eq!(shares(enough), ["78", "75", "100", "40", "100"]);
    }

    /// P17, P20: the lost-time part is exact, and its days are of 24 hours.
    #[test]
    fn the_lost_time_part_counts_every_nanosecond_of_days_of_24_hours() {
        let lost = |length, lost_time| {
            let totals = ExperienceTotals { lost_time, ..totals() };
            shares(figure(&terms(), &totals, length)).swap_remove(1)
        };
        // Of 400 hours in 720, half a second's worth is 0.2777... seconds.
        let half = Span::from_nanos(500_000_000);
        assert_eq!(lost(half, Span::from_nanos(138_888_888).into()), "50");
        assert_eq!(lost(half, Span::from_nanos(138_888_889).into()), "49.9999");
        // A March of 743 hours may lose 400 x 743 / 720 = 412.7777... hours.
        let march = Span::from_hours(743);
        assert_eq!(lost(march, Span::from_seconds(743_000).into()), "50");
        assert_eq!(lost(march, TimeSum::from_parts(743_000, 1)), "49.9999");
        assert_eq!(lost(Span::from_hours(24 * 366), hours(2_000_000)), "0");
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
