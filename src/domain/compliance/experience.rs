//! Experience objectives: scores, happiness and lost time of a period against what was promised.
//!
//! Scores and happiness rest on answers to surveys; with fewer than the promise requires there is
//! no data. Happiness is computed as the Net Promoter Score is (Reichheld 2003). Lost time is
//! compared exactly: `lost time x 100 <= promised for a hundred x people served`. It never
//! decreases, so a period that has lost more is missed at once. It is met only if it was reported of
//! enough incidents how many people they hit: what is not reported is not nothing.

use super::attainment::Verdict;
use crate::domain::contract::{ExperienceMeasure, ExperiencePromise};
use crate::domain::experience::{ExperienceTotals, TimeSum};

const HUNDRED: u128 = 100;

/// Evaluates an experience objective; `people` is how many the contract serves, 0 when unknown.
pub fn evaluate(
    promise: &ExperiencePromise,
    totals: &ExperienceTotals,
    people: u32,
    is_over: bool,
) -> Verdict {
    if let ExperienceMeasure::LostTime(_) = promise.measure {
        return lost_time_verdict(promise, totals, people);
    }
    if totals.survey.answers < promise.minimum_answers.max(1) {
        Verdict::NoData
    } else if is_reached(promise, totals) {
        Verdict::Met
    } else if is_over {
        Verdict::Missed
    } else {
        Verdict::AtRisk
    }
}

fn lost_time_verdict(
    promise: &ExperiencePromise,
    totals: &ExperienceTotals,
    people: u32,
) -> Verdict {
    match allowed(promise, people) {
        None => Verdict::NoData,
        Some(allowed) if totals.lost_time.times(HUNDRED) > allowed => Verdict::Missed,
        Some(_) if !is_measured(promise, totals) => Verdict::NoData,
        Some(_) => Verdict::Met,
    }
}

/// Whether it was reported of enough incidents how many people they hit.
fn is_measured(promise: &ExperiencePromise, totals: &ExperienceTotals) -> bool {
    let least = u64::from(totals.incidents > 0);
    let minimum = promise.minimum_reported.smallest_part(totals.incidents).max(least);
    totals.people_reported >= minimum
}

fn is_reached(promise: &ExperiencePromise, totals: &ExperienceTotals) -> bool {
    let survey = &totals.survey;
    let answers = i128::from(survey.answers);
    match promise.measure {
        ExperienceMeasure::Score(hundredths) => {
            i128::from(survey.scores) * 100 >= i128::from(hundredths) * answers
        }
        ExperienceMeasure::Happiness(hundredths) => {
            let more_happy = i128::from(survey.happy) - i128::from(survey.unhappy);
            more_happy * 10_000 >= i128::from(hundredths) * answers
        }
        ExperienceMeasure::LostTime(_) => true,
    }
}

/// A hundred times the people-time that may be lost; `None` when none is promised, or the number of
/// people is unknown.
fn allowed(promise: &ExperiencePromise, people: u32) -> Option<TimeSum> {
    match promise.measure {
        ExperienceMeasure::LostTime(a_hundred) if people > 0 => {
            Some(TimeSum::of(people, a_hundred))
        }
        _ => None,
    }
}

/// The people-time that may still be lost before the promise is missed, rounded down to the
/// nanosecond; zero when it is missed. `None` when no lost time is promised, it is not measured, or
/// the number of people is unknown.
pub fn lost_time_left(
    promise: &ExperiencePromise,
    totals: &ExperienceTotals,
    people: u32,
) -> Option<TimeSum> {
    let allowed = allowed(promise, people).filter(|_| is_measured(promise, totals))?;
    Some(allowed.less(totals.lost_time.times(HUNDRED)).divided(HUNDRED))
}

/// The people-time lost for each hundred people served, rounded down to the nanosecond; `None` when
/// it is not measured, or the number of people is unknown.
pub fn lost_time_a_hundred(totals: &ExperienceTotals, people: u32) -> Option<TimeSum> {
    totals.measured_lost_time()?;
    (people > 0).then(|| totals.lost_time.times(HUNDRED).divided(u128::from(people)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::experience::Survey;
    use crate::domain::share::Share;
    use crate::domain::time::Span;

    fn promise(measure: ExperienceMeasure) -> ExperiencePromise {
        ExperiencePromise { measure, minimum_answers: 3, minimum_reported: Share::HALF }
    }

    fn answered(scores: &[u64]) -> ExperienceTotals {
        let count = |is_it: fn(u64) -> bool| scores.iter().filter(|s| is_it(**s)).count() as u64;
        let survey = Survey {
            answers: scores.len() as u64,
            scores: scores.iter().sum(),
            happy: count(|score| score >= 9),
            unhappy: count(|score| score <= 6),
            lost_time: TimeSum::ZERO,
        };
        ExperienceTotals { survey, ..ExperienceTotals::default() }
    }

    fn lost(hours: i64) -> ExperienceTotals {
        ExperienceTotals {
            incidents: 4,
            people_reported: 2,
            lost_time: Span::from_hours(hours).into(),
            ..ExperienceTotals::default()
        }
    }

    #[test]
    fn an_average_of_eight_is_met_by_exactly_eight_and_two_answers_are_no_data() {
        let of = |scores: &[u64], is_over| {
            evaluate(&promise(ExperienceMeasure::Score(800)), &answered(scores), 0, is_over)
        };
        assert_eq!(of(&[7, 8, 9], true), Verdict::Met);
        assert_eq!(of(&[7, 8, 8], true), Verdict::Missed);
        assert_eq!(of(&[7, 8, 8], false), Verdict::AtRisk);
        assert_eq!(of(&[10, 10], true), Verdict::NoData);
    }

    #[test]
    fn happiness_may_be_negative() {
        let of = |hundredths, scores: &[u64]| {
            let measure = ExperienceMeasure::Happiness(hundredths);
            evaluate(&promise(measure), &answered(scores), 0, true)
        };
        assert_eq!(of(3_333, &[9, 10, 6]), Verdict::Met);
        assert_eq!(of(3_334, &[9, 10, 6]), Verdict::Missed);
        assert_eq!(of(-5_000, &[9, 6, 6, 6]), Verdict::Met);
    }

    #[test]
    fn what_a_hundred_people_may_lose_is_scaled_by_how_many_there_are() {
        let promise = promise(ExperienceMeasure::LostTime(Span::from_hours(60)));
        let of = |hours, people| evaluate(&promise, &lost(hours), people, false);
        assert_eq!(of(240, 400), Verdict::Met);
        assert_eq!(of(241, 400), Verdict::Missed, "it does not come back");
        assert_eq!(of(0, 400), Verdict::Met);
        assert_eq!(of(1, 0), Verdict::NoData);
        assert_eq!(lost_time_left(&promise, &lost(200), 400), Some(Span::from_hours(40).into()));
        assert_eq!(lost_time_a_hundred(&lost(240), 400), Some(Span::from_hours(60).into()));
    }

    /// P7: no `affected_users` in any event is no "0 h lost".
    #[test]
    fn lost_time_that_is_not_reported_is_no_data_unless_it_is_too_much_already() {
        let promise = promise(ExperienceMeasure::LostTime(Span::from_hours(60)));
        let of = |people_reported, hours| {
            let totals = ExperienceTotals { people_reported, ..lost(hours) };
            let left = lost_time_left(&promise, &totals, 400).is_some();
            let verdict = evaluate(&promise, &totals, 400, true);
            (verdict, left, lost_time_a_hundred(&totals, 400).is_some())
        };
        assert_eq!(of(0, 0), (Verdict::NoData, false, false));
        assert_eq!(of(1, 1), (Verdict::NoData, false, true), "of one incident of four");
        assert_eq!(of(1, 241), (Verdict::Missed, false, true));
        assert_eq!(of(2, 240), (Verdict::Met, true, true));
        let quiet = ExperienceTotals::default();
        assert_eq!(evaluate(&promise, &quiet, 400, true), Verdict::Met, "nothing happened");
    }

    proptest! {
        #[test]
        fn what_is_left_can_be_lost_and_not_a_nanosecond_more(
            hours in 0i64..1_000, promised in 0i64..100_000_000, people in 1u32..10_000,
        ) {
            let promise = promise(ExperienceMeasure::LostTime(Span::from_nanos(promised * 1_000)));
            let totals = lost(hours);
            let left = lost_time_left(&promise, &totals, people).unwrap_or_default();
            let with = |more: TimeSum| {
                let totals = ExperienceTotals {
                    lost_time: totals.lost_time + more,
                    ..totals.clone()
                };
                evaluate(&promise, &totals, people, true)
            };
            if evaluate(&promise, &totals, people, true) == Verdict::Met {
                prop_assert_eq!(with(left), Verdict::Met);
            }
            prop_assert_eq!(with(left + TimeSum::from_parts(0, 1)), Verdict::Missed);
        }
    }
}
