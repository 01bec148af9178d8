//! `slx export`.

mod bucket;
mod columnar;
mod files;
mod http_client;
mod partitions;
mod pulled;
mod sink;
mod text;

use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::connection::{Channel, Connection, refused};
use super::given_time::{GivenTime, time};
use super::pages::{PAGE_SIZE, pages};
use super::read_times::ReadTimes;
use super::show::{Shown, counted};
use crate::codec::flight::flight_service_client::FlightServiceClient;
use crate::codec::flight::{FlightData, Ticket};
use crate::codec::scalar::optional_instant;
use crate::codec::tables::{CLOCKS, TableReader};
use crate::codec::v1;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use crate::codec::v1::contract_service_client::ContractServiceClient;
use crate::domain::time::Instant;
use crate::limits::ANSWER_BYTES_MAX;
use bucket::Bucket;
use partitions::Partitions;
use pulled::Pulled;
use sink::{Output, Sink};

/// Exports clocks, or another table, as rows of CSV or Parquet, ordered by incident.
///
/// All rows are from one consistent state, however long the export takes. The columns are
/// documented in docs/export.md, those of other tables in docs/pipelines.md.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// Another table than the clocks: incidents, segments, compliance, objectives, credits,
    /// experience, forecasts, settlement or coverage.
    #[arg(long, conflicts_with_all = ["from", "to", "open", "into"])]
    table: Option<String>,

    /// Only what changed since an export that said so: rows that were added, have changed or are
    /// withdrawn. Give the same table, contract and period.
    #[arg(
        long,
        value_name = "TOKEN",
        allow_hyphen_values = true,
        conflicts_with_all = ["from", "to", "open", "into"]
    )]
    since: Option<String>,

    /// Only clocks of this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// Only clocks decided in this period, in the contract's time zone: a month 2026-10, a quarter
    /// 2026-Q3 or a year 2026.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    #[arg(default_value = "", hide_default_value = true)]
    period: String,

    /// Only clocks decided at this time or later.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<GivenTime>,

    /// Only clocks decided before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<GivenTime>,

    /// Also exports clocks that are open and within their limits.
    #[arg(long)]
    open: bool,

    #[command(flatten)]
    read_times: ReadTimes,

    /// The format; default: parquet if the file's name ends in .parquet, else csv.
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// The file, which appears only once it is complete; default: standard output.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Writes all clocks, open ones too, as Parquet below a directory or, of an object store, below
    /// s3://BUCKET/PREFIX, gs:// or az://, a file for each contract and month in which they were
    /// decided: clocks/contract=ID/month=2026-10/clocks.parquet. A file takes the place of the one
    /// before only once it is complete.
    #[arg(long, value_name = "DIR")]
    #[arg(conflicts_with_all = ["period", "from", "to", "open", "format", "output"])]
    into: Option<String>,

    #[command(flatten)]
    shown: Shown,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Parquet,
}

impl Export {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let format = self.format.unwrap_or_else(|| Format::of(self.output.as_deref()));
        let channel = self.connection.open().await?;
        if let Some(place) = &self.into {
            let count = self.write_into(place, channel).await;
            let count = count.with_context(|| format!("{place} is not written"))?;
            say!("{} in {place}", counted(count, "clock"));
            return Ok(ExitCode::SUCCESS);
        }
        if self.table.is_some() || self.since.is_some() {
            return self.pull(format, channel).await;
        }
        let mut client = ComplianceServiceClient::new(channel);
        let rows = client.export_clocks(self.request()?).await.map_err(refused)?.into_inner();
        match &self.output {
            None => {
                let output = Box::new(BufWriter::new(io::stdout()));
                write(format.begin(output)?, rows).await?;
            }
            Some(path) => {
                let count = write_file(format, path, rows).await;
                let count = count.with_context(|| format!("{} is not written", path.display()))?;
                say!("{} in {}", counted(count, "clock"), path.display());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn request(&self) -> anyhow::Result<v1::ExportClocksRequest> {
        let read = self.read_times.in_zone(&self.shown)?;
        Ok(v1::ExportClocksRequest {
            tenant: self.connection.tenant.clone(),
            contract_id: self.contract.clone(),
            period: self.period.clone(),
            start_time: self.shown.instant(self.from)?,
            end_time: self.shown.instant(self.to)?,
            include_open: self.open,
            as_of_time: read.as_of_time,
            known_time: read.known_time,
            ..Default::default()
        })
    }

    /// Writes a table, or what changed in it, as Arrow Flight gives it.
    async fn pull(&self, format: Format, channel: Channel) -> anyhow::Result<ExitCode> {
        let read = self.read_times.in_zone(&self.shown)?;
        let time =
            |time| optional_instant(time).ok().flatten().map(|time: Instant| time.to_string());
        let command = serde_json::json!({
            "tenant": self.connection.tenant,
            "table": self.table.as_deref().unwrap_or(CLOCKS.name),
            "contract_id": self.contract,
            "period": self.period,
            "as_of_time": time(read.as_of_time).unwrap_or_default(),
            "known_time": time(read.known_time).unwrap_or_default(),
            "since": self.since.as_deref().unwrap_or_default(),
        });
        let ticket = Ticket { ticket: command.to_string().into_bytes() };
        let mut client =
            FlightServiceClient::new(channel).max_decoding_message_size(ANSWER_BYTES_MAX);
        let mut answers = client.do_get(ticket).await.map_err(refused)?.into_inner();
        let first = answers.message().await.map_err(refused)?.context("an answer without rows")?;
        let reader = TableReader::begin(&first)?;
        match &self.output {
            None => {
                let output = Box::new(BufWriter::new(io::stdout()));
                write_pulled(format, output, &reader, answers).await?;
            }
            Some(path) => {
                let (file, output) = files::begin(path)?;
                let count = write_pulled(format, output, &reader, answers).await;
                let count = count.with_context(|| format!("{} is not written", path.display()))?;
                files::keep(file, path)?;
                let token = reader.schema().metadata.get("slx.token").cloned();
                say!("{} in {}", counted(count, "row"), path.display());
                say!("what changes from here: --since {}", token.unwrap_or_default());
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Writes all clocks into a directory, or by way of one into an object store.
    async fn write_into(&self, place: &str, channel: Channel) -> anyhow::Result<usize> {
        let Some(bucket) = Bucket::of(place)? else {
            return Ok(self.write_partitions(Path::new(place), channel).await?.0);
        };
        let here = tempfile::tempdir()?;
        let (count, directories) = self.write_partitions(here.path(), channel).await?;
        bucket.put(here.path(), &directories).await?;
        Ok(count)
    }

    /// Writes the clocks of one contract after another, all as of the same times. Returns how many
    /// there were, and the directory of each contract from the root, which is not there if it has
    /// none.
    async fn write_partitions(
        &self,
        root: &Path,
        channel: Channel,
    ) -> anyhow::Result<(usize, Vec<String>)> {
        let mut contracts = ContractServiceClient::new(channel.clone());
        let request = self.request()?;
        let mut list = v1::ListContractsRequest {
            tenant: request.tenant.clone(),
            as_of_time: request.as_of_time,
            known_time: request.known_time,
            page_size: PAGE_SIZE,
            ..Default::default()
        };
        let first = contracts.list_contracts(list.clone()).await.map_err(refused)?.into_inner();
        let stamp = first.stamp.unwrap_or_default();
        (list.as_of_time, list.known_time) = (stamp.as_of_time, stamp.known_time);
        let (all, _) = pages!(contracts, list_contracts, list, contracts, usize::MAX);
        let is_wanted = |id: &String| self.contract.is_empty() || self.contract == *id;
        let mut wanted: Vec<_> = all.into_iter().map(|one| one.id).filter(is_wanted).collect();
        if wanted.is_empty() && !self.contract.is_empty() {
            // The server says why.
            wanted.push(self.contract.clone());
        }
        let (mut client, mut count) = (ComplianceServiceClient::new(channel), 0);
        let mut directories = Vec::new();
        for contract in wanted {
            let directory = partitions::directory(&contract);
            let sink = Box::new(Partitions::begin(root.join(&directory)));
            directories.push(directory);
            let request = v1::ExportClocksRequest {
                contract_id: contract,
                include_open: true,
                as_of_time: stamp.as_of_time,
                known_time: stamp.known_time,
                ..request.clone()
            };
            let rows = client.export_clocks(request).await.map_err(refused)?.into_inner();
            count += write(sink, rows).await?;
        }
        Ok((count, directories))
    }
}

impl Format {
    /// What a file's name requests.
    fn of(file: Option<&Path>) -> Format {
        match file.and_then(Path::extension) {
            Some(ending) if ending.eq_ignore_ascii_case("parquet") => Format::Parquet,
            _ => Format::Csv,
        }
    }

    fn begin(self, output: Output) -> anyhow::Result<Box<dyn Sink>> {
        Ok(match self {
            Format::Parquet => Box::new(columnar::Columnar::begin(output)?),
            Format::Csv => Box::new(text::Csv::begin(output)),
        })
    }
}

type Answers = tonic::Streaming<v1::ExportClocksResponse>;

/// Writes all rows, and returns how many there were.
async fn write(mut sink: Box<dyn Sink>, mut answers: Answers) -> anyhow::Result<usize> {
    let (mut count, mut stamp) = (0, v1::Stamp::default());
    while let Some(answer) = answers.message().await.map_err(refused)? {
        count += answer.rows.len();
        stamp = answer.stamp.unwrap_or(stamp);
        sink.write(answer.rows)?;
    }
    sink.finish(stamp)?;
    Ok(count)
}

/// Writes all rows beside the file first, so that what has its name is whole.
async fn write_file(format: Format, path: &Path, answers: Answers) -> anyhow::Result<usize> {
    let (file, output) = files::begin(path)?;
    let count = write(format.begin(output)?, answers).await?;
    files::keep(file, path)?;
    Ok(count)
}

/// Writes all rows of a pull, and returns how many there were. Nothing is written before the first
/// rows are there, or the end: a table that is refused has a schema, too.
async fn write_pulled(
    format: Format,
    output: Output,
    reader: &TableReader,
    mut answers: tonic::Streaming<FlightData>,
) -> anyhow::Result<usize> {
    let mut next = answers.message().await.map_err(refused)?;
    let mut pulled = match format {
        Format::Csv => Pulled::csv(reader.schema(), output)?,
        Format::Parquet => Pulled::parquet(reader.schema(), output)?,
    };
    let mut count = 0;
    while let Some(data) = next {
        let batch = reader.batch(data)?;
        count += batch.num_rows();
        pulled.write(&batch)?;
        next = answers.message().await.map_err(refused)?;
    }
    pulled.finish()?;
    Ok(count)
}
