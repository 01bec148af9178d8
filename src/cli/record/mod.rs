//! `slx record`, `slx exclude` and `slx cause`: facts recorded by hand.

mod event;
mod parse;
mod send;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;
use clap::{Args, ValueEnum};

use self::event::EventMessage;
use self::send::{EventDestination, send};
use super::examples;
use super::given_time::{GivenTime, time};
use super::random_id::random_id;
use super::show::Shown;
use crate::codec::choices::party_number;
use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::codec::v1::incident_event::Fact;
use crate::domain::incident::Party;
use crate::runtime::wall_clock;

/// Records facts about incidents or services.
///
/// Either one fact about one incident, as `slx record INC1 resolved` or
/// `slx record INC1 '{priority_changed: {priority: P1}}'`, or the events of a file: YAML documents
/// or lists of events, with the fields of the API's IncidentEvent. With --service the same about
/// services: `slx record --service mail outage_started`, or a file with the fields of ServiceEvent.
#[derive(Args, Debug)]
#[command(after_help = format!("{}\n\n{}", examples::RECORD, parse::facts_in_words()))]
pub(super) struct RecordFacts {
    /// The id of the incident or service.
    #[arg(value_name = "ID", required_unless_present = "file", requires = "fact")]
    id: Option<String>,

    /// The fact: its name, or YAML with its fields.
    #[arg(value_name = "FACT")]
    fact: Option<String>,

    /// Records facts about services.
    #[arg(long)]
    service: bool,

    /// The file with events; - for standard input.
    #[arg(short, long, value_name = "FILE")]
    #[arg(conflicts_with_all = ["id", "at", "event", "source"])]
    file: Option<PathBuf>,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    destination: EventDestination,
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
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
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
    destination: EventDestination,
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
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    third_party: String,

    /// Why.
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,

    /// How certain that is, in percent, 1 to 100; default: not stated.
    #[arg(long, value_name = "PERCENT")]
    confidence: Option<i32>,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    destination: EventDestination,
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
    /// When it occurred: RFC 3339, or without an offset in --zone; default: now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<GivenTime>,

    #[command(flatten)]
    shown: Shown,

    /// The id of the event, so that it can be sent again; default: a random one.
    #[arg(long, value_name = "ID")]
    event: Option<String>,

    /// Who or what reports it.
    #[arg(long, value_name = "NAME", default_value = "slx record")]
    source: String,
}

impl Identity {
    /// The event of a fact that is given alone.
    fn complete<E: EventMessage>(self, id: String, event: E) -> anyhow::Result<E> {
        let event_id = self.event.map_or_else(|| random_id("record"), Ok)?;
        let at = self.shown.instant(self.at)?;
        let occur_time = at.unwrap_or_else(|| timestamp(wall_clock::now()));
        Ok(event.of(id, event_id, occur_time, self.source))
    }
}

impl RecordFacts {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.service {
            true => self.record::<v1::ServiceEvent>().await,
            false => self.record::<v1::IncidentEvent>().await,
        }
    }

    async fn record<E: EventMessage>(self) -> anyhow::Result<ExitCode> {
        let events = match (self.file, self.id, self.fact) {
            (Some(file), ..) => parse::file::<E>(&file)?,
            (None, Some(id), Some(fact)) => {
                vec![self.identity.complete(id, parse::fact::<E>(&fact)?)?]
            }
            (None, ..) => bail!("name an incident and a fact, or a file: see slx record --help"),
        };
        send(events, self.destination).await
    }
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
        let event = v1::IncidentEvent { fact: Some(fact), ..Default::default() };
        send(vec![self.identity.complete(self.incident, event)?], self.destination).await
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
            confidence_percent: self.confidence.unwrap_or_default(),
        });
        let event = v1::IncidentEvent { fact: Some(fact), ..Default::default() };
        send(vec![self.identity.complete(self.incident, event)?], self.destination).await
    }
}
