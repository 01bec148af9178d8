//! The file of names: the texts behind the tokens of records, beside the journal.
//!
//! Rows are appended, and synced before the records that use them. To erase one, the file is
//! written anew without it and takes the old one's place. So it is, too, after a write that failed:
//! no sync that failed is tried again.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::name_rows::{HEADER, Rows, write_row};
use crate::codec::store::kept_name::{ErasedNames, KeptName};
use crate::codec::store::names::Names;
use crate::codec::store::places::Places;
use crate::domain::ids::TenantId;

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
    let read = || -> io::Result<Names> {
        let names = Names::default();
        if let Some((rows, places, _)) = read(&path)? {
            names.renew(places, Some(rows));
        }
        Ok(names)
    };
    read().map_err(|source| NamesError { path, source })
}

/// Copies the names beside a journal to where another is. A crash leaves none there, or all.
///
/// # Errors
/// A file can't be read or written.
pub fn copy_names(from: &Path, to: &Path) -> Result<(), NamesError> {
    let path = from.join("names");
    let mut names = NewNames::begin(to)?;
    if let Some(rows) = open(&path).map_err(|source| NamesError { path: path.clone(), source })? {
        let copied = rows.each(|name, _| names.write(&name).map(|()| true));
        copied.map_err(|source| NamesError { path, source })?;
    }
    names.finish().map(drop)
}

/// Every name of a data directory.
///
/// # Errors
/// The file can't be read, or is damaged.
pub fn kept_names(data_directory: &Path) -> Result<Vec<KeptName>, NamesError> {
    let mut names = Vec::new();
    each_name(data_directory, |name| {
        names.push(name);
        Ok(true)
    })?;
    Ok(names)
}

/// Hands out every name of a data directory, as long as `visit` says to go on.
///
/// # Errors
/// The file can't be read, or the names are not taken.
pub(super) fn each_name(
    data_directory: &Path,
    mut visit: impl FnMut(KeptName) -> io::Result<bool>,
) -> Result<(), NamesError> {
    let path = data_directory.join("names");
    let mut each = || match open(&path)? {
        Some(rows) => rows.each(|name, _| visit(name)).map(drop),
        None => Ok(()),
    };
    each().map_err(|source| NamesError { path, source })
}

/// A file of names that is written beside the one that is there, and then takes its place.
#[derive(Debug)]
pub struct NewNames {
    path: PathBuf,
    to: BufWriter<File>,
    places: Places,
    length: u64,
}

impl NewNames {
    /// Begins one in a data directory.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn begin(data_directory: &Path) -> Result<NewNames, NamesError> {
        let path = data_directory.join("names");
        let begin = || {
            // Who has the old one open goes on reading that.
            let mut options = OpenOptions::new();
            let new = options.read(true).write(true).create(true).truncate(true);
            let mut to = BufWriter::new(new.open(path.with_extension("new"))?);
            to.write_all(HEADER)?;
            Ok(to)
        };
        match begin() {
            Ok(to) => {
                let (places, length) = (Places::default(), HEADER.len() as u64);
                Ok(NewNames { path, to, places, length })
            }
            Err(source) => Err(NamesError { path, source }),
        }
    }

    /// Adds a name.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn add(&mut self, name: &KeptName) -> Result<(), NamesError> {
        let written = self.write(name);
        written.map_err(|source| NamesError { path: self.path.clone(), source })
    }

    fn write(&mut self, name: &KeptName) -> io::Result<()> {
        self.places.add(name, self.length);
        self.length += write_row(name, true, &mut self.to)?;
        Ok(())
    }

    /// Puts it in the place of the one that was there.
    ///
    /// # Errors
    /// The file can't be written: which of the two is there is not known.
    pub fn finish(self) -> Result<(), NamesError> {
        self.replace().map(drop)
    }

    fn replace(self) -> Result<Replaced, NamesError> {
        let NewNames { path, to, places, length } = self;
        let replace = || {
            let file = to.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            crash_point!("names-written");
            fs::rename(path.with_extension("new"), &path)?;
            if let Some(directory) = path.parent() {
                File::open(directory)?.sync_all()?;
            }
            crash_point!("names-replaced");
            Ok(Arc::new(Rows { file }))
        };
        match replace() {
            Ok(rows) => Ok(Replaced { rows, places, length }),
            Err(source) => Err(NamesError { path, source }),
        }
    }
}

/// The file after it was written anew.
struct Replaced {
    rows: Arc<Rows>,
    places: Places,
    length: u64,
}

/// The file of names, to be written.
#[derive(Debug)]
pub(super) struct NamesFile {
    directory: PathBuf,
    /// None as long as there are no names.
    rows: Option<Arc<Rows>>,
    length: u64,
    /// It must be written anew before anything is appended.
    is_suspect: bool,
}

impl NamesFile {
    /// Opens the file in a data directory. What a crash left behind is removed.
    pub fn open(data_directory: &Path) -> Result<(NamesFile, Names), NamesError> {
        let path = data_directory.join("names");
        let found = clear(&path).and_then(|()| read(&path));
        let found = found.map_err(|source| NamesError { path: path.clone(), source })?;
        let names = Names::default();
        let directory = data_directory.to_owned();
        let mut opened = NamesFile { directory, rows: None, length: 0, is_suspect: true };
        if let Some((rows, places, length)) = found {
            // What is behind is not whole, and may be of a name that was never recorded.
            opened.is_suspect = rows.file.metadata().map_or(true, |known| known.len() != length);
            if opened.is_suspect {
                tracing::warn!(file = %path.display(), place = length, "its end is not whole");
            }
            (opened.rows, opened.length) = (Some(Arc::clone(&rows)), length);
            names.renew(places, Some(rows));
        }
        Ok((opened, names))
    }

    /// The file in a data directory of which nothing may change.
    pub fn unchanging(data_directory: &Path) -> Result<(NamesFile, Names), NamesError> {
        let directory = data_directory.to_owned();
        let file = NamesFile { directory, rows: None, length: 0, is_suspect: true };
        Ok((file, read_names(data_directory)?))
    }

    /// Makes the new names durable.
    pub fn keep(&mut self, names: &Names) -> Result<(), NamesError> {
        let fresh = names.fresh();
        if fresh.is_empty() {
            return Ok(());
        }
        if self.is_suspect {
            return self.write_anew(names, |_| true, &fresh);
        }
        self.is_suspect = true;
        let places = self.append(&fresh).map_err(|source| self.error(source))?;
        self.is_suspect = false;
        names.settled(&places);
        Ok(())
    }

    /// Makes names durable that other nodes have kept, and lets `names` know them.
    pub fn keep_of_others(&mut self, names: &Names, others: &[KeptName]) -> Result<(), NamesError> {
        if others.is_empty() {
            return Ok(());
        }
        if self.is_suspect {
            // Those that are new here stay new: they are kept again with their records.
            return self.write_anew(names, |_| true, others);
        }
        self.is_suspect = true;
        let places = self.append(others).map_err(|source| self.error(source))?;
        self.is_suspect = false;
        others.iter().zip(places).for_each(|(name, place)| names.note_kept(name, place));
        Ok(())
    }

    /// The tokens of a text of a tenant.
    pub fn tokens_of(&self, tenant: &TenantId, text: &str) -> Result<BTreeSet<String>, NamesError> {
        let mut tokens = BTreeSet::new();
        if let Some(rows) = &self.rows {
            let read = rows.each(|name, _| {
                tokens.extend(name.is_of(tenant, text).then(|| name.token_text()));
                Ok(true)
            });
            read.map_err(|source| self.error(source))?;
        }
        Ok(tokens)
    }

    /// Erases names from the disk, and lets `names` know no others.
    pub fn erase(&mut self, names: &Names, erased: &ErasedNames) -> Result<(), NamesError> {
        let tenant = erased.erasure.tenant();
        let stays = |name: &KeptName| {
            let is_erasure = name.is_of(tenant, "");
            name.tenant() != tenant || !is_erasure && !erased.tokens.contains(&name.token_text())
        };
        self.write_anew(names, stays, std::slice::from_ref(&erased.erasure))
    }

    fn write_anew(
        &mut self,
        names: &Names,
        stays: impl Fn(&KeptName) -> bool,
        more: &[KeptName],
    ) -> Result<(), NamesError> {
        self.is_suspect = true;
        let mut new = NewNames::begin(&self.directory)?;
        if let Some(rows) = &self.rows {
            let copied = rows.each(|name, _| {
                if stays(&name) {
                    new.write(&name)?;
                }
                Ok(true)
            });
            copied.map_err(|source| self.error(source))?;
        }
        more.iter().try_for_each(|name| new.add(name))?;
        let Replaced { rows, places, length } = new.replace()?;
        (self.rows, self.length, self.is_suspect) = (Some(Arc::clone(&rows)), length, false);
        names.renew(places, Some(rows));
        Ok(())
    }

    /// Appends names, and returns their places.
    fn append(&mut self, names: &[KeptName]) -> io::Result<Vec<u64>> {
        let rows = self.rows.as_ref().ok_or(ErrorKind::NotFound)?;
        let (mut bytes, mut places, mut place) = (Vec::new(), Vec::new(), self.length);
        for name in names {
            places.push(place);
            place += write_row(name, places.len() == 1, &mut bytes)?;
        }
        rows.file.write_all_at(&bytes, self.length)?;
        rows.file.sync_all()?;
        self.length = place;
        Ok(places)
    }

    fn error(&self, source: io::Error) -> NamesError {
        NamesError { path: self.directory.join("names"), source }
    }
}

/// Removes what an interrupted erasing left: it may hold the text.
fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_file(path.with_extension("new")) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn open(path: &Path) -> io::Result<Option<Rows>> {
    match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => Ok(Some(Rows { file })),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(_) => Ok(Some(Rows { file: File::open(path)? })),
    }
}

/// The rows of a file, which names they hold, and where the whole ones end.
fn read(path: &Path) -> io::Result<Option<(Arc<Rows>, Places, u64)>> {
    let Some(rows) = open(path)? else { return Ok(None) };
    let mut places = Places::default();
    let end = rows.each(|name, place| {
        places.add(&name, place);
        Ok(true)
    })?;
    Ok(Some((Arc::new(rows), places, end)))
}

#[cfg(test)]
mod tests;
