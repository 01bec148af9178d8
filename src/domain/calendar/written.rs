//! Reads times of day and dates, each in its one accepted spelling.

use chrono::{Datelike, NaiveDate};

use super::{Window, YEAR_MAX, YEAR_MIN};

const QUOTED_CHARS_MAX: usize = 40;

/// The minute of the day at which a window opens.
pub(super) fn read_opens(text: &str) -> Result<u16, String> {
    read_time(text).filter(|minute| *minute < Window::MINUTES_PER_DAY).ok_or_else(|| {
        format!("{} is not a time of day to open: write HH:MM from 00:00 to 23:59", quote(text))
    })
}

/// The minute of the day at which a window closes.
pub(super) fn read_closes(text: &str) -> Result<u16, String> {
    read_time(text).ok_or_else(|| {
        format!("{} is not a time of day: write HH:MM from 00:00 to 24:00", quote(text))
    })
}

/// The minute of the day of `HH:MM`, up to and including 24:00.
fn read_time(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (read_digits(hour, 2)?, read_digits(minute, 2)?);
    let minute_of_day = u16::try_from(hour * 60 + minute).ok()?;
    (minute < 60 && minute_of_day <= Window::MINUTES_PER_DAY).then_some(minute_of_day)
}

/// The date written as `YYYY-MM-DD`, from [`YEAR_MIN`] to [`YEAR_MAX`]; otherwise what is wrong
/// with it, as a sentence.
pub fn read_date(text: &str) -> Result<NaiveDate, String> {
    let date = || {
        let (year, rest) = text.split_once('-')?;
        let (month, day) = rest.split_once('-')?;
        let year = i32::try_from(read_digits(year, 4)?).ok()?;
        NaiveDate::from_ymd_opt(year, read_digits(month, 2)?, read_digits(day, 2)?)
    };
    date().filter(|date| (YEAR_MIN..=YEAR_MAX).contains(&date.year())).ok_or_else(|| {
        let range = format!("from {YEAR_MIN}-01-01 to {YEAR_MAX}-12-31");
        format!("{} is not a date: write YYYY-MM-DD {range}", quote(text))
    })
}

/// The number written with exactly `count` decimal digits, without sign or blanks.
fn read_digits(text: &str, count: usize) -> Option<u32> {
    let all_digits = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    if all_digits { text.parse().ok() } else { None }
}

/// The client's text for an error message: escaped, and cut after [`QUOTED_CHARS_MAX`]
/// characters.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS_MAX) {
        Some((end, _)) => format!("{:?}...", text.get(..end).unwrap_or_default()),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_and_dates_are_written_one_way() {
        for text in ["", "9:00", "009:00", "09:0", "09:60", "25:00", "٠٩:٠٠", "09-00", " 9:00"]
        {
            assert_eq!(read_time(text), None, "{text}");
        }
        for text in ["", "2026-1-1", "2026-01-32", "1969-12-31", "02026-01-01", "2026-01-01T"] {
            assert!(read_date(text).is_err(), "{text}");
        }
        assert_eq!(read_time("24:00"), Some(1440));
        assert!(read_date("2199-12-31").is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_a_violation(text in ".{0,8}") {
            if let Ok(minute) = read_closes(&text) {
                prop_assert_eq!(format!("{:02}:{:02}", minute / 60, minute % 60), text);
            }
        }

        #[test]
        fn any_text_is_a_date_or_a_violation(text in "[0-9+-]{0,12}") {
            if let Ok(date) = read_date(&text) {
                prop_assert_eq!(date.to_string(), text);
            }
        }
    }
}
