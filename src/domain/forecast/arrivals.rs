//! How many more clocks a period will decide: learnt from the days of the contract's own past.

use chrono::{Datelike, NaiveDate, Weekday};

/// A day like others counts as though so many of it had been seen.
const DAYS_BEFORE: f64 = 4.0;
/// A month's factor counts as though so many average days of it had been seen.
const MONTH_DAYS_BEFORE: f64 = 30.0;
/// The relative variance of the rate itself: days differ by more than chance.
const DISPERSION: f64 = 0.15;

/// How many clocks were decided on each of the past days, and how many of them breached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PastDays {
    weekdays: [Days; 7],
    months: [Days; 12],
    all: Days,
    breached: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Days {
    days: f64,
    decided: f64,
}

/// What is expected to be decided beyond what is open now: negative binomial, a Poisson number
/// whose rate is itself uncertain, with each clock breaching at the share of the past.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrivals {
    /// How many, on average.
    pub mean: f64,
    /// The variance of how many.
    pub variance: f64,
    /// The share of them that breaches.
    pub breach_share: f64,
}

impl Arrivals {
    /// Nothing more is expected.
    pub const NONE: Arrivals = Arrivals { mean: 0.0, variance: 0.0, breach_share: 0.0 };
}

impl PastDays {
    /// A day is over: so many clocks were decided on it, and so many of them breached. Days
    /// without any are told too.
    pub fn learn(&mut self, date: NaiveDate, decided: u64, breached: u64) {
        let (weekday, month) = (weekday(date.weekday()), date.month0() as usize);
        let kinds = [self.weekdays.get_mut(weekday), self.months.get_mut(month)];
        for days in kinds.into_iter().flatten().chain([&mut self.all]) {
            days.days += 1.0;
            days.decided += decided as f64;
        }
        self.breached += breached as f64;
    }

    /// How many clocks a date is expected to decide.
    pub fn rate(&self, date: NaiveDate) -> f64 {
        let average = self.all.rate(0.0, 0.0);
        let of =
            |days: Option<&Days>, before| days.map_or(average, |days| days.rate(before, average));
        let by_weekday = of(self.weekdays.get(weekday(date.weekday())), DAYS_BEFORE);
        let by_month = of(self.months.get(date.month0() as usize), MONTH_DAYS_BEFORE);
        if average > 0.0 { by_weekday * by_month / average } else { 0.0 }
    }

    /// What the given days are expected to bring, of which `open` are open already.
    pub fn expected(&self, dates: impl IntoIterator<Item = NaiveDate>, open: f64) -> Arrivals {
        let all: f64 = dates.into_iter().map(|date| self.rate(date)).sum();
        let mean = (all - open).max(0.0);
        Arrivals {
            mean,
            variance: mean + DISPERSION * mean * mean,
            breach_share: (self.breached + 1.0) / (self.all.decided + 2.0),
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
    fn quiet_weekends_and_busy_mondays_are_told_apart() {
        let mut past = PastDays::default();
        let first = NaiveDate::from_ymd_opt(2026, 1, 5).unwrap();
        for date in first.iter_days().take(70) {
            let decided = match date.weekday() {
                Weekday::Sat | Weekday::Sun => 0,
                Weekday::Mon => 20,
                _ => 10,
            };
            past.learn(date, decided, decided / 10);
        }
        let of = |day| past.rate(NaiveDate::from_ymd_opt(2026, 3, day).unwrap());
        assert!(of(16) > 14.0 && of(17) < 12.0 && of(21) < 4.0, "{} {} {}", of(16), of(17), of(21));
        let week = first.iter_days().take(7);
        let expected = past.expected(week, 10.0);
        assert!((45.0..55.0).contains(&expected.mean), "{expected:?}");
        assert!((0.09..0.11).contains(&expected.breach_share));
        assert!(expected.variance > expected.mean);
    }
}
