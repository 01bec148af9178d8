//! The time zone databases of a store: which was adopted when, and how local time is read by them.
//!
//! The first is used wherever no other is. Each that is adopted later is used from an instant on.
//! So what was decided before that instant stays decided: local time before it is read as ever.

use std::sync::Arc;

use super::rejection::Rejection;
use crate::domain::time::{Instant, Span};
use crate::domain::zone::{ZoneDatabase, ZoneDigest, ZoneFiles};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// The adoption of a time zone database, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The database.
    pub files: Arc<ZoneFiles>,
    /// Local time is read by it from this instant on; `None`: it is the first of the store.
    pub effective_time: Option<Instant>,
    /// The identity that adopted it. Empty: none was set up, or the server did at its first start.
    pub recorded_by: String,
}

/// A request to adopt a time zone database.
#[derive(Clone, Debug)]
pub struct AdoptZones {
    /// The database.
    pub files: Arc<ZoneFiles>,
    /// From when on local time is read by it; `None`: from the next whole second on.
    pub effective_time: Option<Instant>,
    /// The identity that adopts it.
    pub recorded_by: String,
}

/// The time zone databases adopted, in the order of recording.
#[derive(Clone, Debug)]
pub struct Adopted {
    /// The one that is used before any was adopted.
    first: ZoneDatabase,
    is_first_adopted: bool,
    /// Those that were adopted later: when each was recorded, and by what local time is read since.
    later: Vec<Later>,
}

#[derive(Clone, Debug)]
struct Later {
    record_time: Instant,
    effective_time: Instant,
    files: Arc<ZoneFiles>,
    zones: ZoneDatabase,
}

impl Adopted {
    /// None yet: local time is read by `zones` until one is.
    pub fn new(zones: ZoneDatabase) -> Adopted {
        Adopted { first: zones, is_first_adopted: false, later: Vec::new() }
    }

    /// Applies the next record. Record times never decrease.
    pub fn apply(&mut self, record_time: Instant, adoption: &Adoption) {
        let files = Arc::clone(&adoption.files);
        match adoption.effective_time {
            Some(effective_time) => {
                let zones = self.latest().followed_by(effective_time, Arc::clone(&files));
                self.later.push(Later { record_time, effective_time, files, zones });
            }
            None => {
                self.is_first_adopted = true;
                if files.digest() != self.first.digest() || !self.later.is_empty() {
                    self.begin_with(ZoneDatabase::new(files));
                }
            }
        }
    }

    /// Replaces what those adopted later follow.
    fn begin_with(&mut self, first: ZoneDatabase) {
        let mut zones = first.clone();
        self.first = first;
        for later in &mut self.later {
            zones = zones.followed_by(later.effective_time, Arc::clone(&later.files));
            later.zones = zones.clone();
        }
    }

    /// Whether it is recorded what is used before any other.
    pub fn is_first_adopted(&self) -> bool {
        self.is_first_adopted
    }

    /// By what local time is read, as it was known at an instant.
    pub fn known(&self, known_time: Instant) -> &ZoneDatabase {
        let known = self.later.partition_point(|later| later.record_time <= known_time);
        let last = known.checked_sub(1).and_then(|last| self.later.get(last));
        last.map_or(&self.first, |later| &later.zones)
    }

    /// By what local time is read now.
    pub fn latest(&self) -> &ZoneDatabase {
        self.known(Instant::MAX)
    }

    /// By what local time was and is read, in the order of recording.
    pub fn all(&self) -> impl Iterator<Item = &ZoneDatabase> {
        std::iter::once(&self.first).chain(self.later.iter().map(|later| &later.zones))
    }

    /// The releases of those that were adopted later, and when each was recorded.
    pub fn recorded(&self) -> impl Iterator<Item = (Instant, &str)> {
        self.later.iter().map(|later| (later.record_time, later.files.release()))
    }

    /// Whether another was adopted in `(after, until]`.
    pub fn has_changed(&self, after: Instant, until: Instant) -> bool {
        self.later.iter().any(|l| after < l.record_time && l.record_time <= until)
    }

    /// From when on the last one is used; `None`: always.
    pub fn effective_time(&self) -> Option<Instant> {
        self.later.last().map(|later| later.effective_time)
    }

    /// The names of the zones whose local time another database changes, sorted.
    pub fn moved_by(&self, other: &ZoneDatabase) -> Vec<String> {
        let (before, names) = (self.latest(), other.names());
        let is_moved = |name: &&str| match (before.zone(name), other.zone(name)) {
            (Some(zone), Some(other)) => !zone.has_local_time_of(&other),
            (zone, other) => zone != other,
        };
        names.filter(is_moved).map(str::to_owned).collect()
    }
}

/// Decides a request at `now`, the instant it would be recorded; `None`: it is in use already.
///
/// # Errors
/// [`Rejection::Invalid`] when it would be used from no whole second on.
pub fn decide_adoption(
    adopted: &Adopted,
    requested: AdoptZones,
    now: Instant,
) -> Result<Option<Adoption>, Rejection> {
    let AdoptZones { files, effective_time, recorded_by } = requested;
    if effective_time.is_some_and(|time| time.subsecond_nanos() != 0) {
        return Err(Rejection::field("effective_time", "must be a whole second"));
    }
    let is_used = is_in_use(adopted, files.digest(), effective_time);
    let effective_time = Some(effective_time.unwrap_or_else(|| next_second(now)));
    Ok((!is_used).then_some(Adoption { files, effective_time, recorded_by }))
}

/// Whether a database is used from an instant on (`None`: from now on) and no other follows it.
fn is_in_use(adopted: &Adopted, digest: ZoneDigest, from: Option<Instant>) -> bool {
    let begun = adopted.effective_time();
    let is_early = from.is_none_or(|from| begun.is_none_or(|begun| begun <= from));
    adopted.latest().digest() == digest && is_early
}

/// The first whole second after an instant: offsets from UTC change at whole seconds.
pub fn next_second(after: Instant) -> Instant {
    let rest = Span::from_nanos(NANOS_PER_SECOND - after.subsecond_nanos());
    after.checked_add(rest).unwrap_or(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    /// The bundled database, with the rules of another zone for Amsterdam.
    fn with_rules_of(zone: &str) -> Arc<ZoneFiles> {
        let bundled = ZoneFiles::bundled();
        let file = |name: &str| match name {
            "Europe/Amsterdam" => bundled.file(zone).unwrap().clone(),
            other => bundled.file(other).unwrap().clone(),
        };
        let files = bundled.names().map(|name| (name.to_owned(), file(name)));
        Arc::new(ZoneFiles::new("2099a", files))
    }

    fn adopt(files: Arc<ZoneFiles>, effective_time: Option<i64>) -> Adoption {
        Adoption { files, effective_time: effective_time.map(at), recorded_by: String::new() }
    }

    fn offset(adopted: &Adopted, known: i64, seconds: i64) -> i32 {
        let zone = adopted.known(at(known)).zone("Europe/Amsterdam").unwrap();
        zone.offset_seconds(at(seconds))
    }

    #[test]
    fn what_is_adopted_is_used_from_its_instant_on_by_whoever_knows_of_it() {
        let mut adopted = Adopted::new(ZoneDatabase::bundled());
        adopted.apply(at(10), &adopt(with_rules_of("UTC"), None));
        assert_eq!(offset(&adopted, 0, 0), 0, "the first is used also by what was known before it");
        adopted.apply(at(100), &adopt(with_rules_of("Asia/Tokyo"), Some(200)));
        adopted.apply(at(300), &adopt(with_rules_of("Europe/Moscow"), Some(150)));
        let of = |known| [149, 150, 199, 200].map(|time| offset(&adopted, known, time));
        assert_eq!(of(99), [0, 0, 0, 0]);
        assert_eq!(of(100), [0, 0, 0, 32_400]);
        assert_eq!(of(300), [0, 10_800, 10_800, 10_800]);
        assert!(adopted.has_changed(at(99), at(100)) && !adopted.has_changed(at(100), at(299)));
        assert!(!adopted.has_changed(Instant::MIN, at(99)), "the first changes nothing");
    }

    #[test]
    fn a_first_that_is_recorded_late_is_followed_by_what_followed() {
        let mut adopted = Adopted::new(ZoneDatabase::bundled());
        adopted.apply(at(100), &adopt(with_rules_of("Asia/Tokyo"), Some(200)));
        assert!(!adopted.is_first_adopted());
        adopted.apply(at(300), &adopt(with_rules_of("UTC"), None));
        assert!(adopted.is_first_adopted());
        assert_eq!([199, 200].map(|time| offset(&adopted, 100, time)), [0, 32_400]);
    }

    #[test]
    fn what_is_in_use_is_not_adopted_again() {
        let mut adopted = Adopted::new(ZoneDatabase::bundled());
        let mut decide = |zone: &str, effective_time: Option<i64>, now| {
            let requested = AdoptZones {
                files: with_rules_of(zone),
                effective_time: effective_time.map(at),
                recorded_by: "operator".to_owned(),
            };
            let decided = decide_adoption(&adopted, requested, now).unwrap();
            if let Some(adoption) = &decided {
                adopted.apply(now, adoption);
            }
            decided.map(|adoption| adoption.effective_time)
        };
        let half_past = at(10).checked_add(Span::from_nanos(500)).unwrap();
        assert_eq!(decide("Europe/Amsterdam", None, half_past), None);
        assert_eq!(decide("UTC", None, half_past), Some(Some(at(11))));
        assert_eq!(decide("UTC", None, at(20)), None);
        assert_eq!(decide("UTC", Some(11), at(20)), None);
        assert_eq!(decide("UTC", Some(15), at(20)), None, "it is in use then");
        assert_eq!(decide("UTC", Some(5), at(20)), Some(Some(at(5))), "earlier than before");
        assert_eq!(decide("Europe/Amsterdam", Some(3), at(30)), Some(Some(at(3))));
    }

    #[test]
    fn a_database_changes_at_whole_seconds() {
        let adopted = Adopted::new(ZoneDatabase::bundled());
        let requested = AdoptZones {
            files: with_rules_of("UTC"),
            effective_time: Instant::from_nanos(1).ok(),
            recorded_by: String::new(),
        };
        assert!(decide_adoption(&adopted, requested, at(1)).is_err());
        assert_eq!(next_second(at(1)), at(2));
        assert_eq!(next_second(Instant::from_nanos(1).unwrap()), at(1));
        assert_eq!(next_second(Instant::MAX), Instant::MAX);
    }

    #[test]
    fn the_zones_that_would_move_are_named() {
        let adopted = Adopted::new(ZoneDatabase::bundled());
        let moved = |zone| {
            let other = ZoneDatabase::bundled().followed_by(at(9), with_rules_of(zone));
            adopted.moved_by(&other)
        };
        assert_eq!(moved("UTC"), ["Europe/Amsterdam"]);
        assert!(moved("Europe/Amsterdam").is_empty());
    }

    /// Some databases list changes of offset one by one that others state as a rule.
    #[test]
    fn a_zone_in_other_words_does_not_move() {
        let mut adopted = Adopted::new(ZoneDatabase::bundled());
        let effective_time = Some(at(9));
        let files = with_rules_of("Africa/Abidjan");
        adopted.apply(at(1), &Adoption { files, effective_time, recorded_by: String::new() });
        let other = adopted.latest().followed_by(at(9), with_rules_of("UTC"));
        assert_ne!(adopted.latest().zone("Europe/Amsterdam"), other.zone("Europe/Amsterdam"));
        assert!(adopted.moved_by(&other).is_empty());
    }
}
