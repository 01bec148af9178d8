//! What the months of a period cost.

use chrono::NaiveDate;

use super::rounding::rounded;
use crate::domain::compliance::DaysInForce;
use crate::domain::contract::{Fee, ProRata};

/// What a month costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthFee {
    /// Its first day.
    pub first_day: NaiveDate,
    /// Its fee in minor units; `None`: it is not known yet.
    pub amount: Option<i64>,
    /// On how many of its days the contract is in force.
    pub days_in_force: u32,
    /// How many days it has.
    pub days: u32,
}

/// What the month that begins on a date costs, by the fee that governs it.
pub fn month_fee(fee: &Fee, first_day: NaiveDate, of_days: DaysInForce) -> MonthFee {
    let DaysInForce { in_force: days_in_force, all: days } = of_days;
    let amount = match (fee.own(first_day), days_in_force) {
        (_, 0) => Some(0),
        (Some(own), _) => Some(own),
        (None, _) if fee.is_by_use => None,
        (None, in_force) if in_force < days && fee.pro_rata == ProRata::Days => {
            Some(rounded(i128::from(fee.monthly) * i128::from(in_force), days.into()))
        }
        (None, _) => Some(fee.monthly),
    };
    MonthFee { first_day, amount, days_in_force, days }
}

/// The sum of the months' fees; `None` when one is not known yet.
pub fn period_fee(months: &[MonthFee]) -> Option<i64> {
    months.iter().try_fold(0_i64, |sum, month| Some(sum.saturating_add(month.amount?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compliance::{ContractLife, LocalDays, Period};
    use crate::domain::zone::ZoneDatabase;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// What a month costs under a contract in force from one date to another.
    fn cost(fee: &Fee, month: &str, first: &str, last: &str) -> MonthFee {
        let zones = ZoneDatabase::bundled();
        let days = LocalDays::from(zones.zone("UTC").unwrap());
        let end = date(last).succ_opt().and_then(|next| days.begin(next).ok());
        let life = ContractLife { start: days.begin(date(first)).unwrap(), end };
        let period = Period::named(month, &days).unwrap();
        month_fee(fee, date(&format!("{month}-01")), life.days_in_force(&period, &days))
    }

    /// 1,000.00 a month, in force from 15 July to 10 September (P1).
    fn of(month: &str, fee: &Fee) -> (Option<i64>, u32) {
        let found = cost(fee, month, "2026-07-15", "2026-09-10");
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
    fn a_fee_by_use_is_what_is_listed_and_unknown_before() {
        let months = vec![(date("2026-08-01"), 81_234)];
        let fee = Fee { is_by_use: true, months, ..Fee::default() };
        assert_eq!(of("2026-08", &fee).0, Some(81_234));
        assert_eq!(of("2026-09", &fee).0, None);
        assert_eq!(of("2026-10", &fee).0, Some(0), "not in force");
        let quarter = |months: &[&str]| {
            let months: Vec<_> =
                months.iter().map(|month| cost(&fee, month, "2026-01-01", "2026-12-31")).collect();
            period_fee(&months)
        };
        assert_eq!(quarter(&["2026-08"]), Some(81_234));
        assert_eq!(quarter(&["2026-08", "2026-09"]), None);
    }

    #[test]
    fn a_contract_of_one_day_and_one_within_a_month() {
        let fee = Fee { monthly: 2_800, ..Fee::default() };
        let of = |first: &str, last: &str| cost(&fee, "2026-02", first, last).amount;
        assert_eq!(of("2026-02-28", "2026-02-28"), Some(100));
        assert_eq!(of("2026-02-11", "2026-02-20"), Some(1_000));
        assert_eq!(of("2026-02-01", "2026-02-28"), Some(2_800));
        assert_eq!(of("2025-01-01", "2027-01-01"), Some(2_800));
        assert_eq!(of("2026-03-01", "2026-03-31"), Some(0));
        assert_eq!(of("2026-02-20", "2026-02-11"), Some(0), "ended before it began");
    }
}
