//! Settings that are complete and fit each other.

use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};

use super::endpoint::is_endpoint;
use super::layers::{Effective, Environment, all_wrong};
use super::{Settings, shared_log};
use crate::cluster::ClusterOptions;
use crate::journal::BODY_BYTES_MAX;
use crate::runtime::MemoryBudget;
use crate::runtime::zones::{self, Choice};
use crate::server::connections::ConnectionBounds;
use crate::server::identity::{AuditSink, IdentitySettings, TlsFiles};
use crate::server::intake::IntakeSettings;
use crate::server::request_body::BodyBounds;
use crate::service::{Capacity, WebhookOptions};

const SEGMENT_BYTES_MIN: u64 = 64 * 1024;
/// All of a segment is written with zeros before it is used.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;
const EVENTS_AN_INCIDENT_MOST: usize = 1_000_000;
/// A peer that has not begun to speak HTTP/2 by then is cut off.
const PREFACE_WITHIN: Duration = Duration::from_secs(8);
const CONNECTIONS_MOST: usize = 1_000_000;
const SECONDS_MAX: u64 = 24 * 3600;
const RESUME_SECONDS_MOST: u64 = 90 * SECONDS_MAX;

/// Settings, read and checked against each other.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The data directory.
    pub data_dir: PathBuf,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The time zone database.
    pub zoneinfo: Choice,
    /// Bytes set aside for each segment of the journal.
    pub segment_bytes: u64,
    /// Bytes a request may have.
    pub request_bytes_max: usize,
    /// Bytes an event may have.
    pub event_bytes_max: usize,
    /// Events an incident may hold.
    pub events_an_incident_max: usize,
    /// How long the views may take to open before they are folded anew.
    pub views_patience: Duration,
    /// How long calls may take to finish when the server stops.
    pub drain: Duration,
    /// How it knows who calls.
    pub identity: IdentitySettings,
    /// Bytes of the journal that are read again each second; 0: none.
    pub scrub_bytes_a_second: u64,
    /// Whether the system's clock is right though the last record is more than a week old.
    pub accept_clock: bool,
    /// How many connections may be open, and how long one may say nothing.
    pub connections: ConnectionBounds,
    /// How long requests may take to arrive, and how much of them is held.
    pub bodies: BodyBounds,
    /// Where metrics are read, if anywhere.
    pub metrics_listen: Option<SocketAddr>,
    /// Where tools post, if they do.
    pub intake: Option<IntakeSettings>,
    /// Where people open the board, if they do.
    pub web_listen: Option<SocketAddr>,
    /// What it notes of itself.
    pub telemetry: TelemetrySettings,
    /// How many calls may be under way, and how long one may take.
    pub calls: Calls,
    /// How much is worked on at once beside the network.
    pub capacity: Capacity,
    /// How the memory it may use is divided.
    pub memory: MemoryBudget,
    /// Whether nothing is recorded.
    pub read_only: bool,
    /// How webhooks are sent.
    pub webhooks: WebhookOptions,
    /// The log that several nodes share, if they do.
    pub cluster: Option<ClusterOptions>,
}

/// How a server notes what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetrySettings {
    /// How its log is written.
    pub log_format: LogFormat,
    /// Where its traces go, if anywhere.
    pub traces: Option<TraceSettings>,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// A JSON object a line.
    Json,
}

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// The URL of a collector.
    pub endpoint: String,
    /// One in how many calls is traced, where its caller leaves it open.
    pub one_in: u32,
}

/// What bounds all calls.
#[derive(Clone, Copy, Debug)]
pub struct Calls {
    /// How many may be under way at once.
    pub most: usize,
    /// How long one may take until its answer begins.
    pub longest: Duration,
}

impl Settings {
    /// Takes in the file, if there is one, and the defaults, and checks it all.
    ///
    /// # Errors
    /// Everything that is wrong, each by the name of its setting and where that was set.
    pub fn check(self) -> anyhow::Result<Configuration> {
        Effective::of(self, &Environment::default())?.check()
    }
}

impl Effective {
    /// Checks the settings against each other.
    ///
    /// # Errors
    /// Everything that is wrong, each by the name of its setting and where that was set.
    pub fn check(&self) -> anyhow::Result<Configuration> {
        let settings = &self.settings;
        let mut wrong = out_of_bounds(settings);
        wrong.extend(zeros(settings));
        let listen = settings.listen.context("listen has no default")?;
        let identity = identity(settings).and_then(|identity| {
            identity.check(listen)?;
            settings.web_listen.map_or(Ok(()), |web| identity.check(web)).context("web_listen")?;
            Ok(identity)
        });
        match identity {
            Ok(identity) if wrong.is_empty() => configuration(settings, identity, listen),
            identity => {
                wrong.extend(identity.err().map(|error| format!("{error:#}")));
                all_wrong(wrong.iter().map(|text| self.explained(text)).collect())
            }
        }
    }
}

impl Configuration {
    /// Reads what the settings name: certificates, identities, the time zone database.
    ///
    /// # Errors
    /// The first that can't be used.
    pub fn check_files(&self) -> anyhow::Result<()> {
        let zones = zones::open(&self.zoneinfo).context("zoneinfo")?;
        if let Some(intake) = &self.intake {
            intake.read(&self.identity, &zones)?;
        }
        self.webhooks.check_files().context("webhook_ca")?;
        if self.data_dir.exists() && !self.data_dir.is_dir() {
            bail!("data_dir: {} is no directory", self.data_dir.display());
        }
        // A log that is not written would be made by opening it.
        let audit = AuditSink::Off;
        IdentitySettings { audit, ..self.identity.clone() }.open()?;
        match &self.identity.audit {
            AuditSink::File(path) if path.is_dir() => {
                bail!("audit_log: {} is a directory", path.display())
            }
            _ => Ok(()),
        }
    }
}

/// Whatever has no value here has no default either: [`Settings::defaults`] came first.
fn configuration(
    settings: &Settings,
    identity: IdentitySettings,
    listen: SocketAddr,
) -> anyhow::Result<Configuration> {
    let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
    let complete = || {
        Some(Configuration {
            data_dir: settings.data_dir.clone()?,
            listen,
            zoneinfo: settings.zoneinfo.as_deref().map(Choice::from)?,
            segment_bytes: settings.segment_bytes?,
            request_bytes_max: settings.request_bytes_max?,
            event_bytes_max: settings.event_bytes_max?,
            events_an_incident_max: settings.events_an_incident_max?,
            views_patience: seconds(settings.views_open_seconds)?,
            drain: seconds(settings.drain_seconds)?,
            identity,
            scrub_bytes_a_second: settings.scrub_bytes_a_second?,
            accept_clock: settings.accept_clock,
            connections: ConnectionBounds {
                most: settings.connections_max?,
                preface: PREFACE_WITHIN,
                idle: seconds(settings.idle_seconds_max)?,
            },
            bodies: BodyBounds {
                within: seconds(settings.request_seconds_max)?,
                held: requests_bytes(settings)?,
            },
            metrics_listen: settings.metrics_listen,
            intake: settings.intake(),
            web_listen: settings.web_listen,
            telemetry: telemetry(settings)?,
            calls: Calls {
                most: settings.calls_max?,
                longest: seconds(settings.call_seconds_max)?,
            },
            capacity: capacity(settings)?,
            memory: MemoryBudget::of(settings.memory_bytes?),
            read_only: settings.read_only?,
            webhooks: webhooks(settings)?,
            cluster: shared_log::cluster(settings),
        })
    };
    complete().context("a setting has no default")
}

/// Bytes of requests that are not there whole.
fn requests_bytes(settings: &Settings) -> Option<usize> {
    settings.requests_bytes_max.or(Some(MemoryBudget::of(settings.memory_bytes?).requests))
}

fn capacity(settings: &Settings) -> Option<Capacity> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Some(Capacity {
        light: settings.light_at_once.unwrap_or(cores.max(2)),
        heavy: settings.heavy_at_once.unwrap_or((cores / 2).max(1)),
        cores,
        waiting: settings.heavy_waiting_max?,
        streams: settings.streams_max?,
        watches: settings.watches_max?,
        resume: settings.watch_resume_seconds.map(Duration::from_secs)?,
        unread: settings.unread_seconds_max.map(Duration::from_secs)?,
        evaluation_bytes: MemoryBudget::of(settings.memory_bytes?).answers,
    })
}

fn webhooks(settings: &Settings) -> Option<WebhookOptions> {
    Some(WebhookOptions {
        data_dir: settings.data_dir.clone()?,
        retry: settings.webhook_retry_seconds.map(Duration::from_secs)?,
        are_private_allowed: settings.webhook_private_addresses?,
        authorities: settings.webhook_ca.clone(),
    })
}

fn telemetry(settings: &Settings) -> Option<TelemetrySettings> {
    let one_in = settings.otlp_sample_one_in?;
    let endpoint = settings.otlp_endpoint.clone();
    let traces = endpoint.map(|endpoint| TraceSettings { endpoint, one_in });
    Some(TelemetrySettings { log_format: log_format(settings.log_format.as_deref()?)?, traces })
}

fn log_format(name: &str) -> Option<LogFormat> {
    match name {
        "text" => Some(LogFormat::Text),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

fn identity(settings: &Settings) -> anyhow::Result<IdentitySettings> {
    let tls = match (settings.tls_certificate.clone(), settings.tls_key.clone()) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate, key, client_ca: settings.client_ca.clone() })
        }
        (None, None) if settings.client_ca.is_some() => {
            bail!("client_ca is given without tls_certificate and tls_key")
        }
        (None, None) => None,
        _ => bail!("tls_certificate and tls_key belong together: give both"),
    };
    Ok(IdentitySettings {
        tls,
        identities: settings.identities.clone(),
        is_insecure: settings.insecure_no_identity.unwrap_or_default(),
        audit: settings.audit_log.as_deref().map_or(AuditSink::Log, AuditSink::from),
    })
}

fn out_of_bounds(settings: &Settings) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut when = |is_wrong: bool, text: String| wrong.extend(is_wrong.then_some(text));
    when(
        settings.event_bytes_max > settings.request_bytes_max,
        "event_bytes_max is larger than request_bytes_max: no such event could arrive".to_owned(),
    );
    when(
        settings.request_bytes_max > Some(BODY_BYTES_MAX),
        format!("request_bytes_max is more than the {BODY_BYTES_MAX} bytes a record may hold"),
    );
    when(
        settings.segment_bytes < Some(SEGMENT_BYTES_MIN),
        format!("segment_bytes is less than {SEGMENT_BYTES_MIN}: segments would hold too little"),
    );
    when(
        settings.segment_bytes > Some(SEGMENT_BYTES_MAX),
        format!(
            "segment_bytes is more than {SEGMENT_BYTES_MAX}: a segment is filled with zeros \
             before it is used"
        ),
    );
    when(
        requests_bytes(settings) < settings.request_bytes_max,
        "requests_bytes_max is less than request_bytes_max: no such request could arrive"
            .to_owned(),
    );
    when(
        settings.memory_bytes < Some(MemoryBudget::BYTES_MIN),
        format!("memory_bytes is less than {}, which slx needs", MemoryBudget::BYTES_MIN),
    );
    when(
        settings.idle_seconds_max < settings.call_seconds_max,
        "idle_seconds_max is less than call_seconds_max: a call that takes long would be cut off"
            .to_owned(),
    );
    when(
        settings.connections_max > Some(CONNECTIONS_MOST),
        format!("connections_max is more than {CONNECTIONS_MOST}"),
    );
    when(
        settings.events_an_incident_max > Some(EVENTS_AN_INCIDENT_MOST),
        format!("events_an_incident_max is more than {EVENTS_AN_INCIDENT_MOST}"),
    );
    when(
        settings.log_format.as_deref().is_some_and(|name| log_format(name).is_none()),
        "log_format is neither text nor json".to_owned(),
    );
    when(
        settings.otlp_endpoint.as_deref().is_some_and(|text| !is_endpoint(text)),
        "otlp_endpoint is no URL such as http://127.0.0.1:4317".to_owned(),
    );
    when(
        settings.intake_listen.is_some() != settings.intake_sources.is_some(),
        "intake_listen and intake_sources belong together: give both".to_owned(),
    );
    wrong.extend(too_long(settings));
    wrong.extend(shared_log::wrong(settings));
    wrong
}

/// Times that are of no use.
fn too_long(settings: &Settings) -> Vec<String> {
    let (day, days) = ((SECONDS_MAX, "a day"), (RESUME_SECONDS_MOST, "90 days"));
    let times = [
        ("watch_resume_seconds", settings.watch_resume_seconds, days),
        ("webhook_retry_seconds", settings.webhook_retry_seconds, days),
        ("views_open_seconds", settings.views_open_seconds, day),
        ("drain_seconds", settings.drain_seconds, day),
        ("call_seconds_max", settings.call_seconds_max, day),
        ("unread_seconds_max", settings.unread_seconds_max, day),
        ("idle_seconds_max", settings.idle_seconds_max, day),
        ("request_seconds_max", settings.request_seconds_max, day),
    ];
    let wrong = times.into_iter().filter(|(_, seconds, (most, _))| *seconds > Some(*most));
    wrong.map(|(name, _, (most, words))| format!("{name} is more than {most}, {words}")).collect()
}

/// Limits that would let nothing in.
fn zeros(settings: &Settings) -> Vec<String> {
    let limits = [
        ("events_an_incident_max", settings.events_an_incident_max == Some(0)),
        ("event_bytes_max", settings.event_bytes_max == Some(0)),
        ("connections_max", settings.connections_max == Some(0)),
        ("idle_seconds_max", settings.idle_seconds_max == Some(0)),
        ("request_seconds_max", settings.request_seconds_max == Some(0)),
        ("calls_max", settings.calls_max == Some(0)),
        ("call_seconds_max", settings.call_seconds_max == Some(0)),
        ("light_at_once", settings.light_at_once == Some(0)),
        ("heavy_at_once", settings.heavy_at_once == Some(0)),
        ("streams_max", settings.streams_max == Some(0)),
        ("watches_max", settings.watches_max == Some(0)),
        ("watch_resume_seconds", settings.watch_resume_seconds == Some(0)),
        ("otlp_sample_one_in", settings.otlp_sample_one_in == Some(0)),
    ];
    let zeros = limits.into_iter().filter(|(_, is_zero)| *is_zero);
    zeros
        .map(|(name, _)| format!("{name} is zero, which lets nothing in: write at least 1"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attack A14: `--segment-bytes 18446744073709551615` wrote 16 GB of zeros.
    #[test]
    fn what_is_beyond_any_use_is_refused_by_its_name() {
        let none = Settings::default;
        for (name, settings) in [
            ("segment_bytes", Settings { segment_bytes: Some(u64::MAX), ..none() }),
            ("segment_bytes", Settings { segment_bytes: Some((1 << 30) + 1), ..none() }),
            ("request_bytes_max", Settings { request_bytes_max: Some(usize::MAX), ..none() }),
            ("event_bytes_max", Settings { event_bytes_max: Some(usize::MAX), ..none() }),
            (
                "events_an_incident_max",
                Settings { events_an_incident_max: Some(usize::MAX), ..none() },
            ),
            ("views_open_seconds", Settings { views_open_seconds: Some(u64::MAX), ..none() }),
            ("drain_seconds", Settings { drain_seconds: Some(u64::MAX), ..none() }),
        ] {
            let refused = settings.check().map(|_| ()).unwrap_err().to_string();
            assert!(refused.contains(&format!("{name} is ")), "{refused}");
        }
        let largest = Settings { segment_bytes: Some(1 << 30), ..none() };
        assert!(largest.check().is_ok());
    }

    #[test]
    fn everything_wrong_is_reported_at_once_with_where_each_was_set() {
        let settings = Settings {
            event_bytes_max: Some(10),
            request_bytes_max: Some(9),
            streams_max: Some(0),
            intake_sources: Some("sources.toml".into()),
            tls_key: Some("key.pem".into()),
            ..Settings::default()
        };
        let refused = settings.check().map(|_| ()).unwrap_err().to_string();
        for part in [
            "(request_bytes_max = 9 by --request-bytes-max, event_bytes_max = 10 by \
             --event-bytes-max)",
            "streams_max is zero",
            "intake_listen and intake_sources belong together",
            "tls_certificate and tls_key belong together",
        ] {
            assert!(refused.contains(part), "{part}: {refused}");
        }
    }
}
