//! How parties, times and shares are written in a review.

use itertools::Itertools;
use prost_types::Duration;

use crate::cli::show::choice;
use crate::codec::v1;
use crate::domain::decimal::Decimal;

/// The party a cause is attributed to, how certain that is, and whether it recurs.
pub(super) fn cause_name(cause: &v1::ReviewedCause) -> String {
    let sure = match cause.least_confidence_percent {
        0 => String::new(),
        least => format!(" (at least {least}% sure)"),
    };
    named(cause) + &sure
}

fn named(cause: &v1::ReviewedCause) -> String {
    match (cause.party.as_str(), cause.recurring) {
        ("", _) => "not said".to_owned(),
        (party, true) => format!("{party}, again and again"),
        (party, false) => party.to_owned(),
    }
}

/// Whose turn it was.
pub(super) fn holder(part: &v1::PartyTime) -> String {
    match part.third_party.as_str() {
        "" => choice(part.kind().as_str_name(), "PARTY_TIME_KIND_"),
        name => name.to_owned(),
    }
}

/// How long, in whole seconds.
pub(super) fn seconds(part: &v1::PartyTime) -> i64 {
    part.duration.unwrap_or_default().seconds
}

/// Whole hours, rounded down: `1,234 h`.
pub(super) fn hours(time: Option<Duration>) -> String {
    let digits = (time.unwrap_or_default().seconds / 3600).to_string();
    let thousands = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    format!("{} h", thousands.collect_vec().join(","))
}

/// A percentage with one decimal, cut: what is not whole is never shown as whole.
pub(super) fn shortened(percent: &str) -> String {
    match Decimal::parse(percent, 4) {
        Some(exact) if percent.contains('.') => exact.cut(1).all_places(),
        _ => percent.to_owned(),
    }
}
