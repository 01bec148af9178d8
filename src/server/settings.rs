//! The server's settings: one set of names for flags, environment and file.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZero;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use crate::journal::{BODY_BYTES_MAX, SEGMENT_BYTES_DEFAULT};
use crate::limits::{EVENT_BYTES_DEFAULT, EVENTS_PER_INCIDENT_DEFAULT, REQUEST_BYTES_DEFAULT};
use crate::runtime::zones::Choice;
use crate::service::Capacity;

const DATA_DIR_DEFAULT: &str = "slx-data";
const LISTEN_DEFAULT: &str = "127.0.0.1:7459";
const VIEWS_OPEN_SECONDS_DEFAULT: u64 = 30;
const DRAIN_SECONDS_DEFAULT: u64 = 8;
const HEAVY_WAITING_DEFAULT: usize = 32;
const STREAMS_DEFAULT: usize = 32;
const UNREAD_SECONDS_DEFAULT: u64 = 30;
const CALLS_DEFAULT: usize = 4_096;
const CALL_SECONDS_DEFAULT: u64 = 300;
const SEGMENT_BYTES_MIN: u64 = 64 * 1024;

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

    /// Bytes allocated for each segment of the journal, at least 65536 [default: 67108864].
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
        let configuration = Configuration {
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
            calls: settings.calls(),
            capacity: settings.capacity(),
        };
        configuration.check()
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
        let Capacity { light, heavy, streams, .. } = self.capacity;
        let all = [self.events_an_incident_max, self.event_bytes_max, light, heavy, streams];
        if all.contains(&0) || self.calls.most == 0 || self.calls.longest.is_zero() {
            bail!("a limit of zero lets nothing in: write at least 1");
        }
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
