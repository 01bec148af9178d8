//! What the months of a period cost.

use chrono::{Datelike, Months, NaiveDate};

use super::rounding::rounded;
use crate::domain::contract::{Fee, ProRata};

/// What a month costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthFee {
    /// Its first day.
    pub first_day: NaiveDate,
    /// Its fee in minor units; `None`: it is not told yet.
    pub amount: Option<i64>,
    /// On how many of its days the contract is in force.
    pub days_in_force: u32,
    /// How many days it has.
    pub days: u32,
}

/// The local dates on which a contract is in force: the first and the last one, where it has such.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// The first date on which it is in force for any part; `None`: it always was.
    pub first: Option<NaiveDate>,
    /// The last such date; `None`: it has no end.
    pub last: Option<NaiveDate>,
}

/// What the month that begins on a date costs, by the fee that governs it.
pub fn month_fee(fee: &Fee, first_day: NaiveDate, life: Life) -> MonthFee {
    let last_day = first_day.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt());
    let days = last_day.map_or(31, |last| last.day());
    let first = life.first.map_or(1, |first| day_within(first, first_day, days));
    let last = life.last.map_or(days, |last| day_within(last, first_day, days + 1).min(days));
    let ends_before = life.last.is_some_and(|last| last < first_day);
    let days_in_force = if ends_before { 0 } else { (last + 1).saturating_sub(first) };
    let amount = match (fee.told(first_day), days_in_force) {
        (_, 0) => Some(0),
        (Some(told), _) => Some(told),
        (None, _) if fee.is_by_use => None,
        (None, in_force) if in_force < days && fee.pro_rata == ProRata::Days => {
            Some(rounded(i128::from(fee.monthly) * i128::from(in_force), days.into()))
        }
        (None, _) => Some(fee.monthly),
    };
    MonthFee { first_day, amount, days_in_force, days }
}

/// The day of a month of so many days that a date is: 1 for earlier dates, one past the last for
/// later ones.
fn day_within(date: NaiveDate, first_day: NaiveDate, days: u32) -> u32 {
    let day = date.signed_duration_since(first_day).num_days().saturating_add(1);
    u32::try_from(day.max(1)).unwrap_or(u32::MAX).min(days + 1)
}

/// The sum of the months' fees; `None` when one is not told yet.
pub fn period_fee(months: &[MonthFee]) -> Option<i64> {
    months.iter().try_fold(0_i64, |sum, month| Some(sum.saturating_add(month.amount?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// 1,000.00 a month, in force from 15 July to 10 September (P1).
    fn of(month: &str, fee: &Fee) -> (Option<i64>, u32) {
        let life = Life { first: Some(date("2026-07-15")), last: Some(date("2026-09-10")) };
        let found = month_fee(fee, date(&format!("{month}-01")), life);
        (found.amount, found.days_in_force)
    }

    #[test]
    fn a_month_costs_as_much_of_its_fee_as_it_has_days_in_force() {
        let fee = Fee { monthly: 100_000, ..Fee::default() };
        // 17 of 31 days of 1,000.00 are 548.387..., 10 of 30 are 333.333...
        assert_eq!(of("2026-06", &fee), (Some(0), 0));
        assert_eq!(of("2026-07", &fee), (Some(54_839), 17));
        assert_eq!(of("2026-08", &fee), (Some(100_000), 31));
        assert_eq!(of("2026-09", &fee), (Some(33_333), 10));
        assert_eq!(of("2026-10", &fee), (Some(0), 0));
    }

    #[test]
    fn or_the_whole_fee_where_that_is_agreed() {
        let fee = Fee { monthly: 100_000, pro_rata: ProRata::WholeMonth, ..Fee::default() };
        assert_eq!(of("2026-07", &fee).0, Some(100_000));
        assert_eq!(of("2026-09", &fee).0, Some(100_000));
        assert_eq!(of("2026-10", &fee).0, Some(0), "not in force on any day");
    }

    #[test]
    fn a_fee_by_use_is_what_was_told_and_unknown_before() {
        let months = vec![(date("2026-08-01"), 81_234)];
        let fee = Fee { is_by_use: true, months, ..Fee::default() };
        assert_eq!(of("2026-08", &fee).0, Some(81_234));
        assert_eq!(of("2026-09", &fee).0, None);
        assert_eq!(of("2026-10", &fee).0, Some(0), "not in force");
        let quarter = |months: &[&str]| {
            let months: Vec<_> = months
                .iter()
                .map(|month| month_fee(&fee, date(&format!("{month}-01")), Life::default()))
                .collect();
            period_fee(&months)
        };
        assert_eq!(quarter(&["2026-08"]), Some(81_234));
        assert_eq!(quarter(&["2026-08", "2026-09"]), None);
    }

    #[test]
    fn a_contract_of_one_day_and_one_within_a_month() {
        let fee = Fee { monthly: 2_800, ..Fee::default() };
        let of = |first: &str, last: &str| {
            let life = Life { first: Some(date(first)), last: Some(date(last)) };
            month_fee(&fee, date("2026-02-01"), life).amount
        };
        assert_eq!(of("2026-02-28", "2026-02-28"), Some(100));
        assert_eq!(of("2026-02-11", "2026-02-20"), Some(1_000));
        assert_eq!(of("2026-02-01", "2026-02-28"), Some(2_800));
        assert_eq!(of("2025-01-01", "2027-01-01"), Some(2_800));
        assert_eq!(of("2026-03-01", "2026-03-31"), Some(0));
        assert_eq!(of("2026-02-20", "2026-02-11"), Some(0), "ended before it began");
    }
}
