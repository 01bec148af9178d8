//! What became of an import, as it is shown.

use std::time::Duration;

use serde_json::json;

use super::report::{ImportReport, reasons};
use crate::cli::coverage::{self, Lack, Lacks};
use crate::cli::show::counted;
use crate::mapping::{ReadExport, Reject, RejectedRow, Suspicion};

/// What became of an import.
#[derive(Debug, Default)]
pub(in crate::cli) struct Summary {
    /// Whether nothing was sent.
    pub is_dry_run: bool,
    pub rows: usize,
    /// The rows that the mapping leaves out.
    pub left_out: usize,
    pub accepted: usize,
    pub duplicates: usize,
    /// Events the server would not take.
    pub refused: usize,
    /// The rows these and the unreadable ones are, each once.
    pub rejects: Vec<RejectedRow>,
    pub took: Duration,
    /// What the rows became.
    pub(super) report: ImportReport,
    /// What the incidents lack of clocks.
    pub lacks: Lacks,
}

impl Summary {
    /// What became of an export, of which a server refused some events.
    pub(super) fn of(
        reading: &ReadExport<'_>,
        mut report: ImportReport,
        refused: Vec<Reject>,
    ) -> Summary {
        let not_understood = std::mem::take(&mut report.rejects);
        let rejects = reading.stamped.rejects.iter().cloned();
        let rejects = rejects.chain(not_understood).chain(refused).collect();
        Summary {
            rows: reading.rows,
            left_out: reading.stamped.left_out.len(),
            rejects: reading.as_written(rejects),
            report,
            ..Summary::default()
        }
    }

    /// Whether there is something, and all of it could be taken.
    pub(super) fn is_whole(&self) -> bool {
        self.rejects.is_empty() && self.report.fact_count() > 0
    }

    /// Events a second, those the server knew already included.
    pub fn events_a_second(&self) -> u64 {
        let events = (self.accepted + self.duplicates) as u128;
        let rate = events * 1_000_000 / self.took.as_micros().max(1);
        u64::try_from(rate).unwrap_or(u64::MAX)
    }
}

/// Reports what became of an import.
pub(in crate::cli) fn print(summary: &Summary) -> anyhow::Result<()> {
    let Summary { rows, left_out, accepted, duplicates, refused, rejects, report, .. } = summary;
    let incidents = counted(report.incidents.len(), "incident");
    let left_out = match left_out {
        0 => String::new(),
        rows => format!("; {} left out by the mapping", counted(*rows, "row")),
    };
    let rejected = rejects.len();
    say!("{} of {incidents}; {rejected} could not be taken{left_out}", counted(*rows, "row"));
    match summary.is_dry_run {
        true => say!("{} to record; nothing is sent", counted(report.fact_count(), "event")),
        false => say!(
            "{} recorded, {duplicates} known already, {refused} refused, in {:.1} s: {} a second",
            counted(*accepted, "event"),
            summary.took.as_secs_f64(),
            summary.events_a_second()
        ),
    }
    let why = reasons(rejects.iter().map(|rejected| rejected.reject.reason.as_str()));
    let lacks = coverage::sentences(&summary.lacks);
    for sentence in why.into_iter().chain(report.sentences()).chain(lacks) {
        say!("{sentence}");
    }
    Ok(())
}

/// What became of an import, for a program.
pub(super) fn as_json(summary: &Summary) -> serde_json::Value {
    json!({
        "dryRun": summary.is_dry_run,
        "rows": summary.rows,
        "incidents": summary.report.incidents.len(),
        "leftOut": summary.left_out,
        "accepted": summary.accepted,
        "duplicates": summary.duplicates,
        "refused": summary.refused,
        "rejects": summary.rejects.len(),
        "seconds": summary.took.as_secs_f64(),
        "facts": summary.report.facts,
        "unnamedPriorities": summary.report.unnamed_priorities,
        "suspicious": notes(&summary.report),
        "openIncidents": summary.report.open.len(),
        "incidentsWithoutContract": summary.report.without_contract.len(),
        "withoutClock": lack(&summary.lacks.no_clock),
        "withoutClockOfContract": lack(&summary.lacks.no_contract),
        "withoutClockOfTarget": lack(&summary.lacks.no_target),
    })
}

fn notes(report: &ImportReport) -> Vec<serde_json::Value> {
    let counts = report.notes.counts();
    counts.map(|(what, rows, lines)| note(what, rows, lines)).collect()
}

fn note(what: Suspicion, rows: usize, lines: &[u64]) -> serde_json::Value {
    json!({ "what": what.name(), "rows": rows, "lines": lines })
}

fn lack(lack: &Lack) -> serde_json::Value {
    let reasons = lack
        .reasons
        .iter()
        .map(|(incidents, reason)| json!({ "incidents": incidents, "reason": reason }));
    json!({ "incidents": lack.incidents, "reasons": reasons.collect::<Vec<_>>() })
}
