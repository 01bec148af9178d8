//! How much clocks fail together, learnt from past weeks.
//!
//! Each past week's breaches are held against what the days before it let expect. What they miss
//! it by beyond chance is what the clocks of a week have in common: the variance of a shock to
//! their log-odds (method of moments).

use std::collections::BTreeMap;

use chrono::NaiveDate;

/// The standard deviation of the shock where nothing is known.
const DEVIATION_BEFORE: f64 = 0.7;
/// The prior counts as this many weeks with few clocks.
const WEEKS_BEFORE: f64 = 6.0;
/// How many past weeks are looked at.
const WEEKS_MOST: i64 = 11;
/// The learnt deviation is held between these.
const DEVIATIONS: (f64, f64) = (0.05, 1.5);
/// What is known of the breach share before any day: so many breaches among so many clocks.
const SEEN_BEFORE: (f64, f64) = (0.6, 2.0);
/// After so many days a day counts half as much.
pub(super) const HALF_LIFE_DAYS: f64 = 10.0;

/// The standard deviation of the shock, in log-odds, from how many clocks each day before `today`
/// decided and how many of them breached.
pub fn common_shock(days: &BTreeMap<NaiveDate, (u64, u64)>, today: NaiveDate) -> f64 {
    let seen = days.iter().filter(|(date, counts)| counts.0 > 0 && **date < today);
    let Some(first) = seen.clone().map(|(date, _)| *date).next() else { return DEVIATION_BEFORE };
    let before = DEVIATION_BEFORE * DEVIATION_BEFORE;
    let (mut sum, mut weight) = (before * WEEKS_BEFORE, WEEKS_BEFORE);
    let whole_weeks = today.signed_duration_since(first).num_days() / 7;
    for weeks_ago in 1..=WEEKS_MOST.min(whole_weeks - 1) {
        let begins = today - chrono::Duration::days(7 * weeks_ago);
        let ends = begins + chrono::Duration::days(7);
        let expected = expected_share(days.range(first..begins), begins);
        let counts = days.range(begins..ends).map(|(_, counts)| *counts);
        let (decided, late) = counts.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let (decided, late) = (decided as f64, late as f64);
        let by_chance = decided * expected * (1.0 - expected);
        if by_chance > 0.2 {
            // What a week says is worth more, the more clocks it had.
            let worth = (1.0 + by_chance * before).powi(-2);
            sum += worth * ((late - decided * expected).powi(2) - by_chance);
            weight += worth * by_chance * by_chance;
        }
    }
    (sum / weight).max(0.0).sqrt().clamp(DEVIATIONS.0, DEVIATIONS.1)
}

/// The share of clocks that breach as a week begins, by the days before.
fn expected_share<'d>(
    days: impl Iterator<Item = (&'d NaiveDate, &'d (u64, u64))>,
    begins: NaiveDate,
) -> f64 {
    let (late, decided) = days.fold(SEEN_BEFORE, |(late, decided), (date, counts)| {
        let age = begins.signed_duration_since(*date).num_days() as f64;
        let counts_as = 0.5f64.powf(age / HALF_LIFE_DAYS);
        (late + counts_as * counts.1 as f64, decided + counts_as * counts.0 as f64)
    });
    (late / decided).clamp(0.03, 0.97)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weeks(late_of_ten: impl Fn(i64) -> u64) -> BTreeMap<NaiveDate, (u64, u64)> {
        let first = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        let days = first.iter_days().take(84).enumerate();
        days.map(|(place, date)| (date, (10, late_of_ten(place as i64 / 7)))).collect()
    }

    #[test]
    fn weeks_that_differ_teach_a_wider_shock_than_weeks_alike() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 30).unwrap();
        let alike = common_shock(&weeks(|_| 3), today);
        let unlike = common_shock(&weeks(|week| if week % 2 == 0 { 1 } else { 6 }), today);
        assert!(alike < 0.4, "{alike}");
        assert!(unlike > 0.9, "{unlike}");
        assert_eq!(common_shock(&BTreeMap::new(), today), DEVIATION_BEFORE);
    }
}
