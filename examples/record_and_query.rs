//! A server and its generated client: terms are put, facts recorded, and three questions answered.
//! Why does this clock stand as it does? What did we say before the correction? Did the month
//! comply?
//!
//! `cargo run --example record_and_query`; it serves on loopback, in a temporary directory.

#![allow(clippy::print_stdout, reason = "an example prints what it found")]

use prost_types::Timestamp;
use slx::codec::v1::calendar_service_client::CalendarServiceClient;
use slx::codec::v1::clock_service_client::ClockServiceClient;
use slx::codec::v1::compliance_service_client::ComplianceServiceClient;
use slx::codec::v1::contract_service_client::ContractServiceClient;
use slx::codec::v1::incident_service_client::IncidentServiceClient;
use slx::codec::{text, v1};
use slx::server::{self, Settings};
use tonic::transport::Channel;

const TENANT: &str = "acme";
const CALENDAR: &str = r#"
{id: office, time_zone: Europe/Amsterdam, weekly: [
  {days: [monday, tuesday, wednesday, thursday, friday], opens: "09:00", closes: "17:00"}]}
"#;
const CONTRACT: &str = r#"
{id: workplace, kind: sla, title: The workplace works, client: Gemeente, provider: Beheer BV,
 time_zone: Europe/Amsterdam, currency: EUR, terms: {
  targets: [{id: resolve, metric: resolution, pauses: [{waiting_on: client}],
   limits: [{priority: P1, limit: 4h, calendar_id: office}]}],
  objectives: [{id: p1, period: month,
   attainment: {target_id: resolve, priorities: [P1], percent: "95"}}]}}
"#;
const EVENTS: &str = r#"
{event_id: e1, incident_id: INC1, occur_time: "2025-11-20T15:30:00Z",
 opened: {contract_ids: [workplace], priority: P1}}
---
{event_id: e2, incident_id: INC1, occur_time: "2025-11-20T15:45:00Z",
 status_changed: {status: Waiting for user, waiting_on: client, reason: info}}
---
{event_id: e3, incident_id: INC1, occur_time: "2025-11-21T09:00:00Z",
 status_changed: {status: Active, waiting_on: provider}}
---
{event_id: e4, incident_id: INC1, occur_time: "2025-11-21T14:00:00Z", resolved: {}}
"#;
const CORRECTION: &str = r#"
{event_id: e5, incident_id: INC1, occur_time: "2025-11-21T12:30:00Z", corrects_event_id: e4,
 resolved: {}}
"#;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let mut server = server::start(Settings {
        data_dir: Some(data.path().into()),
        listen: Some("127.0.0.1:0".parse()?),
        ..Settings::default()
    })
    .await?;
    server.ready().await?;
    let channel = Channel::from_shared(format!("http://{}", server.address()))?.connect().await?;

    put_terms(&channel).await?;
    let recorded = record(&channel, EVENTS).await?;
    println!("Why it stands so:");
    explain(&channel, None).await?;
    record(&channel, CORRECTION).await?;
    println!("After a correction:");
    explain(&channel, None).await?;
    println!("By what was known before it:");
    explain(&channel, recorded).await?;
    comply(&channel).await?;
    server.stop().await
}

async fn put_terms(channel: &Channel) -> anyhow::Result<()> {
    let calendar = text::from_yaml(CALENDAR, "slx.v1.Calendar")?.pop();
    let request = v1::PutCalendarRequest { tenant: TENANT.into(), calendar, ..Default::default() };
    CalendarServiceClient::new(channel.clone()).put_calendar(request).await?;
    let contract = text::from_yaml(CONTRACT, "slx.v1.Contract")?.pop();
    let request = v1::PutContractRequest { tenant: TENANT.into(), contract, ..Default::default() };
    ContractServiceClient::new(channel.clone()).put_contract(request).await?;
    Ok(())
}

/// Records the events of a text, durably, and gives the time by which they are known. An event that
/// is refused is named in its result, and stops none of the others.
async fn record(channel: &Channel, yaml: &str) -> anyhow::Result<Option<Timestamp>> {
    let events = text::from_yaml(yaml, "slx.v1.IncidentEvent")?;
    let request = v1::RecordEventsRequest { tenant: TENANT.into(), events };
    let answer =
        IncidentServiceClient::new(channel.clone()).record_events(request).await?.into_inner();
    anyhow::ensure!(answer.results.iter().all(|result| result.rejection.is_none()), "{answer:?}");
    Ok(answer.stamp.and_then(|stamp| stamp.known_time))
}

async fn explain(channel: &Channel, known_time: Option<Timestamp>) -> anyhow::Result<()> {
    let request = v1::EvaluateIncidentRequest {
        tenant: TENANT.into(),
        incident_id: "INC1".into(),
        with_segments: true,
        known_time,
        ..Default::default()
    };
    let answer = ClockServiceClient::new(channel.clone()).evaluate_incident(request).await?;
    for clock in answer.into_inner().clocks {
        let outcome = clock.outcome().as_str_name();
        println!("  {} {}: {outcome}", clock.incident_id, clock.target_id);
        for chunk in &clock.segments {
            let start = chunk.start_time.unwrap_or_default();
            let counted = chunk.counted.unwrap_or_default();
            println!("    {start}  {}, {counted} counted", chunk.kind().as_str_name());
        }
    }
    Ok(())
}

async fn comply(channel: &Channel) -> anyhow::Result<()> {
    let request = v1::GetComplianceRequest {
        tenant: TENANT.into(),
        contract_id: "workplace".into(),
        period: "2025-11".into(),
        ..Default::default()
    };
    let answer = ComplianceServiceClient::new(channel.clone()).get_compliance(request).await?;
    println!("Did the month comply?");
    for objective in answer.into_inner().objectives {
        let verdict = objective.verdict().as_str_name();
        let id = objective.objective.unwrap_or_default().id;
        println!("  {id}: {verdict}, {}% within their limit", objective.percent);
    }
    Ok(())
}
