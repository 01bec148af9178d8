//! The one rounding of money.

/// `exact / unit`, rounded to a whole number, half of one upwards. The only rounding of a fee, a
/// credit, a bonus or a cap.
pub(super) fn rounded(exact: i128, unit: i128) -> i64 {
    let whole = exact.saturating_add(unit / 2).div_euclid(unit);
    i64::try_from(whole).unwrap_or(i64::MAX)
}
