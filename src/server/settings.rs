//! The server's settings: one set of names for flags, environment and file.

mod configuration;
mod endpoint;
mod layers;
mod sample;
mod shared_log;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Command};
use serde::{Deserialize, Serialize};

use super::intake::IntakeSettings;
use crate::journal::SEGMENT_BYTES_DEFAULT;
use crate::limits::{EVENT_BYTES_DEFAULT, EVENTS_PER_INCIDENT_DEFAULT, REQUEST_BYTES_DEFAULT};
use crate::runtime::MemoryBudget;

pub use configuration::{Calls, Configuration, LogFormat, TelemetrySettings, TraceSettings};
pub use layers::{Effective, Environment, Setting};
pub use sample::sample;

/// What only a command line can say, of one start.
const FLAGS_ALONE: [&str; 2] = ["config", "accept_clock"];

/// What an operator may set: `--data-dir`, `SLX_DATA_DIR` and `data_dir` in the file are the same.
/// A flag wins over the environment, the environment over the file, the file over the default.
#[derive(Args, Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A TOML file with settings.
    #[arg(long, env = "SLX_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The data directory [default: slx-data].
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// The address to listen on [default: 127.0.0.1:7459].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// The time zone database: "automatic" (the newer of the system's and the built-in one),
    /// "bundled", or a directory [default: automatic].
    #[arg(long, value_name = "CHOICE")]
    pub zoneinfo: Option<String>,

    /// Bytes allocated for each segment of the journal, 65536 to 1073741824 [default: 67108864].
    #[arg(long, value_name = "BYTES")]
    pub segment_bytes: Option<u64>,

    /// The most bytes a request may have [default: 4194304].
    #[arg(long, value_name = "BYTES")]
    pub request_bytes_max: Option<usize>,

    /// The most bytes an event may have [default: 65536].
    #[arg(long, value_name = "BYTES")]
    pub event_bytes_max: Option<usize>,

    /// The most events an incident may hold [default: 10000].
    #[arg(long, value_name = "EVENTS")]
    pub events_an_incident_max: Option<usize>,

    /// Seconds the views may take to open before they are discarded and rebuilt [default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub views_open_seconds: Option<u64>,

    /// Seconds that calls may take to finish when the server stops [default: 8].
    #[arg(long, value_name = "SECONDS")]
    pub drain_seconds: Option<u64>,

    /// The file that names who may call, and what [default: none, whoever connects may].
    #[arg(long, value_name = "FILE")]
    pub identities: Option<PathBuf>,

    /// The server's certificate chain, in PEM: with it, only TLS is spoken.
    #[arg(long, value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,

    /// The certificate's private key, in PEM.
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// The authorities of clients' certificates, in PEM: with it, every client must have one.
    #[arg(long, value_name = "FILE")]
    pub client_ca: Option<PathBuf>,

    /// Where the audit log goes: a file, "log" (the server's log) or "off" [default: log].
    #[arg(long, value_name = "FILE")]
    pub audit_log: Option<String>,

    /// Listens beyond this machine without identities: whoever connects may do everything
    /// [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub insecure_no_identity: Option<bool>,

    /// Bytes of the journal that are read again each second, for damage; 0: none
    /// [default: 8388608].
    #[arg(long, value_name = "BYTES")]
    pub scrub_bytes_a_second: Option<u64>,

    /// Says that the system's clock is right though the last record is more than a week old.
    #[arg(long)]
    #[serde(skip)]
    pub accept_clock: bool,

    /// Connections that may be open at once; more are closed as they come [default: 1024].
    #[arg(long, value_name = "CONNECTIONS")]
    pub connections_max: Option<usize>,

    /// Seconds after which a connection is closed whose peer sends nothing but pings [default:
    /// 900].
    #[arg(long, value_name = "SECONDS")]
    pub idle_seconds_max: Option<u64>,

    /// Seconds that a request may take from its beginning until it is there whole [default: 20].
    #[arg(long, value_name = "SECONDS")]
    pub request_seconds_max: Option<u64>,

    /// Bytes that caches, writes that wait, requests, what is learnt and evaluations share, at
    /// least 134217728 [default: 1073741824].
    #[arg(long, value_name = "BYTES")]
    pub memory_bytes: Option<usize>,

    /// Bytes of requests that are not there whole yet, of all together [default: a sixteenth of
    /// memory_bytes].
    #[arg(long, value_name = "BYTES")]
    pub requests_bytes_max: Option<usize>,

    /// The address on which Prometheus gets its metrics, and containers their probes, without
    /// credentials [default: none].
    #[arg(long, value_name = "ADDRESS")]
    pub metrics_listen: Option<SocketAddr>,

    /// The address on which tools post what happened to their incidents [default: none].
    #[arg(long, value_name = "ADDRESS")]
    pub intake_listen: Option<SocketAddr>,

    /// The file that names which tools post there, and what that means [default: none].
    #[arg(long, value_name = "FILE")]
    pub intake_sources: Option<PathBuf>,

    /// The address on which people open the board with a browser [default: none].
    #[arg(long, value_name = "ADDRESS")]
    pub web_listen: Option<SocketAddr>,

    /// How the log is written: "text" or "json", one object a line [default: text].
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// The collector to which traces are sent by OTLP over gRPC, http:// or https:// [default:
    /// none, no traces].
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// One in how many calls is traced, of those whose callers leave it open [default: 1].
    #[arg(long, value_name = "CALLS")]
    pub otlp_sample_one_in: Option<u32>,

    /// Calls that may be under way at once; more are refused [default: 1024].
    #[arg(long, value_name = "CALLS")]
    pub calls_max: Option<usize>,

    /// Seconds that a call may take until its answer begins, whatever the caller allows [default:
    /// 300].
    #[arg(long, value_name = "SECONDS")]
    pub call_seconds_max: Option<u64>,

    /// Light questions that are worked on at once [default: the processor's cores].
    #[arg(long, value_name = "QUESTIONS")]
    pub light_at_once: Option<usize>,

    /// Reviews, exports, simulations, forecasts and the like that are worked on at once [default:
    /// half the processor's cores].
    #[arg(long, value_name = "QUESTIONS")]
    pub heavy_at_once: Option<usize>,

    /// How many of them may wait; more are refused [default: 32].
    #[arg(long, value_name = "QUESTIONS")]
    pub heavy_waiting_max: Option<usize>,

    /// Streamed answers that may be open at once [default: 32].
    #[arg(long, value_name = "STREAMS")]
    pub streams_max: Option<usize>,

    /// Streams of notices that may be open at once [default: 512].
    #[arg(long, value_name = "STREAMS")]
    pub watches_max: Option<usize>,

    /// Seconds for which notices can be resumed from a token [default: 604800].
    #[arg(long, value_name = "SECONDS")]
    pub watch_resume_seconds: Option<u64>,

    /// Seconds after which an event of a webhook is given up that its receiver does not take
    /// [default: 86400].
    #[arg(long, value_name = "SECONDS")]
    pub webhook_retry_seconds: Option<u64>,

    /// Lets webhooks call addresses that are not public, and http URLs: whoever administers a
    /// tenant then reaches what the server can [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub webhook_private_addresses: Option<bool>,

    /// Certificates (PEM) of authorities that webhooks trust beside the system's [default: none].
    #[arg(long, value_name = "FILE")]
    pub webhook_ca: Option<PathBuf>,

    /// Seconds after which a streamed answer is ended of which nothing is read [default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub unread_seconds_max: Option<u64>,

    /// The servers of NATS that keep the log, nats://host:4222,host:4222 or tls://: several nodes
    /// then share it, and the journal is this node's copy [default: none, the journal is the log].
    #[arg(long, value_name = "SERVERS")]
    pub log: Option<String>,

    /// The stream that is the log, the same for all nodes that share it [default: slx].
    #[arg(long, value_name = "NAME")]
    pub log_stream: Option<String>,

    /// On how many servers each record is kept, as the node says that begins the stream, 1 to 5
    /// [default: 3].
    #[arg(long, value_name = "SERVERS")]
    pub log_replicas: Option<usize>,

    /// The credentials file that the servers of the log want [default: none].
    #[arg(long, value_name = "FILE")]
    pub log_credentials: Option<PathBuf>,

    /// Certificates (PEM) of authorities that the servers of the log are trusted by, beside the
    /// system's [default: none].
    #[arg(long, value_name = "FILE")]
    pub log_ca: Option<PathBuf>,

    /// Answers questions and records nothing: for a copy that is looked at, or a journal that is
    /// not to change [default: false].
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true")]
    pub read_only: Option<bool>,
}

impl Settings {
    /// What holds where nothing is set. What depends on the machine is not among it.
    fn defaults() -> Settings {
        Settings {
            data_dir: Some("slx-data".into()),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 7459))),
            zoneinfo: Some("automatic".to_owned()),
            segment_bytes: Some(SEGMENT_BYTES_DEFAULT),
            request_bytes_max: Some(REQUEST_BYTES_DEFAULT),
            event_bytes_max: Some(EVENT_BYTES_DEFAULT),
            events_an_incident_max: Some(EVENTS_PER_INCIDENT_DEFAULT),
            views_open_seconds: Some(30),
            drain_seconds: Some(8),
            audit_log: Some("log".to_owned()),
            insecure_no_identity: Some(false),
            scrub_bytes_a_second: Some(8 << 20),
            connections_max: Some(1_024),
            idle_seconds_max: Some(900),
            request_seconds_max: Some(20),
            memory_bytes: Some(MemoryBudget::BYTES_DEFAULT),
            log_format: Some("text".to_owned()),
            otlp_sample_one_in: Some(1),
            calls_max: Some(1_024),
            call_seconds_max: Some(300),
            heavy_waiting_max: Some(32),
            streams_max: Some(32),
            watches_max: Some(512),
            watch_resume_seconds: Some(7 * 24 * 3_600),
            webhook_retry_seconds: Some(24 * 3_600),
            webhook_private_addresses: Some(false),
            unread_seconds_max: Some(30),
            log_stream: Some("slx".to_owned()),
            log_replicas: Some(3),
            read_only: Some(false),
            ..Settings::default()
        }
    }

    /// Where tools post, if they do.
    fn intake(&self) -> Option<IntakeSettings> {
        let (listen, sources) = self.intake_listen.zip(self.intake_sources.clone())?;
        Some(IntakeSettings { listen, sources })
    }

    /// The settings as arguments of a command: their names and what is said of them.
    fn arguments() -> Vec<clap::Arg> {
        let command = Settings::augment_args(Command::new("slx"));
        let arguments = command.get_arguments();
        let is_a_setting = |one: &&clap::Arg| !FLAGS_ALONE.contains(&one.get_id().as_str());
        arguments.filter(is_a_setting).cloned().collect()
    }

    /// The names of all settings, as the file writes them.
    fn names() -> Vec<String> {
        let names = Settings::arguments().into_iter();
        names.map(|argument| argument.get_id().as_str().to_owned()).collect()
    }
}
