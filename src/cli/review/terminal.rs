//! A review as it is printed in a terminal.

use itertools::Itertools;

use super::charts::sparkline;
use super::people;
use super::talks::review_items;
use super::wording::{cause_name, holder, hours, seconds};
use crate::cli::compliance::{KeyWord, found, left, promised, show_groups};
use crate::cli::figures::{dash, percent};
use crate::cli::forecast::quality;
use crate::cli::show::{Times, choice, outcome, span, table};
use crate::cli::{compliance, coverage, credits, settle};
use crate::codec::v1;
use crate::domain::decimal::Decimal;

/// Items left to settle that are listed.
const ITEMS_LISTED: usize = 20;

/// All of a review but what there is nothing of.
pub(in crate::cli) fn show(
    review: &v1::GetServiceReviewResponse,
    times: &Times,
    clocks: usize,
) -> String {
    let by = [KeyWord::Target, KeyWord::Priority];
    let parts = [
        Some(heading(review, times)),
        restated(review),
        objectives(review, times),
        Some(section("Clocks", &show_groups(&review.groups, &by))),
        not_measured(review),
        trend(review),
        people::lines(review).map(|lines| section("Experience", &lines)),
        party_time(review),
        pauses(review),
        talks(review, clocks),
        causes(review),
        chain(review, times),
        review.credits.as_ref().map(credits::show),
        settlement(review, times),
        review.forecast_quality.as_ref().map(|q| section("Forecasts", &quality::show(q))),
    ];
    parts.into_iter().flatten().join("\n\n")
}

fn section(title: &str, body: &str) -> String {
    format!("{title}\n{}\n{body}", "-".repeat(title.chars().count()))
}

fn heading(review: &v1::GetServiceReviewResponse, times: &Times) -> String {
    let contract = review.contract.clone().unwrap_or_default();
    let period = review.period.clone().unwrap_or_default();
    let stamp = review.stamp.unwrap_or_default();
    let (as_of, known) = (times.show(stamp.as_of_time), times.show(stamp.known_time));
    let so_far = if review.provisional { ", so far" } else { "" };
    let mut lines = vec![
        format!("Service review of {}, {}{so_far}", contract.id, period.name),
        format!(
            "{} for {} by {}",
            dash(&contract.title),
            dash(&contract.client),
            dash(&contract.provider)
        ),
        format!("as of {as_of}, by what was recorded up to {known}"),
    ];
    for signature in &review.signatures {
        let known = times.show(signature.known_time);
        lines
            .push(format!("signed by {}, by what was recorded up to {known}", signature.signed_by));
    }
    lines.join("\n")
}

fn objectives(review: &v1::GetServiceReviewResponse, times: &Times) -> Option<String> {
    let rows = review.objectives.iter().map(|reviewed| {
        let result = reviewed.result.clone().unwrap_or_default();
        let objective = result.objective.clone().unwrap_or_default();
        let period = result.period.clone().unwrap_or_default();
        vec![
            objective.id,
            if period.name.is_empty() { times.show(period.start_time) } else { period.name },
            objective.promise.as_ref().map_or_else(|| "-".to_owned(), promised),
            found(&result),
            choice(result.verdict().as_str_name(), "OBJECTIVE_VERDICT_"),
            left(&result),
            sparkline(&reviewed.trend),
        ]
    });
    let headings = ["objective", "period", "promised", "is", "verdict", "left", "trend"];
    let rows: Vec<_> = rows.collect();
    (!rows.is_empty()).then(|| section("Objectives", &table(&headings, &[2, 3, 5], rows)))
}

/// The incidents that the contract does not measure.
fn not_measured(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let text = coverage::of_period(review.coverage.as_ref()?)?;
    Some(section("Not measured", &text))
}

fn trend(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let rows = review.trend.iter().map(|point| {
        let contractual = point.contractual.clone().unwrap_or_default();
        let experienced = point.experienced.clone().unwrap_or_default();
        vec![
            point.period.clone().unwrap_or_default().name,
            contractual.met.to_string(),
            contractual.breached.to_string(),
            contractual.excluded.to_string(),
            percent(&contractual.attainment),
            percent(&experienced.attainment),
            point.watermelons.to_string(),
            hours(point.lost_time),
            percent(&point.slx_percent),
        ]
    });
    let headings = [
        "period",
        "met",
        "breached",
        "excluded",
        "attained",
        "experienced",
        "watermelons",
        "lost",
        "SLX",
    ];
    let rows: Vec<_> = rows.collect();
    (rows.len() > 1).then(|| section("Trend", &table(&headings, &[1, 2, 3, 4, 5, 6, 7, 8], rows)))
}

fn party_time(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let whole: i64 = review.party_time.iter().map(seconds).sum();
    let rows = review.party_time.iter().map(|part| {
        let thousandths = i128::from(seconds(part)) * 1000 / i128::from(whole.max(1));
        let share = Decimal::new(thousandths, 1).all_places();
        vec![holder(part), span(part.duration), format!("{share}%")]
    });
    let rows: Vec<_> = rows.collect();
    let shown = table(&["whose turn", "time", "share"], &[1, 2], rows);
    (whole > 0).then(|| section("Where the time went", &shown))
}

fn pauses(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let pauses = review.pauses.as_ref().filter(|pauses| !pauses.grounds.is_empty())?;
    let shown = format!(
        "{} of the service time was paused. {} clocks are met thanks to that: without pauses {} \
         would have been attained.\n\n",
        percent(&pauses.share),
        pauses.met_by_pauses,
        percent(&pauses.attainment_without),
    );
    let rows = pauses.grounds.iter().map(|ground| {
        let who = match ground.third_party.as_str() {
            "" => choice(ground.waiting_on().as_str_name(), "WAITING_ON_"),
            name => name.to_owned(),
        };
        vec![who, dash(&ground.reason), span(ground.paused), ground.count.to_string()]
    });
    let headings = ["waiting on", "reason", "paused", "times"];
    let rows = table(&headings, &[2, 3], rows.collect());
    Some(section("Pauses", &(shown + &rows)))
}

fn talks(review: &v1::GetServiceReviewResponse, most: usize) -> Option<String> {
    let talks = review_items(review, most).into_iter().map(|talk| {
        let rows = talk.clocks.iter().map(|clock| {
            let (incident, target) = (clock.incident_id.clone(), clock.target_id.clone());
            vec![incident, target, dash(&clock.priority), clock.why.clone()]
        });
        let headings = ["incident", "target", "priority", "why"];
        let shown = table(&headings, &[], rows.collect());
        let rest = match talk.more {
            0 => String::new(),
            more => format!("\nand {more} more: slx export lists them all"),
        };
        section(&talk.title, &(shown + &rest))
    });
    let shown = talks.collect::<Vec<_>>().join("\n\n");
    (!shown.is_empty()).then_some(shown)
}

fn causes(review: &v1::GetServiceReviewResponse) -> Option<String> {
    if review.causes.iter().all(|cause| cause.party.is_empty()) {
        return None;
    }
    let rows = review.causes.iter().map(|cause| {
        vec![
            cause_name(cause),
            dash(&cause.service),
            cause.incidents.to_string(),
            cause.breached.to_string(),
        ]
    });
    let headings = ["cause", "service", "incidents", "late"];
    Some(section("Causes", &table(&headings, &[2, 3], rows.collect())))
}

fn chain(review: &v1::GetServiceReviewResponse, times: &Times) -> Option<String> {
    let links = review.chain.iter().map(|link| {
        let contract = link.contract.clone().unwrap_or_default();
        let kind = choice(contract.kind().as_str_name(), "CONTRACT_KIND_").to_uppercase();
        let total = link.total.clone().unwrap_or_default();
        let groups = show_groups(&[total], &[]);
        let objectives = match link.objectives.as_slice() {
            [] => String::new(),
            some => format!("\n\n{}", compliance::show_objectives(some, times)),
        };
        format!("{kind} {} with {}\n\n{groups}{objectives}", contract.id, dash(&contract.provider))
    });
    let shown = links.collect::<Vec<_>>().join("\n\n");
    (!shown.is_empty()).then(|| section("Underpinning agreements", &shown))
}

fn settlement(review: &v1::GetServiceReviewResponse, times: &Times) -> Option<String> {
    let shown = review.settlement.iter().take(ITEMS_LISTED).cloned().collect::<Vec<_>>();
    let rest = match review.settlement_count - shown.len() as i64 {
        0 => String::new(),
        more => format!("\nand {more} more: slx settle list lists them all"),
    };
    let title = format!("{} left to settle", review.settlement_count);
    (!shown.is_empty()).then(|| section(&title, &(settle::show(&shown, times) + &rest)))
}

fn restated(review: &v1::GetServiceReviewResponse) -> Option<String> {
    let restatement = review.restatement.as_ref()?;
    if restatement.moved_count == 0 && restatement.signed_objectives.is_empty() {
        return Some(section("Since it was signed", "Nothing has moved."));
    }
    let mut lines: Vec<_> = restatement
        .signed_objectives
        .iter()
        .map(|result| {
            let id = result.objective.clone().unwrap_or_default().id;
            let verdict = choice(result.verdict().as_str_name(), "OBJECTIVE_VERDICT_");
            format!("objective {id} was {} ({verdict})", found(result))
        })
        .collect();
    lines.push(format!("{} verdicts have moved:", restatement.moved_count));
    let rows = restatement.moved.iter().map(|moved| {
        vec![
            moved.incident_id.clone(),
            moved.target_id.clone(),
            verdict(moved.signed_outcome()),
            verdict(moved.present_outcome()),
            dash(&moved.event_ids.join(", ")),
        ]
    });
    let headings = ["incident", "target", "signed", "is now", "facts recorded since"];
    let shown = table(&headings, &[], rows.collect());
    Some(section("Since it was signed", &format!("{}\n\n{shown}", lines.join("\n"))))
}

fn verdict(verdict: v1::Outcome) -> String {
    match verdict {
        v1::Outcome::Unspecified => "not in it".to_owned(),
        verdict => outcome(verdict),
    }
}
