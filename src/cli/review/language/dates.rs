//! Dates, times and periods as a language writes them.

use chrono::{NaiveDate, NaiveDateTime, Timelike};
use icu_datetime::input::{Date, DateTime, Time};
use prost_types::Timestamp;

use super::formats::date_of;
use super::speech::Language;
use crate::codec::v1;

impl Language {
    /// An instant in the zone of the review: `30 April 2016 at 14:05`; a dash for none.
    pub fn instant(&self, time: Option<Timestamp>) -> String {
        let local = time.and_then(|time| self.times.local(time));
        let text = local.and_then(|local| {
            let time = Time::try_new(local.hour() as u8, local.minute() as u8, 0, 0).ok()?;
            let date = date_of(local.date())?;
            Some(self.dates.instant.format(&DateTime { date, time }).to_string())
        });
        text.unwrap_or_else(|| self.text("none"))
    }

    /// The local date of an instant: `30 April 2016`; a dash for none.
    pub fn date(&self, time: Option<Timestamp>) -> String {
        let local = time.and_then(|time| self.times.local(time));
        self.written(local.map(|local| local.date()))
    }

    /// The last local date before an instant at which something ends.
    pub fn last_date(&self, end: Option<Timestamp>) -> String {
        let local = end.and_then(|end| self.times.local(end));
        self.written(local.map(before).map(|local| local.date()))
    }

    /// The first and last local date from one instant to another, such as `2026-11-01`.
    pub fn dates(&self, start: Option<Timestamp>, end: Option<Timestamp>) -> (String, String) {
        let local = |time: Option<Timestamp>| time.and_then(|time| self.times.local(time));
        let shown = |local: Option<NaiveDateTime>| {
            local.map(|local| local.date().to_string()).unwrap_or_default()
        };
        (shown(local(start)), shown(local(end).map(before)))
    }

    /// A date such as `2026-11-30`, written out.
    pub fn iso_date(&self, date: &str) -> String {
        date.parse().map_or_else(|_| date.to_owned(), |date| self.written(Some(date)))
    }

    fn written(&self, date: Option<NaiveDate>) -> String {
        let text = date.and_then(date_of).map(|date| self.dates.date.format(&date).to_string());
        text.unwrap_or_else(|| self.text("none"))
    }

    /// A weekday, shortened; Monday is 0.
    pub fn weekday(&self, from_monday: u8) -> String {
        // 1 January 2024 was a Monday.
        let date = Date::try_new_gregorian(2024, 1, from_monday % 7 + 1);
        date.map_or_else(|_| String::new(), |date| self.dates.weekday.format(&date).to_string())
    }

    /// A period by its name: `October 2026`, `3rd quarter of 2026`, `2026`; without a name by its
    /// first and last date.
    pub fn period(&self, period: &v1::Period) -> String {
        let parts = period.name.split_once('-').map_or((period.name.as_str(), ""), |parts| parts);
        match parts {
            ("", _) => self.say(
                "period-between",
                &[
                    ("first", self.date(period.start_time).into()),
                    ("last", self.last_date(period.end_time).into()),
                ],
            ),
            (year, "") => year.to_owned(),
            (year, rest) => match (rest.strip_prefix('Q').map(str::parse::<i64>), rest.parse()) {
                (Some(Ok(quarter)), _) => {
                    self.say("quarter", &[("quarter", quarter.into()), ("year", year.into())])
                }
                (_, Ok(month)) => self.month(year, month).unwrap_or_else(|| period.name.clone()),
                (_, Err(_)) => period.name.clone(),
            },
        }
    }

    /// A period as it stands within a sentence, after `in`, `of` or what another language has for
    /// them: `the 3rd quarter of 2026`.
    pub fn period_in_text(&self, period: &v1::Period) -> String {
        let quarter = period.name.split_once("-Q").and_then(|(year, quarter)| {
            let arguments =
                [("quarter", quarter.parse::<i64>().ok()?.into()), ("year", year.into())];
            Some(self.say("quarter-in-text", &arguments))
        });
        quarter.unwrap_or_else(|| self.period(period))
    }

    fn month(&self, year: &str, month: u8) -> Option<String> {
        let date = Date::try_new_gregorian(year.parse().ok()?, month, 1).ok()?;
        Some(self.dates.month.format(&date).to_string())
    }
}

/// The instant before: what ends at midnight has the day before as its last.
fn before(end: NaiveDateTime) -> NaiveDateTime {
    end.checked_sub_signed(chrono::TimeDelta::seconds(1)).unwrap_or(end)
}

#[cfg(test)]
mod tests {
    use super::super::testing::all;
    use super::*;

    #[test]
    fn periods_are_written_out() {
        let named = |name: &str| v1::Period { name: name.to_owned(), ..Default::default() };
        let shown = |name: &str| all().map(|language| language.period(&named(name)));
        assert_eq!(shown("2016-03"), ["March 2016", "maart 2016", "März 2016"]);
        assert_eq!(
            shown("2016-Q2"),
            ["2nd quarter of 2016", "2e kwartaal van 2016", "2. Quartal 2016"]
        );
        assert_eq!(shown("2016"), ["2016"; 3]);
        let in_text = |name: &str| all().map(|language| language.period_in_text(&named(name)));
        assert_eq!(in_text("2016-03"), shown("2016-03"));
        assert_eq!(
            in_text("2016-Q2"),
            ["the 2nd quarter of 2016", "het 2e kwartaal van 2016", "das 2. Quartal 2016"]
        );
        let fortnight = v1::Period {
            start_time: Some(Timestamp { seconds: 1_459_468_800, nanos: 0 }),
            end_time: Some(Timestamp { seconds: 1_460_678_400, nanos: 0 }),
            ..Default::default()
        };
        let shown = all().map(|language| language.period(&fortnight));
        assert_eq!(
            shown,
            [
                "1 April 2016 to 14 April 2016",
                "1 april 2016 tot en met 14 april 2016",
                "1. April 2016 bis 14. April 2016",
            ]
        );
    }

    #[test]
    fn instants_and_weekdays_are_written_out() {
        let time = Some(Timestamp { seconds: 1_459_692_300, nanos: 0 });
        let shown = all().map(|language| language.instant(time));
        assert_eq!(
            shown,
            ["3 April 2016 at 14:05", "3 april 2016 om 14:05", "3. April 2016 um 14:05"]
        );
        assert_eq!(all().map(|language| language.weekday(0)), ["Mon", "ma", "Mo"]);
        assert_eq!(all().map(|language| language.instant(None)), ["–"; 3]);
    }
}
