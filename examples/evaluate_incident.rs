//! The pure core alone: a contract, a calendar and the facts of one incident, as clients write
//! them, become clocks as of any instant and by what was known at any instant. No server, no
//! files, no wall clock.
//!
//! `cargo run --example evaluate_incident`

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use anyhow::Context;
use slx::codec::api::{calendar, contract, incident};
use slx::codec::{text, v1};
use slx::domain::calendar::hours::ServiceHours;
use slx::domain::calendar::{CalendarInForce, Calendars};
use slx::domain::clock::{Agreement, evaluate};
use slx::domain::contract::Revisions;
use slx::domain::incident::{History, RecordedEvent};
use slx::domain::time::Instant;
use slx::domain::violation::Violation;
use slx::domain::zone::ZoneDatabase;

const CALENDAR: &str = r#"
{id: office, time_zone: Europe/Amsterdam, weekly: [
  {days: [monday, tuesday, wednesday, thursday, friday], opens: "09:00", closes: "17:00"}]}
"#;
const CONTRACT: &str = r#"
{id: workplace, kind: sla, title: The workplace works, client: Gemeente, provider: Beheer BV,
 time_zone: Europe/Amsterdam, currency: EUR, terms: {targets: [
  {id: resolve, metric: resolution, pauses: [{waiting_on: client}],
   limits: [{priority: P1, limit: 4h, calendar_id: office}]}]}}
"#;
/// The last one was recorded on Wednesday: the service worked again earlier than was reported.
const EVENTS: &str = r#"
{event_id: e1, incident_id: INC1, occur_time: "2026-11-20T15:30:00Z",
 opened: {contract_ids: [workplace], priority: P1}}
---
{event_id: e2, incident_id: INC1, occur_time: "2026-11-20T15:45:00Z",
 status_changed: {status: Waiting for user, waiting_on: client, reason: info}}
---
{event_id: e3, incident_id: INC1, occur_time: "2026-11-23T09:00:00Z",
 status_changed: {status: Active, waiting_on: provider}}
---
{event_id: e4, incident_id: INC1, occur_time: "2026-11-23T14:00:00Z", resolved: {}}
---
{event_id: e5, incident_id: INC1, occur_time: "2026-11-23T12:30:00Z", corrects_event_id: e4,
 resolved: {}}
"#;
const CORRECTED: &str = "2026-11-25T10:00:00Z";

/// One calendar, in one revision.
struct Office(ServiceHours);

impl Calendars for Office {
    fn in_force(&self, calendar_id: &str, _: Instant) -> Option<CalendarInForce<'_>> {
        (calendar_id == "office").then_some(CalendarInForce { revision: 1, hours: &self.0 })
    }
}

fn main() -> anyhow::Result<()> {
    let zones = ZoneDatabase::bundled();
    let (_, office) = one(CALENDAR, "slx.v1.Calendar", |c| calendar::decode(c, &zones))?;
    let office = Office(ServiceHours::compile(&office, &zones)?);
    let agreed = one(CONTRACT, "slx.v1.Contract", |c| contract::decode(c, &zones))?;
    let mut revisions = Revisions::default();
    revisions.push(Instant::MIN, Instant::MIN, agreed);
    let events = recorded_events()?;

    for (as_of, known) in [
        ("2026-11-20T15:40:00Z", "2026-11-20T15:40:00Z"),
        ("2026-11-21T12:00:00Z", "2026-11-21T12:00:00Z"),
        ("2026-11-23T15:00:00Z", "2026-11-23T15:00:00Z"),
        ("2026-11-23T15:00:00Z", CORRECTED),
    ] {
        println!("as of {as_of}, by what was known at {known}:");
        let (as_of, known) = (instant(as_of)?, instant(known)?);
        let history = History::fold(&events, known);
        let agreement = Agreement { revisions: revisions.known(known), end_time: None };
        let stints = history.stints("workplace");
        let evaluation = evaluate(&history, &stints, agreement, &office, as_of);
        for clock in &evaluation.clocks {
            let due = clock.due_time.map_or("open".into(), |due| due.to_string());
            let (phase, outcome) = (clock.phase, clock.outcome);
            let (elapsed, limit) = (clock.elapsed, clock.limit);
            println!("  {phase:?}, {outcome:?}: {elapsed} of {limit}, due {due}");
            for chunk in &clock.segments {
                let (start, kind) = (chunk.start.to_string(), format!("{:?}", chunk.kind));
                println!("    {start:<22}{kind:<13}{} counted", chunk.counted);
            }
        }
    }
    Ok(())
}

/// Each is recorded when it occurs, but for the correction.
fn recorded_events() -> anyhow::Result<Vec<RecordedEvent>> {
    let messages: Vec<v1::IncidentEvent> = text::from_yaml(EVENTS, "slx.v1.IncidentEvent")?;
    let recorded = (1..).zip(messages).map(|(sequence, message)| {
        let event = incident::decode(message).map_err(wrong)?;
        let is_correction = !event.corrects_event_id.is_empty();
        let record_time = if is_correction { instant(CORRECTED)? } else { event.occur_time };
        Ok(RecordedEvent { sequence, record_time, value: event })
    });
    recorded.collect()
}

/// Reads the one message of a YAML text, and checks it.
fn one<M: prost::Message + Default, T>(
    yaml: &str,
    name: &str,
    decode: impl Fn(M) -> Result<T, Vec<Violation>>,
) -> anyhow::Result<T> {
    let message = text::from_yaml(yaml, name)?.pop().context("an empty text")?;
    decode(message).map_err(wrong)
}

fn wrong(violations: Vec<Violation>) -> anyhow::Error {
    let violations: Vec<_> = violations.iter().map(ToString::to_string).collect();
    anyhow::anyhow!("{}", violations.join("; "))
}

fn instant(text: &str) -> anyhow::Result<Instant> {
    let time = chrono::DateTime::parse_from_rfc3339(text)?;
    Ok(Instant::try_from(time.to_utc())?)
}
