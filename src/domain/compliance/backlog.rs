//! Backlog objectives: how old the incidents may be that are open at a period's end. The age is
//! real time since the opening, round the clock. While the period goes on, those open now are
//! meant.

use super::attainment::Verdict;
use crate::domain::contract::{BacklogBound, BacklogPromise};
use crate::domain::exact_spread::ExactSpread;
use crate::domain::share::Share;
use crate::domain::time::Span;

/// The result of an objective on the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacklogResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The figures it rests on.
    pub found: BacklogFigures,
}

/// The figures of a backlog, in the words of an objective on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BacklogFigures {
    /// How many incidents are open.
    pub open: u64,
    /// How many of them are older than agreed; of an objective on a percentile, than its most.
    pub older: u64,
    /// How many more may be older; negative: so many are too many. 0 for a percentile.
    pub allowance: i64,
    /// The agreed percentile of their ages; `None` for a number, or when nothing is open.
    pub percentile: Option<Span>,
    /// The age of the oldest; `None` when nothing is open.
    pub oldest: Option<Span>,
}

/// Evaluates an objective on the ages of what is open, exactly: reaching it is met, and so is
/// nothing open. It can be missed only at the end: until then what is old may yet be closed.
pub fn evaluate(promise: &BacklogPromise, ages: &ExactSpread, is_over: bool) -> BacklogResult {
    let (open, oldest) = (ages.count(), ages.percentile(Share::ALL));
    let (is_met, found) = match promise.bound {
        BacklogBound::Most { most, older_than } => {
            let older = ages.longer_than(older_than);
            let count = i64::try_from(older).unwrap_or(i64::MAX);
            let allowance = i64::from(most) - count;
            let found = BacklogFigures { open, older, allowance, percentile: None, oldest };
            (older <= u64::from(most), found)
        }
        BacklogBound::Percentile { percentile, at_most } => {
            let reached = ages.percentile(percentile);
            let older = ages.longer_than(at_most);
            let found = BacklogFigures { open, older, allowance: 0, percentile: reached, oldest };
            (reached.is_none_or(|reached| reached <= at_most), found)
        }
    };
    let verdict = match (is_met, is_over) {
        (true, _) => Verdict::Met,
        (false, true) => Verdict::Missed,
        (false, false) => Verdict::AtRisk,
    };
    BacklogResult { verdict, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bound: BacklogBound, days: &[i64], is_over: bool) -> BacklogResult {
        let mut ages = ExactSpread::default();
        days.iter().for_each(|days| ages.add(&ExactSpread::of(Span::from_hours(24 * days))));
        let promise = BacklogPromise { target_id: "r".into(), priorities: Vec::new(), bound };
        evaluate(&promise, &ages, is_over)
    }

    /// P18: backlog age as an objective: at most so many older than so many days.
    #[test]
    fn a_number_of_old_incidents_is_allowed_and_exactly_as_old_is_not_older() {
        let bound = BacklogBound::Most { most: 1, older_than: Span::from_hours(30 * 24) };
        let verdict = |days: &[i64], is_over| of(bound, days, is_over).verdict;
        assert_eq!(verdict(&[], true), Verdict::Met, "nothing is open");
        assert_eq!(verdict(&[1, 30, 30, 31], true), Verdict::Met);
        assert_eq!(verdict(&[31, 45], true), Verdict::Missed);
        assert_eq!(verdict(&[31, 45], false), Verdict::AtRisk);
        let found = of(bound, &[1, 31, 45, 60], true).found;
        let oldest = Some(Span::from_hours(60 * 24));
        let expected =
            BacklogFigures { open: 4, older: 3, allowance: -2, percentile: None, oldest };
        assert_eq!(found, expected);
    }

    /// P18: a percentile of the age is at most so many days; without a percentile, the oldest.
    #[test]
    fn a_percentile_of_the_ages_is_compared_exactly() {
        let of_percent = |percent: &str, at_most: Span, days: &[i64]| {
            let percentile = Share::from_percent(percent).unwrap();
            of(BacklogBound::Percentile { percentile, at_most }, days, true)
        };
        let days: Vec<_> = (1..=10).collect();
        let nine = Span::from_hours(9 * 24);
        assert_eq!(of_percent("90", nine, &days).verdict, Verdict::Met);
        assert_eq!(of_percent("90", nine - Span::from_nanos(1), &days).verdict, Verdict::Missed);
        assert_eq!(of_percent("90.0001", nine, &days).verdict, Verdict::Missed);
        assert_eq!(of_percent("100", nine, &days).verdict, Verdict::Missed);
        assert_eq!(of_percent("90", Span::ZERO, &[]).verdict, Verdict::Met);
        assert_eq!(of_percent("90", nine, &days).found.percentile, Some(nine));
    }
}
