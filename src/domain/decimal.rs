//! Decimal numbers, and the only code that formats and parses them.
//!
//! Figures are kept as whole numbers of their smallest unit: millionths of a whole, minor units of
//! a currency, nanoseconds. Here such a number gets its decimal point.

use std::fmt;

/// A decimal number: a whole number of units of its last place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    units: i128,
    places: u8,
}

/// The most decimal places: the unit of the last one is 10^-18.
const PLACES_MAX: u8 = 18;

impl Decimal {
    /// `units / 10^places`: `(125, 2)` is 1.25. More than 18 places are taken for 18.
    pub fn new(units: impl Into<i128>, places: u8) -> Decimal {
        Decimal { units: units.into(), places: places.min(PLACES_MAX) }
    }

    /// Parses digits with at most `places` decimals after a point: `1.25`, `-3`. `None` when the
    /// text is anything else, or too large.
    pub fn parse(text: &str, places: u8) -> Option<Decimal> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let width = usize::from(places.min(PLACES_MAX));
        if !are_digits(whole) || !are_digits(rest) || (rest != "0" && rest.len() > width) {
            return None;
        }
        let rest = if width == 0 { String::new() } else { format!("{rest:0<width$}") };
        let units: i128 = format!("{whole}{rest}").parse().ok()?;
        Some(Decimal::new(if text.starts_with('-') { -units } else { units }, places))
    }

    /// The number of units of the last place: 125 for 1.25.
    pub fn units(self) -> i128 {
        self.units
    }

    /// The text with all its places: `1.20`.
    pub fn all_places(self) -> String {
        let (sign, whole, rest) = self.parts();
        match usize::from(self.places) {
            0 => format!("{sign}{whole}"),
            width => format!("{sign}{whole}.{rest:0width$}"),
        }
    }

    /// Truncated to at most `places`, towards zero.
    pub fn cut(self, places: u8) -> Decimal {
        let gone = self.places.saturating_sub(places);
        Decimal { units: self.units / power_of_ten(gone), places: self.places - gone }
    }

    /// The sign, the whole part, and the units of the last place beyond it.
    fn parts(self) -> (&'static str, u128, u128) {
        let one = power_of_ten(self.places).unsigned_abs();
        let sign = if self.units < 0 { "-" } else { "" };
        (sign, self.units.unsigned_abs() / one, self.units.unsigned_abs() % one)
    }
}

fn power_of_ten(places: u8) -> i128 {
    10_i128.pow(u32::from(places))
}

/// Formats it without trailing zeros: `1.2`, `1`.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole, rest) = self.parts();
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let rest = format!("{rest:0width$}", width = usize::from(self.places));
        write!(f, "{sign}{whole}.{}", rest.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_has_as_many_places_as_it_needs_or_all_of_them() {
        for (units, places, shortest, all) in [
            (0, 2, "0", "0.00"),
            (120, 2, "1.2", "1.20"),
            (-5, 2, "-0.05", "-0.05"),
            (1250, 0, "1250", "1250"),
            (1, 9, "0.000000001", "0.000000001"),
            (i64::MIN, 2, "-92233720368547758.08", "-92233720368547758.08"),
        ] {
            let decimal = Decimal::new(units, places);
            assert_eq!((decimal.to_string(), decimal.all_places()), (shortest.into(), all.into()));
        }
    }

    #[test]
    fn cutting_never_makes_it_larger() {
        assert_eq!(Decimal::new(999_999, 4).cut(1).all_places(), "99.9");
        assert_eq!(Decimal::new(-129, 2).cut(1).all_places(), "-1.2");
        assert_eq!(Decimal::new(12, 1).cut(3).all_places(), "1.2");
    }

    #[test]
    fn only_digits_with_one_point_are_a_number() {
        for text in ["", ".", "1.", ".5", "+1", "--1", "1.234", "1,2", "1e2", " 1"] {
            assert_eq!(Decimal::parse(text, 2), None, "{text}");
        }
        assert_eq!(Decimal::parse("-7.5", 2), Some(Decimal::new(-750, 2)));
        assert_eq!(Decimal::parse("7", 0), Some(Decimal::new(7, 0)));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(units in any::<i64>(), places in 0u8..=18) {
            let decimal = Decimal::new(units, places);
            prop_assert_eq!(Decimal::parse(&decimal.to_string(), places), Some(decimal));
            prop_assert_eq!(Decimal::parse(&decimal.all_places(), places), Some(decimal));
        }
    }
}
