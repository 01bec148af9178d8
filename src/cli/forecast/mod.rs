//! `slx forecast`: how probable breaches are, and how good such forecasts were.

mod evaluate;
mod recorded;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use prost_types::Timestamp;

use super::asked::instant;

/// Puts the breach forecast to the test on a journal's own history.
///
/// The history of a contract is lived through again in the order in which its facts occurred.
/// After every event and at noon of every business day, each open clock's probability to breach is
/// told by what had occurred until then, and clocks that were decided before have taught the model.
/// Forecasts from --learn-until on are scored, if their clock was decided by --until, beside those
/// of simpler ways: the breach rate of the priority, warnings at 50, 75 and 90 percent of the
/// limit, and the share that breached of those that lasted as long.
///
/// A fact counts as known from when it occurred, whenever it was recorded, since a history that was
/// imported was recorded at once.
#[derive(Args, Debug)]
pub(super) struct Forecast {
    /// Puts the forecast to the test on a data directory, without a server.
    #[arg(long, required = true)]
    evaluate: bool,

    /// The data directory, of a server at work too, or a backup.
    #[arg(long, env = "SLX_DATA_DIR", value_name = "DIR", default_value = "slx-data")]
    data_dir: PathBuf,

    /// The organisation.
    #[arg(long, env = "SLX_TENANT", default_value = "default")]
    tenant: String,

    /// The contract whose clocks are forecast.
    #[arg(long, value_name = "ID")]
    contract: String,

    /// Only the clocks of this target.
    #[arg(long, value_name = "ID", default_value = "")]
    target: String,

    /// Scores forecasts from this instant on (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = instant)]
    learn_until: Timestamp,

    /// Knows nothing after this instant (RFC 3339); default: that of the last fact.
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,

    /// Prints the scores as JSON.
    #[arg(long)]
    json: bool,
}

impl Forecast {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        evaluate::run(&self)
    }
}
