//! Durations as exports write them: numbers of a unit, or hours, minutes and seconds.

use serde::Deserialize;

/// The unit of a number.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Milliseconds,
    #[default]
    Seconds,
    Minutes,
    Hours,
}

impl Unit {
    fn milliseconds(self) -> i64 {
        match self {
            Unit::Milliseconds => 1,
            Unit::Seconds => 1_000,
            Unit::Minutes => 60_000,
            Unit::Hours => 3_600_000,
        }
    }
}

/// A duration in milliseconds: `90`, `1.5` or `-3` of the unit, or `1:30` hours, or `1:30:00`.
///
/// # Errors
/// It is none of these, or does not fit.
pub(super) fn milliseconds(text: &str, unit: Unit) -> Result<i64, String> {
    let parsed = match text.contains(':') {
        true => of_clock(text),
        false => of_number(text, unit.milliseconds()),
    };
    parsed.ok_or_else(|| format!("{text:?} is not a duration: write a number, or 1:30:00"))
}

fn of_clock(text: &str) -> Option<i64> {
    let parts: Vec<i64> =
        text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let (hours, minutes, seconds) = match parts[..] {
        [hours, minutes] => (hours, minutes, 0),
        [hours, minutes, seconds] => (hours, minutes, seconds),
        _ => return None,
    };
    let is_sound = hours >= 0 && (0..60).contains(&minutes) && (0..60).contains(&seconds);
    let within_hour = (minutes * 60 + seconds) * 1_000;
    is_sound.then(|| hours.checked_mul(3_600_000)?.checked_add(within_hour)).flatten()
}

/// The number exactly, in whole milliseconds.
fn of_number(text: &str, unit: i64) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 9 || !are_digits(whole) || !are_digits(decimals) {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(decimals.len()).ok()?);
    let number: i128 = format!("{whole}{decimals}").parse().ok()?;
    i64::try_from(number.checked_mul(unit.into())? / scale * sign).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_of_a_unit_or_what_a_clock_shows() {
        let of = |text: &str, unit| milliseconds(text, unit).ok();
        assert_eq!(of("90", Unit::Minutes), Some(5_400_000));
        assert_eq!(of("1.25", Unit::Hours), Some(4_500_000));
        assert_eq!(of("-3", Unit::Seconds), Some(-3_000));
        assert_eq!(of("1:30", Unit::Seconds), Some(5_400_000));
        assert_eq!(of("0:00:07", Unit::Hours), Some(7_000));
        for wrong in ["", "x", "1:60", "1h", ".5", "1:2:3:4", "99999999999999999999"] {
            assert_eq!(of(wrong, Unit::Hours), None, "{wrong}");
        }
    }
}
