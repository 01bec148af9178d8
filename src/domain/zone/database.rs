//! A time zone database, or several, each from an instant on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use super::files::{ZoneDigest, ZoneFiles};
use super::rules::Zone;
use crate::domain::time::Instant;

/// Every zone of the IANA time zone database, by one release of it or by several, each from an
/// instant on. Cheap to clone.
#[derive(Clone)]
pub struct ZoneDatabase {
    contents: Arc<Contents>,
}

struct Contents {
    first: Arc<ZoneFiles>,
    /// Those that follow, in order, and from when on each is used.
    later: Vec<(Instant, Arc<ZoneFiles>)>,
    /// Each zone is read when it is first requested.
    zones: BTreeMap<String, OnceLock<Option<Zone>>>,
}

static BUNDLED: LazyLock<ZoneDatabase> =
    LazyLock::new(|| ZoneDatabase::new(Arc::new(ZoneFiles::bundled())));

impl ZoneDatabase {
    /// One database, always used.
    pub fn new(files: Arc<ZoneFiles>) -> ZoneDatabase {
        ZoneDatabase::of(files, Vec::new())
    }

    /// The database that is built into this program.
    pub fn bundled() -> ZoneDatabase {
        BUNDLED.clone()
    }

    fn of(first: Arc<ZoneFiles>, later: Vec<(Instant, Arc<ZoneFiles>)>) -> ZoneDatabase {
        let all = std::iter::once(&first).chain(later.iter().map(|(_, files)| files));
        let names = all.flat_map(|files| files.names());
        let zones = names.map(|name| (name.to_owned(), OnceLock::new())).collect();
        ZoneDatabase { contents: Arc::new(Contents { first, later, zones }) }
    }

    /// The same until an instant, and from then on other files, also in place of those that were to
    /// follow later. A zone that only one of them has is read by that one throughout.
    pub fn followed_by(&self, from: Instant, files: Arc<ZoneFiles>) -> ZoneDatabase {
        let Contents { first, later, .. } = &*self.contents;
        let mut later: Vec<_> = later.iter().filter(|(start, _)| *start < from).cloned().collect();
        later.push((from, files));
        ZoneDatabase::of(Arc::clone(first), later)
    }

    /// The files that are used in the end.
    pub fn files(&self) -> &Arc<ZoneFiles> {
        let last = self.contents.later.last().map(|(_, files)| files);
        last.unwrap_or(&self.contents.first)
    }

    /// The release that is used in the end: "2026f".
    pub fn version(&self) -> &str {
        self.files().release()
    }

    /// What identifies the rules that are used in the end.
    pub fn digest(&self) -> ZoneDigest {
        self.files().digest()
    }

    /// The zone called `name`, if the database has it. Names are IANA names, links (aliases)
    /// included, written exactly: "Europe/Amsterdam" is known, "europe/amsterdam" is not.
    pub fn zone(&self, name: &str) -> Option<Zone> {
        let Contents { first, later, zones } = &*self.contents;
        let read = || {
            let first = first.file(name).map(|file| (Instant::MIN, file));
            let later = later.iter().filter_map(|(from, files)| Some((*from, files.file(name)?)));
            Zone::read(name, first.into_iter().chain(later))
        };
        zones.get(name)?.get_or_init(read).clone()
    }

    /// The names of all zones, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.contents.zones.keys().map(String::as_str)
    }

    /// Whether both are the same value, not only of the same content: it takes no time.
    pub fn is(&self, other: &ZoneDatabase) -> bool {
        Arc::ptr_eq(&self.contents, &other.contents)
    }
}

impl fmt::Debug for ZoneDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contents { later, zones, .. } = &*self.contents;
        let (version, count) = (self.version(), zones.len());
        write!(f, "ZoneDatabase({version}, {count} zones, after {} others)", later.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_and_aliases_are_known() {
        let database = ZoneDatabase::bundled();
        assert!(database.zone("Europe/Amsterdam").is_some());
        assert!(database.zone("US/Eastern").is_some());
        assert!(database.zone("UTC").is_some());
        assert!(database.zone("europe/amsterdam").is_none());
        assert!(database.zone("utc").is_none());
        assert!(database.zone("Etc/Unknown").is_none());
        assert!(database.zone("").is_none());
        assert!(database.names().is_sorted());
        assert!(database.names().count() > 500);
    }

    /// Amsterdam with the rules of another zone, and a zone that no other database has.
    fn changed(rules_of: &str) -> Arc<ZoneFiles> {
        let bundled = ZoneFiles::bundled();
        let file = |name: &str| Arc::clone(bundled.file(name).unwrap());
        let same = bundled.names().filter(|name| *name != "Europe/Paris");
        let same = same.map(|name| match name {
            "Europe/Amsterdam" => (name.to_owned(), file(rules_of)),
            _ => (name.to_owned(), file(name)),
        });
        let new = ("Europe/Atlantis".to_owned(), file("UTC"));
        Arc::new(ZoneFiles::new("2099a", same.chain([new])))
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_database_that_follows_is_used_from_its_instant_on() {
        let (before, from) = (ZoneDatabase::bundled(), at(1_780_000_000));
        let both = before.followed_by(from, changed("Europe/Moscow"));
        assert_eq!(both.version(), "2099a");
        let offset = |database: &ZoneDatabase, name: &str, time| {
            database.zone(name).unwrap().offset_seconds(time)
        };
        let last = from.checked_add(crate::domain::time::Span::from_nanos(-1)).unwrap();
        assert_eq!(offset(&both, "Europe/Amsterdam", last), 7200);
        assert_eq!(offset(&both, "Europe/Amsterdam", from), 10_800);
        assert_eq!(both.zone("Europe/Vienna"), before.zone("Europe/Vienna"));
        assert_ne!(both.zone("Europe/Amsterdam"), before.zone("Europe/Amsterdam"));
        assert_eq!(offset(&both, "Europe/Paris", from), 7200, "the new one lacks it");
        assert_eq!(offset(&both, "Europe/Atlantis", last), 0, "only the new one has it");
    }

    #[test]
    fn one_that_follows_earlier_replaces_those_after_it() {
        let moscow = ZoneDatabase::bundled().followed_by(at(2_000), changed("Europe/Moscow"));
        let tokyo = moscow.followed_by(at(1_000), changed("Asia/Tokyo"));
        let offset = |database: &ZoneDatabase, seconds| {
            database.zone("Europe/Amsterdam").unwrap().offset_seconds(at(seconds))
        };
        assert_eq!([999, 1_000, 3_000].map(|time| offset(&tokyo, time)), [3600, 32_400, 32_400]);
        assert_eq!([999, 1_000, 3_000].map(|time| offset(&moscow, time)), [3600, 3600, 10_800]);
    }
}
