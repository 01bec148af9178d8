//! `slx demo`: real incidents evaluated under a real contract, with nothing to set up.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use prost_types::Timestamp;

use super::connection::{Channel, open_plaintext};
use super::incident::Question;
use super::private_files::keep_to_this_user;
use super::read_times::ReadInstants;
use super::show::{Times, table, times};
use super::{apply, clocks, import, incident, review};
use crate::codec::v1;
use crate::domain::decimal::Decimal;
use crate::mapping::Mapping;
use crate::runtime::zones::{self, Choice};
use crate::server::{self, Settings};

const INCIDENTS: &[u8] = include_bytes!("../../data/servicenow/incident_events.csv.zst");
const CONTRACTS: &str = include_str!("../../data/servicenow/contracts.yaml");
const MAPPING: &str = include_str!("../../data/servicenow/mapping.yaml");

const TENANT: &str = "demo";
const ZONE: &str = "America/Sao_Paulo";
/// The log was cut at midnight in its zone: everything is shown as of then.
const LOG_ENDS: Timestamp = Timestamp { seconds: 1_462_158_000, nanos: 0 };
/// Clocks of a kind that the review lists.
const CLOCKS_LISTED: usize = 3;
/// Clocks due next that are shown.
const DUE_SHOWN: usize = 8;
/// It waited for the client, was reopened eight minutes after its resolution, and ended 56 minutes
/// over its limit.
const LISTED_INCIDENT: &str = "INC0007016";

/// Demonstrates slx on real incidents: starts a server, imports, evaluates, and keeps serving.
#[derive(Args, Debug)]
pub(super) struct Demo {
    /// The data directory; default: a temporary one, removed at the end.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7459")]
    listen: SocketAddr,

    /// Ends after the tour instead of serving on.
    #[arg(long)]
    once: bool,
}

impl Demo {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        let temporary = tempfile::tempdir().context("can't make a temporary directory")?;
        let data_dir = self.data_dir.unwrap_or_else(|| temporary.path().to_owned());
        let settings =
            Settings { data_dir: Some(data_dir), listen: Some(self.listen), ..Settings::default() };
        let mut running = server::start(settings).await?;
        running.ready().await?;
        let address = format!("http://{}", running.address());
        // Whatever ends it, the server is stopped and the temporary directory removed.
        let toured = tokio::select! {
            toured = tour(&address, self.once) => toured,
            () = server::signalled() => Ok(()),
        };
        running.stop().await?;
        toured.map(|()| ExitCode::SUCCESS)
    }
}

/// Shows everything, and then serves on for ever unless `once`.
async fn tour(address: &str, once: bool) -> anyhow::Result<()> {
    let channel = open_plaintext(address).await?;
    show_everything(channel, address).await?;
    if !once {
        say!("{}", how_to_query(address.trim_start_matches("http://")));
        std::future::pending::<()>().await;
    }
    Ok(())
}

async fn show_everything(channel: Channel, address: &str) -> anyhow::Result<()> {
    say!("A server answers at {address}.\n");
    say!("Two contracts over the same incidents:");
    let applied = apply::apply(CONTRACTS, TENANT, channel.clone(), false).await?;
    apply::print(&applied, false)?;

    say!("\nImporting a real ServiceNow log (data/servicenow/README.md) through gRPC:");
    let name = "incident_events.csv.zst";
    let mapping = Mapping::read(MAPPING, &zones::open(&Choice::Automatic)?)?;
    let summary = import::import(name, INCIDENTS, &mapping, TENANT, channel.clone()).await?;
    import::print(&summary)?;

    say!("\nEvery clock as of the log's end, by contract, target and outcome:");
    say!("{}", by_outcome(channel.clone()).await?);

    let times = times(&zones::open(&Choice::Automatic)?, ZONE)?;
    say!("\nOne incident, explained:");
    let question = Question {
        tenant: TENANT.to_owned(),
        id: LISTED_INCIDENT.to_owned(),
        with_forecast: false,
        read: ReadInstants { as_of_time: Some(LOG_ENDS), known_time: None },
    };
    say!("{}", incident::show(&incident::query(question, channel.clone()).await?, &times));

    say!("\nThe service review of the month:\n");
    let request = v1::GetServiceReviewRequest {
        tenant: TENANT.to_owned(),
        contract_id: "office".to_owned(),
        period: "2016-04".to_owned(),
        as_of_time: Some(LOG_ENDS),
        ..Default::default()
    };
    let review = review::ReviewAnswer::gather(request, channel.clone()).await?;
    say!("{}", review::show(&review, Some(ZONE), CLOCKS_LISTED)?);

    say!("\nWhat is due next, as of the log's end ({}):", times.show(Some(LOG_ENDS)));
    say!("{}", due_next(channel, &times).await?);
    Ok(())
}

async fn by_outcome(channel: Channel) -> anyhow::Result<String> {
    let request = v1::ListClocksRequest {
        tenant: TENANT.to_owned(),
        as_of_time: Some(LOG_ENDS),
        ..Default::default()
    };
    let listed = clocks::list(request, usize::MAX, channel).await?;
    let mut counts: BTreeMap<(String, String), [usize; 4]> = BTreeMap::new();
    for clock in listed.clocks {
        let outcome = clock.outcome();
        let row = counts.entry((clock.contract_id, clock.target_id)).or_default();
        let place = match outcome {
            v1::Outcome::Met => 0,
            v1::Outcome::Breached => 1,
            v1::Outcome::Excluded => 2,
            v1::Outcome::Undecided | v1::Outcome::Transferred | v1::Outcome::Unspecified => 3,
        };
        if let Some(count) = row.get_mut(place) {
            *count += 1;
        }
    }
    let rows = counts.into_iter().map(|((contract, target), counts)| {
        let [met, breached, ..] = counts;
        let thousandths = met * 1000 / (met + breached).max(1);
        let attainment = format!("{} %", Decimal::new(thousandths as i64, 1).all_places());
        let counts = counts.iter().map(usize::to_string);
        [contract, target].into_iter().chain(counts).chain([attainment]).collect()
    });
    let headings = ["contract", "target", "met", "breached", "excluded", "undecided", "attainment"];
    Ok(table(&headings, &[2, 3, 4, 5, 6], rows.collect()))
}

async fn due_next(channel: Channel, times: &Times) -> anyhow::Result<String> {
    let request = v1::ListClocksRequest {
        tenant: TENANT.to_owned(),
        contract_id: "office".to_owned(),
        phases: vec![v1::Phase::Running as i32],
        outcomes: vec![v1::Outcome::Undecided as i32],
        as_of_time: Some(LOG_ENDS),
        ..Default::default()
    };
    Ok(clocks::show(&clocks::list(request, DUE_SHOWN, channel).await?.clocks, times))
}

fn how_to_query(address: &str) -> String {
    format!(
        r#"
The server goes on at {address} until Ctrl-C or SIGTERM.
Query it with any gRPC client; it answers reflection:

  grpcurl -plaintext -d '{{"tenant": "{TENANT}", "incident_id": "{LISTED_INCIDENT}"}}' \
    {address} slx.v1.ClockService/EvaluateIncident

  slx clocks --address http://{address} --tenant {TENANT} --phase running --zone {ZONE}
  slx review office 2016-04 --address http://{address} --tenant {TENANT} --html review.html

or in Python (pip install grpcio grpcio-reflection):

  import grpc
  from google.protobuf.descriptor_pool import DescriptorPool
  from google.protobuf.message_factory import GetMessageClass
  from grpc_reflection.v1alpha.proto_reflection_descriptor_database import \
      ProtoReflectionDescriptorDatabase
  channel = grpc.insecure_channel("{address}")
  pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
  message = lambda name: GetMessageClass(pool.FindMessageTypeByName("slx.v1." + name))
  evaluate = channel.unary_unary("/slx.v1.ClockService/EvaluateIncident",
      message("EvaluateIncidentRequest").SerializeToString,
      message("EvaluateIncidentResponse").FromString)
  Request = message("EvaluateIncidentRequest")
  print(evaluate(Request(tenant="{TENANT}", incident_id="{LISTED_INCIDENT}")))
"#
    )
}
