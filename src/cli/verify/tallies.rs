//! The result of recounting the tallies, as it is printed.

use anyhow::bail;
use chrono::NaiveDate;
use serde_json::json;

use super::super::show::table;
use crate::domain::compliance::Tally;
use crate::domain::decimal::Decimal;
use crate::domain::exact_spread::ExactSpread;
use crate::domain::experience::TimeSum;
use crate::domain::figures::{Figure, Value};
use crate::domain::ids::TenantId;
use crate::domain::spread::Spread;
use crate::engine::tally::{CoverageBucket, Day, Dimension};
use crate::runtime::{Difference, Recount};

/// Differing tally buckets that are listed one by one; the rest are only counted.
const DIFFERENCES_LISTED_MAX: usize = 20;

/// Fails if any tally differs from the recount.
pub fn check(recount: &Recount) -> anyhow::Result<()> {
    let differing = recount.differences.len() + recount.coverage_differences.len();
    let tally_buckets = recount.tally_buckets + recount.coverage_buckets;
    if differing > 0 {
        bail!(
            "TALLIES DIFFER: {differing} of {tally_buckets} buckets; remove the views to fold them \
             anew"
        );
    }
    Ok(())
}

/// One line where all is equal, else the first tally buckets that differ.
pub fn show(recount: &Recount) -> String {
    let Recount { tally_buckets, incidents, differences, coverage_differences, .. } = recount;
    let differing = differences.len() + coverage_differences.len();
    if differing == 0 {
        let buckets = tally_buckets + recount.coverage_buckets;
        return format!("{buckets} buckets are what counting {incidents} incidents anew gives");
    }
    let rows = differences.iter().map(row).chain(coverage_differences.iter().map(coverage_row));
    let rows = rows.take(DIFFERENCES_LISTED_MAX).collect();
    let headings =
        ["tenant", "contract", "by", "value", "day", "target", "priority", "kept", "counted anew"];
    let more = match differing.saturating_sub(DIFFERENCES_LISTED_MAX) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    format!("{}{more}", table(&headings, &[], rows))
}

fn row(difference: &Difference) -> Vec<String> {
    let Difference { tenant, place, kept, recounted } = difference;
    vec![
        tenant.to_string(),
        place.contract_id.to_string(),
        by(place.dimension).to_owned(),
        place.value.clone(),
        date(place.day),
        place.target_id.to_string(),
        place.priority.clone(),
        shown(kept),
        shown(recounted),
    ]
}

fn coverage_row(
    (tenant, bucket, kept, recounted): &(TenantId, CoverageBucket, u64, u64),
) -> Vec<String> {
    vec![
        tenant.to_string(),
        bucket.contract_id.to_string(),
        "missing clocks".to_owned(),
        bucket.key.value.clone(),
        date(bucket.day),
        bucket.key.target_id.clone(),
        format!("{:?}", bucket.key.reason),
        format!("{kept} incidents"),
        format!("{recounted} incidents"),
    ]
}

/// The same for programs: the first differing tally buckets, and how many there are.
pub fn as_json(recount: &Recount) -> serde_json::Value {
    let shown = recount.differences.iter().take(DIFFERENCES_LISTED_MAX).map(|difference| {
        let Difference { tenant, place, kept, recounted } = difference;
        json!({
            "tenant": tenant.as_str(),
            "contractId": place.contract_id.as_str(),
            "dimension": by(place.dimension),
            "value": place.value,
            "day": date(place.day),
            "targetId": place.target_id.as_str(),
            "priority": place.priority,
            "kept": shown(kept),
            "counted": shown(recounted),
        })
    });
    json!({
        "buckets": recount.tally_buckets + recount.coverage_buckets,
        "incidents": recount.incidents,
        "differing": recount.differences.len() + recount.coverage_differences.len(),
        "differences": shown.collect::<Vec<_>>(),
        "coverageDifferences": coverage_rows(recount),
    })
}

/// The first counts of incidents without clocks that differ, as they are listed.
fn coverage_rows(recount: &Recount) -> Vec<Vec<String>> {
    let differing = recount.coverage_differences.iter().take(DIFFERENCES_LISTED_MAX);
    differing.map(coverage_row).collect()
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
fn shown(tally: &Tally) -> String {
    let mut parts = Vec::new();
    if let Value::Figures(figures) = tally.value() {
        list("", figures, &mut parts);
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join("; ") }
}

/// Parts of a line: the counts and times of a group of figures in one, and below it spreads and
/// other groups. What is nothing is left out.
fn list(label: &str, figures: Vec<(&'static str, Value<'_>)>, parts: &mut Vec<String>) {
    let mut own = Vec::new();
    let mut others = Vec::new();
    for (name, value) in figures {
        match value {
            Value::Count(0) | Value::Time(TimeSum::ZERO) => {}
            Value::Count(count) => own.push(format!("{count} {name}")),
            Value::Time(time) => own.push(format!("{} s {name}", seconds(time))),
            Value::Spread(spread) => others.extend(shown_spread(name, spread)),
            Value::ExactSpread(spread) => others.extend(shown_exact(name, spread)),
            Value::Figures(figures) => list(name, figures, &mut others),
        }
    }
    if !own.is_empty() {
        let space = if label.is_empty() { "" } else { " " };
        parts.push(format!("{label}{space}{}", own.join(", ")));
    }
    parts.extend(others);
}

fn seconds(time: TimeSum) -> String {
    match time.parts() {
        (seconds, 0) => seconds.to_string(),
        (seconds, nanos) => {
            let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
            Decimal::new(nanos, 9).all_places()
        }
    }
}

fn shown_spread(name: &str, spread: &Spread) -> Option<String> {
    let count: u64 = spread.iter().map(|(_, count)| count).sum();
    let all = spread.iter().map(|(seconds, count)| u128::from(seconds) * u128::from(count));
    (count > 0).then(|| format!("{name} of {count}, {} s", all.sum::<u128>()))
}

fn shown_exact(name: &str, spread: &ExactSpread) -> Option<String> {
    let count = spread.count();
    (count > 0).then(|| format!("{name} of {count}, {} s", seconds(spread.total())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::compliance::Counts;
    use crate::domain::experience::{ExperienceTotals, Survey};

    #[test]
    fn whatever_differs_between_two_tallies_is_shown() {
        let met = Tally {
            contractual: Counts { met: 3, ..Counts::default() },
            elapsed: Spread::from_counts([(9_000, 4)]),
            ..Tally::default()
        };
        assert_eq!(shown(&Tally::default()), "nothing");
        assert_eq!(shown(&met), "3 met; elapsed of 4, 36000 s");
        let survey = Survey { answers: 2, scores: 15, ..Survey::default() };
        let lost_time = TimeSum::from_parts(90, 5);
        let lost_times = Spread::of(lost_time);
        let mut experience_totals = ExperienceTotals {
            incidents: 1,
            handovers: 2,
            lost_time,
            ..ExperienceTotals::default()
        };
        (experience_totals.lost_times, experience_totals.survey) = (lost_times, survey);
        let experience = Tally {
            reverse_watermelons: 1,
            met_by_pauses: 2,
            idle_work: 3,
            experience_totals,
            ..Tally::default()
        };
        assert_eq!(
            shown(&experience),
            "1 reverse watermelons, 2 met by pauses, 3 idle work; \
             experience 1 incidents, 2 handovers, 90.000000005 s lost; lost time of 1, 90 s; \
             survey 2 answers, 15 scored"
        );
    }
}
