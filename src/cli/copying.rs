//! A journal that is written as a copy of another, and is held against it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::format::Format;
use crate::domain::time::Instant;
use crate::journal::{
    ChainHash, Journal, Log as _, Options, Record, Report, StoreId, Syncing, Writer,
};

/// A copy is kept in smaller segments than a journal at work, since each is set aside whole.
pub(super) const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// What a note says it is; another version of it says another.
const NOTE: Format = Format { name: "slx backup", version: 1 };

/// What a copy holds, noted beside it: damage at a journal's very end looks like what a crash
/// leaves of a commit that never counted.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Noted {
    format: String,
    pub records: u64,
    pub head: String,
}

impl Noted {
    pub fn new(records: u64, head: String) -> Noted {
        Noted { format: NOTE.to_string(), records, head }
    }

    fn path(directory: &Path) -> PathBuf {
        directory.join("backup.json")
    }

    /// Notes it beside the copy in `directory`.
    pub fn write(&self, directory: &Path) -> anyhow::Result<()> {
        let path = Self::path(directory);
        let text = serde_json::to_string_pretty(self)?;
        fs::write(&path, text + "\n").with_context(|| format!("can't write {}", path.display()))
    }

    /// What is noted beside a copy, if anything is.
    pub fn read(directory: &Path) -> anyhow::Result<Option<Noted>> {
        let path = Self::path(directory);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            text => text.with_context(|| format!("can't read {}", path.display()))?,
        };
        let noted = NOTE.read(&text);
        Ok(Some(noted.with_context(|| format!("{} is unreadable", path.display()))?))
    }
}

/// A journal in the making.
#[derive(Debug)]
pub(super) struct Copying {
    writer: Writer,
}

impl Copying {
    /// Goes on with the journal in `directory`, which is begun with `store_id` if there is none.
    pub fn open(directory: &Path, store_id: StoreId) -> anyhow::Result<(Copying, Report)> {
        let options = Options {
            segment_bytes: SEGMENT_BYTES,
            new_store_id: store_id,
            durable: None,
            syncing: Syncing::EachCommit,
        };
        let opened = Journal::open(directory, options)?;
        if opened.report.store_id != store_id {
            bail!("{} is of another store: name a new directory", directory.display());
        }
        Ok((Copying { writer: opened.writer }, opened.report))
    }

    /// Adds the next record, which must have this sequence here too.
    pub fn add(&mut self, sequence: u64, time: Instant, body: &[u8]) -> anyhow::Result<()> {
        let given = self.writer.stage(time, body)?;
        if given != sequence {
            bail!("record {sequence} came where record {given} should be");
        }
        Ok(())
    }

    /// Makes what was added durable, and holds it against the head it must have.
    pub fn settle(&mut self, head: &ChainHash) -> anyhow::Result<()> {
        let end = self.writer.commit().context("the copy can't be written")?;
        if end.head != *head {
            bail!(
                "the copy's head after record {} is {}, not {}: do not rely on it",
                end.sequence,
                end.head,
                head
            );
        }
        Ok(())
    }

    /// Adds a record as it was read.
    pub fn add_record(&mut self, record: &Record) -> anyhow::Result<()> {
        self.add(record.sequence, record.record_time, &record.body)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fuzz::spoilt::spoilt_text;

    fn written() -> String {
        serde_json::to_string_pretty(&Noted::new(7, "ab".repeat(32))).unwrap()
    }

    proptest! {
        #[test]
        fn any_note_is_read_back_or_refused(text in spoilt_text(&written()), other in any::<String>()) {
            for text in [text, other] {
                match NOTE.read::<Noted>(&text) {
                    Ok(noted) => {
                        let again = serde_json::to_string(&noted).unwrap();
                        prop_assert_eq!(NOTE.read::<Noted>(&again).unwrap(), noted);
                    }
                    Err(error) => prop_assert!(!error.to_string().is_empty()),
                }
            }
        }
    }

    #[test]
    fn only_this_version_is_read() {
        assert_eq!(NOTE.read::<Noted>(&written()).unwrap().records, 7);
        for (from, to, shown) in [
            ("backup 1", "backup 2", "it needs a newer slx"),
            ("backup 1", "backup 0", "its format is \"slx backup 0\", not \"slx backup 1\""),
            ("slx backup", "slx evidence", "not \"slx backup 1\""),
            ("format", "other", "does not say that it is \"slx backup 1\""),
        ] {
            let error = NOTE.read::<Noted>(&written().replace(from, to)).unwrap_err();
            assert!(format!("{error:#}").contains(shown), "{error:#}");
        }
        let of_other_fields = "{\"format\": \"slx backup 2\", \"parts\": []}";
        let error = NOTE.read::<Noted>(of_other_fields).unwrap_err();
        assert!(error.to_string().contains("it needs a newer slx"), "{error}");
    }
}
