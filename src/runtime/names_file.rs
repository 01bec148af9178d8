//! The file of names: the texts behind the tokens of records, beside the journal.
//!
//! It begins with a line that says what it is. Each row is the length of its name and a checksum,
//! four bytes each, little endian, then the name. Rows are appended, and synced before the records
//! that use them. To erase one, the file is written anew without it and takes the old one's place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::codec::store::names::{KeptName, Names};

/// What the file begins with.
const HEADER: &[u8] = b"slx names 1\n";
/// The bytes before each name.
const ROW_BYTES: usize = 8;

/// Why the names can't be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the names in {}: {source}", path.display())]
pub struct NamesError {
    path: PathBuf,
    source: io::Error,
}

/// The names beside the journal of a data directory, as they are now.
///
/// # Errors
/// The file can't be read, or is damaged.
pub fn read_names(data_directory: &Path) -> Result<Names, NamesError> {
    let path = data_directory.join("names");
    let read = read(&path).map_err(|source| NamesError { path, source })?;
    Ok(Names::kept(read.0))
}

/// Puts names beside the journal of a data directory in place of those that are there. A crash
/// leaves these or those.
///
/// # Errors
/// The file can't be written.
pub fn write_names(data_directory: &Path, names: &[KeptName]) -> Result<(), NamesError> {
    let path = data_directory.join("names");
    replace(&path, names).map(drop).map_err(|source| NamesError { path, source })
}

/// The file of names, to be written.
#[derive(Debug)]
pub(super) struct NamesFile {
    path: PathBuf,
    length: u64,
}

impl NamesFile {
    /// Opens the file in a data directory; there is none as long as there are no names. What a
    /// crash left behind is removed.
    pub fn open(data_directory: &Path) -> Result<(NamesFile, Names), NamesError> {
        let path = data_directory.join("names");
        match open(&path) {
            Ok((names, length)) => Ok((NamesFile { path, length }, Names::kept(names))),
            Err(source) => Err(NamesError { path, source }),
        }
    }

    /// The file in a data directory of which nothing may change.
    pub fn unchanging(data_directory: &Path) -> Result<(NamesFile, Names), NamesError> {
        let path = data_directory.join("names");
        Ok((NamesFile { path, length: 0 }, read_names(data_directory)?))
    }

    /// Makes new names durable.
    pub fn append(&mut self, names: &[KeptName]) -> Result<(), NamesError> {
        if names.is_empty() {
            return Ok(());
        }
        let appended = match self.length {
            0 => replace(&self.path, names),
            length => append(&self.path, length, names),
        };
        self.length = appended.map_err(|source| self.error(source))?;
        Ok(())
    }

    /// Writes the file anew with these names only.
    pub fn replace(&mut self, names: &[KeptName]) -> Result<(), NamesError> {
        self.length = replace(&self.path, names).map_err(|source| self.error(source))?;
        Ok(())
    }

    fn error(&self, source: io::Error) -> NamesError {
        NamesError { path: self.path.clone(), source }
    }
}

fn open(path: &Path) -> io::Result<(Vec<KeptName>, u64)> {
    // It may hold names that were to be erased.
    match fs::remove_file(path.with_extension("new")) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (names, length) = read(path)?;
    if length > 0 {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(length)?;
        file.sync_all()?;
    }
    Ok((names, length))
}

/// The names of a file, and the length of what is whole: a crash leaves part of the last row.
fn read(path: &Path) -> io::Result<(Vec<KeptName>, u64)> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        bytes => bytes?,
    };
    let damaged = |at: usize| {
        let text = format!("it is damaged at byte {at}: put the newest backup's in its place");
        io::Error::new(ErrorKind::InvalidData, text)
    };
    let mut rest = bytes.strip_prefix(HEADER).ok_or_else(|| damaged(0))?;
    let mut names = Vec::new();
    while let Some((row, behind)) = row(rest) {
        let at = bytes.len() - rest.len();
        match name(row) {
            Some(name) => names.push(name),
            None if behind.is_empty() => break,
            None => return Err(damaged(at)),
        }
        rest = behind;
    }
    Ok((names, (bytes.len() - rest.len()) as u64))
}

/// The first row of some bytes, and what is behind it; `None`: it is not whole.
fn row(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_le_bytes(*bytes.first_chunk()?);
    bytes.split_at_checked(ROW_BYTES.checked_add(usize::try_from(length).ok()?)?)
}

fn name(row: &[u8]) -> Option<KeptName> {
    let (head, name) = row.split_at_checked(ROW_BYTES)?;
    let checksum = u32::from_le_bytes(*head.last_chunk()?);
    (crc32c::crc32c(name) == checksum).then(|| KeptName::decode(name).ok())?
}

fn encode(names: &[KeptName]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for name in names {
        let name = name.encode();
        let length = u32::try_from(name.len()).map_err(io::Error::other)?;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&name).to_le_bytes());
        bytes.extend_from_slice(&name);
    }
    Ok(bytes)
}

/// What fails may leave part of a row, which the next is written over.
fn append(path: &Path, length: u64, names: &[KeptName]) -> io::Result<u64> {
    let bytes = encode(names)?;
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(length)?;
    file.write_all_at(&bytes, length)?;
    file.sync_all()?;
    Ok(length + bytes.len() as u64)
}

fn replace(path: &Path, names: &[KeptName]) -> io::Result<u64> {
    let new = path.with_extension("new");
    let bytes = [HEADER, &encode(names)?].concat();
    let mut file = File::create(&new)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    crash_point!("names-written");
    fs::rename(&new, path)?;
    if let Some(directory) = path.parent() {
        File::open(directory)?.sync_all()?;
    }
    crash_point!("names-replaced");
    Ok(bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::{Fact, IncidentEvent};
    use crate::domain::time::Instant;

    fn named(names: &Names, assignee: &str) {
        let mut event = IncidentEvent {
            recorded_by: None,
            event_id: "e".into(),
            incident_id: "I".into(),
            occur_time: Instant::MIN,
            occur_order: 0,
            source: String::new(),
            corrects_event_id: String::new(),
            fact: Fact::Assigned { group: None, assignee: Some(assignee.to_owned()) },
        };
        names.seal(&"acme".into(), &mut event).unwrap();
    }

    /// A data directory with the names of two people.
    fn kept() -> (tempfile::TempDir, NamesFile) {
        let directory = tempfile::tempdir().unwrap();
        let (mut file, names) = NamesFile::open(directory.path()).unwrap();
        for assignee in ["Jane Doe", "Bob"] {
            named(&names, assignee);
            file.append(&names.fresh()).unwrap();
            names.settled(1);
        }
        (directory, file)
    }

    fn has(names: &Names) -> (bool, bool) {
        {
            let has = |text| names.token(&"acme".into(), text).is_some();
            (has("Jane Doe"), has("Bob"))
        }
    }

    #[test]
    fn names_are_there_again_until_they_are_erased_and_then_nowhere_in_the_directory() {
        let (directory, mut file) = kept();
        let (_, names) = NamesFile::open(directory.path()).unwrap();
        assert_eq!(has(&names), (true, true));
        let rest: Vec<_> =
            names.all().into_iter().filter(|n| !n.is_of(&"acme".into(), "Jane Doe")).collect();
        fs::write(directory.path().join("names.new"), "Jane Doe").unwrap();
        file.replace(&rest).unwrap();
        assert_eq!(has(&NamesFile::open(directory.path()).unwrap().1), (false, true));
        for entry in fs::read_dir(directory.path()).unwrap() {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(8).any(|part| part == b"Jane Doe"));
        }
    }

    #[test]
    fn a_torn_row_is_cut_and_damage_before_others_is_said() {
        let (directory, _) = kept();
        let path = directory.path().join("names");
        let whole = fs::read(&path).unwrap();
        for cut in 1..20 {
            fs::write(&path, &whole[..whole.len() - cut]).unwrap();
            assert_eq!(has(&NamesFile::open(directory.path()).unwrap().1), (true, false), "{cut}");
        }
        let mut damaged = whole;
        damaged[HEADER.len() + ROW_BYTES + 3] ^= 1;
        fs::write(&path, damaged).unwrap();
        let error = NamesFile::open(directory.path()).unwrap_err().to_string();
        assert!(error.contains("damaged at byte 12"), "{error}");
    }
}
