//! A contract with incidents that are open, and others that ended before, as an import brings them.
//!
//! Its limits are long, so that incidents opened within the last week are not yet over them.

use prost_types::Timestamp;
use slx::codec::v1;
use slx::codec::v1::incident_event::Fact;

use super::office::target;

pub const CONTRACT: &str = "backlog";
/// What it promises of the clocks that are to be resolved, in percent.
pub const PROMISED: &str = "95";
const GROUPS: [&str; 4] = ["Desk", "Network", "Mail", "Workplace"];
const CATEGORIES: [&str; 5] = ["software", "hardware", "network", "access", "other"];
const ENGINEERS: u64 = 40;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Two clocks an incident, and an objective on one of them each month.
pub fn contract() -> v1::Contract {
    let targets = vec![
        target("respond", v1::Metric::Response, [60, 80]),
        target("resolve", v1::Metric::Resolution, [80, 120]),
    ];
    let attainment = v1::AttainmentObjective {
        target_id: "resolve".into(),
        percent: PROMISED.into(),
        ..Default::default()
    };
    let objective = v1::Objective {
        id: "resolved-in-time".into(),
        period: v1::ObjectivePeriod::Month as i32,
        promise: Some(v1::objective::Promise::Attainment(attainment)),
        ..Default::default()
    };
    v1::Contract {
        id: CONTRACT.into(),
        kind: v1::ContractKind::Sla as i32,
        title: "Backlog".into(),
        client: "Client".into(),
        provider: "Provider".into(),
        time_zone: "Europe/Amsterdam".into(),
        currency: "EUR".into(),
        terms: Some(v1::Terms { targets, objectives: vec![objective], ..Default::default() }),
        ..Default::default()
    }
}

/// An incident opened in the week before `now`, in seconds since 1970. A third is not taken up, a
/// sixth waits for the client; nobody has responded, so both its clocks are open.
pub fn open(incident: u64, now: i64) -> Vec<v1::IncidentEvent> {
    let opened = now - HOUR - scattered(incident, 6 * DAY);
    let mut reported = Reported::new(format!("OPEN{incident:08}"));
    reported.at(opened, opening(incident));
    if !incident.is_multiple_of(3) {
        reported.at(opened + HOUR / 4, assignment(incident));
    }
    if incident % 6 == 1 {
        reported.at(opened + HOUR / 2, waiting(v1::WaitingOn::Client));
    }
    reported.events
}

/// An incident opened in the quarter before `now` and resolved by then. A fourth took up to six
/// weeks, and some of those breached.
pub fn ended(incident: u64, now: i64) -> Vec<v1::IncidentEvent> {
    let days = if incident.is_multiple_of(4) { 40 } else { 9 };
    let lasted = DAY + scattered(incident ^ 0x5555, days * DAY);
    let opened = now - HOUR - lasted - scattered(incident, 50 * DAY);
    let mut reported = Reported::new(format!("ENDED{incident:08}"));
    reported.at(opened, opening(incident));
    reported.at(opened + HOUR / 4, assignment(incident));
    reported.at(opened + HOUR / 2, Fact::Responded(v1::Responded {}));
    reported.at(opened + lasted / 4, waiting(v1::WaitingOn::Client));
    reported.at(opened + lasted / 2, waiting(v1::WaitingOn::Provider));
    reported.at(opened + lasted, Fact::Resolved(v1::Resolved {}));
    reported.events
}

/// What was reported of an incident so far.
struct Reported {
    incident_id: String,
    events: Vec<v1::IncidentEvent>,
}

impl Reported {
    fn new(incident_id: String) -> Reported {
        Reported { incident_id, events: Vec::new() }
    }

    fn at(&mut self, seconds: i64, fact: Fact) {
        self.events.push(v1::IncidentEvent {
            event_id: format!("sys-audit-{:06}", self.events.len()),
            incident_id: self.incident_id.clone(),
            occur_time: Some(Timestamp { seconds, nanos: 0 }),
            fact: Some(fact),
            ..Default::default()
        });
    }
}

fn scattered(incident: u64, within: i64) -> i64 {
    let bits = incident.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    (bits % within.unsigned_abs()) as i64
}

fn opening(incident: u64) -> Fact {
    Fact::Opened(v1::Opened {
        contract_ids: vec![CONTRACT.into()],
        service: "mail".into(),
        category: one_of(CATEGORIES, incident).into(),
        priority: if incident.is_multiple_of(5) { "P1".into() } else { "P2".into() },
        affected_users: Some(3),
        ..Default::default()
    })
}

fn assignment(incident: u64) -> Fact {
    let group = Some(one_of(GROUPS, incident / 3).into());
    let assignee = Some(format!("engineer-{}", incident / 7 % ENGINEERS));
    Fact::Assigned(v1::Assigned { group, assignee })
}

fn one_of<const N: usize>(names: [&str; N], number: u64) -> &str {
    names[number as usize % N]
}

fn waiting(waiting_on: v1::WaitingOn) -> Fact {
    let status = if waiting_on == v1::WaitingOn::Client { "Awaiting user" } else { "In progress" };
    Fact::StatusChanged(v1::StatusChanged {
        status: Some(status.into()),
        waiting_on: waiting_on as i32,
        ..Default::default()
    })
}
