//! Shares of a whole, in exact millionths.

use std::fmt;

use super::decimal::Decimal;
use super::time::Span;

const MILLIONTHS: u32 = 1_000_000;
/// The decimals of a percentage: a millionth is 0.0001 %.
const DECIMALS: u8 = 4;

/// A share of a whole in millionths: 999,500 is 99.95 %.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Share(u32);

/// The error for a text that is not a percentage from 0 to 100 with at most four decimals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a percentage: write a number from 0 to 100 such as \"99.95\", with at most four \
     decimals"
)]
pub struct NotAPercentage(String);

impl Share {
    /// 0 %.
    pub const NONE: Share = Share(0);
    /// 100 %.
    pub const ALL: Share = Share(MILLIONTHS);

    /// Parses a percentage: `"99.95"`.
    ///
    /// # Errors
    /// [`NotAPercentage`] unless the text is a number from 0 to 100 with at most four decimals.
    pub fn from_percent(text: &str) -> Result<Share, NotAPercentage> {
        let not = || NotAPercentage(text.to_owned());
        let percent = Decimal::parse(text, DECIMALS).filter(|_| !text.starts_with('-'));
        let millionths = percent.and_then(|percent| u32::try_from(percent.units()).ok());
        millionths.filter(|share| *share <= MILLIONTHS).map(Share).ok_or_else(not)
    }

    /// The share that `part` is of `whole`, rounded down to the millionth and at most 100 %; `None`
    /// when `whole` is 0.
    pub fn of(part: impl Into<u128>, whole: impl Into<u128>) -> Option<Share> {
        let (part, whole) = (part.into(), whole.into());
        let millionths = part.saturating_mul(u128::from(MILLIONTHS)) / whole.max(1);
        let millionths = millionths.min(u128::from(MILLIONTHS)) as u32;
        (whole > 0).then_some(Share(millionths))
    }

    /// Whether `part` is at least this share of `whole`, exactly.
    pub fn is_reached(self, part: impl Into<u128>, whole: impl Into<u128>) -> bool {
        let share_of_whole = whole.into().saturating_mul(u128::from(self.0));
        part.into().saturating_mul(u128::from(MILLIONTHS)) >= share_of_whole
    }

    /// The largest `whole` of which `part` is at least this share; `None` when the share is 0,
    /// which any whole satisfies.
    pub fn largest_whole(self, part: u64) -> Option<u64> {
        let whole = (u128::from(part) * u128::from(MILLIONTHS)).checked_div(u128::from(self.0))?;
        Some(u64::try_from(whole).unwrap_or(u64::MAX))
    }

    /// This share of a span, rounded down to the nanosecond.
    pub fn of_span(self, span: Span) -> Span {
        let nanos = i128::from(span.nanos()) * i128::from(self.0) / i128::from(MILLIONTHS);
        Span::from_nanos(i64::try_from(nanos).unwrap_or(i64::MAX))
    }

    /// The whole less this share.
    pub fn rest(self) -> Share {
        Share(MILLIONTHS - self.0)
    }

    /// This share less another, in percent; negative when it is smaller.
    pub fn above(self, other: Share) -> Decimal {
        Decimal::new(i64::from(self.0) - i64::from(other.0), DECIMALS)
    }

    /// In millionths.
    pub fn millionths(self) -> u32 {
        self.0
    }
}

/// As a percentage without its sign, with as many decimals as it needs: `99.95`.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.0, DECIMALS).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentages_are_read_as_they_are_written() {
        for (text, millionths) in [
            ("0", 0),
            ("95", 950_000),
            ("99.95", 999_500),
            ("99.9999", 999_999),
            ("100.0", 1_000_000),
        ] {
            assert_eq!(Share::from_percent(text), Ok(Share(millionths)), "{text}");
        }
        for text in ["", ".", "95.", ".5", "-1", "+1", "100.0001", "99.99999", "95 %", "1e2"] {
            assert!(Share::from_percent(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_share_is_never_rounded_up_to_what_it_does_not_reach() {
        let target = Share::from_percent("95").unwrap_or_default();
        assert!(
            target.is_reached(95u64, 100u64) && !target.is_reached(94_999_999u64, 100_000_000u64)
        );
        assert_eq!(
            Share::of(94_999_999u64, 100_000_000u64).map(|s| s.to_string()),
            Some("94.9999".into())
        );
        assert_eq!(Share::of(0u64, 0u64), None);
    }

    proptest! {
        #[test]
        fn every_share_reads_back(millionths in 0..=MILLIONTHS) {
            let share = Share(millionths);
            prop_assert_eq!(Share::from_percent(&share.to_string()), Ok(share));
        }

        #[test]
        fn the_largest_whole_is_just_reached(millionths in 1..=MILLIONTHS, part in 0u64..1 << 40) {
            let share = Share(millionths);
            let whole = share.largest_whole(part).unwrap_or_default();
            prop_assert!(share.is_reached(part, whole));
            prop_assert!(!share.is_reached(part, whole + 1));
        }
    }
}
