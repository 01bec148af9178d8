//! `slx compliance`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::connection::{Connection, refused};
use super::figures::{Columns, Sheet, dash, percent};
use super::read_times::ReadTimes;
use super::show::{Printed, table};
use super::{coverage, credits, objectives};
use crate::codec::choices::group_key_number;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::{text, v1};
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

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum KeyWord {
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

    /// Its word.
    pub fn heading(self) -> String {
        self.to_possible_value().map(|word| word.get_name().to_owned()).unwrap_or_default()
    }
}

impl Compliance {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let read = self.read_times.in_zone(&self.printed.shown)?;
        let request = v1::GetComplianceRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract,
            period: self.period,
            group_by: self.by.iter().map(|word| group_key_number(word.key())).collect(),
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let mut client = ComplianceServiceClient::new(self.connection.open().await?);
        let answer = client.get_compliance(request).await.map_err(refused)?.into_inner();
        if self.printed.json {
            say!("{}", text::to_json(&answer, "slx.v1.GetComplianceResponse")?);
            return Ok(ExitCode::SUCCESS);
        }
        let times = self.printed.times()?;
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
            say!("\n{}", objectives::show(&answer.objectives, &times));
        }
        if let Some(excluded) = objectives::show_excluded(&answer.objectives, &times) {
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
