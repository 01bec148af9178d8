//! `slx watch`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use prost_types::Duration;

use super::clocks::cycle;
use super::connection::{Connection, refused};
use super::notice_filters::NoticeFilters;
use super::show::{Printed, Times, choice, outcome, phase, span};
use crate::codec::v1::clock_service_client::ClockServiceClient;
use crate::codec::{text, v1};

/// Shows what happens to clocks, as it happens: a line a notice.
#[derive(Args, Debug)]
pub(super) struct WatchNotices {
    #[command(flatten)]
    wanted: NoticeFilters,

    /// Also how the objectives of these contracts stand: safe, at risk, missed.
    #[arg(long, requires = "contract")]
    objectives: bool,

    /// Also which clocks of these contracts breach with at least this probability, 0 to 1.
    #[arg(long, value_name = "PROBABILITY", requires = "contract")]
    likely: Option<f64>,

    /// Seconds between two looks at objectives and probabilities, 1 to 3600 [default: 30].
    #[arg(long, value_name = "SECONDS")]
    outlook_every: Option<u32>,

    /// Goes on from this token of an earlier watch [default: from now].
    #[arg(
        long,
        value_name = "TOKEN",
        default_value = "",
        hide_default_value = true,
        allow_hyphen_values = true
    )]
    from: String,

    /// Seconds between two messages at most, 1 to 60 [default: 15].
    #[arg(long, value_name = "SECONDS")]
    heartbeat: Option<u32>,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

impl WatchNotices {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let times = self.printed.times()?;
        let request = v1::WatchClocksRequest {
            tenant: self.connection.tenant.clone(),
            resume_token: self.from,
            after_stamp: None,
            kinds: self.wanted.kind_numbers(),
            contract_ids: self.wanted.contract,
            target_ids: self.wanted.target,
            priorities: self.wanted.priority,
            groups: self.wanted.group,
            heartbeat_interval: self.heartbeat.map(every),
            objectives: self.objectives,
            breach_probability: self.likely.unwrap_or_default(),
            outlook_interval: self.outlook_every.map(every),
        };
        let mut client = ClockServiceClient::new(self.connection.open().await?);
        let mut messages = client.watch_clocks(request).await.map_err(refused)?.into_inner();
        let mut token = String::new();
        loop {
            let message = match messages.message().await {
                Ok(Some(message)) => message,
                Ok(None) => return Ok(ExitCode::SUCCESS),
                Err(status) if token.is_empty() => return Err(refused(status)),
                Err(status) => {
                    let from = format!("go on with --from {token}");
                    return Err(refused(status)).context(from);
                }
            };
            match self.printed.json {
                true => say!("{}", line(&message)?),
                false => {
                    for notice in &message.notices {
                        say!("{}", show(notice, &times));
                    }
                    for notice in &message.objectives {
                        say!("{}", show_objective(notice, &times));
                    }
                    for breach in &message.likely_breaches {
                        say!("{}", show_likely(breach, &times));
                    }
                }
            }
            token = message.resume_token;
        }
    }
}

fn every(seconds: u32) -> Duration {
    Duration { seconds: i64::from(seconds), nanos: 0 }
}

/// A message as JSON on one line.
fn line(message: &v1::WatchClocksResponse) -> anyhow::Result<String> {
    let json = text::to_json(message, "slx.v1.WatchClocksResponse")?;
    let value: serde_json::Value = serde_json::from_str(&json)?;
    Ok(value.to_string())
}

fn show(notice: &v1::Notice, times: &Times) -> String {
    let kind = choice(notice.kind().as_str_name(), "NOTICE_KIND_");
    let what = match notice.withdrawn {
        true => format!("not {kind} after all"),
        false => kind,
    };
    let time = times.show(notice.time.or(notice.notice_time));
    let name = format!("{}/{}{}", notice.contract_id, notice.target_id, cycle(notice.cycle));
    let stands = match &notice.clock {
        None => "no clock any more".to_owned(),
        Some(clock) => {
            let due = match clock.due_time {
                Some(due) if clock.stop_time.is_none() => {
                    format!(", due {}", times.show_short(Some(due)))
                }
                _ => String::new(),
            };
            format!("{}, {}{due}", phase(clock), outcome(clock.outcome()))
        }
    };
    let warning = notice.warning.as_ref().map(|warning| format!(" at {}", place(warning)));
    let warning = warning.unwrap_or_default();
    let group = match notice.group.as_str() {
        "" => String::new(),
        group => format!(", {group}"),
    };
    let (incident, priority) = (&notice.incident_id, &notice.priority);
    format!("{time}  {incident}  {name}  {what}{warning}  ({priority}{group}: {stands})")
}

fn show_objective(notice: &v1::ObjectiveNotice, times: &Times) -> String {
    let words = |state: v1::ObjectiveState| choice(state.as_str_name(), "OBJECTIVE_STATE_");
    let time = times.show(notice.stamp.as_ref().and_then(|stamp| stamp.as_of_time));
    let period = notice.period.as_ref().map_or("", |period| period.name.as_str());
    let before = match notice.before() {
        v1::ObjectiveState::Unspecified => String::new(),
        before => format!("was {}, ", words(before)),
    };
    let reached = notice.result.as_ref().map_or("", |result| result.percent.as_str());
    let reached = if reached.is_empty() { "-" } else { reached };
    let (name, state) = (&notice.objective_id, words(notice.state()));
    let missed = notice.miss_probability * 100.0;
    let contract = &notice.contract_id;
    let figures = format!("{before}reached {reached} %, missed with {missed:.0} %");
    format!("{time}  {contract}/{name}  {period}  {state}  ({figures})")
}

fn show_likely(breach: &v1::LikelyBreach, times: &Times) -> String {
    let time = times.show(breach.stamp.as_ref().and_then(|stamp| stamp.as_of_time));
    let (incident, cycle) = (&breach.incident_id, cycle(breach.cycle));
    let name = format!("{}/{}{cycle}", breach.contract_id, breach.target_id);
    let due = breach.clock.as_ref().and_then(|clock| clock.due_time);
    let what = match &breach.forecast {
        Some(forecast) => {
            let (percent, summary) = (forecast.probability * 100.0, &forecast.summary);
            format!("breach likely  ({percent:.0} %, due {}: {summary})", times.show(due))
        }
        None => "breach no longer likely, or decided".to_owned(),
    };
    format!("{time}  {incident}  {name}  {what}")
}

/// Where a warning stands against the limit.
fn place(warning: &v1::Warning) -> String {
    match (warning.before_due, warning.after_due) {
        (Some(before), _) => format!("{} before due", span(Some(before))),
        (_, Some(after)) => format!("{} after due", span(Some(after))),
        _ => format!("{} %", warning.percent),
    }
}
