//! Rows as files of Parquet below a directory, one for each month in which clocks of a contract
//! were decided: `clocks/contract=workplace/month=2026-10/clocks.parquet`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::columnar::Columnar;
use super::files::{self, keep};
use super::sink::Sink;
use crate::codec::scalar::optional_instant;
use crate::codec::tables::CLOCKS;
use crate::codec::v1::{ClockRow, Stamp};

/// What the files of all months hold in memory at most, about.
const BYTES_HELD_MAX: usize = 64 * 1024 * 1024;
/// The month of clocks that are not decided.
const OPEN: &str = "open";

/// Writes the rows of one contract, each into the file of its month.
pub(super) struct Partitions {
    /// Where the months of the contract are.
    directory: PathBuf,
    months: BTreeMap<String, Columnar<NamedTempFile>>,
}

impl Partitions {
    pub fn begin(directory: PathBuf) -> Partitions {
        Partitions { directory, months: BTreeMap::new() }
    }

    fn add(&mut self, row: ClockRow) -> anyhow::Result<()> {
        let month = month(&row);
        let file = match self.months.entry(month) {
            std::collections::btree_map::Entry::Occupied(file) => file.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let directory = month_directory(&self.directory, place.key());
                fs::create_dir_all(&directory)?;
                place.insert(Columnar::begin(files::beside(&directory)?)?)
            }
        };
        file.add(row)
    }

    /// Writes the largest of what is held, until it is little enough.
    fn relieve(&mut self) -> anyhow::Result<()> {
        while self.months.values().map(Columnar::bytes_held).sum::<usize>() > BYTES_HELD_MAX {
            let Some(largest) = self.months.values_mut().max_by_key(|file| file.bytes_held())
            else {
                break;
            };
            largest.flush()?;
        }
        Ok(())
    }
}

impl Sink for Partitions {
    fn write(&mut self, rows: Vec<ClockRow>) -> anyhow::Result<()> {
        rows.into_iter().try_for_each(|row| self.add(row))?;
        self.relieve()
    }

    fn finish(self: Box<Self>, stamp: Stamp) -> anyhow::Result<()> {
        let mut whole = Vec::new();
        for (month, file) in self.months {
            whole.push((month, file.close(&stamp)?));
        }
        let months: Vec<_> = whole.iter().map(|(month, _)| month.clone()).collect();
        for (month, file) in whole {
            keep(file, &file_of(&self.directory, &month))?;
        }
        remove_others(&self.directory, &months)?;
        Ok(())
    }
}

/// Where the months of a contract are, below the root of an export.
pub(super) fn directory(contract: &str) -> String {
    format!("{}/contract={}", CLOCKS.name, escaped(contract))
}

/// Removes the files of months in which nothing was decided after all.
fn remove_others(directory: &Path, months: &[String]) -> io::Result<()> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let name = entry?.file_name();
        let Some(month) = name.to_str().and_then(|name| name.strip_prefix("month=")) else {
            continue;
        };
        if months.iter().all(|written| written != month) {
            match fs::remove_file(file_of(directory, month)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

fn month_directory(directory: &Path, month: &str) -> PathBuf {
    directory.join(format!("month={month}"))
}

fn file_of(directory: &Path, month: &str) -> PathBuf {
    month_directory(directory, month).join(format!("{}.parquet", CLOCKS.name))
}

/// The month in which a clock was decided, in UTC: `2026-10`.
fn month(row: &ClockRow) -> String {
    let decided = optional_instant(row.decide_time).ok().flatten();
    decided.map_or_else(|| OPEN.to_owned(), |time| time.to_chrono().format("%Y-%m").to_string())
}

/// An id as the name of a directory, as Hive writes it: what else than a letter, a digit, `-`, `_`
/// or `.` is in it stands as `%` and the two hexadecimal digits of each byte.
fn escaped(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let escape = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    id.bytes().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn an_id_is_one_name_of_a_directory() {
        assert_eq!(escaped("work-place_1.a"), "work-place_1.a");
        assert_eq!(escaped("a/b=c é"), "a%2Fb%3Dc%20%C3%A9");
    }
}
