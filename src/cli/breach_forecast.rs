//! How probable a breach is, and why, for a reader.

use prost_types::Timestamp;

use super::show::{Times, counted, percent};
use crate::codec::v1;

/// The forecast of an open clock, in lines.
pub(super) fn lines(clock: &v1::Clock, forecast: &v1::BreachForecast, times: &Times) -> String {
    let breach = match clock.outcome() {
        v1::Outcome::Breached => "late already".to_owned(),
        _ => format!("{} to breach", percent(forecast.probability)),
    };
    let stop = match (forecast.stop_time_p50, forecast.stop_time_p90) {
        (None, _) => String::new(),
        (Some(half), None) => format!("; in half of all cases it stops by {}", minute(half, times)),
        (Some(half), Some(most)) => format!(
            "; in half of all cases it stops by {}, in nine of ten by {}",
            minute(half, times),
            minute(most, times)
        ),
    };
    let learnt = match forecast.learnt_clocks {
        0 => NOTHING_LEARNT.to_owned(),
        learnt => format!("learnt from {} of the contract", counted(learnt, "decided clock")),
    };
    let why = why(&forecast.summary, forecast.reasons.iter().map(String::as_str));
    format!("forecast: {breach}{stop}\n{why}\n  ({learnt})")
}

/// What is said of a contract without a history of its own.
pub(super) const NOTHING_LEARNT: &str =
    "no clock of the contract is decided yet: this is how clocks went elsewhere";

/// Why a probability is what it is, a line each.
pub(super) fn why<'r>(summary: &'r str, reasons: impl Iterator<Item = &'r str>) -> String {
    let lines = [summary].into_iter().chain(reasons).map(|line| format!("  {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is only probable is not shown to the second.
pub(super) fn minute(time: Timestamp, times: &Times) -> String {
    let seconds = time.seconds - time.seconds.rem_euclid(60);
    times.show(Some(Timestamp { seconds, nanos: 0 }))
}
