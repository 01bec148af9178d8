//! `slx diff`.

use std::process::ExitCode;

use anyhow::bail;
use clap::Args;

use super::clocks::cycle;
use super::connection::{Connection, refused};
use super::fact::describe_fact;
use super::given_time::{GivenTime, time};
use super::json;
use super::show::{Printed, Times, outcome, table};
use crate::codec::v1;
use crate::codec::v1::change_step::Record;
use crate::codec::v1::clock_service_client::ClockServiceClient;

/// Lists the clocks whose verdict differs between two states of knowledge, and why.
#[derive(Args, Debug)]
pub(super) struct Diff {
    /// The two states of knowledge, given twice, the earlier first: what was recorded by each time.
    #[arg(long, value_name = "TIME", value_parser = time, required = true)]
    known_time: Vec<GivenTime>,

    /// The time to evaluate both at; default: now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    as_of_time: Option<GivenTime>,

    /// Only incidents of this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

impl Diff {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let request = self.request()?;
        let mut client = ClockServiceClient::new(self.connection.open().await?);
        let mut changes = client.compare_clocks(request).await.map_err(refused)?.into_inner();
        let mut changed = Vec::new();
        while let Some(change) = changes.message().await.map_err(refused)? {
            changed.push(change);
        }
        if self.printed.json {
            let changes = json::list(&changed, "slx.v1.CompareClocksResponse")?;
            say!("{}", json::object(&[("changes", changes)]));
            return Ok(ExitCode::SUCCESS);
        }
        let times = self.printed.times()?;
        let rows = changed.iter().flat_map(|change| show(change, &times));
        say!("{}", in_table(rows.collect()));
        Ok(ExitCode::SUCCESS)
    }

    fn request(&self) -> anyhow::Result<v1::CompareClocksRequest> {
        let (earlier, later) = match self.known_time.as_slice() {
            [earlier] => (*earlier, None),
            [earlier, later] => (*earlier, Some(*later)),
            _ => bail!("write --known-time twice: the earlier state and the later one"),
        };
        let zone = &self.printed.shown;
        Ok(v1::CompareClocksRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract.clone(),
            earlier_known_time: zone.instant(Some(earlier))?,
            as_of_time: zone.instant(self.as_of_time)?,
            known_time: zone.instant(later)?,
            ..Default::default()
        })
    }
}

fn in_table(rows: Vec<Vec<String>>) -> String {
    match rows.is_empty() {
        true => "no verdict differs".to_owned(),
        false => table(&["incident", "clock", "was", "became", "recorded", "what"], &[], rows),
    }
}

/// A row for each record that changed the verdict; the clock is named once.
fn show(change: &v1::CompareClocksResponse, times: &Times) -> Vec<Vec<String>> {
    let clock = change.after.as_ref().or(change.before.as_ref());
    let clock = clock.cloned().unwrap_or_default();
    let name = format!("{}/{}{}", clock.contract_id, clock.target_id, cycle(clock.cycle));
    let mut names = [clock.incident_id.clone(), name].into_iter();
    let rows = change.steps.iter().map(|step| {
        let mut named = || names.next().unwrap_or_default();
        vec![
            named(),
            named(),
            verdict(step.before_outcome()),
            verdict(step.after_outcome()),
            times.show(step.record_time),
            what(step, times),
        ]
    });
    rows.collect()
}

fn verdict(shown: v1::Outcome) -> String {
    match shown {
        v1::Outcome::Unspecified => "no clock".to_owned(),
        shown => outcome(shown),
    }
}

fn what(step: &v1::ChangeStep, times: &Times) -> String {
    match &step.record {
        Some(Record::Event(event)) => {
            let fact = event.fact.as_ref().map(describe_fact).unwrap_or_default();
            format!("{fact}, of {} ({})", times.show(event.occur_time), event.event_id)
        }
        Some(Record::ContractId(id)) => format!("contract {id} was changed"),
        Some(Record::CalendarId(id)) => format!("calendar {id} was changed"),
        Some(Record::TimeZoneDatabase(release)) => {
            format!("time zone database {release} was adopted")
        }
        None => String::new(),
    }
}
