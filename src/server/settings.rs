//! The server's settings: one set of names for flags, environment and file.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use super::identity::{AuditSink, IdentitySettings, TlsFiles};
use crate::journal::{BODY_BYTES_MAX, SEGMENT_BYTES_DEFAULT};
use crate::limits::{EVENT_BYTES_DEFAULT, EVENTS_PER_INCIDENT_DEFAULT, REQUEST_BYTES_DEFAULT};
use crate::runtime::zones::Choice;
use crate::service::Capacity;

const DATA_DIR_DEFAULT: &str = "slx-data";
const LISTEN_DEFAULT: &str = "127.0.0.1:7459";
const VIEWS_OPEN_SECONDS_DEFAULT: u64 = 30;
const SCRUB_BYTES_A_SECOND_DEFAULT: u64 = 8 << 20;
const DRAIN_SECONDS_DEFAULT: u64 = 8;
const HEAVY_WAITING_DEFAULT: usize = 32;
const STREAMS_DEFAULT: usize = 32;
const UNREAD_SECONDS_DEFAULT: u64 = 30;
const CALLS_DEFAULT: usize = 4_096;
const CALL_SECONDS_DEFAULT: u64 = 300;
const SEGMENT_BYTES_MIN: u64 = 64 * 1024;
/// All of a segment is written with zeros before it is used.
const SEGMENT_BYTES_MAX: u64 = 1 << 30;
const EVENTS_AN_INCIDENT_MOST: usize = 1_000_000;
const SECONDS_MAX: u64 = 24 * 3600;

/// What an operator may set: `--data-dir`, `SLX_DATA_DIR` and `data_dir` in the file are the same.
/// A flag wins over the environment, the environment over the file.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// A TOML file with settings.
    #[arg(long, env = "SLX_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,

    /// The data directory [default: slx-data].
    #[arg(long, env = "SLX_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,

    /// The address to listen on [default: 127.0.0.1:7459].
    #[arg(long, env = "SLX_LISTEN", value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,

    /// The time zone database: "automatic" (the newer of the system's and the built-in one),
    /// "bundled", or a directory [default: automatic].
    #[arg(long, env = "SLX_ZONEINFO", value_name = "CHOICE")]
    pub zoneinfo: Option<String>,

    /// Bytes allocated for each segment of the journal, 65536 to 1073741824 [default: 67108864].
    #[arg(long, env = "SLX_SEGMENT_BYTES", value_name = "BYTES")]
    pub segment_bytes: Option<u64>,

    /// The most bytes a request may have [default: 4194304].
    #[arg(long, env = "SLX_REQUEST_BYTES_MAX", value_name = "BYTES")]
    pub request_bytes_max: Option<usize>,

    /// The most bytes an event may have [default: 65536].
    #[arg(long, env = "SLX_EVENT_BYTES_MAX", value_name = "BYTES")]
    pub event_bytes_max: Option<usize>,

    /// The most events an incident may hold [default: 10000].
    #[arg(long, env = "SLX_EVENTS_AN_INCIDENT_MAX", value_name = "EVENTS")]
    pub events_an_incident_max: Option<usize>,

    /// Seconds the views may take to open before they are discarded and rebuilt [default: 30].
    #[arg(long, env = "SLX_VIEWS_OPEN_SECONDS", value_name = "SECONDS")]
    pub views_open_seconds: Option<u64>,

    /// Seconds that calls may take to finish when the server stops [default: 8].
    #[arg(long, env = "SLX_DRAIN_SECONDS", value_name = "SECONDS")]
    pub drain_seconds: Option<u64>,

    /// The file that names who may call, and what [default: none, whoever connects may].
    #[arg(long, env = "SLX_IDENTITIES", value_name = "FILE")]
    pub identities: Option<PathBuf>,

    /// The server's certificate chain, in PEM: with it, only TLS is spoken.
    #[arg(long, env = "SLX_TLS_CERTIFICATE", value_name = "FILE")]
    pub tls_certificate: Option<PathBuf>,

    /// The certificate's private key, in PEM.
    #[arg(long, env = "SLX_TLS_KEY", value_name = "FILE")]
    pub tls_key: Option<PathBuf>,

    /// The authorities of clients' certificates, in PEM: with it, every client must have one.
    #[arg(long, env = "SLX_CLIENT_CA", value_name = "FILE")]
    pub client_ca: Option<PathBuf>,

    /// Where the audit log goes: a file, "log" (the server's log) or "off" [default: log].
    #[arg(long, env = "SLX_AUDIT_LOG", value_name = "FILE")]
    pub audit_log: Option<String>,

    /// Listens beyond this machine without identities: whoever connects may do everything.
    #[arg(
        long,
        env = "SLX_INSECURE_NO_IDENTITY",
        value_name = "BOOL",
        num_args = 0..=1,
        default_missing_value = "true"
    )]
    pub insecure_no_identity: Option<bool>,

    /// Bytes of the journal that are read again each second, for damage; 0: none
    /// [default: 8388608].
    #[arg(long, env = "SLX_SCRUB_BYTES_A_SECOND", value_name = "BYTES")]
    pub scrub_bytes_a_second: Option<u64>,

    /// Says that the system's clock is right though the last record is more than a week old.
    #[arg(long)]
    #[serde(skip)]
    pub accept_clock: bool,

    /// Calls that may be under way at once; more are refused [default: 4096].
    #[arg(long, env = "SLX_CALLS_MAX", value_name = "CALLS")]
    pub calls_max: Option<usize>,

    /// Seconds that a call may take until its answer begins, whatever the caller allows [default:
    /// 300].
    #[arg(long, env = "SLX_CALL_SECONDS_MAX", value_name = "SECONDS")]
    pub call_seconds_max: Option<u64>,

    /// Light questions that are worked on at once [default: the processor's cores].
    #[arg(long, env = "SLX_LIGHT_AT_ONCE", value_name = "QUESTIONS")]
    pub light_at_once: Option<usize>,

    /// Reviews, exports, simulations, forecasts and the like that are worked on at once [default:
    /// half the processor's cores].
    #[arg(long, env = "SLX_HEAVY_AT_ONCE", value_name = "QUESTIONS")]
    pub heavy_at_once: Option<usize>,

    /// How many of them may wait; more are refused [default: 32].
    #[arg(long, env = "SLX_HEAVY_WAITING_MAX", value_name = "QUESTIONS")]
    pub heavy_waiting_max: Option<usize>,

    /// Streamed answers that may be open at once [default: 32].
    #[arg(long, env = "SLX_STREAMS_MAX", value_name = "STREAMS")]
    pub streams_max: Option<usize>,

    /// Seconds after which a streamed answer is ended of which nothing is read [default: 30].
    #[arg(long, env = "SLX_UNREAD_SECONDS_MAX", value_name = "SECONDS")]
    pub unread_seconds_max: Option<u64>,
}

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
    /// How many calls may be under way, and how long one may take.
    pub calls: Calls,
    /// How much is worked on at once beside the network.
    pub capacity: Capacity,
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
    /// Reads the file, if there is one, fills in what is not set, and checks it all.
    pub fn check(self) -> anyhow::Result<Configuration> {
        let settings = match &self.config {
            Some(path) => {
                let text = fs::read_to_string(path)
                    .with_context(|| format!("can't read {}", path.display()))?;
                let file = toml::from_str(&text)
                    .with_context(|| format!("{} is not a settings file", path.display()))?;
                self.over(file)
            }
            None => self,
        };
        let identity = settings.identity()?;
        let configuration = Configuration {
            identity,
            data_dir: settings.data_dir.clone().unwrap_or_else(|| DATA_DIR_DEFAULT.into()),
            listen: match settings.listen {
                Some(listen) => listen,
                None => LISTEN_DEFAULT.parse()?,
            },
            zoneinfo: settings.zoneinfo.as_deref().map_or(Choice::Automatic, Choice::from),
            segment_bytes: settings.segment_bytes.unwrap_or(SEGMENT_BYTES_DEFAULT),
            request_bytes_max: settings.request_bytes_max.unwrap_or(REQUEST_BYTES_DEFAULT),
            event_bytes_max: settings.event_bytes_max.unwrap_or(EVENT_BYTES_DEFAULT),
            events_an_incident_max: settings
                .events_an_incident_max
                .unwrap_or(EVENTS_PER_INCIDENT_DEFAULT),
            views_patience: Duration::from_secs(
                settings.views_open_seconds.unwrap_or(VIEWS_OPEN_SECONDS_DEFAULT),
            ),
            drain: Duration::from_secs(settings.drain_seconds.unwrap_or(DRAIN_SECONDS_DEFAULT)),
            scrub_bytes_a_second: settings
                .scrub_bytes_a_second
                .unwrap_or(SCRUB_BYTES_A_SECOND_DEFAULT),
            accept_clock: settings.accept_clock,
            calls: settings.calls(),
            capacity: settings.capacity(),
        };
        configuration.check()
    }

    fn identity(&self) -> anyhow::Result<IdentitySettings> {
        let tls = match (self.tls_certificate.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => {
                Some(TlsFiles { certificate, key, client_ca: self.client_ca.clone() })
            }
            (None, None) if self.client_ca.is_some() => {
                bail!("client_ca is given without tls_certificate and tls_key")
            }
            (None, None) => None,
            _ => bail!("tls_certificate and tls_key belong together: give both"),
        };
        Ok(IdentitySettings {
            tls,
            identities: self.identities.clone(),
            is_insecure: self.insecure_no_identity.unwrap_or_default(),
            audit: self.audit_log.as_deref().map_or(AuditSink::Log, AuditSink::from),
        })
    }

    /// These settings, with those of `file` where nothing is set.
    fn over(self, file: Settings) -> Settings {
        Settings {
            config: self.config,
            data_dir: self.data_dir.or(file.data_dir),
            listen: self.listen.or(file.listen),
            zoneinfo: self.zoneinfo.or(file.zoneinfo),
            segment_bytes: self.segment_bytes.or(file.segment_bytes),
            request_bytes_max: self.request_bytes_max.or(file.request_bytes_max),
            event_bytes_max: self.event_bytes_max.or(file.event_bytes_max),
            events_an_incident_max: self.events_an_incident_max.or(file.events_an_incident_max),
            views_open_seconds: self.views_open_seconds.or(file.views_open_seconds),
            drain_seconds: self.drain_seconds.or(file.drain_seconds),
            identities: self.identities.or(file.identities),
            tls_certificate: self.tls_certificate.or(file.tls_certificate),
            tls_key: self.tls_key.or(file.tls_key),
            client_ca: self.client_ca.or(file.client_ca),
            audit_log: self.audit_log.or(file.audit_log),
            insecure_no_identity: self.insecure_no_identity.or(file.insecure_no_identity),
            scrub_bytes_a_second: self.scrub_bytes_a_second.or(file.scrub_bytes_a_second),
            accept_clock: self.accept_clock,
            calls_max: self.calls_max.or(file.calls_max),
            call_seconds_max: self.call_seconds_max.or(file.call_seconds_max),
            light_at_once: self.light_at_once.or(file.light_at_once),
            heavy_at_once: self.heavy_at_once.or(file.heavy_at_once),
            heavy_waiting_max: self.heavy_waiting_max.or(file.heavy_waiting_max),
            streams_max: self.streams_max.or(file.streams_max),
            unread_seconds_max: self.unread_seconds_max.or(file.unread_seconds_max),
        }
    }

    fn calls(&self) -> Calls {
        Calls {
            most: self.calls_max.unwrap_or(CALLS_DEFAULT),
            longest: Duration::from_secs(self.call_seconds_max.unwrap_or(CALL_SECONDS_DEFAULT)),
        }
    }

    fn capacity(&self) -> Capacity {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Capacity {
            light: self.light_at_once.unwrap_or(cores.max(2)),
            heavy: self.heavy_at_once.unwrap_or((cores / 2).max(1)),
            waiting: self.heavy_waiting_max.unwrap_or(HEAVY_WAITING_DEFAULT),
            streams: self.streams_max.unwrap_or(STREAMS_DEFAULT),
            unread: Duration::from_secs(self.unread_seconds_max.unwrap_or(UNREAD_SECONDS_DEFAULT)),
        }
    }
}

impl Configuration {
    fn check(self) -> anyhow::Result<Configuration> {
        if self.event_bytes_max > self.request_bytes_max {
            bail!("event_bytes_max is larger than request_bytes_max: no such event could arrive");
        }
        if self.request_bytes_max > BODY_BYTES_MAX {
            bail!("request_bytes_max is more than the {BODY_BYTES_MAX} bytes a record may hold");
        }
        if self.segment_bytes < SEGMENT_BYTES_MIN {
            bail!("segment_bytes is less than {SEGMENT_BYTES_MIN}: segments would hold too little");
        }
        if self.segment_bytes > SEGMENT_BYTES_MAX {
            bail!(
                "segment_bytes is more than {SEGMENT_BYTES_MAX}: a segment is filled with zeros \
                 before it is used"
            );
        }
        if self.events_an_incident_max > EVENTS_AN_INCIDENT_MOST {
            bail!("events_an_incident_max is more than {EVENTS_AN_INCIDENT_MOST}");
        }
        for (name, seconds) in
            [("views_open_seconds", self.views_patience), ("drain_seconds", self.drain)]
        {
            if seconds > Duration::from_secs(SECONDS_MAX) {
                bail!("{name} is more than {SECONDS_MAX}, a day");
            }
        }
        let Capacity { light, heavy, streams, .. } = self.capacity;
        let all = [self.events_an_incident_max, self.event_bytes_max, light, heavy, streams];
        if all.contains(&0) || self.calls.most == 0 || self.calls.longest.is_zero() {
            bail!("a limit of zero lets nothing in: write at least 1");
        }
        self.identity.check(self.listen)?;
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let file: Settings =
            toml::from_str("drain_seconds = 3\nevent_bytes_max = 100").unwrap_or_default();
        let flags = Settings { drain_seconds: Some(1), ..Settings::default() };
        let configuration = flags.over(file).check().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(configuration.drain, Duration::from_secs(1));
        assert_eq!(configuration.event_bytes_max, 100);
        assert_eq!(configuration.listen.to_string(), LISTEN_DEFAULT);
    }

    #[test]
    fn an_unknown_name_in_the_file_is_refused() {
        assert!(toml::from_str::<Settings>("drain = 3").is_err());
    }

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
            assert!(refused.starts_with(name), "{refused}");
        }
        let largest = Settings { segment_bytes: Some(1 << 30), ..none() };
        assert!(largest.check().is_ok());
    }

    #[test]
    fn limits_are_checked_against_each_other() {
        let settings = Settings {
            event_bytes_max: Some(10),
            request_bytes_max: Some(9),
            ..Settings::default()
        };
        assert!(settings.check().is_err());
    }
}
