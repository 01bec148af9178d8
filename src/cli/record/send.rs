//! Sends events, and says what became of each.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;
use itertools::Itertools;

use super::event::EventMessage;
use crate::cli::connection::Connection;
use crate::cli::json;
use crate::cli::show::counted;
use crate::codec::v1;
use crate::limits::EVENTS_PER_CALL_MAX;

/// Where events are sent to, and how what became of them is printed.
#[derive(Args, Debug)]
pub(super) struct EventDestination {
    /// Prints what became of each as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

/// Records events and says what became of each; fails when one is refused.
pub(super) async fn send<E: EventMessage>(
    events: Vec<E>,
    EventDestination { json, connection }: EventDestination,
) -> anyhow::Result<ExitCode> {
    if events.is_empty() {
        bail!("there is no event to record");
    }
    let channel = connection.open().await?;
    let (mut refusals, mut all, mut sent) = (0, Vec::new(), Ok(()));
    for part in events.chunks(EVENTS_PER_CALL_MAX) {
        let tenant = connection.tenant.clone();
        let results = match E::record(part.to_vec(), tenant, channel.clone()).await {
            Ok(results) => results,
            // What was recorded before is shown all the same.
            Err(error) => {
                sent = Err(error);
                break;
            }
        };
        for (event, result) in part.iter().zip(results) {
            refusals += usize::from(result.rejection.is_some());
            match json {
                true => all.push(result),
                false => say!("{}", became(event, &result)),
            }
        }
    }
    if json {
        let results = json::list(&all, "slx.v1.RecordResult")?;
        say!("{}", json::object(&[("results", results)]));
    }
    sent?;
    if refusals > 0 {
        bail!("{} could not be recorded", counted(refusals, "event"));
    }
    Ok(ExitCode::SUCCESS)
}

fn became<E: EventMessage>(event: &E, result: &v1::RecordResult) -> String {
    let subject = event.subject();
    let event = match event.id() {
        "" => "an event".to_owned(),
        id => format!("event {id}"),
    };
    let became = match &result.rejection {
        Some(rejection) => format!("is refused: {}", rejection.message),
        None if result.outcome() == v1::RecordOutcome::Duplicate => "had been recorded".to_owned(),
        None => "is recorded".to_owned(),
    };
    let warnings = result.warnings.iter().map(|one| one.description.as_str()).join(", ");
    let but = if warnings.is_empty() { "" } else { ", but: " };
    format!("{subject}: {event} {became}{but}{warnings}")
}
