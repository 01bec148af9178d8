//! How many more clocks a period will decide, learnt from the contract's own past days.

use chrono::{Datelike, NaiveDate, Weekday};

use super::dispersion::HALF_LIFE_DAYS;

/// The prior of a weekday's rate: it counts as this many average days seen.
const DAYS_BEFORE: f64 = 0.5;
/// The prior of a month's rate: it counts as this many average days seen.
const MONTH_DAYS_BEFORE: f64 = 30.0;
/// The relative variance of the weekly rate: weeks differ by more than a Poisson count does. Over
/// several weeks it averages out.
const DISPERSION_OF_A_WEEK: f64 = 0.3;

/// How many clocks past days decided, by weekday and by month, and how many breached in all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastDays {
    weekdays: [Days; 7],
    months: [Days; 12],
    all: Days,
    /// The decided and the breached clocks; those of long ago count less.
    of_late: (f64, f64),
    last: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Days {
    days: f64,
    decided: f64,
}

/// The clocks expected to be decided beyond those open now. Their number is negative binomial (a
/// Poisson count with an uncertain rate), and each breaches with the same probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    /// The expected number.
    pub mean: f64,
    /// The variance of the number.
    pub variance: f64,
    /// The probability that one breaches, 0 to 1.
    pub breach_share: f64,
}

/// A local date of the period that is not over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DayLeft {
    /// The local date.
    pub date: NaiveDate,
    /// What is still to come of it, as a share of its weekday's usual service time, 0 to 1.
    pub part: f64,
}

impl PastDays {
    /// Learns from a day that is over: how many clocks were decided on it, and how many of them
    /// breached. Days are learnt in their order, also those without any; `part` is the share of its
    /// weekday's usual service time that it had: none on a holiday.
    pub fn learn(&mut self, date: NaiveDate, part: f64, decided: u64, breached: u64) {
        let (weekday, month) = (weekday(date.weekday()), date.month0() as usize);
        let kinds = [self.weekdays.get_mut(weekday), self.months.get_mut(month)];
        for days in kinds.into_iter().flatten().chain([&mut self.all]) {
            days.days += part;
            days.decided += decided as f64;
        }
        let since = self.last.map_or(0, |last| date.signed_duration_since(last).num_days());
        let counts_as = 0.5f64.powf(since as f64 / HALF_LIFE_DAYS);
        let (before, late_before) = self.of_late;
        self.of_late =
            (before * counts_as + decided as f64, late_before * counts_as + breached as f64);
        self.last = Some(date);
    }

    /// The number of clocks a date is expected to decide.
    pub fn rate(&self, date: NaiveDate) -> f64 {
        let average = self.all.rate(0.0, 0.0);
        let of =
            |days: Option<&Days>, before| days.map_or(average, |days| days.rate(before, average));
        let by_weekday = of(self.weekdays.get(weekday(date.weekday())), DAYS_BEFORE);
        let by_month = of(self.months.get(date.month0() as usize), MONTH_DAYS_BEFORE);
        if average > 0.0 { by_weekday * by_month / average } else { 0.0 }
    }

    /// The share of clocks that breached of late, with one breached and one met clock as its prior.
    pub fn breach_share(&self) -> f64 {
        (self.of_late.1 + 1.0) / (self.of_late.0 + 2.0)
    }

    /// The number of clocks the days left are expected to decide.
    pub fn expected(&self, left: impl IntoIterator<Item = DayLeft>) -> f64 {
        left.into_iter().map(|day| day.part * self.rate(day.date)).sum()
    }
}

impl Arrivals {
    /// Nothing more is expected.
    pub const NONE: Arrivals = Arrivals { mean: 0.0, variance: 0.0, breach_share: 0.0 };

    /// The sum of several kinds of arrivals within `days` days, each given by its mean and the
    /// share of it that breaches.
    pub fn sum(days: f64, parts: impl IntoIterator<Item = (f64, f64)>) -> Arrivals {
        let dispersion = DISPERSION_OF_A_WEEK / (days / 7.0).max(1.0);
        let add = |(mean, breaching), (more, share)| (mean + more, breaching + more * share);
        let (mean, breaching) = parts.into_iter().fold((0.0, 0.0), add);
        Arrivals {
            mean,
            variance: mean + dispersion * mean * mean,
            breach_share: if mean > 0.0 { breaching / mean } else { 0.0 },
        }
    }
}

impl Days {
    fn rate(self, before: f64, average: f64) -> f64 {
        let days = self.days + before;
        if days > 0.0 { (self.decided + before * average) / days } else { 0.0 }
    }
}

fn weekday(day: Weekday) -> usize {
    day.num_days_from_monday() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_weekends_and_busy_mondays_are_learnt_apart() {
        let mut past = PastDays::default();
        let first = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        for date in first.iter_days().take(70) {
            let decided = match date.weekday() {
                Weekday::Sat | Weekday::Sun => 0,
                Weekday::Mon => 20,
                _ => 10,
            };
            past.learn(date, 1.0, decided, decided / 10);
        }
        let of = |day| past.rate(NaiveDate::from_ymd_opt(2026, 3, day).unwrap());
        assert!(of(16) > 18.0 && of(17) < 11.0 && of(21) < 1.0, "{} {} {}", of(16), of(17), of(21));
        let week = first.iter_days().take(7).map(|date| DayLeft { date, part: 1.0 });
        let half = week.clone().map(|day| DayLeft { part: 0.5, ..day });
        let expected = past.expected(week);
        assert!((57.0..63.0).contains(&expected), "{expected}");
        assert!((past.expected(half) - expected / 2.0).abs() < 1e-9);
        assert!((0.09..0.13).contains(&past.breach_share()));
    }

    #[test]
    fn arrivals_of_several_kinds_breach_at_their_mean_share() {
        let within = |days| Arrivals::sum(days, [(30.0, 0.1), (10.0, 0.5)]);
        let all = within(3.0);
        assert!((all.mean - 40.0).abs() < 1e-9 && (all.breach_share - 0.2).abs() < 1e-9);
        assert!(all.variance > all.mean);
        assert!(within(7.0) == all && within(28.0).variance < all.variance);
        assert_eq!(Arrivals::sum(7.0, []), Arrivals::NONE);
    }
}
