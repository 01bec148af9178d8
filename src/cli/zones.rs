//! `slx zones`.

use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};

use super::clocks::cycle;
use super::connection::{Connection, refused};
use super::given_time::{GivenTime, time};
use super::json;
use super::show::{Printed, Shown, Times, counted, outcome, table};
use crate::codec::api::time_zones;
use crate::codec::v1;
use crate::codec::v1::admin_service_client::AdminServiceClient;
use crate::runtime::zones::{self, Choice};

/// How many names of zones are shown.
const ZONES_SHOWN_MAX: usize = 10;

/// Shows what another time zone database would move, and adopts it.
///
/// A server reads local time by the database that its journal has recorded. One that it finds at
/// its start, or that is given here, is not used until it is adopted.
#[derive(Args, Debug)]
pub(super) struct Zones {
    #[command(subcommand)]
    what: What,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Lists the clocks of all tenants that another database would move, and changes nothing.
    Compare(Compare),
    /// Lists the same clocks, and adopts the database.
    Adopt(Adopt),
}

/// The other database.
#[derive(Args, Clone, Debug)]
struct Other {
    /// The other database, read here: bundled, automatic, or a directory; default: the one that the
    /// server found at its start.
    #[arg(long, value_name = "CHOICE")]
    zoneinfo: Option<Choice>,

    /// From when on local time is read by it, in whole seconds; default: now, so that no clock that
    /// is decided moves. An earlier time corrects what was decided since.
    #[arg(long, value_name = "TIME", value_parser = time)]
    effective_time: Option<GivenTime>,
}

#[derive(Args, Debug)]
struct Compare {
    #[command(flatten)]
    other: Other,

    #[command(flatten)]
    printed: Printed,
}

#[derive(Args, Debug)]
struct Adopt {
    #[command(flatten)]
    other: Other,

    #[command(flatten)]
    shown: Shown,
}

impl Other {
    fn database(&self) -> anyhow::Result<Option<v1::TimeZoneDatabase>> {
        let Some(choice) = &self.zoneinfo else { return Ok(None) };
        let zones = zones::open(choice).context("zoneinfo")?;
        Ok(Some(time_zones::encode(zones.files())))
    }
}

impl Zones {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.what {
            What::Compare(compare) => compare.run(&self.connection).await,
            What::Adopt(adopt) => adopt.run(&self.connection).await,
        }
    }
}

impl Compare {
    async fn run(self, connection: &Connection) -> anyhow::Result<ExitCode> {
        let moved = moved(connection, &self.other, &self.printed.shown).await?;
        if self.printed.json {
            let clocks = json::list(&moved, "slx.v1.CompareTimeZonesResponse")?;
            say!("{}", json::object(&[("moved", clocks)]));
            return Ok(ExitCode::SUCCESS);
        }
        say!("{}", show(&moved, &self.printed.times()?));
        Ok(ExitCode::SUCCESS)
    }
}

impl Adopt {
    async fn run(self, connection: &Connection) -> anyhow::Result<ExitCode> {
        let times = self.shown.times()?;
        say!("{}", show(&moved(connection, &self.other, &self.shown).await?, &times));
        let request = v1::AdoptTimeZoneDatabaseRequest {
            database: self.other.database()?,
            effective_time: self.shown.instant(self.other.effective_time)?,
        };
        let mut client = AdminServiceClient::new(connection.open().await?);
        let answer = client.adopt_time_zone_database(request).await.map_err(refused)?;
        let v1::AdoptTimeZoneDatabaseResponse { database, effective_time, duplicate, stamp } =
            answer.into_inner();
        let release = database.unwrap_or_default().release;
        let from = times.show(effective_time);
        match duplicate {
            true => say!("{release} is in use already: nothing was recorded"),
            false => say!(
                "adopted {release}, used from {from} on: record {}",
                stamp.unwrap_or_default().sequence
            ),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The databases, and the clocks that the other one would move.
async fn moved(
    connection: &Connection,
    other: &Other,
    shown: &Shown,
) -> anyhow::Result<Vec<v1::CompareTimeZonesResponse>> {
    let effective_time = shown.instant(other.effective_time)?;
    let database = other.database()?;
    let request = v1::CompareTimeZonesRequest { database, effective_time };
    let mut client = AdminServiceClient::new(connection.open().await?);
    let answers = client.compare_time_zones(request).await.map_err(refused)?;
    let (mut answers, mut moved) = (answers.into_inner(), Vec::new());
    while let Some(answer) = answers.message().await.map_err(refused)? {
        moved.push(answer);
    }
    Ok(moved)
}

fn show(answers: &[v1::CompareTimeZonesResponse], times: &Times) -> String {
    let Some((databases, moved)) = answers.split_first() else { return String::new() };
    let [used, other] = [&databases.in_use, &databases.other].map(named);
    let from = times.show(databases.effective_time);
    let zones = match databases.time_zones.as_slice() {
        [] => "no zone differs".to_owned(),
        zones => format!("{} differ: {}", counted(zones.len(), "zone"), some_of(zones)),
    };
    let rows: Vec<_> = moved.iter().map(|moved| row(moved, times)).collect();
    let clocks = match rows.is_empty() {
        true => "no clock would move".to_owned(),
        false => table(
            &["tenant", "incident", "clock", "due", "would be due", "is", "would be"],
            &[],
            rows,
        ),
    };
    format!("in use {used}\nother {other}, from {from} on\n{zones}\n{clocks}")
}

/// The release of a database, and how its digest begins.
fn named(database: &Option<v1::TimeZoneDatabase>) -> String {
    let v1::TimeZoneDatabase { release, digest, .. } = database.clone().unwrap_or_default();
    format!("{release} ({})", digest.get(..12).unwrap_or_default())
}

fn some_of(zones: &[String]) -> String {
    let shown: Vec<_> = zones.iter().take(ZONES_SHOWN_MAX).map(String::as_str).collect();
    match zones.len() - shown.len() {
        0 => shown.join(", "),
        rest => format!("{} and {rest} more", shown.join(", ")),
    }
}

fn row(moved: &v1::CompareTimeZonesResponse, times: &Times) -> Vec<String> {
    let clock = moved.before.as_ref().or(moved.after.as_ref()).cloned().unwrap_or_default();
    let due = |clock: &Option<v1::Clock>| times.show(clock.as_ref().and_then(|c| c.due_time));
    let verdict = |clock: &Option<v1::Clock>| match clock {
        Some(clock) => outcome(clock.outcome()),
        None => "no clock".to_owned(),
    };
    vec![
        moved.tenant.clone(),
        clock.incident_id.clone(),
        format!("{}/{}{}", clock.contract_id, clock.target_id, cycle(clock.cycle)),
        due(&moved.before),
        due(&moved.after),
        verdict(&moved.before),
        verdict(&moved.after),
    ]
}
