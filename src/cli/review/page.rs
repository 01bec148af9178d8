//! A review as a page: for a browser, a printer, an e-mail.

use askama::Template;
use itertools::Itertools;

use super::charts::{
    Bar, Line, TimeSlice, Trend, bar, closed, line as trend_line, times as times_of, trend,
};
use super::people::People;
use super::talks::{Items, review_items};
use super::wording::{cause_name, hours, shortened};
use crate::cli::compliance::{found, left, promised};
use crate::cli::credits::{Money, notes};
use crate::cli::figures::{dash, percent};
use crate::cli::show::{Times, choice, outcome};
use crate::cli::{coverage, settle};
use crate::codec::v1;

/// Items left to settle that are listed.
const ITEMS_LISTED: usize = 10;

/// The page of a review, listing so many clocks one by one.
pub(super) fn page(
    review: &v1::GetServiceReviewResponse,
    times: &Times,
    clocks: usize,
) -> anyhow::Result<String> {
    let total = review.total.clone().unwrap_or_default();
    let stamp = review.stamp.unwrap_or_default();
    let page = Page {
        contract: review.contract.clone().unwrap_or_default(),
        period: review.period.clone().unwrap_or_default().name,
        is_provisional: review.provisional,
        as_of: times.show(stamp.as_of_time),
        known: times.show(stamp.known_time),
        sequence: stamp.sequence,
        zones: &review.time_zone_database,
        reached: reached(review),
        contractual: Account::of(total.contractual.as_ref()),
        experienced: Account::of(total.experienced.as_ref()),
        watermelons: total.watermelons,
        objectives: review.objectives.iter().map(|o| Objective::of(o, times)).collect(),
        trend: trend(&review.trend),
        bars: bars(&review.groups),
        times: times_of(&review.party_time),
        closed: closed(&review.party_time),
        experience: People::of(review),
        pauses: Pauses::of(review),
        not_measured: not_measured(review),
        talks: review_items(review, clocks),
        causes: causes(review),
        chain: review.chain.iter().map(|link| Link::of(link, times)).collect(),
        credits: review.credits.as_ref().map(CreditsSection::of),
        forecasts: review.forecast_quality.clone(),
        settlement: review
            .settlement
            .iter()
            .take(ITEMS_LISTED)
            .map(|s| settlement(s, times))
            .collect(),
        settlement_more: review.settlement_count - review.settlement.len().min(ITEMS_LISTED) as i64,
        signatures: signatures(review, times),
        restatement: review.restatement.as_ref().map(Restatement::of),
    };
    Ok(page.render()?)
}

#[derive(Template)]
#[template(path = "review.html", config = "src/cli/review/askama.toml")]
struct Page<'r> {
    contract: v1::Contract,
    period: String,
    is_provisional: bool,
    as_of: String,
    known: String,
    sequence: i64,
    zones: &'r str,
    reached: String,
    contractual: Account,
    experienced: Account,
    watermelons: i64,
    objectives: Vec<Objective>,
    trend: Option<Trend>,
    bars: Vec<Bar>,
    times: Vec<TimeSlice>,
    closed: Option<String>,
    experience: Option<People>,
    pauses: Option<Pauses>,
    not_measured: Vec<String>,
    talks: Vec<Items<'r>>,
    causes: Vec<Vec<String>>,
    chain: Vec<Link>,
    credits: Option<CreditsSection>,
    forecasts: Option<v1::ForecastQuality>,
    settlement: Vec<[String; 4]>,
    settlement_more: i64,
    signatures: Vec<String>,
    restatement: Option<Restatement>,
}

/// The incidents that the contract does not measure, in sentences.
fn not_measured(review: &v1::GetServiceReviewResponse) -> Vec<String> {
    let text = review.coverage.as_ref().and_then(coverage::of_period).unwrap_or_default();
    text.lines().map(capitalized).collect()
}

fn capitalized(line: &str) -> String {
    let mut letters = line.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(letters).collect()
}

/// What all clocks came to, by one of the two accounts.
struct Account {
    attainment: String,
    counts: v1::Tally,
}

impl Account {
    fn of(tally: Option<&v1::Tally>) -> Account {
        let counts = tally.cloned().unwrap_or_default();
        Account { attainment: percent(&shortened(&counts.attainment)), counts }
    }
}

struct Objective {
    id: String,
    period: String,
    promised: String,
    is: String,
    verdict: &'static str,
    sign: &'static str,
    left: String,
    line: Option<Line>,
}

impl Objective {
    fn of(reviewed: &v1::ReviewedObjective, times: &Times) -> Objective {
        let result = reviewed.result.clone().unwrap_or_default();
        let objective = result.objective.clone().unwrap_or_default();
        let period = result.period.clone().unwrap_or_default();
        let (verdict, sign) = verdict(result.verdict());
        Objective {
            promised: objective.promise.as_ref().map_or_else(|| "-".to_owned(), promised),
            period: match period.name.as_str() {
                "" => format!("since {}", times.show(period.start_time)),
                name => name.to_owned(),
            },
            id: objective.id,
            is: found(&result),
            left: shown_left(&left(&result)),
            line: trend_line(&reviewed.trend),
            verdict,
            sign,
        }
    }
}

/// What is left, or by how much it is over: `3 breaches over`.
fn shown_left(left: &str) -> String {
    match left.strip_prefix('-') {
        Some(over) if !over.is_empty() => format!("{over} over"),
        _ => left.to_owned(),
    }
}

/// A verdict's name and its sign, which reads without colour.
fn verdict(verdict: v1::ObjectiveVerdict) -> (&'static str, &'static str) {
    match verdict {
        v1::ObjectiveVerdict::Met => ("met", "✓"),
        v1::ObjectiveVerdict::Missed => ("missed", "✗"),
        v1::ObjectiveVerdict::AtRisk => ("at risk", "!"),
        v1::ObjectiveVerdict::NoData | v1::ObjectiveVerdict::Unspecified => ("no data", "·"),
    }
}

/// The first thing a client wants to hear.
fn reached(review: &v1::GetServiceReviewResponse) -> String {
    let results = review.objectives.iter().filter_map(|objective| objective.result.as_ref());
    let of = |verdict: v1::ObjectiveVerdict| {
        results.clone().filter(move |result| result.verdict() == verdict)
    };
    let all = review.objectives.len() - of(v1::ObjectiveVerdict::NoData).count();
    let met = of(v1::ObjectiveVerdict::Met).count();
    let id = |result: &v1::ObjectiveResult| Some(result.objective.as_ref()?.id.clone());
    let missed = of(v1::ObjectiveVerdict::Missed).filter_map(id).collect_vec();
    match all {
        0 if review.objectives.is_empty() => "No objectives are agreed.".to_owned(),
        0 => "No objective could be evaluated.".to_owned(),
        all if all == met => format!("All {all} objectives are met."),
        all if missed.is_empty() => format!("{met} of {all} objectives are met."),
        all => format!("{met} of {all} objectives are met; missed: {}.", missed.join(", ")),
    }
}

fn bars(groups: &[v1::ComplianceGroup]) -> Vec<Bar> {
    let bars = groups.iter().filter_map(bar);
    bars.map(|bar| Bar { attainment: percent(&shortened(&bar.attainment)), ..bar }).collect()
}

struct Pauses {
    share: String,
    met_by_pauses: i64,
    without: String,
    grounds: Vec<Ground>,
}

struct Ground {
    who: String,
    reason: String,
    paused: String,
    count: i64,
    width: f64,
}

impl Pauses {
    fn of(review: &v1::GetServiceReviewResponse) -> Option<Pauses> {
        let pauses = review.pauses.as_ref().filter(|pauses| !pauses.grounds.is_empty())?;
        let seconds = |ground: &v1::PauseGround| ground.paused.unwrap_or_default().seconds as f64;
        let longest = pauses.grounds.iter().map(seconds).fold(1.0, f64::max);
        let ground = |ground: &v1::PauseGround| Ground {
            who: match ground.third_party.as_str() {
                "" => choice(ground.waiting_on().as_str_name(), "WAITING_ON_"),
                name => name.to_owned(),
            },
            reason: ground.reason.clone(),
            paused: hours(ground.paused),
            count: ground.count,
            width: 200.0 * seconds(ground) / longest,
        };
        Some(Pauses {
            share: percent(&shortened(&pauses.share)),
            met_by_pauses: pauses.met_by_pauses,
            without: percent(&shortened(&pauses.attainment_without)),
            grounds: pauses.grounds.iter().take(8).map(ground).collect(),
        })
    }
}

fn causes(review: &v1::GetServiceReviewResponse) -> Vec<Vec<String>> {
    if review.causes.iter().all(|cause| cause.party.is_empty()) {
        return Vec::new();
    }
    let causes = review.causes.iter().take(10).map(|cause| {
        let counts = [cause.incidents.to_string(), cause.breached.to_string()];
        [cause_name(cause), dash(&cause.service)].into_iter().chain(counts).collect()
    });
    causes.collect()
}

struct Link {
    name: String,
    provider: String,
    account: Account,
    objectives: Vec<Objective>,
}

impl Link {
    fn of(link: &v1::UnderpinningResult, times: &Times) -> Link {
        let contract = link.contract.clone().unwrap_or_default();
        let total = link.total.clone().unwrap_or_default();
        let kind = choice(contract.kind().as_str_name(), "CONTRACT_KIND_").to_uppercase();
        let objective = |result: &v1::ObjectiveResult| {
            let result = Some(result.clone());
            Objective::of(&v1::ReviewedObjective { result, trend: Vec::new() }, times)
        };
        Link {
            name: format!("{kind} {}", contract.id),
            provider: contract.provider,
            account: Account::of(total.contractual.as_ref()),
            objectives: link.objectives.iter().map(objective).collect(),
        }
    }
}

struct CreditsSection {
    unit: String,
    lines: Vec<[String; 4]>,
    total: String,
    /// What the client pays for objectives that were exceeded; it is not set off.
    bonuses: Vec<[String; 4]>,
    bonus: String,
    notes: Vec<String>,
}

impl CreditsSection {
    fn of(statement: &v1::CreditStatement) -> CreditsSection {
        let money = Money::of(&statement.currency);
        let line = |line: &v1::CreditLine| {
            let objective = if line.objective_id.is_empty() { "all" } else { &line.objective_id };
            let period = line.period.clone().unwrap_or_default().name;
            [objective.to_owned(), period, line.reason.clone(), money.show(line.amount)]
        };
        CreditsSection {
            lines: statement.lines.iter().map(line).collect(),
            total: money.show(statement.total_amount),
            bonuses: statement.bonus_lines.iter().map(line).collect(),
            bonus: money.show(statement.bonus_amount),
            notes: notes(statement, &money),
            unit: money.unit,
        }
    }
}

/// What it is, since when, what is open, and how much it is about.
fn settlement(result: &v1::SettlementItemStatus, times: &Times) -> [String; 4] {
    let item = result.item.clone().unwrap_or_default();
    let days = result.age.unwrap_or_default().seconds / 86_400;
    let unit = if days == 1 { "day" } else { "days" };
    let since = format!("{}, {days} {unit}", times.show(item.open_time));
    let open = result.facets.iter().filter(|f| f.state() == v1::SettlementState::Open);
    let open = open.map(|facet| choice(facet.facet().as_str_name(), "SETTLEMENT_FACET_"));
    let what = match item.incident_ids.first() {
        Some(incident) => format!("{incident}: {}", item.summary),
        None => item.summary,
    };
    [what, since, open.collect::<Vec<_>>().join(", "), settle::amount(result)]
}

fn signatures(review: &v1::GetServiceReviewResponse, times: &Times) -> Vec<String> {
    let signed = review.signatures.iter().map(|signature| {
        let (by, known) = (&signature.signed_by, times.show(signature.known_time));
        let note = if signature.note.is_empty() { "" } else { ": " };
        format!("{by}, by what was recorded up to {known}{note}{}", signature.note)
    });
    signed.collect()
}

struct Restatement {
    signature: String,
    objectives: Vec<String>,
    moved: Vec<[String; 5]>,
    moved_count: i64,
}

impl Restatement {
    fn of(restatement: &v1::ReviewRestatement) -> Restatement {
        let objective = |result: &v1::ObjectiveResult| {
            let id = result.objective.clone().unwrap_or_default().id;
            format!("{id} was {} ({})", found(result), verdict(result.verdict()).0)
        };
        let moved = |moved: &v1::Restated| {
            let word = |verdict: v1::Outcome| match verdict {
                v1::Outcome::Unspecified => "not in it".to_owned(),
                verdict => outcome(verdict),
            };
            [
                moved.incident_id.clone(),
                moved.target_id.clone(),
                word(moved.signed_outcome()),
                word(moved.present_outcome()),
                moved.event_ids.join(", "),
            ]
        };
        Restatement {
            signature: restatement.signature_id.clone(),
            objectives: restatement.signed_objectives.iter().map(objective).collect(),
            moved: restatement.moved.iter().take(25).map(moved).collect(),
            moved_count: restatement.moved_count,
        }
    }
}
