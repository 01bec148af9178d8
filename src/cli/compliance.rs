//! `slx compliance`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use prost_types::Duration;

use super::connection::{Connection, refused};
use super::figures::{Columns, Sheet, dash, percent};
use super::read_times::ReadTimes;
use super::show::{Shown, Times, choice, span, table};
use super::{coverage, credits};
use crate::codec::choices::group_key_number;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::v1::experience_objective::Measure;
use crate::codec::v1::objective::Promise;
use crate::codec::{text, v1};
use crate::domain::decimal::Decimal;
use crate::engine::answers::compliance::GroupKey;

/// Shows the compliance of a contract over a period, and the verdicts on its objectives.
///
/// Both accounts stand beside each other: the contractual one, and the experienced one, without
/// pauses and exclusions.
#[derive(Args, Debug)]
pub(super) struct Compliance {
    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// What to group the clocks by.
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["target", "priority"])]
    by: Vec<KeyWord>,

    #[command(flatten)]
    read_times: ReadTimes,

    /// Prints the answer as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum KeyWord {
    Target,
    Priority,
    Service,
    Category,
    Group,
    Party,
}

impl KeyWord {
    pub fn key(self) -> GroupKey {
        match self {
            KeyWord::Target => GroupKey::Target,
            KeyWord::Priority => GroupKey::Priority,
            KeyWord::Service => GroupKey::Service,
            KeyWord::Category => GroupKey::Category,
            KeyWord::Group => GroupKey::Group,
            KeyWord::Party => GroupKey::Party,
        }
    }

    /// A group's value of this key; `-` for none.
    pub fn cell(self, group: &v1::ComplianceGroup) -> String {
        let value = match self {
            KeyWord::Target => &group.target_id,
            KeyWord::Priority => &group.priority,
            KeyWord::Service => &group.service,
            KeyWord::Category => &group.category,
            KeyWord::Group => &group.group,
            KeyWord::Party => &group.party,
        };
        dash(value)
    }

    fn heading(self) -> String {
        self.to_possible_value().map(|word| word.get_name().to_owned()).unwrap_or_default()
    }
}

impl Compliance {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = v1::GetComplianceRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract,
            period: self.period,
            group_by: self.by.iter().map(|word| group_key_number(word.key())).collect(),
            as_of_time: self.read_times.as_of_time,
            known_time: self.read_times.known_time,
            ..Default::default()
        };
        let mut client = ComplianceServiceClient::new(self.connection.open().await?);
        let answer = client.get_compliance(request).await.map_err(refused)?.into_inner();
        if self.json {
            say!("{}", text::to_json(&answer, "slx.v1.GetComplianceResponse")?);
            return Ok(ExitCode::SUCCESS);
        }
        let times = self.shown.times()?;
        let period = answer.period.clone().unwrap_or_default();
        let (start, end) = (times.show(period.start_time), times.show(period.end_time));
        say!("{} from {start} to {end}\n", period.name);
        say!("{}", show_groups(&answer.groups, &self.by));
        if let Some(text) = answer.coverage.as_ref().and_then(coverage::of_period) {
            say!("\n{text}");
        }
        if answer
            .groups
            .iter()
            .any(|group| group.experience_totals.clone().unwrap_or_default().incidents > 0)
        {
            say!("\n{}", show_experience_totals(&answer.groups, &self.by));
        }
        if let Some(slx) = &answer.slx {
            say!("\n{}", show_slx(slx));
        }
        if !answer.objectives.is_empty() {
            say!("\n{}", show_objectives(&answer.objectives, &times));
        }
        if let Some(excluded) = show_excluded(&answer.objectives, &times) {
            say!("\n{excluded}");
        }
        for text in credits::show_all(&answer) {
            say!("\n{text}");
        }
        Ok(ExitCode::SUCCESS)
    }
}

pub(super) fn show_groups(groups: &[v1::ComplianceGroup], by: &[KeyWord]) -> String {
    let row = |group: &v1::ComplianceGroup| {
        by.iter().map(|word| word.cell(group)).chain(figures(group)).collect()
    };
    group_table(by, groups.iter().map(row).collect())
}

/// Groups as a table: what they are grouped by, then their figures.
pub(super) fn group_table(by: &[KeyWord], rows: Vec<Vec<String>>) -> String {
    if rows.is_empty() {
        return "No clocks belong to it.".to_owned();
    }
    let contractual = v1::Tally::headings(Sheet::Clocks);
    let others = v1::ComplianceGroup::headings(Sheet::Clocks);
    grouped(by, contractual.chain(["experienced"]).chain(others), rows)
}

/// A group's figures, as the table has them.
pub(super) fn figures(group: &v1::ComplianceGroup) -> Vec<String> {
    let contractual = group.contractual.clone().unwrap_or_default();
    let experienced = group.experienced.clone().unwrap_or_default();
    let experienced = percent(&experienced.attainment);
    let others = group.cells(Sheet::Clocks);
    contractual.cells(Sheet::Clocks).chain([experienced]).chain(others).collect()
}

/// What the incidents of each group cost people, and where the two accounts differ.
fn show_experience_totals(groups: &[v1::ComplianceGroup], by: &[KeyWord]) -> String {
    const PEOPLE: Sheet = Sheet::People;
    let row = |group: &v1::ComplianceGroup| {
        let experience_totals = group.experience_totals.clone().unwrap_or_default();
        let survey = experience_totals.survey.clone().unwrap_or_default();
        let figures =
            experience_totals.cells(PEOPLE).chain(survey.cells(PEOPLE)).chain(group.cells(PEOPLE));
        by.iter().map(|word| word.cell(group)).chain(figures).collect()
    };
    let (experience_totals, survey) =
        (v1::ExperienceTotals::headings(PEOPLE), v1::SurveyFigures::headings(PEOPLE));
    let headings = experience_totals.chain(survey).chain(v1::ComplianceGroup::headings(PEOPLE));
    grouped(by, headings, groups.iter().map(row).collect())
}

/// A table of figures below what they are grouped by.
fn grouped(
    by: &[KeyWord],
    figures: impl Iterator<Item = &'static str>,
    rows: Vec<Vec<String>>,
) -> String {
    let keys: Vec<_> = by.iter().map(|word| word.heading()).collect();
    let mut headings: Vec<&str> = keys.iter().map(String::as_str).collect();
    figures.for_each(|heading| headings.push(heading));
    let right: Vec<_> = (by.len()..headings.len()).collect();
    table(&headings, &right, rows)
}

/// The SLX figure, and each part with its weight.
pub(super) fn show_slx(slx: &v1::SlxFigure) -> String {
    let parts = [
        ("lost time", &slx.lost_time),
        ("promises", &slx.promises),
        ("idle", &slx.idle),
        ("score", &slx.score),
    ];
    let rows = parts.into_iter().map(|(name, part)| {
        let part = part.clone().unwrap_or_default();
        vec![name.to_owned(), part.weight.to_string(), percent(&part.percent), rests_on(&part)]
    });
    let total = vec!["SLX".to_owned(), String::new(), percent(&slx.percent), String::new()];
    table(&["part", "weight", "is", "rests on"], &[1, 2], rows.chain([total]).collect())
}

/// How much a part of the SLX figure rests on, and why it has no weight if it has none.
pub(super) fn rests_on(part: &v1::SlxPart) -> String {
    let estimated = match part.estimated {
        0 => String::new(),
        count if count == part.count => ", all estimated".to_owned(),
        count => format!(", {count} estimated"),
    };
    match (part.count, part.counts) {
        (0, _) => "not measured: no weight".to_owned(),
        (count, true) => format!("{count}{estimated}"),
        (count, false) => format!("{count}{estimated}, fewer than {}: no weight", part.minimum),
    }
}

pub(super) fn show_objectives(objectives: &[v1::ObjectiveResult], times: &Times) -> String {
    let row = |result: &v1::ObjectiveResult| {
        result_names(result, times).into_iter().chain(result_figures(result)).collect()
    };
    objective_table(objectives.iter().map(row).collect())
}

/// The outages that objectives leave out and why, and what they would have come to with them;
/// `None` where nothing is left out.
fn show_excluded(objectives: &[v1::ObjectiveResult], times: &Times) -> Option<String> {
    let mut outages = Vec::new();
    let mut lines = Vec::new();
    for result in objectives {
        let id = result.objective.clone().unwrap_or_default().id;
        let Some(uptime) = &result.uptime else { continue };
        outages.extend(uptime.excluded_outages.iter().map(|outage| {
            let why = if outage.rule_id.is_empty() { &outage.decided_by } else { &outage.rule_id };
            vec![
                id.clone(),
                outage.service.clone(),
                times.show(outage.start_time),
                times.show(outage.end_time),
                span(outage.agreed_time),
                dash(why),
                outage.reason.clone(),
            ]
        }));
        if let Some(without) = &uptime.without_exclusions {
            let verdict = verdict(without.verdict(), result.provisional);
            let downtime = span(without.downtime);
            lines.push(format!("Without exclusions {id} would be {verdict}: {downtime} down."));
        }
    }
    let headings = ["objective", "service", "from", "to", "excluded", "by", "reason"];
    let shown = format!("Excluded\n{}\n{}", table(&headings, &[4], outages), lines.join("\n"));
    (!lines.is_empty()).then_some(shown)
}

/// Objectives as a table: their names, then how they stand.
pub(super) fn objective_table(rows: Vec<Vec<String>>) -> String {
    let headings = ["objective", "period", "promised", "is", "verdict", "left"];
    table(&headings, &[2, 3, 5], rows)
}

/// Which objective, over which period.
pub(super) fn result_names(result: &v1::ObjectiveResult, times: &Times) -> [String; 2] {
    let period = result.period.clone().unwrap_or_default();
    let name = match period.name.as_str() {
        "" => format!("from {}", times.show(period.start_time)),
        name => name.to_owned(),
    };
    [result.objective.clone().unwrap_or_default().id, name]
}

/// What is promised, what is so, the verdict and what is left.
pub(super) fn result_figures(result: &v1::ObjectiveResult) -> [String; 4] {
    let promise = result.objective.as_ref().and_then(|objective| objective.promise.as_ref());
    [
        promise.map_or_else(|| "-".to_owned(), promised),
        found(result),
        verdict(result.verdict(), result.provisional),
        left(result),
    ]
}

/// A verdict; one that is met while its period goes on is met so far.
fn verdict(verdict: v1::ObjectiveVerdict, provisional: bool) -> String {
    match (verdict, provisional) {
        (v1::ObjectiveVerdict::Met, true) => "met so far".to_owned(),
        (verdict, _) => choice(verdict.as_str_name(), "OBJECTIVE_VERDICT_"),
    }
}

pub(super) fn promised(promise: &Promise) -> String {
    match promise {
        Promise::Attainment(promise) => percent(&promise.percent),
        Promise::MeanTime(promise) => format!("mean at most {}", span(promise.at_most)),
        Promise::Backlog(promise) => match promise.at_most {
            Some(most) => format!("p{} of ages at most {}", promise.percentile, span(Some(most))),
            None => format!("at most {} older than {}", promise.most, span(promise.older_than)),
        },
        Promise::Availability(promise) => percent(&promise.percent),
        Promise::Requests(promise) => percent(&promise.percent),
        Promise::MeanTimeToRestore(promise) => format!("mean at most {}", span(promise.at_most)),
        Promise::Outages(promise) => match promise.longer_than {
            Some(longer) if longer != Duration::default() => {
                format!("at most {} over {}", promise.most, span(Some(longer)))
            }
            _ => format!("at most {}", promise.most),
        },
        Promise::Performance(promise) => {
            let most = thousandths(promise.threshold);
            format!("p{} at most {most} {}", promise.percentile, promise.unit).trim_end().to_owned()
        }
        Promise::Experience(promise) => match &promise.measure {
            Some(Measure::AverageScore(score)) => format!("score {score}"),
            Some(Measure::FirstContactPercent(share)) => format!("first contact {share}%"),
            Some(Measure::HappinessPercent(happiness)) => format!("happiness {happiness}%"),
            Some(Measure::LostTimePerHundredPeople(most)) => {
                format!("at most {} lost a hundred people", span(Some(*most)))
            }
            None => "-".to_owned(),
        },
    }
}

/// What is so, in the unit of what is promised.
pub(super) fn found(result: &v1::ObjectiveResult) -> String {
    let uptime = result.uptime.as_ref();
    match (result.objective.as_ref().and_then(|o| o.promise.as_ref()), &result.measured) {
        (Some(Promise::Outages(_)), _) => {
            uptime.map_or_else(|| "-".to_owned(), |uptime| uptime.long_outages.to_string())
        }
        (Some(Promise::MeanTime(_)), _) => span(result.mean_time),
        (Some(Promise::Backlog(promise)), _) => {
            let found = result.backlog.unwrap_or_default();
            match promise.at_most {
                Some(_) => span(found.percentile),
                None => found.older.to_string(),
            }
        }
        (Some(Promise::MeanTimeToRestore(_)), _) => {
            span(uptime.and_then(|uptime| uptime.mean_time_to_restore))
        }
        (Some(Promise::Performance(promise)), Some(measured)) if measured.count > 0 => {
            format!("{} {}", thousandths(measured.value), promise.unit).trim_end().to_owned()
        }
        (Some(Promise::Experience(promise)), _) => {
            experience(promise, &result.experience.clone().unwrap_or_default())
        }
        _ => percent(&result.percent),
    }
}

/// What people went through, in the unit of what is promised.
fn experience(promise: &v1::ExperienceObjective, experience: &v1::ExperienceResult) -> String {
    let survey = experience
        .experience_totals
        .as_ref()
        .and_then(|experience_totals| experience_totals.survey.clone())
        .unwrap_or_default();
    match promise.measure {
        Some(Measure::AverageScore(_)) => dash(&survey.average_score),
        Some(Measure::HappinessPercent(_)) => percent(&survey.happiness_percent),
        Some(Measure::FirstContactPercent(_)) => {
            let totals = experience.experience_totals.as_ref();
            percent(totals.map_or("", |totals| &totals.first_contact_percent))
        }
        _ => span(experience.lost_time_per_hundred_people),
    }
}

/// What the period can still take: breaches, downtime or outages; `-` where there is no data.
pub(super) fn left(result: &v1::ObjectiveResult) -> String {
    if result.verdict() == v1::ObjectiveVerdict::NoData {
        return "-".to_owned();
    }
    let uptime = result.uptime.as_ref();
    let counted = |one, many| {
        let count = result.breach_allowance;
        if count == i64::MAX {
            return format!("any number of {many}");
        }
        format!("{count} {}", if count.abs() == 1 { one } else { many })
    };
    match result.objective.as_ref().and_then(|o| o.promise.as_ref()) {
        Some(Promise::Attainment(_)) => counted("breach", "breaches"),
        Some(Promise::Availability(_)) => span(uptime.and_then(|uptime| uptime.downtime_allowance)),
        Some(Promise::Experience(_)) => {
            span(result.experience.as_ref().and_then(|experience| experience.lost_time_left))
        }
        Some(Promise::Outages(_)) if uptime.is_some() => counted("outage", "outages"),
        Some(Promise::Backlog(promise)) if promise.at_most.is_none() => counted("older", "older"),
        _ => "-".to_owned(),
    }
}

/// A figure given in thousandths, with as many decimals as it needs.
fn thousandths(figure: i64) -> String {
    Decimal::new(figure, 3).to_string()
}
