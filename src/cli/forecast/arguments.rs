//! The arguments of `slx forecast`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prost_types::Duration;

use crate::cli::connection::Connection;
use crate::cli::given_time::{GivenTime, time};
use crate::cli::read_times::ReadTimes;
use crate::cli::show::Shown;
use crate::codec::v1;

/// Forecasts which open clocks will breach, and whether a period will miss its objectives.
///
/// Without --period, --quality or --evaluate, the open clocks of a contract are listed, the most
/// urgent first: the probability that each breaches, when it will probably stop, until when work
/// must begin, whether the work is left idle, and why. Clocks that are late already come last, and
/// those that have been late for more than seven days only with --all or --incident.
///
/// With --evaluate, the history of a contract is replayed in the order in which its facts occurred,
/// by the same fold that a server learns by. At every event and at noon of every business day, each
/// open clock's probability to breach is forecast from what had occurred until then, by a model
/// that has learnt from clocks decided before. Forecasts from --learn-until on are scored, if their
/// clock was decided by --until, beside those of simpler methods: the breach rate of the priority,
/// warnings at 50, 75 and 90 percent of the limit, the breach rate of clocks that had lasted as
/// long, and a logistic regression fitted anew each week. Forecasts of periods are scored too:
/// whether the contract's promises on attainment will be missed in each whole week, month and
/// quarter, of the contract and of each service, category and group, beside what is decided carried
/// on at its rate, the last period's result, the share of past periods missed, and the attainment
/// so far.
///
/// Here a fact counts as known from when it occurred, whenever it was recorded, since an imported
/// history was recorded all at once.
#[derive(Args, Debug)]
pub(in crate::cli) struct Forecast {
    /// The id of the contract.
    #[arg(value_name = "CONTRACT")]
    pub contract: String,

    /// Forecasts the objectives of this period: a month 2026-10, a quarter 2026-Q3 or a year 2026.
    #[arg(long, value_name = "PERIOD")]
    pub period: Option<String>,

    /// With --period: forecasts its objectives for each service, category or group as well.
    #[arg(long, value_enum, requires = "period")]
    pub by: Option<IncidentKey>,

    /// Shows how earlier forecasts of clocks turned out that are decided by now; with --period,
    /// only of clocks decided in that period.
    #[arg(long)]
    pub quality: bool,

    /// Evaluates forecasts over the history in a data directory, without a server.
    #[arg(long, requires = "learn_until", conflicts_with_all = ["quality", "period"])]
    pub evaluate: bool,

    /// With --evaluate: the data directory (also of a running server), or a backup.
    #[arg(long, env = "SLX_DATA_DIR", value_name = "DIR", default_value = "slx-data")]
    pub data_dir: PathBuf,

    /// With --evaluate: scores forecasts from this time on.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub learn_until: Option<GivenTime>,

    /// With --evaluate: uses no facts after this time; default: the last fact.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub until: Option<GivenTime>,

    /// With --evaluate: writes every scored forecast to this file, as comma-separated values.
    #[arg(long, value_name = "FILE", requires = "evaluate")]
    pub dump: Option<PathBuf>,

    /// Only the clocks of this target; also with --evaluate or --quality.
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    pub target: String,

    /// Only clocks due before this time, or over their limits.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub due_before: Option<GivenTime>,

    /// Only clocks that breach with at least this probability, 0 to 1.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub at_least: f64,

    /// Only clocks of this incident, however long they have been late; may be repeated.
    #[arg(long, value_name = "ID", conflicts_with = "what_if")]
    pub incident: Vec<String>,

    /// Also lists clocks that have been over their limits for more than seven days.
    #[arg(long, alias = "breached")]
    pub all: bool,

    /// How many clocks to list at most.
    #[arg(long, value_name = "COUNT", default_value_t = 50)]
    pub limit: usize,

    /// Only clocks of this incident, as --effort, --waits-until or --priority would change them.
    #[arg(long, value_name = "ID")]
    pub what_if: Option<String>,

    /// With --what-if: the work still to be done, such as `1h 30m`.
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "what_if")]
    pub effort: Option<Duration>,

    /// With --what-if: it is the provider's turn again from this time on.
    #[arg(long, value_name = "TIME", value_parser = time, requires = "what_if")]
    pub waits_until: Option<GivenTime>,

    /// Only clocks of this priority; with --what-if: the priority it would have.
    #[arg(long, value_name = "PRIORITY")]
    pub priority: Option<String>,

    /// Prints the answer as JSON.
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub read_times: ReadTimes,

    #[command(flatten)]
    pub shown: Shown,

    #[command(flatten)]
    pub connection: Connection,
}

/// A duration on the command line.
fn duration(text: &str) -> Result<Duration, String> {
    let duration: jiff::SignedDuration =
        text.parse().map_err(|_| "write hours, minutes and seconds: 1h 30m".to_owned())?;
    Ok(Duration { seconds: duration.as_secs(), nanos: duration.subsec_nanos() })
}

/// What forecasts of objectives can be grouped by.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum IncidentKey {
    Service,
    Category,
    Group,
}

impl IncidentKey {
    pub fn number(self) -> i32 {
        let key = match self {
            IncidentKey::Service => v1::ForecastGroupKey::Service,
            IncidentKey::Category => v1::ForecastGroupKey::Category,
            IncidentKey::Group => v1::ForecastGroupKey::Group,
        };
        key as i32
    }

    pub fn heading(self) -> &'static str {
        match self {
            IncidentKey::Service => "service",
            IncidentKey::Category => "category",
            IncidentKey::Group => "group",
        }
    }
}
