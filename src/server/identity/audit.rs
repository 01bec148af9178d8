//! The audit log: one JSON object a line for each call that writes contracts, decides, signs or
//! backs up, and for each that is refused. It holds who, what and when, and nothing of a call's
//! content.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde::Serialize;

use crate::domain::time::Instant;
use crate::runtime::wall_clock;

/// Lines about refused calls that are written in a second: whoever is refused costs no disk. The
/// rest are counted.
const REFUSED_PER_SECOND_MAX: u32 = 50;

/// Where audit lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditSink {
    /// A file, to which they are added.
    File(PathBuf),
    /// The server's log.
    Log,
    /// Nowhere.
    Off,
}

impl From<&str> for AuditSink {
    fn from(text: &str) -> AuditSink {
        match text {
            "log" => AuditSink::Log,
            "off" => AuditSink::Off,
            path => AuditSink::File(path.into()),
        }
    }
}

/// What is written about a call.
#[derive(Clone, Debug, Serialize)]
pub(super) struct AuditLine<'l> {
    /// The name of the status code.
    pub outcome: &'static str,
    pub method: &'l str,
    /// Empty: nobody's, or anybody's.
    pub identity: &'l str,
    pub credential: &'static str,
    pub tenant: Option<&'l str>,
    pub request_id: &'l str,
    pub peer: Option<&'l str>,
    /// Why it was refused; only here, never in an answer.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub reason: &'l str,
}

#[derive(Serialize)]
struct Timed<'l> {
    time: String,
    #[serde(flatten)]
    line: &'l AuditLine<'l>,
}

#[derive(Serialize)]
struct Suppressed {
    time: String,
    refused_unlisted: u64,
}

#[derive(Debug, Default)]
struct Refused {
    second: i64,
    written: u32,
    unlisted: u64,
}

/// The audit log.
#[derive(Debug)]
pub(super) struct AuditLog {
    sink: AuditSink,
    has_failed: AtomicBool,
    refused: Mutex<Refused>,
}

impl AuditLog {
    /// Opens the log, so that a file that can't be written is found at once.
    pub fn open(sink: AuditSink) -> io::Result<AuditLog> {
        let log = AuditLog { sink, has_failed: AtomicBool::new(false), refused: Mutex::default() };
        log.file()?;
        Ok(log)
    }

    /// Whether a call may begin that must be audited.
    pub fn can_be_written(&self) -> bool {
        if self.has_failed.load(Ordering::Relaxed) && self.file().is_ok() {
            self.has_failed.store(false, Ordering::Relaxed);
        }
        !self.has_failed.load(Ordering::Relaxed)
    }

    /// Writes a line about a call that was made.
    pub fn write(&self, line: &AuditLine<'_>) {
        let time = wall_clock::now().to_string();
        self.put(&Timed { time, line });
    }

    /// Writes a line about a call that was refused, unless too many were in this second.
    pub fn write_refused(&self, line: &AuditLine<'_>) {
        let now = wall_clock::now();
        let (is_written, unlisted) = self.refused.lock().count(now);
        if unlisted > 0 {
            self.put(&Suppressed { time: now.to_string(), refused_unlisted: unlisted });
        }
        if is_written {
            self.put(&Timed { time: now.to_string(), line });
        }
    }

    fn put(&self, line: &impl Serialize) {
        let Ok(line) = serde_json::to_string(line) else { return };
        match &self.sink {
            AuditSink::Off => {}
            AuditSink::Log => tracing::info!(target: "audit", "{line}"),
            AuditSink::File(path) => {
                let written = self.file().and_then(|file| match file {
                    Some(mut file) => file.write_all(format!("{line}\n").as_bytes()),
                    None => Ok(()),
                });
                if let Err(error) = written
                    && !self.has_failed.swap(true, Ordering::Relaxed)
                {
                    let path = path.display();
                    tracing::error!(%path, %error, "the audit log can't be written");
                }
            }
        }
    }

    /// The file, opened for each line: one that is rotated away is begun anew.
    fn file(&self) -> io::Result<Option<File>> {
        match &self.sink {
            AuditSink::File(path) => append_to(path).map(Some),
            AuditSink::Log | AuditSink::Off => Ok(None),
        }
    }
}

impl Refused {
    /// Whether a line about a refused call is written now, and how many before it were not.
    fn count(&mut self, now: Instant) -> (bool, u64) {
        let mut unlisted = 0;
        if self.second != now.seconds() {
            unlisted = std::mem::take(&mut self.unlisted);
            (self.second, self.written) = (now.seconds(), 0);
        }
        let is_written = self.written < REFUSED_PER_SECOND_MAX;
        match is_written {
            true => self.written += 1,
            false => self.unlisted += 1,
        }
        (is_written, unlisted)
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_calls_are_counted_when_they_are_too_many_to_list() {
        let at = |seconds| Instant::from_seconds(seconds).unwrap();
        let mut refused = Refused::default();
        let counted: Vec<_> = (0..60).map(|_| refused.count(at(1)).0).collect();
        assert_eq!(counted.iter().filter(|is_written| **is_written).count(), 50);
        assert_eq!(refused.count(at(2)), (true, 10));
        assert_eq!(refused.count(at(2)), (true, 0));
    }
}
