//! What became of an import, as it is shown.

use std::time::Duration;

use serde_json::json;

use super::rejects::RejectedRow;
use crate::cli::coverage::{self, Lack, Lacks};
use crate::cli::show::counted;

/// What became of an import.
#[derive(Debug, Default)]
pub(in crate::cli) struct Summary {
    pub rows: usize,
    pub incidents: usize,
    pub accepted: usize,
    pub duplicates: usize,
    /// Events the server would not take.
    pub refused: usize,
    /// The rows these and the unreadable ones are, each once.
    pub rejects: Vec<RejectedRow>,
    pub took: Duration,
    /// What the incidents lack of clocks.
    pub lacks: Lacks,
}

impl Summary {
    /// Events a second, those the server knew already included.
    pub fn events_a_second(&self) -> u64 {
        let events = (self.accepted + self.duplicates) as u128;
        let rate = events * 1_000_000 / self.took.as_micros().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// Reports what became of an import.
pub(in crate::cli) fn print(summary: &Summary) -> anyhow::Result<()> {
    let Summary { rows, incidents, accepted, duplicates, refused, rejects, took, lacks } = summary;
    let (rows, incidents) = (counted(*rows, "row"), counted(*incidents, "incident"));
    say!("{rows} of {incidents}; {} could not be taken", rejects.len());
    say!(
        "{} recorded, {duplicates} known already, {refused} refused, in {:.1} s: {} a second",
        counted(*accepted, "event"),
        took.as_secs_f64(),
        summary.events_a_second()
    );
    for sentence in coverage::sentences(lacks) {
        say!("{sentence}");
    }
    Ok(())
}

/// What became of an import, for a program.
pub(super) fn as_json(summary: &Summary) -> serde_json::Value {
    json!({
        "rows": summary.rows,
        "incidents": summary.incidents,
        "accepted": summary.accepted,
        "duplicates": summary.duplicates,
        "refused": summary.refused,
        "rejects": summary.rejects.len(),
        "seconds": summary.took.as_secs_f64(),
        "withoutClock": lack(&summary.lacks.no_clock),
        "withoutClockOfContract": lack(&summary.lacks.no_contract),
        "withoutClockOfTarget": lack(&summary.lacks.no_target),
    })
}

fn lack(lack: &Lack) -> serde_json::Value {
    let reasons = lack
        .reasons
        .iter()
        .map(|(incidents, reason)| json!({ "incidents": incidents, "reason": reason }));
    json!({ "incidents": lack.incidents, "reasons": reasons.collect::<Vec<_>>() })
}
