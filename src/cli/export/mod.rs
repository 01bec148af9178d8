//! `slx export`.

#[cfg(feature = "parquet")]
mod columnar;
mod columns;
mod sink;
mod text;

use std::fs::Permissions;
use std::io::{self, BufWriter};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tempfile::NamedTempFile;

use super::connection::{Connection, refused};
use super::given_time::{GivenTime, time};
use super::read_times::ReadTimes;
use super::show::{Shown, counted};
use crate::codec::v1;
use crate::codec::v1::compliance_service_client::ComplianceServiceClient;
use sink::{Output, Sink};

/// Exports clocks as rows of CSV or Parquet, ordered by incident.
///
/// All rows are from one consistent state, however long the export takes. The columns are
/// documented in docs/export.md.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// Only clocks of this contract.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    contract: String,

    /// Only clocks decided in this period, in the contract's time zone: a month 2026-10, a quarter
    /// 2026-Q3 or a year 2026.
    #[arg(long, requires = "contract", conflicts_with_all = ["from", "to"])]
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
        format.check()?;
        let channel = self.connection.open().await?;
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
}

impl Format {
    /// What a file's name requests.
    fn of(file: Option<&Path>) -> Format {
        match file.and_then(Path::extension) {
            Some(ending) if ending.eq_ignore_ascii_case("parquet") => Format::Parquet,
            _ => Format::Csv,
        }
    }

    /// Whether this slx can write it.
    fn check(self) -> anyhow::Result<()> {
        if cfg!(not(feature = "parquet")) && matches!(self, Format::Parquet) {
            anyhow::bail!(
                "this slx was built without Parquet: build it with\n  \
                 cargo install --path . --locked"
            );
        }
        Ok(())
    }

    fn begin(self, output: Output) -> anyhow::Result<Box<dyn Sink>> {
        Ok(match self {
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(columnar::Columnar::begin(output)?),
            _ => Box::new(text::Csv::begin(output)),
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
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    // As readable as the user's other files.
    let open_to_others = Permissions::from_mode(0o666);
    let file = tempfile::Builder::new()
        .permissions(open_to_others)
        .tempfile_in(directory.unwrap_or(Path::new(".")))?;
    let output = Box::new(BufWriter::new(file.as_file().try_clone()?));
    let count = write(format.begin(output)?, answers).await?;
    keep(file, path)?;
    Ok(count)
}

fn keep(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
