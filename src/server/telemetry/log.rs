//! The log of a server, and its traces: what is noted of each call goes to both.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal};
use std::panic;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::call_span::CALL;
use super::traces::Traces;
use crate::runtime::TRACES;
use crate::server::settings::{LogFormat, TelemetrySettings};

/// What a server notes of itself, until it has ended.
#[derive(Debug)]
pub struct Noting(Option<Traces>);

/// Begins the log on standard error, and the traces if they are wanted.
///
/// # Errors
/// When no traces can be sent.
pub async fn start_noting(settings: &TelemetrySettings) -> anyhow::Result<Noting> {
    let traces = match &settings.traces {
        Some(settings) => Some(Traces::start(settings).await?),
        None => None,
    };
    let layer = traces.as_ref().map(|traces| {
        tracing_opentelemetry::layer()
            .with_tracer(traces.tracer())
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            .with_filter(of_traces())
    });
    let log = log(settings.log_format).with_filter(levels("info"));
    // Another log stands already where a server is started within a program. A layer that may be
    // none would have spans made that nobody wants.
    let _ = match layer {
        Some(layer) => tracing_subscriber::registry().with(log).with(layer).try_init(),
        None => tracing_subscriber::registry().with(log).try_init(),
    };
    panic::set_hook(Box::new(|panicked| {
        tracing::error!(%panicked, "this is a defect of slx");
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            tracing::error!(%backtrace, "where it panicked");
        }
    }));
    if let Some(traces) = &settings.traces {
        tracing::info!(endpoint = %traces.endpoint, one_in = traces.one_in, "traces");
    }
    Ok(Noting(traces))
}

impl Noting {
    /// Sends the last of it.
    pub async fn finish(self) {
        if let Some(traces) = self.0 {
            traces.finish().await;
        }
    }
}

/// Logs to standard error, as a command does that is no server: what goes wrong.
pub fn log_what_goes_wrong() {
    let log = log(LogFormat::Text).with_filter(levels("warn"));
    let _ = tracing_subscriber::registry().with(log).try_init();
}

fn log(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Text => layer.with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).with_span_list(false).boxed(),
    }
}

/// What becomes of traces: the spans of calls, and what is in them.
fn of_traces() -> Targets {
    let targets = [(TRACES, LevelFilter::INFO), (CALL, LevelFilter::ERROR)];
    Targets::new().with_targets(targets)
}

/// `RUST_LOG`, or else a level. The spans of calls are there for whatever is logged in them.
fn levels(otherwise: &str) -> EnvFilter {
    let levels = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(otherwise));
    [format!("{CALL}=error"), format!("{TRACES}=off")]
        .iter()
        .filter_map(|directive| directive.parse().ok())
        .fold(levels, EnvFilter::add_directive)
}
