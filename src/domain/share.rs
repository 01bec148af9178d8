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
    /// 50 %.
    pub const HALF: Share = Share(MILLIONTHS / 2);
    /// 100 %.
    pub const ALL: Share = Share(MILLIONTHS);

    /// So many hundredths: of more than 100, all.
    pub fn from_hundredths(hundredths: u32) -> Share {
        Share(hundredths.saturating_mul(MILLIONTHS / 100).min(MILLIONTHS))
    }

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

    /// The smallest part of a whole that is at least this share of it.
    pub fn smallest_part(self, whole: u64) -> u64 {
        let part = (u128::from(whole) * u128::from(self.0)).div_ceil(u128::from(MILLIONTHS));
        u64::try_from(part).unwrap_or(u64::MAX)
    }

    /// The share that `a` x `b` is of `c` x `d`, rounded down to the millionth and at most 100 %,
    /// however large the products are; `None` when that whole is 0.
    pub fn of_products([a, b]: [u128; 2], [c, d]: [u128; 2]) -> Option<Share> {
        share_of(product(a, b), product(c, d))
    }

    /// What `part` leaves of `whole`, both products, as [`Share::of_products`]; 0 when it is more.
    pub fn rest_of_products(part: [u128; 2], whole: [u128; 2]) -> Option<Share> {
        let (part, whole) = (product(part[0], part[1]), product(whole[0], whole[1]));
        let (low, borrow) = whole[1].overflowing_sub(part[1]);
        let rest = [whole[0].saturating_sub(part[0]).saturating_sub(u128::from(borrow)), low];
        let rest = if part > whole { [0, 0] } else { rest };
        share_of(rest, whole)
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

/// The share of numbers in two halves.
fn share_of(part: [u128; 2], whole: [u128; 2]) -> Option<Share> {
    let is_reached = |millionths: u32| {
        times(part, u128::from(MILLIONTHS)) >= times(whole, u128::from(millionths))
    };
    // The largest of 0 to a million that is reached, found by halving.
    let (mut reached, mut above) = (0, MILLIONTHS + 1);
    while above - reached > 1 {
        let middle = reached + (above - reached) / 2;
        if is_reached(middle) {
            reached = middle;
        } else {
            above = middle;
        }
    }
    (whole != [0, 0]).then_some(Share(reached))
}

/// The product of two numbers in two halves, the higher first.
fn product(a: u128, b: u128) -> [u128; 2] {
    const HALF: u32 = 64;
    const LOW: u128 = u64::MAX as u128;
    let (a, b) = ([a >> HALF, a & LOW], [b >> HALF, b & LOW]);
    let low = a[1] * b[1];
    let middle = a[0] * b[1] + (low >> HALF);
    let other = a[1] * b[0] + (middle & LOW);
    [a[0] * b[0] + (middle >> HALF) + (other >> HALF), (other << HALF) | (low & LOW)]
}

/// A number in two halves times another; saturates.
fn times([high, low]: [u128; 2], factor: u128) -> [u128; 2] {
    let [carry, low] = product(low, factor);
    match high.checked_mul(factor).and_then(|high| high.checked_add(carry)) {
        Some(high) => [high, low],
        None => [u128::MAX, u128::MAX],
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

    #[test]
    fn shares_of_products_are_exact_where_the_products_are_too_large() {
        let of = |part, whole| Share::of_products(part, whole).map(|share| share.to_string());
        assert_eq!(of([1, 1], [3, 1]), Some("33.3333".into()));
        assert_eq!(of([u128::MAX, 999_500], [u128::MAX, 1_000_000]), Some("99.95".into()));
        let less = [u128::MAX - 1, 1 << 60];
        assert_eq!(of(less, [u128::MAX, 1 << 60]), Some("99.9999".into()));
        assert_eq!(of([5, 5], [0, 7]), None);
        assert_eq!(of([5, 5], [1, 1]), Some("100".into()));
    }

    proptest! {
        #[test]
        fn a_share_of_products_is_that_of_numbers(
            a in 0..1u128 << 40, b in 0..1u128 << 40, c in 0..1u128 << 40, d in 0..1u128 << 40,
        ) {
            prop_assert_eq!(Share::of_products([a, b], [c, d]), Share::of(a * b, c * d));
        }

        #[test]
        fn the_smallest_part_is_just_enough(millionths in 0..=MILLIONTHS, whole in 1u64..1 << 40) {
            let share = Share(millionths);
            let part = share.smallest_part(whole);
            prop_assert!(share.is_reached(part, whole));
            prop_assert!(part == 0 || !share.is_reached(part - 1, whole));
        }

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
