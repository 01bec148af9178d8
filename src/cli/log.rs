//! `slx log`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};

use super::private_files::keep_to_this_user;
use super::show::counted;
use crate::cluster::{ClusterOptions, Connection, Journaled, copy_from_stream, copy_to_stream};
use crate::journal::{JournalFiles, LogPosition, SEGMENT_BYTES_DEFAULT, Unchanging};
use crate::runtime::{NewNames, kept_names, wall_clock};
use crate::server::Settings;

/// Copies a log between a data directory and the servers of NATS that nodes share.
#[derive(Args, Debug)]
pub(super) struct Log {
    #[command(subcommand)]
    what: LogCommand,
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Copies a log whole, or goes on with a copy, and proves that its head is the same.
    Copy(Copy),
}

#[derive(Args, Debug)]
struct Copy {
    /// The data directory of a stopped server, or servers of NATS: nats://host:4222,host:4222.
    #[arg(value_name = "FROM")]
    from: String,

    /// The other of the two.
    #[arg(value_name = "TO")]
    to: String,

    /// The stream [default: slx].
    #[arg(long, value_name = "NAME")]
    log_stream: Option<String>,

    /// On how many servers each record is kept, if the stream is begun, 1 to 5 [default: 3].
    #[arg(long, value_name = "SERVERS")]
    log_replicas: Option<usize>,

    /// The credentials file that the servers want.
    #[arg(long, value_name = "FILE")]
    log_credentials: Option<PathBuf>,

    /// Certificates (PEM) of authorities that the servers are trusted by, beside the system's.
    #[arg(long, value_name = "FILE")]
    log_ca: Option<PathBuf>,
}

impl Log {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let LogCommand::Copy(copy) = self.what;
        copy.run()
    }
}

impl Copy {
    fn run(self) -> anyhow::Result<ExitCode> {
        keep_to_this_user();
        let end = match (is_servers(&self.from), is_servers(&self.to)) {
            (false, true) => self.publish(Path::new(&self.from), &self.to)?,
            (true, false) => self.fetch(&self.from, Path::new(&self.to))?,
            _ => bail!(
                "one of the two must be a data directory, and the other servers such as \
                 nats://127.0.0.1:4222"
            ),
        };
        say!("{} copied from {} to {}", counted(end.sequence as i64, "record"), self.from, self.to);
        say!("head {}, the same in both", end.head);
        Ok(ExitCode::SUCCESS)
    }

    fn publish(&self, data: &Path, servers: &str) -> anyhow::Result<LogPosition> {
        let directory = data.join("journal");
        let journal = Unchanging::open(&directory, None)?;
        let names = kept_names(data)?;
        let (store_id, end) = (journal.store_id, journal.end);
        let source = JournalFiles::at(&directory);
        let journaled = Journaled { store_id, source: &source, end, names: &names };
        let (options, connection) = self.connect(servers)?;
        copy_to_stream(&connection, &options, &journaled, wall_clock::now)?;
        let proof = tempfile::tempdir().context("no room to read the copy back")?;
        let copied = fetch(&options, &connection, proof.path())?;
        check_same(&end, &copied)?;
        Ok(end)
    }

    fn fetch(&self, servers: &str, data: &Path) -> anyhow::Result<LogPosition> {
        let (options, connection) = self.connect(servers)?;
        let end = fetch(&options, &connection, data)?;
        // Opened again, all of it is made durable, and held against its head.
        let copied = Unchanging::open(&data.join("journal"), None)?.end;
        check_same(&end, &copied)?;
        Ok(end)
    }

    fn connect(&self, servers: &str) -> anyhow::Result<(ClusterOptions, Connection)> {
        let settings = Settings {
            log: Some(servers.to_owned()),
            log_stream: self.log_stream.clone(),
            log_replicas: self.log_replicas,
            log_credentials: self.log_credentials.clone(),
            log_ca: self.log_ca.clone(),
            ..Settings::default()
        };
        let options = settings.check()?.cluster.context("no servers are named")?;
        let connection = Connection::open(&options)?;
        Ok((options, connection))
    }
}

fn is_servers(text: &str) -> bool {
    text.contains("://")
}

/// Copies a stream into a data directory.
fn fetch(
    options: &ClusterOptions,
    connection: &Connection,
    data: &Path,
) -> anyhow::Result<LogPosition> {
    let clock = wall_clock::now;
    let journal = data.join("journal");
    let (end, names) =
        copy_from_stream(connection, options, &journal, SEGMENT_BYTES_DEFAULT, clock)?;
    let mut kept = NewNames::begin(data)?;
    names.iter().try_for_each(|name| kept.add(name))?;
    kept.finish()?;
    Ok(end)
}

fn check_same(original: &LogPosition, copy: &LogPosition) -> anyhow::Result<()> {
    if original != copy {
        bail!(
            "the copy ends with record {} and head {}, but the original with record {} and head \
             {}: do not rely on it",
            copy.sequence,
            copy.head,
            original.sequence,
            original.head
        );
    }
    Ok(())
}
