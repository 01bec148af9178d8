//! Instants and spans: whole nanoseconds, so that nothing is ever rounded.
//!
//! Every instant slx accepts lies in 1970 to 2199, which fits a signed 64-bit count of nanoseconds;
//! so does the difference of any two. Arithmetic that could leave the range is checked.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use super::decimal::Decimal;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, from [`Instant::MIN`] to
/// [`Instant::MAX`], both included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(i64);

/// A signed length of time in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

/// The error for an instant before 1970 or after 2199, and for arithmetic that leads there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("time is outside 1970-01-01T00:00:00Z to 2199-12-31T23:59:59.999999999Z")]
pub struct OutOfRange;

impl Instant {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Instant = Instant(0);
    /// 2199-12-31T23:59:59.999999999Z.
    pub const MAX: Instant = Instant(7_258_118_400 * NANOS_PER_SECOND - 1);

    /// The instant `nanos` nanoseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] before [`Instant::MIN`] or after [`Instant::MAX`].
    pub fn from_nanos(nanos: i64) -> Result<Instant, OutOfRange> {
        let instant = Instant(nanos);
        if (Instant::MIN..=Instant::MAX).contains(&instant) { Ok(instant) } else { Err(OutOfRange) }
    }

    /// The instant `seconds` after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`OutOfRange`] before [`Instant::MIN`] or after [`Instant::MAX`].
    pub fn from_seconds(seconds: i64) -> Result<Instant, OutOfRange> {
        seconds.checked_mul(NANOS_PER_SECOND).ok_or(OutOfRange).and_then(Instant::from_nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub fn seconds(self) -> i64 {
        self.0 / NANOS_PER_SECOND
    }

    /// The nanoseconds past [`Instant::seconds`].
    pub fn subsecond_nanos(self) -> i64 {
        self.0 % NANOS_PER_SECOND
    }

    /// The span from `earlier` to this instant; negative when `earlier` is later.
    pub fn since(self, earlier: Instant) -> Span {
        Span(self.0 - earlier.0)
    }

    /// This instant moved by `span`.
    ///
    /// # Errors
    /// [`OutOfRange`] when the result lies before [`Instant::MIN`] or after [`Instant::MAX`].
    pub fn checked_add(self, span: Span) -> Result<Instant, OutOfRange> {
        self.0.checked_add(span.0).ok_or(OutOfRange).and_then(Instant::from_nanos)
    }

    /// The same instant as chrono's type.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }
}

impl TryFrom<DateTime<Utc>> for Instant {
    type Error = OutOfRange;

    fn try_from(time: DateTime<Utc>) -> Result<Instant, OutOfRange> {
        time.timestamp_nanos_opt().ok_or(OutOfRange).and_then(Instant::from_nanos)
    }
}

/// RFC 3339 in UTC, with as many decimals as the instant needs.
impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Longer than any difference of two instants.
    pub const MAX: Span = Span(i64::MAX);

    /// A span of `nanos` nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Span {
        Span(nanos)
    }

    /// A span of `seconds`, for lengths known to fit (up to 292 years).
    pub const fn from_seconds(seconds: i64) -> Span {
        Span(seconds * NANOS_PER_SECOND)
    }

    /// A span of `hours`, for lengths known to fit (up to 292 years).
    pub const fn from_hours(hours: i64) -> Span {
        Span::from_seconds(hours * 3600)
    }

    /// A span of `minutes`, for lengths known to fit (up to 292 years).
    pub const fn from_minutes(minutes: i64) -> Span {
        Span::from_seconds(minutes * 60)
    }

    /// The span in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// The span's length as a share of `whole`, in whole percent rounded down; 0 when `whole` is
    /// not positive.
    pub fn percent_of(self, whole: Span) -> i64 {
        if whole.0 <= 0 {
            return 0;
        }
        let percent = i128::from(self.0) * 100 / i128::from(whole.0);
        i64::try_from(percent).unwrap_or(i64::MAX)
    }

    /// This span times `numerator / denominator`, rounded towards zero.
    pub fn scaled(self, numerator: Span, denominator: Span) -> Span {
        if denominator.0 == 0 {
            return self;
        }
        let scaled = i128::from(self.0) * i128::from(numerator.0) / i128::from(denominator.0);
        Span(i64::try_from(scaled).unwrap_or(i64::MAX))
    }
}

impl std::ops::Add for Span {
    type Output = Span;

    /// Saturates: sums over the segments of a clock stay far below 292 years.
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Span {
    type Output = Span;

    fn sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Neg for Span {
    type Output = Span;

    fn neg(self) -> Span {
        Span(self.0.saturating_neg())
    }
}

impl std::ops::AddAssign for Span {
    fn add_assign(&mut self, other: Span) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Span {
    fn sum<I: Iterator<Item = Span>>(spans: I) -> Span {
        spans.fold(Span::ZERO, |total, span| total + span)
    }
}

/// Days, hours, minutes and seconds: `1d 04:30:00`, `-00:05:00`, `00:00:00.25`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let nanos = self.0.unsigned_abs();
        let seconds = nanos / 1_000_000_000;
        let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
        let mut text = match days {
            0 => format!("{sign}{hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
            _ => format!("{sign}{days}d {hours:02}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
        };
        let rest = nanos % 1_000_000_000;
        if rest != 0 {
            text += Decimal::new(rest, 9).to_string().trim_start_matches('0');
        }
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_is_1970_to_2199() {
        assert_eq!(Instant::MIN.to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(Instant::MAX.to_string(), "2199-12-31T23:59:59.999999999Z");
        assert_eq!(Instant::from_nanos(-1), Err(OutOfRange));
        assert_eq!(Instant::from_seconds(i64::MAX), Err(OutOfRange));
        assert_eq!(Instant::MAX.checked_add(Span::from_nanos(1)), Err(OutOfRange));
    }

    #[test]
    fn spans_read_well() {
        assert_eq!(Span::from_seconds(-300).to_string(), "-00:05:00");
        assert_eq!(Span::from_hours(28).to_string(), "1d 04:00:00");
        assert_eq!(Span::from_nanos(250_000_000).to_string(), "00:00:00.25");
    }

    #[test]
    fn percent_rounds_down_and_survives_extremes() {
        assert_eq!(Span::from_nanos(999).percent_of(Span::from_nanos(1000)), 99);
        assert_eq!(Span::MAX.percent_of(Span::from_nanos(1)), i64::MAX);
        assert_eq!(Span::MAX.percent_of(Span::ZERO), 0);
    }
}
