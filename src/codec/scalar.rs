//! Values that many messages hold: instants, spans, ids, counts, percentages.

use chrono::NaiveDate;
use prost_types::{Duration, Timestamp};

use super::printable::hidden;
use super::v1;
use super::violations::Wrong;
use crate::domain::calendar::read_date;
use crate::domain::compliance::Period;
use crate::domain::decimal::Decimal;
use crate::domain::share::Share;
use crate::domain::time::{Instant, Span};
use crate::domain::violation::Violation;
use crate::journal::ChainHash;
use crate::limits::ID_BYTES_MAX;

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// An instant that must be given.
pub fn instant(time: Option<Timestamp>) -> Result<Instant, Wrong> {
    optional_instant(time)?.ok_or_else(|| "is missing: give an instant".into())
}

/// An instant that may be left out.
pub fn optional_instant(time: Option<Timestamp>) -> Result<Option<Instant>, Wrong> {
    let Some(Timestamp { seconds, nanos }) = time else { return Ok(None) };
    if !(0..1_000_000_000).contains(&nanos) {
        return Err(format!("has {nanos} nanos: write 0 to 999,999,999").into());
    }
    let nanos = seconds.checked_mul(NANOS_PER_SECOND).and_then(|s| s.checked_add(i64::from(nanos)));
    let instant = nanos.and_then(|nanos| Instant::from_nanos(nanos).ok());
    instant.map(Some).ok_or_else(|| {
        let text = "lies outside the instants supported, from 1970 to 2199";
        Wrong::from(vec![Violation::out_of_range("", text)])
    })
}

/// A span that must be given, of either sign.
pub fn span(duration: Option<Duration>) -> Result<Span, String> {
    optional_span(duration)?.ok_or_else(|| "is missing: give a duration".to_owned())
}

/// A span that may be left out, of either sign.
pub fn optional_span(duration: Option<Duration>) -> Result<Option<Span>, String> {
    let Some(Duration { seconds, nanos }) = duration else { return Ok(None) };
    if i64::from(nanos).abs() >= NANOS_PER_SECOND || (seconds.signum() * i64::from(nanos)) < 0 {
        return Err(format!("has {nanos} nanos: write less than a second, of the seconds' sign"));
    }
    let range = Instant::MAX.since(Instant::MIN);
    let nanos = seconds.checked_mul(NANOS_PER_SECOND).and_then(|s| s.checked_add(i64::from(nanos)));
    nanos
        .map(Span::from_nanos)
        .filter(|span| (-range..=range).contains(span))
        .map(Some)
        .ok_or_else(|| format!("is {seconds} seconds: at most 230 years are supported"))
}

/// A span longer than nothing.
pub fn positive_span(duration: Option<Duration>) -> Result<Span, String> {
    let span = span(duration)?;
    if span > Span::ZERO { Ok(span) } else { Err(format!("is {span}: it must be more than zero")) }
}

/// A span longer than nothing, that may be left out.
pub fn optional_positive_span(duration: Option<Duration>) -> Result<Option<Span>, String> {
    duration.map(|given| positive_span(Some(given))).transpose()
}

/// A span that is not negative.
pub fn unsigned_span(duration: Option<Duration>) -> Result<Span, String> {
    let span = span(duration)?;
    if span >= Span::ZERO { Ok(span) } else { Err(format!("is {span}: it must not be negative")) }
}

/// A span that is not negative; nothing when it is left out.
pub fn unsigned_span_or_zero(duration: Option<Duration>) -> Result<Span, String> {
    duration.map_or(Ok(Span::ZERO), |given| unsigned_span(Some(given)))
}

/// A local date that may be left out.
pub(super) fn optional_date(text: &str) -> Result<Option<NaiveDate>, String> {
    if text.is_empty() { Ok(None) } else { read_date(text).map(Some) }
}

/// A client's own id, as its backend or monitor writes it, that must be given.
pub fn id(id: String) -> Result<String, String> {
    given(id).and_then(optional_id)
}

/// A client's own id, or nothing.
pub fn optional_id(id: String) -> Result<String, String> {
    optional_id_within(id, ID_BYTES_MAX)
}

/// The id of a contract, calendar, target or objective, that must be given.
pub fn terms_id(id: String) -> Result<String, String> {
    given(id).and_then(optional_terms_id)
}

/// The id of a contract, calendar, target or objective, or nothing.
pub fn optional_terms_id(id: String) -> Result<String, String> {
    optional_terms_id_within(id, ID_BYTES_MAX)
}

/// An id that is there.
pub(super) fn given(id: String) -> Result<String, String> {
    if id.is_empty() { Err("is missing: give an id".to_owned()) } else { Ok(id) }
}

/// A client's own id of at most `most` bytes, or nothing: any text of which every character shows.
pub(super) fn optional_id_within(id: String, most: usize) -> Result<String, String> {
    let id = short_id(id, most)?;
    if let Some(found) = hidden(&id) {
        let code = u32::from(found);
        return Err(format!("{id:?} is not an id: U+{code:04X} in it does not show: leave it out"));
    }
    if id.trim().len() != id.len() {
        return Err(format!("{id:?} is not an id: it begins or ends with a space"));
    }
    Ok(id)
}

/// The id of a contract, calendar, target or objective of at most `most` bytes, or nothing.
pub(super) fn optional_terms_id_within(id: String, most: usize) -> Result<String, String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:~/-".contains(&byte);
    let id = short_id(id, most)?;
    match id.bytes().all(allowed) {
        true => Ok(id),
        false => Err(format!("{id:?} is not an id: use A-Z a-z 0-9 . _ : ~ / -")),
    }
}

/// An id of at most `most` bytes.
pub(super) fn short_id(id: String, most: usize) -> Result<String, String> {
    match id.len() <= most {
        true => Ok(id),
        false => Err(format!("has {} bytes: an id has at most {most}", id.len())),
    }
}

/// A text of at most `most` bytes.
pub fn text(text: String, most: usize) -> Result<String, String> {
    if text.len() <= most {
        Ok(text)
    } else {
        Err(format!("has {} bytes: at most {most} are allowed", text.len()))
    }
}

/// A count that is not negative.
pub fn count(count: i32) -> Result<u32, String> {
    u32::try_from(count).map_err(|_| format!("is {count}: it must not be negative"))
}

/// A count from 0 to `most`.
pub fn count_to(number: i32, most: u32) -> Result<u32, String> {
    count(number)
        .ok()
        .filter(|number| *number <= most)
        .ok_or_else(|| format!("is {number}: write 0 to {most}"))
}

/// The message of an instant.
pub fn timestamp(instant: Instant) -> Timestamp {
    // A part of a second always fits.
    Timestamp { seconds: instant.seconds(), nanos: instant.subsecond_nanos() as i32 }
}

/// The message of a span.
pub fn duration(span: Span) -> Duration {
    let (seconds, nanos) = (span.nanos() / NANOS_PER_SECOND, span.nanos() % NANOS_PER_SECOND);
    Duration { seconds, nanos: nanos as i32 }
}

/// The message of the time from one instant to another; none where that comes first.
pub fn span_between(from: Instant, to: Instant) -> Duration {
    duration(if from <= to { to.since(from) } else { Span::ZERO })
}

/// A percentage that must be given.
pub fn share(percent: &str) -> Result<Share, String> {
    match percent {
        "" => Err("is missing: give a percentage such as \"99.95\"".to_owned()),
        given => Share::from_percent(given).map_err(|error| error.to_string()),
    }
}

/// A percentage, or a default.
pub fn share_or(percent: &str, default: Share) -> Result<Share, String> {
    if percent.is_empty() { Ok(default) } else { share(percent) }
}

/// The least that must be counted; 1 unless given.
pub(super) fn minimum(count: i32) -> Result<u64, String> {
    u64::try_from(count)
        .map(|count| count.max(1))
        .map_err(|_| format!("is {count}: it must not be negative"))
}

/// The decimals of what an indicator measures: it is kept in thousandths of its unit.
const THOUSANDTHS: u8 = 3;

/// A figure in thousandths, which is given as such or as a decimal of its unit; where both are,
/// they are the same. `older` names the field with the thousandths.
pub(super) fn thousandths(older: &str, given: i64, decimal: &str) -> Result<i64, String> {
    if decimal.is_empty() {
        return Ok(given);
    }
    let figure = Decimal::parse(decimal, THOUSANDTHS).and_then(|d| i64::try_from(d.units()).ok());
    match figure {
        None => Err(format!(
            "{decimal:?} is not a figure: write a number such as \"350.5\", with at most three \
             decimals"
        )),
        Some(figure) if given != 0 && given != figure => {
            Err(format!("is {decimal}, and {older} {given} thousandths: write one of them"))
        }
        Some(figure) => Ok(figure),
    }
}

/// Thousandths of a unit as a decimal of it.
pub(super) fn of_thousandths(figure: i64) -> String {
    Decimal::new(figure, THOUSANDTHS).to_string()
}

/// The message of a period.
pub(super) fn encode_period(period: &Period) -> v1::Period {
    v1::Period {
        name: period.name.clone(),
        start_time: Some(timestamp(period.start)),
        end_time: Some(timestamp(period.end)),
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A hash of 64 hexadecimal digits.
pub fn hash(text: &str) -> Result<ChainHash, String> {
    let digits = text.as_bytes().chunks_exact(2).map(|pair| {
        let pair = std::str::from_utf8(pair).ok()?;
        let is_hexadecimal = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hexadecimal.then(|| u8::from_str_radix(pair, 16).ok())?
    });
    let bytes: Option<Vec<u8>> = digits.collect();
    let bytes = bytes.filter(|_| text.len() == 64).and_then(|bytes| bytes.try_into().ok());
    bytes
        .map(<[u8; 32]>::into)
        .ok_or_else(|| format!("{text:?} is not a hash: write its 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I6: the keys that backends give fit unchanged.
    #[test]
    fn a_clients_own_id_is_any_printable_text_of_up_to_128_bytes() {
        let longest = "é".repeat(64);
        let fitting =
            ["I 2611 0042", "Ticket#1", "SAP ERP", "response time", "a\"b,c;d|e", "<b>&", "障害 7"];
        for fits in fitting.into_iter().chain([longest.as_str()]) {
            assert_eq!(id(fits.to_owned()), Ok(fits.to_owned()));
        }
        let refused = [
            "",
            " ",
            " I1",
            "I1 ",
            "\u{a0}I1",
            "I\n1",
            "I\t1",
            "I\0",
            "I\u{7f}",
            "I\u{85}1",
            "I\u{2028}1",
            "I\u{202e}1",
            "\u{feff}I1",
            "I\u{200b}1",
            "I\u{a0}1",
            "I\u{ad}1",
            "I\u{200d}1",
        ];
        for refused in refused {
            assert!(id(refused.to_owned()).is_err(), "{refused:?}");
        }
        assert!(id(format!("{longest}x")).is_err());
    }

    /// I6: what a contract names keeps to letters that fit into addresses and conditions.
    #[test]
    fn the_id_of_a_contract_has_no_space() {
        assert!(terms_id("sla/city-2026:1".to_owned()).is_ok());
        for refused in ["", "my sla", "sla#1", "släger"] {
            assert!(terms_id(refused.to_owned()).is_err(), "{refused:?}");
        }
    }
}
