//! `slx review`.

mod charts;
mod page;
mod terminal;

pub(super) use terminal::show;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use itertools::Itertools;
use prost_types::Duration;
use tonic::transport::Channel;

use super::asked::Asked;
use super::connection::{Connection, refused};
use super::show::{Shown, choice};
use crate::domain::decimal::Decimal;
use crate::wire::v1::compliance_service_client::ComplianceServiceClient;
use crate::wire::{text, v1};

/// Lays a contract's period on the table for the meeting with the client.
///
/// Both accounts stand beside each other, with the trend of the last twelve periods, each clock to
/// talk of and why, what pauses and exclusions did, whom causes lie with, and the credits.
#[derive(Args, Debug)]
pub(super) struct Review {
    /// The contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// The period, in the contract's time zone: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(value_name = "PERIOD")]
    period: String,

    /// As it was signed last, whatever was recorded since.
    #[arg(long, conflicts_with_all = ["as_of_time", "known_time"])]
    as_signed: bool,

    /// Writes it as a page that needs nothing else: for a browser, a printer, an e-mail.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Prints the answer as JSON.
    #[arg(long)]
    json: bool,

    /// How many clocks of a kind (late, excluded, watermelon) to tell of, one by one.
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    clocks: usize,

    #[command(flatten)]
    asked: Asked,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

/// Asks for a review, however long.
pub(super) async fn ask(
    request: v1::GetServiceReviewRequest,
    channel: Channel,
) -> anyhow::Result<v1::GetServiceReviewResponse> {
    let client = ComplianceServiceClient::new(channel);
    let mut client = client.max_decoding_message_size(usize::MAX);
    Ok(client.get_service_review(request).await.map_err(refused)?.into_inner())
}

/// Whom a cause lies with, how sure that is, and whether it recurs.
fn cause_name(cause: &v1::ReviewedCause) -> String {
    let sure = match cause.least_confidence_percent {
        0 => String::new(),
        least => format!(" (at least {least}% sure)"),
    };
    named(cause) + &sure
}

fn named(cause: &v1::ReviewedCause) -> String {
    match (cause.party.as_str(), cause.recurring) {
        ("", _) => "not said".to_owned(),
        (party, true) => format!("{party}, again and again"),
        (party, false) => party.to_owned(),
    }
}

/// Who had the time.
fn holder(part: &v1::PartyTime) -> String {
    match part.third_party.as_str() {
        "" => choice(part.kind().as_str_name(), "PARTY_TIME_KIND_"),
        name => name.to_owned(),
    }
}

/// Whole seconds they had.
fn seconds(part: &v1::PartyTime) -> i64 {
    part.duration.unwrap_or_default().seconds
}

/// Whole hours, rounded down: `1,234 h`.
fn hours(time: Option<Duration>) -> String {
    let digits = (time.unwrap_or_default().seconds / 3600).to_string();
    let thousands = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    format!("{} h", thousands.collect_vec().join(","))
}

/// A percentage with one decimal, cut: what is not whole is never told as whole.
fn shortened(percent: &str) -> String {
    match Decimal::parse(percent, 4) {
        Some(exact) if percent.contains('.') => exact.cut(1).all_places(),
        _ => percent.to_owned(),
    }
}

/// Clocks of a kind that are to be talked of.
struct Talk<'r> {
    /// What they are.
    title: String,
    /// Those that went furthest over their limits as people lived it.
    clocks: Vec<&'r v1::ReviewedClock>,
    /// How many more there are.
    more: i64,
}

/// What is to be talked of, kind by kind, so many of each.
fn to_talk_of(review: &v1::GetServiceReviewResponse, most: usize) -> Vec<Talk<'_>> {
    let total = review.total.clone().unwrap_or_default();
    let counts = total.contractual.unwrap_or_default();
    let talk = |title: &str, count: i64, is_kind: fn(&v1::ReviewedClock) -> bool| {
        let clocks: Vec<_> = review.clocks.iter().filter(|c| is_kind(c)).take(most).collect();
        Talk { title: format!("{count} {title}"), more: count - clocks.len() as i64, clocks }
    };
    let late =
        talk("late by the contract", counts.breached, |c| c.outcome() == v1::Outcome::Breached);
    let excluded = talk("excluded", counts.excluded, |c| c.outcome() == v1::Outcome::Excluded);
    let lying = review.only_left_lying_count;
    let melons = review.clock_count - counts.breached - counts.excluded - lying;
    let melons = talk("watermelons: in time by the contract, late for people", melons, |c| {
        c.outcome() == v1::Outcome::Met && c.is_watermelon
    });
    let lying = talk("in time for everybody, but left to lie", lying, |c| {
        c.outcome() == v1::Outcome::Met && !c.is_watermelon
    });
    [late, excluded, melons, lying].into_iter().filter(|talk| !talk.clocks.is_empty()).collect()
}

impl Review {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = v1::GetServiceReviewRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract.clone(),
            period: self.period.clone(),
            as_signed: self.as_signed,
            as_of_time: self.asked.as_of_time,
            known_time: self.asked.known_time,
            ..Default::default()
        };
        let review = ask(request, self.connection.open().await?).await?;
        let times = self.shown.times()?;
        if let Some(file) = &self.html {
            let page = page::page(&review, &times, self.clocks)?;
            std::fs::write(file, page)
                .with_context(|| format!("{} can't be written", file.display()))?;
            say!("{} is written", file.display());
        }
        match (self.json, &self.html) {
            (true, _) => say!("{}", text::to_json(&review, "slx.v1.GetServiceReviewResponse")?),
            (false, None) => say!("{}", show(&review, &times, self.clocks)),
            (false, Some(_)) => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}
