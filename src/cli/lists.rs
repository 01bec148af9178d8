//! `slx contracts`, `slx calendars`, `slx incidents` and `slx tenants`: what is there.

use std::process::ExitCode;

use clap::Args;

use super::connection::{Channel, Connection};
use super::json;
use super::pages::{PAGE_SIZE, pages};
use super::read_times::ReadTimes;
use super::show::{Shown, Times, choice, table};
use crate::codec::v1;
use crate::codec::v1::admin_service_client::AdminServiceClient;
use crate::codec::v1::calendar_service_client::CalendarServiceClient;
use crate::codec::v1::contract_service_client::ContractServiceClient;
use crate::codec::v1::incident_service_client::IncidentServiceClient;

/// What is said where nothing is listed.
const NO_CONTRACT: &str = "The tenant has no contract in force; slx tenants lists the tenants.";
const NO_CALENDAR: &str = "The tenant has no calendar in force; slx tenants lists the tenants.";

/// What every list takes.
#[derive(Args, Debug)]
struct Listed {
    /// Prints the list as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    read_times: ReadTimes,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

/// Lists the contracts, or the revisions of one.
#[derive(Args, Debug)]
pub(super) struct Contracts {
    /// The id of the contract whose revisions are listed; default: every contract as it is in
    /// force.
    #[arg(value_name = "CONTRACT")]
    contract: Option<String>,

    #[command(flatten)]
    listed: Listed,
}

/// Lists the calendars as they are in force.
#[derive(Args, Debug)]
pub(super) struct Calendars {
    #[command(flatten)]
    listed: Listed,
}

/// Lists the incidents, in the order of their ids.
#[derive(Args, Debug)]
pub(super) struct Incidents {
    /// Only incidents that fall under this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// How many incidents to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    limit: usize,

    #[command(flatten)]
    listed: Listed,
}

/// Lists the tenants of whom anything is recorded.
#[derive(Args, Debug)]
pub(super) struct Tenants {
    /// Prints the list as JSON.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    connection: Connection,
}

impl Contracts {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let client = ContractServiceClient::new(self.listed.connection.open().await?);
        let contracts = match &self.contract {
            Some(id) => revisions(id.clone(), &self.listed, client).await?,
            None => contracts(&self.listed, client).await?,
        };
        if self.listed.json {
            let contracts = json::list(&contracts, "slx.v1.Contract")?;
            say!("{}", json::object(&[("contracts", contracts)]));
            return Ok(ExitCode::SUCCESS);
        }
        say!("{}", show_contracts(&contracts, &self.listed.shown.times()?));
        Ok(ExitCode::SUCCESS)
    }
}

async fn contracts(
    listed: &Listed,
    mut client: ContractServiceClient<Channel>,
) -> anyhow::Result<Vec<v1::Contract>> {
    let read = listed.read_times.in_zone(&listed.shown)?;
    let request = v1::ListContractsRequest {
        tenant: listed.connection.tenant.clone(),
        page_size: PAGE_SIZE,
        as_of_time: read.as_of_time,
        known_time: read.known_time,
        ..Default::default()
    };
    Ok(pages!(client, list_contracts, request, contracts, usize::MAX).0)
}

async fn revisions(
    contract_id: String,
    listed: &Listed,
    mut client: ContractServiceClient<Channel>,
) -> anyhow::Result<Vec<v1::Contract>> {
    let read = listed.read_times.in_zone(&listed.shown)?;
    let request = v1::ListContractRevisionsRequest {
        tenant: listed.connection.tenant.clone(),
        contract_id,
        page_size: PAGE_SIZE,
        as_of_time: read.as_of_time,
        known_time: read.known_time,
        ..Default::default()
    };
    Ok(pages!(client, list_contract_revisions, request, revisions, usize::MAX).0)
}

fn show_contracts(contracts: &[v1::Contract], times: &Times) -> String {
    let rows = contracts.iter().map(|contract| {
        let terms = contract.terms.clone().unwrap_or_default();
        vec![
            contract.id.clone(),
            choice(contract.kind().as_str_name(), "CONTRACT_KIND_"),
            contract.title.clone(),
            contract.client.clone(),
            contract.provider.clone(),
            contract.revision.to_string(),
            times.show(contract.effective_time),
            times.show(contract.end_time),
            terms.targets.len().to_string(),
            terms.objectives.len().to_string(),
        ]
    });
    let headings = [
        "contract",
        "kind",
        "title",
        "client",
        "provider",
        "revision",
        "in force from",
        "ends",
        "targets",
        "objectives",
    ];
    rows_or(table(&headings, &[5, 8, 9], rows.collect()), contracts, NO_CONTRACT)
}

impl Calendars {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Listed { json, read_times, shown, connection } = self.listed;
        let read = read_times.in_zone(&shown)?;
        let mut client = CalendarServiceClient::new(connection.open().await?);
        let request = v1::ListCalendarsRequest {
            tenant: connection.tenant,
            page_size: PAGE_SIZE,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let (calendars, _) = pages!(client, list_calendars, request, calendars, usize::MAX);
        if json {
            let calendars = json::list(&calendars, "slx.v1.Calendar")?;
            say!("{}", json::object(&[("calendars", calendars)]));
            return Ok(ExitCode::SUCCESS);
        }
        say!("{}", show_calendars(&calendars, &shown.times()?));
        Ok(ExitCode::SUCCESS)
    }
}

fn show_calendars(calendars: &[v1::Calendar], times: &Times) -> String {
    let rows = calendars.iter().map(|calendar| {
        vec![
            calendar.id.clone(),
            calendar.time_zone.clone(),
            if calendar.always_open { "round the clock".into() } else { hours(calendar) },
            calendar.holidays.len().to_string(),
            calendar.special_openings.len().to_string(),
            calendar.revision.to_string(),
            times.show(calendar.effective_time),
        ]
    });
    let headings =
        ["calendar", "zone", "hours", "holidays", "special openings", "revision", "in force from"];
    rows_or(table(&headings, &[3, 4, 5], rows.collect()), calendars, NO_CALENDAR)
}

/// `mon tue 09:00-17:00, sat 10:00-12:00`.
fn hours(calendar: &v1::Calendar) -> String {
    let windows = calendar.weekly.iter().map(|window| {
        let days = window.days().map(|day| {
            let name = choice(day.as_str_name(), "DAY_OF_WEEK_");
            name.chars().take(3).collect::<String>()
        });
        let days = days.collect::<Vec<_>>().join(" ");
        format!("{days} {}-{}", window.opens, window.closes)
    });
    windows.collect::<Vec<_>>().join(", ")
}

impl Incidents {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let Listed { json, read_times, shown, connection } = self.listed;
        let read = read_times.in_zone(&shown)?;
        let mut client = IncidentServiceClient::new(connection.open().await?);
        let request = v1::ListIncidentsRequest {
            tenant: connection.tenant,
            contract_id: self.contract,
            page_size: i32::try_from(self.limit).unwrap_or(PAGE_SIZE).min(PAGE_SIZE),
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        };
        let (incidents, is_cut) = pages!(client, list_incidents, request, incidents, self.limit);
        if json {
            let incidents = json::list(&incidents, "slx.v1.Incident")?;
            say!("{}", json::object(&[("incidents", incidents)]));
            return Ok(ExitCode::SUCCESS);
        }
        say!("{}", show_incidents(&incidents, &shown.times()?));
        if is_cut {
            say!("\nThere are more: see --limit.");
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn show_incidents(incidents: &[v1::Incident], times: &Times) -> String {
    let rows = incidents.iter().map(|incident| {
        let who = match incident.third_party.as_str() {
            "" => choice(incident.waiting_on().as_str_name(), "WAITING_ON_"),
            name => name.to_owned(),
        };
        vec![
            incident.id.clone(),
            choice(incident.state().as_str_name(), "INCIDENT_STATE_"),
            incident.priority.clone(),
            incident.status.clone(),
            who,
            incident.contract_ids.join(", "),
            incident.service.clone(),
            incident.group.clone(),
            times.show(incident.open_time),
        ]
    });
    let headings = [
        "incident",
        "state",
        "priority",
        "status",
        "waiting on",
        "contracts",
        "service",
        "group",
        "opened",
    ];
    rows_or(table(&headings, &[], rows.collect()), incidents, "No incident is recorded.")
}

impl Tenants {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut client = AdminServiceClient::new(self.connection.open().await?);
        let request = v1::ListTenantsRequest { page_size: PAGE_SIZE, ..Default::default() };
        let (tenants, _) = pages!(client, list_tenants, request, tenants, usize::MAX);
        if self.json {
            let tenants = json::list(&tenants, "slx.v1.Tenant")?;
            say!("{}", json::object(&[("tenants", tenants)]));
            return Ok(ExitCode::SUCCESS);
        }
        let rows = tenants.iter().map(|tenant| vec![tenant.id.clone()]).collect();
        say!("{}", rows_or(table(&["tenant"], &[], rows), &tenants, "Nothing is recorded yet."));
        Ok(ExitCode::SUCCESS)
    }
}

/// A table, or what is said where there is nothing to show.
fn rows_or<T>(table: String, items: &[T], none: &str) -> String {
    if items.is_empty() { none.to_owned() } else { table }
}
