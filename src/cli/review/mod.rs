//! `slx review`.

mod answer;
mod backlog;
mod charts;
mod clocks;
mod compose;
mod credit_line;
mod discussed;
mod elapsed;
mod excluded_outages;
mod language;
mod limits;
mod links;
mod money;
mod objectives;
mod others;
mod page;
mod people;
mod promise;
mod report;
mod terminal;
mod wording;

pub(super) use answer::ReviewAnswer;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;

use self::language::{Language, LanguageWord};
use super::connection::Connection;
use super::read_times::{ReadInstants, ReadTimes};
use super::show::Shown;
use crate::codec::{text, v1};

/// Shows the service review of a contract for a period, for the meeting with the client.
///
/// It has both accounts, contractual and experienced, the trend of up to twelve periods, the clocks
/// to discuss and why, what pauses contributed, the causes, the credits, and what is to be settled.
/// The terminal and the page show the same figures, in the contract's language.
#[derive(Args, Debug)]
pub(super) struct Review {
    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// Shows the review as it was last signed, whatever was recorded since.
    #[arg(long, conflicts_with_all = ["as_of_time", "known_time"])]
    as_signed: bool,

    /// Writes the review into a self-contained HTML file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Prints the answer as JSON.
    #[arg(long)]
    json: bool,

    /// How many clocks of each kind (late, excluded, watermelon, left idle) to list.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    clocks: usize,

    #[command(flatten)]
    read_times: ReadTimes,

    /// The language it is written in; default: the contract's, or English.
    #[arg(long, value_enum)]
    language: Option<LanguageWord>,

    /// The IANA time zone of what is shown, by default the contract's, and of times given without
    /// an offset.
    #[arg(long, env = "SLX_ZONE", value_name = "ZONE")]
    zone: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

/// A review as it is printed in a terminal, in its contract's language and, without another, zone.
pub(super) fn show(
    answer: &ReviewAnswer,
    zone: Option<&str>,
    clocks: usize,
) -> anyhow::Result<String> {
    let language = language_of(answer, None, zone)?;
    Ok(terminal::show(&compose::report(answer, &language, clocks)))
}

fn language_of(
    answer: &ReviewAnswer,
    requested: Option<LanguageWord>,
    zone: Option<&str>,
) -> anyhow::Result<Language> {
    let contract = answer.contract();
    Language::new(requested, &contract.language, zone.unwrap_or(&contract.time_zone))
}

impl Review {
    /// The two instants that are meant.
    fn read(&self) -> anyhow::Result<ReadInstants> {
        // The contract's zone is known only from the answer.
        if self.zone.is_none() && self.read_times.want_a_zone() {
            bail!("a time without an offset wants its zone: name it with --zone");
        }
        self.read_times.in_zone(&Shown { zone: self.zone.clone().unwrap_or_default() })
    }

    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let read = self.read()?;
        let request = v1::GetServiceReviewRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract.clone(),
            period: self.period.clone(),
            as_signed: self.as_signed,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let answer = ReviewAnswer::gather(request, self.connection.open().await?).await?;
        let language = language_of(&answer, self.language, self.zone.as_deref())?;
        let report = compose::report(&answer, &language, self.clocks);
        if let Some(file) = &self.html {
            std::fs::write(file, page::page(&report, &language)?)
                .with_context(|| format!("{} can't be written", file.display()))?;
            say!("{} is written", file.display());
        }
        let name = "slx.v1.GetServiceReviewResponse";
        match (self.json, &self.html) {
            (true, _) => say!("{}", text::to_json(&answer.review, name)?),
            (false, None) => say!("{}", terminal::show(&report)),
            (false, Some(_)) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}
