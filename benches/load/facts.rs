//! The facts that are sent: incidents under two contracts, reported from opening to closing.

use prost::Message;
use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use super::office::{seconds, target};

pub const TENANT: &str = "acme";
/// Bytes of an event as it is sent, or one more or less.
pub const EVENT_BYTES: usize = 256;

/// The fewest events of an incident whose clocks have all stopped.
pub const EVENTS_OF_A_SHORT_ONE: u64 = 3;

const CONTRACTS: [&str; 2] = ["workplace", "workplace-support"];
/// 2025: a year that is over, so that questions as of now are about all of it.
const YEAR_BEGINS: i64 = 1_735_689_600;
pub const YEAR_SECONDS: u64 = 364 * 24 * 3600;

/// An incident's fact: the first opens it, the last of `of` ends it.
pub fn event(incident: u64, number: u64, of: u64) -> v1::IncidentEvent {
    event_of_one(scattered(incident), incident, number, of)
}

/// The same of an incident that is opened so many seconds after the year began.
pub fn event_of_one(opened: u64, incident: u64, number: u64, of: u64) -> v1::IncidentEvent {
    let mut event = v1::IncidentEvent {
        event_id: format!("sys-audit-{number:06}"),
        incident_id: incident_id(incident),
        occur_time: Some(time(opened, number)),
        fact: Some(fact(incident, number, of)),
        ..Default::default()
    };
    event.source = "x".repeat(EVENT_BYTES.saturating_sub(event.encoded_len() + 2));
    event
}

pub fn incident_id(incident: u64) -> String {
    format!("INC{incident:010}")
}

/// When an incident is opened, in seconds since the year began, where there is no order.
pub fn scattered(incident: u64) -> u64 {
    (incident.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20) % YEAR_SECONDS
}

/// Each fact comes some 20 minutes after the one before.
fn time(opened: u64, number: u64) -> Timestamp {
    Timestamp { seconds: YEAR_BEGINS + (opened + number * 1_234) as i64, nanos: 0 }
}

fn fact(incident: u64, number: u64, of: u64) -> Fact {
    match number {
        0 => Fact::Opened(opened(incident)),
        _ if number + 1 == of => Fact::Resolved(v1::Resolved {}),
        // Without it a clock would go on: that something is solved answers nobody.
        1 if of == EVENTS_OF_A_SHORT_ONE => Fact::Responded(v1::Responded {}),
        1 => Fact::Assigned(v1::Assigned {
            group: Some("Desk".into()),
            assignee: Some("Kim".into()),
        }),
        2 => Fact::Responded(v1::Responded {}),
        3 => waiting("Awaiting user", v1::WaitingOn::Client),
        4 => waiting("In progress", v1::WaitingOn::Provider),
        5 => Fact::PriorityChanged(v1::PriorityChanged { priority: "P2".into() }),
        _ => Fact::WorkLogged(v1::WorkLogged { duration: Some(seconds(900)), start_time: None }),
    }
}

fn opened(incident: u64) -> v1::Opened {
    v1::Opened {
        contract_ids: CONTRACTS.map(str::to_owned).to_vec(),
        service: "mail".into(),
        category: "software".into(),
        priority: if incident.is_multiple_of(3) { "P1".into() } else { "P2".into() },
        affected_users: Some(3),
        ..Default::default()
    }
}

fn waiting(status: &str, waiting_on: v1::WaitingOn) -> Fact {
    Fact::StatusChanged(v1::StatusChanged {
        status: Some(status.into()),
        waiting_on: waiting_on as i32,
        ..Default::default()
    })
}

/// What is promised to the client, and what a team within the provider promises the others.
pub fn contracts() -> [v1::Contract; 2] {
    let [sla, ola] = CONTRACTS;
    [contract(sla, v1::ContractKind::Sla, 8), contract(ola, v1::ContractKind::Ola, 6)]
}

fn contract(id: &str, kind: v1::ContractKind, hours: i64) -> v1::Contract {
    let targets = vec![
        target("respond", v1::Metric::Response, [1, 2]),
        target("resolve", v1::Metric::Resolution, [hours / 2, hours]),
    ];
    v1::Contract {
        id: id.into(),
        kind: kind as i32,
        title: "Workplace".into(),
        client: "Client".into(),
        provider: "Provider".into(),
        time_zone: "Europe/Amsterdam".into(),
        currency: "EUR".into(),
        terms: Some(v1::Terms { targets, ..Default::default() }),
        ..Default::default()
    }
}
