//! What counting anew came to, as it is printed.

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::json;

use super::super::show::table;
use crate::domain::compliance::{Counts, Spread, Tally};
use crate::domain::experience::{Survey, TimeSum, Toll};
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

/// `3 met, 1 breached; experienced 2 met, 2 breached; 1 watermelons; elapsed of 4, 36000 s`.
fn told(tally: &Tally) -> String {
    if tally.is_empty() {
        return "nothing".to_owned();
    }
    let Tally { contractual, experienced, toll, .. } = tally;
    let standing = [
        (tally.watermelons, "watermelons"),
        (tally.reverse_watermelons, "reverse watermelons"),
        (tally.relieved, "relieved"),
    ];
    let parts = [
        told_counts(&by_outcome(contractual)),
        told_some("experienced", told_counts(&by_outcome(experienced))),
        told_counts(&standing),
        told_elapsed(&tally.elapsed),
        told_some("toll", told_toll(toll)),
        told_some("survey", told_survey(&toll.survey)),
    ];
    joined(parts, "; ")
}

fn by_outcome(counts: &Counts) -> [(u64, &'static str); 5] {
    [
        (counts.met, "met"),
        (counts.breached, "breached"),
        (counts.excluded_met, "excluded, met"),
        (counts.excluded_breached, "excluded, breached"),
        (counts.undecided, "undecided"),
    ]
}

fn told_elapsed(elapsed: &Spread) -> String {
    let count: u64 = elapsed.iter().map(|(_, count)| count).sum();
    let spent = elapsed.iter().map(|(seconds, count)| i128::from(seconds) * i128::from(count));
    match count {
        0 => String::new(),
        count => format!("elapsed of {count}, {} s", spent.sum::<i128>()),
    }
}

fn told_toll(toll: &Toll) -> String {
    let counts = told_counts(&[
        (toll.incidents, "incidents"),
        (toll.people_hit, "people hit"),
        (toll.promises_kept, "promises kept"),
        (toll.promises_broken, "promises broken"),
        (toll.handovers, "handovers"),
        (toll.reopenings, "reopenings"),
    ]);
    let times = told_times(&[
        (toll.experienced, "experienced"),
        (toll.lost_time, "lost"),
        (toll.touch_time, "worked"),
        (toll.service_time, "in service hours"),
        (toll.idle_time, "idle"),
    ]);
    joined([counts, times], ", ")
}

fn told_survey(survey: &Survey) -> String {
    let counts = told_counts(&[
        (survey.answers, "answers"),
        (survey.scores, "scored"),
        (survey.happy, "happy"),
        (survey.unhappy, "unhappy"),
    ]);
    joined([counts, told_times(&[(survey.lost_time, "lost")])], ", ")
}

fn told_some(what: &str, told: String) -> String {
    if told.is_empty() { told } else { format!("{what} {told}") }
}

fn told_counts(counts: &[(u64, &str)]) -> String {
    let told = counts.iter().filter(|(count, _)| *count > 0);
    joined(told.map(|(count, what)| format!("{count} {what}")), ", ")
}

fn told_times(times: &[(TimeSum, &str)]) -> String {
    let told = times.iter().filter(|(time, _)| *time != TimeSum::ZERO);
    let told = told.map(|(time, what)| match time.parts() {
        (seconds, 0) => format!("{seconds} s {what}"),
        (seconds, nanos) => format!("{seconds}.{nanos:09} s {what}"),
    });
    joined(told, ", ")
}

fn joined(told: impl IntoIterator<Item = String>, between: &str) -> String {
    let told = told.into_iter().filter(|part| !part.is_empty());
    told.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_differs_between_two_tallies_is_told() {
        let met = Tally {
            contractual: Counts { met: 3, ..Counts::default() },
            elapsed: Spread::from_counts([(9_000, 4)]),
            ..Tally::default()
        };
        assert_eq!(told(&Tally::default()), "nothing");
        assert_eq!(told(&met), "3 met; elapsed of 4, 36000 s");
        let survey = Survey { answers: 2, scores: 15, ..Survey::default() };
        let lost_time = TimeSum::from_parts(90, 5);
        let toll = Toll { incidents: 1, handovers: 2, lost_time, survey, ..Toll::default() };
        let lived = Tally { reverse_watermelons: 1, relieved: 2, toll, ..Tally::default() };
        assert_eq!(
            told(&lived),
            "1 reverse watermelons, 2 relieved; \
             toll 1 incidents, 2 handovers, 90.000000005 s lost; survey 2 answers, 15 scored"
        );
    }
}
