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

    /// Goes on from this token of an earlier watch [default: from now].
    #[arg(long, value_name = "TOKEN", default_value = "", hide_default_value = true)]
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
            heartbeat_interval: self
                .heartbeat
                .map(|seconds| Duration { seconds: i64::from(seconds), nanos: 0 }),
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
                }
            }
            token = message.resume_token;
        }
    }
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

/// Where a warning stands against the limit.
fn place(warning: &v1::Warning) -> String {
    match (warning.before_due, warning.after_due) {
        (Some(before), _) => format!("{} before due", span(Some(before))),
        (_, Some(after)) => format!("{} after due", span(Some(after))),
        _ => format!("{} %", warning.percent),
    }
}
