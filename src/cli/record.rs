//! `slx record`, `slx exclude` and `slx cause`: facts recorded by hand.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use itertools::Itertools;
use prost_types::Timestamp;

use super::apply::read;
use super::connection::{Connection, refused};
use super::random_id::random_id;
use super::read_times::instant;
use super::show::counted;
use crate::codec::choices::party_number;
use crate::codec::scalar::timestamp;
use crate::codec::v1::incident_event::Fact;
use crate::codec::v1::incident_service_client::IncidentServiceClient;
use crate::codec::{text, v1};
use crate::domain::incident::Party;
use crate::limits::EVENTS_PER_CALL_MAX;
use crate::runtime::wall_clock;

/// Records facts about incidents.
///
/// Either one fact about one incident, as `slx record INC1 resolved` or
/// `slx record INC1 '{priority_changed: {priority: P1}}'`, or the events of a file: a YAML document
/// an event, with the fields of the API's IncidentEvent.
#[derive(Args, Debug)]
pub(super) struct RecordFacts {
    /// The id of the incident.
    #[arg(value_name = "INCIDENT", required_unless_present = "file", requires = "fact")]
    incident: Option<String>,

    /// The fact: its name, or YAML with its fields.
    #[arg(value_name = "FACT")]
    fact: Option<String>,

    /// The file with events; - for standard input.
    #[arg(short, long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["incident", "at", "event", "source"])]
    file: Option<PathBuf>,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    connection: Connection,
}

/// Decides that clocks of an incident are left out of the contractual figures, or that they count.
///
/// The decision takes precedence over the exclusion rules of the contract; nothing is deleted.
#[derive(Args, Debug)]
pub(super) struct Exclude {
    /// The id of the incident.
    #[arg(value_name = "INCIDENT")]
    incident: String,

    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    contract: String,

    /// Only the clocks of this target; default: of all.
    #[arg(long, value_name = "ID", default_value = "")]
    target: String,

    /// Decides that they count, whatever the rules say.
    #[arg(long)]
    count: bool,

    /// Who decides.
    #[arg(long, value_name = "NAME")]
    by: String,

    /// Why.
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    connection: Connection,
}

/// Attributes the cause of an incident to a party.
#[derive(Args, Debug)]
pub(super) struct AttributeCause {
    /// The id of the incident.
    #[arg(value_name = "INCIDENT")]
    incident: String,

    /// The party.
    #[arg(value_enum)]
    party: PartyWord,

    /// The name of the third party.
    #[arg(long, value_name = "NAME", default_value = "")]
    third_party: String,

    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,

    /// How certain that is, in percent, 1 to 100; default: not stated.
    #[arg(long, value_name = "PERCENT", default_value_t = 0)]
    confidence: i32,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum PartyWord {
    Provider,
    Client,
    ThirdParty,
}

/// What a fact has beside its content.
#[derive(Args, Debug)]
struct Identity {
    /// When it occurred (RFC 3339); default: now.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    at: Option<Timestamp>,

    /// The id of the event, so that it can be sent again; default: a random one.
    #[arg(long, value_name = "ID")]
    event: Option<String>,

    /// Who or what reports it.
    #[arg(long, value_name = "NAME", default_value = "slx record")]
    source: String,
}

impl Identity {
    /// The event of a fact.
    fn event(self, incident_id: String, fact: Fact) -> anyhow::Result<v1::IncidentEvent> {
        Ok(v1::IncidentEvent {
            event_id: self.event.map_or_else(|| random_id("record"), Ok)?,
            incident_id,
            occur_time: Some(self.at.unwrap_or_else(|| timestamp(wall_clock::now()))),
            source: self.source,
            fact: Some(fact),
            ..Default::default()
        })
    }
}

impl RecordFacts {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let events = match (self.file, self.incident, self.fact) {
            (Some(file), ..) => {
                let events = text::from_yaml(&read(&file)?, "slx.v1.IncidentEvent");
                events.with_context(|| file.display().to_string())?
            }
            (None, Some(incident), Some(fact)) => {
                vec![self.identity.event(incident, parse(&fact)?)?]
            }
            (None, ..) => bail!("name an incident and a fact, or a file: see slx record --help"),
        };
        send(events, self.connection).await
    }
}

/// A fact as it is written: its name alone, or YAML with its fields.
fn parse(fact: &str) -> anyhow::Result<Fact> {
    let is_a_name = !fact.is_empty()
        && fact.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let yaml = if is_a_name { format!("{{{fact}: {{}}}}") } else { fact.to_owned() };
    let events: Vec<v1::IncidentEvent> = text::from_yaml(&yaml, "slx.v1.IncidentEvent")?;
    let fact = events.into_iter().next().and_then(|event| event.fact);
    fact.context("no fact is named: write one such as resolved or {client_updated: {}}")
}

impl Exclude {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let fact = Fact::ExclusionDecided(v1::ExclusionDecided {
            contract_id: self.contract,
            target_id: self.target,
            excluded: !self.count,
            decided_by: self.by,
            reason: self.reason,
        });
        send(vec![self.identity.event(self.incident, fact)?], self.connection).await
    }
}

impl AttributeCause {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let party = match self.party {
            PartyWord::Provider => Party::Provider,
            PartyWord::Client => Party::Client,
            PartyWord::ThirdParty => Party::ThirdParty,
        };
        let fact = Fact::CauseAttributed(v1::CauseAttributed {
            party: party_number(party),
            third_party: self.third_party,
            note: self.note,
            confidence_percent: self.confidence,
        });
        send(vec![self.identity.event(self.incident, fact)?], self.connection).await
    }
}

/// Records events and says what became of each; fails when one is refused.
async fn send(events: Vec<v1::IncidentEvent>, connection: Connection) -> anyhow::Result<ExitCode> {
    if events.is_empty() {
        bail!("there is no event to record");
    }
    let mut client = IncidentServiceClient::new(connection.open().await?);
    let mut refusals = 0;
    for part in events.chunks(EVENTS_PER_CALL_MAX) {
        let request =
            v1::RecordEventsRequest { tenant: connection.tenant.clone(), events: part.to_vec() };
        let answer = client.record_events(request).await.map_err(refused)?.into_inner();
        for (event, result) in part.iter().zip(&answer.results) {
            say!("{}", became(event, result));
            refusals += usize::from(result.rejection.is_some());
        }
    }
    if refusals > 0 {
        bail!("{} could not be recorded", counted(refusals, "event"));
    }
    Ok(ExitCode::SUCCESS)
}

fn became(event: &v1::IncidentEvent, result: &v1::RecordResult) -> String {
    let (incident, id) = (&event.incident_id, &event.event_id);
    let became = match &result.rejection {
        Some(rejection) => format!("is refused: {}", rejection.message),
        None if result.outcome() == v1::RecordOutcome::Duplicate => "had been recorded".to_owned(),
        None => "is recorded".to_owned(),
    };
    let warnings = result.warnings.iter().map(|one| one.description.as_str()).join(", ");
    let but = if warnings.is_empty() { "" } else { ", but: " };
    format!("{incident}: event {id} {became}{but}{warnings}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_a_name_or_yaml() {
        assert_eq!(parse("resolved").unwrap(), Fact::Resolved(v1::Resolved {}));
        let raised = v1::PriorityChanged { priority: "P1".into() };
        let yaml = "{priority_changed: {priority: P1}}";
        assert_eq!(parse(yaml).unwrap(), Fact::PriorityChanged(raised));
        for (text, why) in [
            ("solved", "did you mean resolved?"),
            ("{source: x}", "no fact is named"),
            ("", "no fact is named"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
