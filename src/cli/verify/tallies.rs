//! What counting anew came to, as it is printed.

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::json;

use super::super::show::table;
use crate::domain::compliance::{Counts, Tally};
use crate::engine::tally::{Day, Dimension};
use crate::runtime::{Difference, Recount};

/// Differing cells told one by one; the rest are counted.
const DIFFERENCES_TOLD_MAX: usize = 20;

/// Refuses tallies that are not what counting anew gives.
pub fn check(recount: &Recount) -> anyhow::Result<()> {
    let (differing, cells) = (recount.differences.len(), recount.cells);
    if differing > 0 {
        bail!("TALLIES DIFFER: {differing} of {cells} cells; remove the views to fold them anew");
    }
    Ok(())
}

/// One line where all is equal, else the first cells that differ.
pub fn show(recount: &Recount) -> String {
    let Recount { cells, incidents, differences } = recount;
    if differences.is_empty() {
        return format!("{cells} cells are what counting {incidents} incidents anew gives");
    }
    let rows = differences.iter().take(DIFFERENCES_TOLD_MAX).map(row).collect();
    let headings =
        ["tenant", "contract", "by", "value", "day", "target", "priority", "kept", "counted anew"];
    let more = match differences.len().saturating_sub(DIFFERENCES_TOLD_MAX) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    format!("{}{more}", table(&headings, &[], rows))
}

fn row(difference: &Difference) -> Vec<String> {
    let Difference { tenant, place, kept, counted } = difference;
    vec![
        tenant.clone(),
        place.contract_id.clone(),
        by(place.dimension).to_owned(),
        place.value.clone(),
        date(place.day),
        place.target_id.clone(),
        place.priority.clone(),
        told(kept),
        told(counted),
    ]
}

/// The same for programs: the first differing cells, and how many there are.
pub fn as_json(recount: &Recount) -> serde_json::Value {
    let told = recount.differences.iter().take(DIFFERENCES_TOLD_MAX).map(|difference| {
        let Difference { tenant, place, kept, counted } = difference;
        json!({
            "tenant": tenant,
            "contractId": place.contract_id,
            "dimension": by(place.dimension),
            "value": place.value,
            "day": date(place.day),
            "targetId": place.target_id,
            "priority": place.priority,
            "kept": told(kept),
            "counted": told(counted),
        })
    });
    json!({
        "cells": recount.cells,
        "incidents": recount.incidents,
        "differing": recount.differences.len(),
        "differences": told.collect::<Vec<_>>(),
    })
}

fn by(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::All => "all",
        Dimension::Service => "service",
        Dimension::Category => "category",
        Dimension::Group => "group",
        Dimension::Party => "party",
    }
}

fn date(day: Day) -> String {
    NaiveDate::from_num_days_from_ce_opt(day).unwrap_or_default().to_string()
}

/// `3 met, 1 breached; experienced 2 met, 2 breached; watermelons 1; 4 in 36000 s`.
fn told(tally: &Tally) -> String {
    if tally.is_empty() {
        return "nothing".to_owned();
    }
    let counted: u64 = tally.elapsed.iter().map(|(_, count)| count).sum();
    let spent =
        tally.elapsed.iter().map(|(seconds, count)| i128::from(seconds) * i128::from(count));
    format!(
        "{}; experienced {}; watermelons {}; {counted} in {} s",
        told_counts(&tally.contractual),
        told_counts(&tally.experienced),
        tally.watermelons,
        spent.sum::<i128>()
    )
}

fn told_counts(counts: &Counts) -> String {
    let all = [
        (counts.met, "met"),
        (counts.breached, "breached"),
        (counts.excluded_met, "excluded, met"),
        (counts.excluded_breached, "excluded, breached"),
        (counts.undecided, "undecided"),
    ];
    let told = all.iter().filter(|(count, _)| *count > 0);
    told.map(|(count, what)| format!("{count} {what}")).collect::<Vec<_>>().join(", ")
}
