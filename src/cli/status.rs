//! `slx status`.

use std::process::ExitCode;

use clap::Args;
use prost_types::Duration;

use super::connection::{Connection, refused};
use super::show::{Printed, Times, choice, counted};
use crate::codec::v1::admin_service_client::AdminServiceClient;
use crate::codec::{text, v1};

/// Shows the state of a server and of its journal. Exits with 1 when the journal takes no records,
/// unless the server was started with --read-only.
#[derive(Args, Debug)]
pub(super) struct Status {
    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

impl Status {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut client = AdminServiceClient::new(self.connection.open().await?);
        let answer = client.get_status(v1::GetStatusRequest {}).await.map_err(refused)?;
        let status = answer.into_inner();
        match self.printed.json {
            true => say!("{}", text::to_json(&status, "slx.v1.GetStatusResponse")?),
            false => say!("{}", show(&status, &self.printed.times()?)),
        }
        Ok(match status.journal_state() {
            v1::JournalState::Writable | v1::JournalState::ReadOnly => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }
}

fn show(status: &v1::GetStatusResponse, times: &Times) -> String {
    let state = choice(status.journal_state().as_str_name(), "JOURNAL_STATE_");
    let fault = match status.journal_fault.as_str() {
        "" => String::new(),
        fault => format!(": {fault}"),
    };
    let stamp = status.stamp.unwrap_or_default();
    format!(
        "slx {} of store {}, started {}\n\
         journal {state}{fault}: {} records, the views have {}\n\
         {}{}\n\
         head {}\n\
         time zone database {}\n\
         {}\n\
         {}\n\
         {}",
        status.version,
        status.store_id,
        times.show(status.start_time),
        stamp.sequence,
        status.views_sequence,
        shared_log(status),
        learning(status, times),
        status.head,
        zones(status),
        scrub(&status.journal_scrub.clone().unwrap_or_default(), times),
        clock(&status.wall_clock.unwrap_or_default(), times),
        load(status),
    )
}

/// How this node stands to the log that it shares, if it does, on a line of its own.
fn shared_log(status: &v1::GetStatusResponse) -> String {
    let Some(log) = &status.shared_log else { return String::new() };
    let seconds = |span: &Option<Duration>| {
        let Duration { seconds, nanos } = span.unwrap_or_default();
        format!("{:.1} s", seconds as f64 + f64::from(nanos) / 1e9)
    };
    let behind = counted(log.messages_behind, "message");
    let others = log.other_nodes.iter().map(|other| {
        let v1::SharedLogNode { name, version, messages, unheard } = other;
        let ago = seconds(unheard);
        format!("node {name}: slx {version}, {messages} messages, heard of {ago} ago\n")
    });
    format!(
        "log {}: {behind} behind of {}, heard of {} ago, this clock ahead by {}\n",
        log.log,
        log.messages + log.messages_behind,
        seconds(&log.unheard),
        seconds(&log.clock_ahead)
    ) + &others.collect::<String>()
}

/// The time zone database in use, and another that waits to be adopted.
fn zones(status: &v1::GetStatusResponse) -> String {
    let used = &status.time_zone_database;
    match &status.time_zone_database_available {
        None => used.clone(),
        Some(other) => {
            format!("{used}; {} was found and is not used: slx zones compare", other.release)
        }
    }
}

/// How far forecasts have learnt.
fn learning(status: &v1::GetStatusResponse, times: &Times) -> String {
    let learnt = status.learnt.unwrap_or_default();
    let so_far = match (learnt.records_behind, status.tenants_behind) {
        (0, 0) => "forecasts have learnt from all of them".to_owned(),
        (records, tenants) => {
            let until = match learnt.until {
                None => String::new(),
                until => format!(", what was decided up to {}", times.show(until)),
            };
            let (records, tenants) = (counted(records, "record"), counted(tenants, "tenant"));
            format!("forecasts are learning{until}: {records} behind, of {tenants}")
        }
    };
    match status.learning_fault.as_str() {
        "" => so_far,
        fault => format!("{so_far}; they don't go on: {fault}"),
    }
}

fn scrub(scrub: &v1::JournalScrub, times: &Times) -> String {
    let under_way = match (scrub.bytes_per_second, scrub.sequence) {
        (0, _) => "off".to_owned(),
        (_, 0) => "no pass under way".to_owned(),
        (_, sequence) => format!("intact up to record {sequence}"),
    };
    let last = match scrub.last_pass_time {
        Some(time) => format!("{} records on {}", scrub.last_pass_records, times.show(Some(time))),
        None => "none since the start".to_owned(),
    };
    let fault = match scrub.fault.as_str() {
        "" => String::new(),
        fault => format!("; it could not be read: {fault}"),
    };
    format!("scrub {under_way}, last whole pass {last}{fault}")
}

fn clock(clock: &v1::WallClock, times: &Times) -> String {
    let state = choice(clock.state().as_str_name(), "WALL_CLOCK_STATE_");
    let (now, system) = (times.show(clock.now_time), times.show(clock.system_time));
    match clock.state() {
        v1::WallClockState::Held => format!("clock {state} at {now}: the system's says {system}"),
        _ => format!("clock {state} at {now}"),
    }
}

/// What is worked on, what waits, and what was refused.
fn load(status: &v1::GetStatusResponse) -> String {
    let queue = status.write_queue.unwrap_or_default();
    let lanes = status.lanes.iter().map(|lane| {
        let v1::Lane { name, places, working, waiting, waiting_max, refused, stopped } = lane;
        format!(
            "\nlane {name}: {working} of {places} places taken, {waiting} of {waiting_max} wait, \
             {refused} refused, {stopped} stopped"
        )
    });
    let v1::WriteQueue { waiting, most, refused } = queue;
    format!(
        "to be recorded {waiting} of {most} at most, {refused} refused{}",
        lanes.collect::<String>()
    )
}
