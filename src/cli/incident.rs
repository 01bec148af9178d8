//! `slx incident`.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use prost_types::Timestamp;

use super::breach_forecast;
use super::clocks::cycle;
use super::connection::{Channel, Connection, refused};
use super::experience;
use super::fact::{describe_cause, describe_fact};
use super::json;
use super::read_times::{ReadInstants, ReadTimes};
use super::show::{Printed, Times, choice, outcome, phase, span, table};
use crate::codec::v1::clock_service_client::ClockServiceClient;
use crate::codec::v1::incident_service_client::IncidentServiceClient;
use crate::codec::{text, v1};

/// Shows an incident with its clocks, their timelines and, of open ones, how probable a breach is.
#[derive(Args, Debug)]
pub(super) struct Incident {
    /// The id of the incident.
    #[arg(value_name = "ID")]
    id: String,

    /// Leaves out how probable breaches are, which takes long as of an instant long past.
    #[arg(long)]
    no_forecast: bool,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

/// Which incident, at which times.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub tenant: String,
    pub id: String,
    pub with_forecast: bool,
    pub read: ReadInstants,
}

/// What is known of an incident.
#[derive(Debug)]
pub(super) struct Answers {
    incident: v1::GetIncidentResponse,
    evaluated: v1::EvaluateIncidentResponse,
    events: v1::ListEventsResponse,
}

impl Incident {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let question = Question {
            tenant: self.connection.tenant.clone(),
            id: self.id,
            with_forecast: !self.no_forecast,
            read: self.read_times.in_zone(&self.printed.shown)?,
        };
        let answers = query(question, self.connection.open().await?).await?;
        match self.printed.json {
            true => say!("{}", as_json(&answers)?),
            false => say!("{}", show(&answers, &self.printed.times()?)),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Requests everything about an incident.
pub(super) async fn query(question: Question, channel: Channel) -> anyhow::Result<Answers> {
    let Question { tenant, id: incident_id, with_forecast, read } = question;
    let ReadInstants { as_of_time, known_time } = read;
    let mut incidents = IncidentServiceClient::new(channel.clone());
    let request = v1::GetIncidentRequest {
        tenant: tenant.clone(),
        incident_id: incident_id.clone(),
        as_of_time,
        known_time,
        ..Default::default()
    };
    let incident = incidents.get_incident(request).await.map_err(refused)?.into_inner();
    let request = v1::EvaluateIncidentRequest {
        tenant: tenant.clone(),
        incident_id: incident_id.clone(),
        with_segments: true,
        with_forecast,
        as_of_time,
        known_time,
        ..Default::default()
    };
    let mut clocks = ClockServiceClient::new(channel);
    let evaluated = clocks.evaluate_incident(request).await.map_err(refused)?.into_inner();
    let request =
        v1::ListEventsRequest { tenant, incident_id, as_of_time, known_time, ..Default::default() };
    let events = all_events(incidents, request).await?;
    Ok(Answers { incident, evaluated, events })
}

/// The events of every page as though they were on one.
async fn all_events(
    mut incidents: IncidentServiceClient<Channel>,
    mut request: v1::ListEventsRequest,
) -> anyhow::Result<v1::ListEventsResponse> {
    let mut all = v1::ListEventsResponse::default();
    loop {
        let page = incidents.list_events(request.clone()).await.map_err(refused)?.into_inner();
        all.events.extend(page.events);
        all.stamp = page.stamp;
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        request.page_token = page.next_page_token;
    }
}

fn as_json(answers: &Answers) -> anyhow::Result<String> {
    Ok(json::object(&[
        ("incident", text::to_json(&answers.incident, "slx.v1.GetIncidentResponse")?),
        ("evaluation", text::to_json(&answers.evaluated, "slx.v1.EvaluateIncidentResponse")?),
        ("events", text::to_json(&answers.events, "slx.v1.ListEventsResponse")?),
    ]))
}

/// The incident, its clocks and its events, for a terminal.
pub(super) fn show(answers: &Answers, times: &Times) -> String {
    let incident = answers.incident.incident.clone().unwrap_or_default();
    let mut parts = vec![fields(&incident, answers, times)];
    parts.extend(experience::show(&answers.evaluated, times));
    parts.extend(answers.evaluated.clocks.iter().map(|clock| timeline(clock, times)));
    parts.extend(missing(&answers.evaluated.missing_clocks));
    parts.push(events(&answers.events.events, times));
    parts.join("\n\n")
}

fn fields(incident: &v1::Incident, answers: &Answers, times: &Times) -> String {
    let as_of = answers.incident.stamp.unwrap_or_default().as_of_time;
    let state = choice(incident.state().as_str_name(), "INCIDENT_STATE_");
    let mut text = format!("{}  {state}", incident.id);
    for (name, value) in [
        ("priority", &incident.priority),
        ("status", &incident.status),
        ("service", &incident.service),
        ("category", &incident.category),
        ("group", &incident.group),
        ("assignee", &incident.assignee),
        ("merged into", &incident.merged_into),
    ] {
        if !value.is_empty() {
            text += &format!("  {name} {value}");
        }
    }
    if let Some(cause) = &incident.cause {
        text += &format!("  cause {}", describe_cause(cause));
    }
    text + &format!("\nas of {}, opened {}", times.show(as_of), times.show(incident.open_time))
}

/// A clock and its segments, which visibly add up.
pub(super) fn timeline(clock: &v1::Clock, times: &Times) -> String {
    let mut text = heading(clock, times);
    if clock.original_due_time != clock.due_time {
        text += &format!(" (first {})", times.show(clock.original_due_time));
    }
    if clock.breach_time.is_some() {
        text += &format!(", breached {}", times.show(clock.breach_time));
    }
    if let Some(forecast) = &clock.forecast {
        text += &format!("\n{}", breach_forecast::lines(clock, forecast, times));
    }
    text += &format!("\n{}", segments(clock, times));
    for note in &clock.notes {
        text += &format!("\n  note: {note}");
    }
    text
}

/// The clocks that it does not have, a line each.
fn missing(missing: &[v1::MissingClock]) -> Option<String> {
    let line = |one: &v1::MissingClock| {
        let place = match (one.contract_id.as_str(), one.target_id.as_str()) {
            ("", _) => "clocks".to_owned(),
            (contract, "") => contract.to_owned(),
            (contract, target) => format!("{contract}/{target}"),
        };
        format!("{place}  no clock: {}", one.description)
    };
    let lines: Vec<_> = missing.iter().map(line).collect();
    (!lines.is_empty()).then(|| lines.join("\n"))
}

fn heading(clock: &v1::Clock, times: &Times) -> String {
    let name = format!("{}/{}{}", clock.contract_id, clock.target_id, cycle(clock.cycle));
    let verdict = format!("{}, {}", phase(clock), outcome(clock.outcome()));
    format!(
        "{name}  {verdict}: {} of {} used ({} %), {} left\ndue {}",
        span(clock.elapsed),
        span(clock.limit),
        clock.percent_elapsed,
        span(clock.remaining),
        times.show(clock.due_time)
    )
}

/// A row for each segment and one for what they add up to. The year is left out where all are of
/// one.
fn segments(clock: &v1::Clock, times: &Times) -> String {
    let instants = clock.segments.iter().flat_map(|s| [s.start_time, s.end_time]);
    let years: BTreeSet<_> = instants.flatten().map(|time| times.year(time)).collect();
    let show: &dyn Fn(Option<Timestamp>) -> String = match years.len() {
        0 | 1 => &|time| times.show_short(time),
        _ => &|time| times.show(time),
    };
    let rows = clock.segments.iter().map(|segment| row(segment, show));
    let total = ["", "", "", "adds up to", "", &span(clock.elapsed), "", ""].map(str::to_owned);
    let rows = rows.chain([total.to_vec()]).collect();
    let headings =
        ["from", "to", "what", "waiting on", "service", "counted", "due moved to", "by event"];
    table(&headings, &[4, 5], rows)
}

fn row(segment: &v1::Segment, show: &dyn Fn(Option<Timestamp>) -> String) -> Vec<String> {
    let party = match segment.third_party.as_str() {
        "" => choice(segment.waiting_on().as_str_name(), "WAITING_ON_"),
        name => name.to_owned(),
    };
    let reason =
        if segment.reason.is_empty() { String::new() } else { format!(" ({})", segment.reason) };
    vec![
        show(segment.start_time),
        show(segment.end_time),
        choice(segment.kind().as_str_name(), "SEGMENT_KIND_"),
        party + &reason,
        span(segment.service_time),
        span(segment.counted),
        segment.moved_due_time.map(|time| show(Some(time))).unwrap_or_default(),
        segment.event_id.clone(),
    ]
}

fn events(events: &[v1::RecordedEvent], times: &Times) -> String {
    let rows = events.iter().map(|recorded| {
        let event = recorded.event.clone().unwrap_or_default();
        let retracted = match recorded.retracted_by.as_str() {
            "" => String::new(),
            by => format!("retracted by {by}"),
        };
        let fact = event.fact.as_ref().map(describe_fact).unwrap_or_default();
        vec![times.show(event.occur_time), event.event_id, fact, retracted]
    });
    format!("Events\n{}", table(&["occurred", "event", "fact", ""], &[], rows.collect()))
}
