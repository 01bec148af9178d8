//! The rules of one time zone.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDateTime, SecondsFormat, Timelike};
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::files::{ZoneDigest, ZoneFile};
use crate::domain::time::{Instant, OutOfRange, Span};

/// No two offsets from UTC, and no gap or overlap, are further apart.
const OFFSETS_APART_MAX: Span = Span::from_hours(48);

/// The rules of one time zone, by one database or by several, each from an instant on. Cheap to
/// clone. Zones with the same name and rules are equal.
#[derive(Clone)]
pub struct Zone {
    rules: Arc<Rules>,
}

struct Rules {
    /// Of the name and of all files.
    digest: ZoneDigest,
    first: TimeZone,
    /// Other rules that follow, in order, and from when on each holds.
    later: Vec<(Instant, TimeZone)>,
}

/// An instant at which a zone's offset from UTC changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// The first instant of the new offset; always a whole second.
    pub at: Instant,
    /// The new offset: seconds east of UTC.
    pub offset_seconds: i32,
}

impl Zone {
    /// Reads the files of a zone, each with when it holds from; the first always does. `None`:
    /// there is none, or one can't be read.
    pub(super) fn read<'f>(
        name: &str,
        files: impl Iterator<Item = (Instant, &'f ZoneFile)>,
    ) -> Option<Zone> {
        let mut hash = Sha256::new();
        hash.update(name);
        let (mut read, mut before) = (Vec::new(), None);
        for (from, file) in files.filter(|(_, file)| before.replace(*file) != Some(*file)) {
            if !read.is_empty() {
                hash.update(from.nanos().to_be_bytes());
            }
            hash.update(Sha256::digest(file));
            read.push((from, TimeZone::tzif(name, file).ok()?));
        }
        let mut read = read.into_iter();
        let (_, first) = read.next()?;
        let (digest, later) = (ZoneDigest::new(hash.finalize().into()), read.collect());
        Some(Zone { rules: Arc::new(Rules { digest, first, later }) })
    }

    /// The rules that hold at `instant`.
    fn holding(&self, instant: Instant) -> &TimeZone {
        let Rules { first, later, .. } = &*self.rules;
        let begun = later.partition_point(|(from, _)| *from <= instant);
        let last = begun.checked_sub(1).and_then(|last| later.get(last));
        last.map_or(first, |(_, rules)| rules)
    }

    /// All rules in order: from when on each holds, if not always, and until when.
    fn pieces(&self) -> impl Iterator<Item = (Option<Instant>, &TimeZone, Option<Instant>)> {
        let Rules { first, later, .. } = &*self.rules;
        let starts = later.iter().map(|(from, _)| Some(*from));
        let ends = starts.clone().chain([None]);
        let rules = std::iter::once(first).chain(later.iter().map(|(_, rules)| rules));
        std::iter::once(None)
            .chain(starts)
            .zip(rules)
            .zip(ends)
            .map(|((from, r), end)| (from, r, end))
    }

    /// Seconds east of UTC at `instant`.
    pub fn offset_seconds(&self, instant: Instant) -> i32 {
        self.holding(instant).to_offset(timestamp(instant)).seconds()
    }

    /// The changes of offset after `from`, up to and including `to`, in order.
    pub fn transitions(
        &self,
        from: Instant,
        to: Instant,
    ) -> impl Iterator<Item = Transition> + use<'_> {
        let mut offset_before = self.offset_seconds(from);
        let changes = self.pieces().flat_map(move |(start, rules, end)| {
            let at = start.filter(|at| from < *at && *at <= to);
            let offset_seconds = |at| rules.to_offset(timestamp(at)).seconds();
            let first = at.map(|at| Transition { at, offset_seconds: offset_seconds(at) });
            let changes = rules.following(timestamp(start.unwrap_or(from).max(from)));
            let changes = changes.map_while(move |change| {
                let at = Instant::from_seconds(change.timestamp().as_second()).ok()?;
                let is_within = at <= to && end.is_none_or(|end| at < end);
                is_within.then_some(Transition { at, offset_seconds: change.offset().seconds() })
            });
            first.into_iter().chain(changes)
        });
        // A zone also changes its abbreviation alone, which moves no clock.
        changes.filter(move |change| {
            let before = std::mem::replace(&mut offset_before, change.offset_seconds);
            before != change.offset_seconds
        })
    }

    /// Whether local time is the same by another zone's rules, whatever their files look like.
    pub fn has_local_time_of(&self, other: &Zone) -> bool {
        let first = |zone: &Zone| zone.offset_seconds(Instant::MIN);
        let (from, to) = (Instant::MIN, Instant::MAX);
        self == other
            || first(self) == first(other)
                && self.transitions(from, to).eq(other.transitions(from, to))
    }

    /// The local date and time in the zone at `instant`.
    pub fn local(&self, instant: Instant) -> NaiveDateTime {
        let offset = chrono::TimeDelta::seconds(self.offset_seconds(instant).into());
        instant.to_chrono().naive_utc() + offset
    }

    /// What the zone's time is called at `instant`: `CET`, or by its offset: `+03`.
    pub fn abbreviation(&self, instant: Instant) -> String {
        self.holding(instant).to_offset_info(timestamp(instant)).abbreviation().to_owned()
    }

    /// The instant at which a clock in the zone shows `local`, by the "compatible" rule of RFC
    /// 5545: a time that the clock skips is moved forward by the length of the gap, and of a time
    /// that it shows twice the first is meant.
    ///
    /// # Errors
    /// [`OutOfRange`] when the instant lies outside 1970 to 2199.
    pub fn instant(&self, local: NaiveDateTime) -> Result<Instant, OutOfRange> {
        if !self.rules.later.is_empty() {
            return self.instant_by_all(local);
        }
        let timestamp =
            self.rules.first.to_timestamp(civil_time(local)?).map_err(|_| OutOfRange)?;
        i64::try_from(timestamp.as_nanosecond())
            .map_err(|_| OutOfRange)
            .and_then(Instant::from_nanos)
    }

    /// The later instant at which a clock in the zone shows `local`, where it shows it twice; the
    /// earlier is that of [`Zone::instant`].
    pub fn second_instant(&self, local: NaiveDateTime) -> Option<Instant> {
        let first = self.instant(local).ok()?;
        let until = first.checked_add(OFFSETS_APART_MAX).unwrap_or(Instant::MAX);
        let offset = self.offset_seconds(first);
        let mut later = self.transitions(first, until).filter_map(|change| {
            let back = Span::from_seconds((offset - change.offset_seconds).into());
            first.checked_add(back).ok().filter(|again| *again >= change.at)
        });
        later.find(|again| self.local(*again) == local)
    }

    /// The same where other rules follow: a change of rules is one of offset like any other.
    fn instant_by_all(&self, local: NaiveDateTime) -> Result<Instant, OutOfRange> {
        let shown = local.and_utc().timestamp_nanos_opt().ok_or(OutOfRange)?;
        let around = Instant::from_nanos(shown.clamp(Instant::MIN.nanos(), Instant::MAX.nanos()))?;
        let from = around.checked_add(Span::ZERO - OFFSETS_APART_MAX).unwrap_or(Instant::MIN);
        let to = around.checked_add(OFFSETS_APART_MAX).unwrap_or(Instant::MAX);
        let nanos = |seconds: i32| Span::from_seconds(seconds.into()).nanos();
        let mut offset = self.offset_seconds(from);
        for Transition { at, offset_seconds } in self.transitions(from, to) {
            // The old offset rules to the end of the gap or the overlap: so a time in the gap
            // comes out later by its length, and of an overlap the first is meant.
            if shown < at.nanos() + nanos(offset.max(offset_seconds)) {
                break;
            }
            offset = offset_seconds;
        }
        Instant::from_nanos(shown.checked_sub(nanos(offset)).ok_or(OutOfRange)?)
    }

    /// `instant` as local time with its offset, in RFC 3339: `2026-11-23T20:05:00+01:00`, with
    /// as many decimals as it needs. An offset that is no whole number of minutes (Africa/Monrovia
    /// until 1972 is the only one in range) is shown rounded to the minute.
    pub fn format(&self, instant: Instant) -> String {
        let utc = instant.to_chrono();
        match FixedOffset::east_opt(self.offset_seconds(instant)) {
            Some(offset) => rfc3339(utc.with_timezone(&offset)),
            None => rfc3339(utc.fixed_offset()),
        }
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.rules.first.iana_name().unwrap_or_default();
        write!(f, "Zone({name}, then {} other rules)", self.rules.later.len())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Zone) -> bool {
        self.rules.digest == other.rules.digest
    }
}

impl Eq for Zone {}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rules.digest.hash(state);
    }
}

fn rfc3339(time: DateTime<FixedOffset>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

/// Every instant lies well inside the years -9999 to 9999 that jiff holds.
fn timestamp(instant: Instant) -> Timestamp {
    Timestamp::from_nanosecond(instant.nanos().into()).unwrap_or_default()
}

/// The fields of a chrono time are in range except for the year, and for a leap second, which is
/// read as the second it lengthens.
fn civil_time(local: NaiveDateTime) -> Result<civil::DateTime, OutOfRange> {
    let field = |value: u32| i8::try_from(value).map_err(|_| OutOfRange);
    let year = i16::try_from(local.year()).map_err(|_| OutOfRange)?;
    let nanosecond = i32::try_from(local.nanosecond() % 1_000_000_000).map_err(|_| OutOfRange)?;
    civil::DateTime::new(
        year,
        field(local.month())?,
        field(local.day())?,
        field(local.hour())?,
        field(local.minute())?,
        field(local.second())?,
        nanosecond,
    )
    .map_err(|_| OutOfRange)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::domain::zone::{ZoneDatabase, ZoneFiles};

    fn zone(name: &str) -> Zone {
        ZoneDatabase::bundled().zone(name).unwrap()
    }

    fn at(text: &str) -> Instant {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc().try_into().unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn local_times_are_written_with_their_offset() {
        let amsterdam = zone("Europe/Amsterdam");
        assert_eq!(amsterdam.format(at("2026-11-23T19:05:00Z")), "2026-11-23T20:05:00+01:00");
        assert_eq!(amsterdam.format(at("2026-07-01T00:00:00.5Z")), "2026-07-01T02:00:00.500+02:00");
        assert_eq!(zone("UTC").format(Instant::MIN), "1970-01-01T00:00:00+00:00");
        assert_eq!(
            zone("America/New_York").format(Instant::MIN),
            "1969-12-31T19:00:00-05:00",
            "the local date may lie before the first instant"
        );
    }

    #[test]
    fn gaps_move_forward_and_the_first_of_two_is_meant() {
        let amsterdam = zone("Europe/Amsterdam");
        let cases = [
            ("2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
            ("2026-03-29T02:00:00", "2026-03-29T01:00:00Z"),
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-03-29T03:00:00", "2026-03-29T01:00:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
            ("2026-10-25T03:00:00", "2026-10-25T02:00:00Z"),
        ];
        for (wall_clock, instant) in cases {
            assert_eq!(amsterdam.instant(local(wall_clock)), Ok(at(instant)), "{wall_clock}");
        }
    }

    #[test]
    fn a_time_that_is_shown_twice_has_a_second_instant_and_no_other_has() {
        let second = |name: &str, text: &str| zone(name).second_instant(local(text));
        for (shown, again) in [
            ("2026-10-25T02:00:00", Some("2026-10-25T01:00:00Z")),
            ("2026-10-25T02:59:59", Some("2026-10-25T01:59:59Z")),
            ("2026-10-25T03:00:00", None),
            ("2026-10-25T01:59:59", None),
            ("2026-03-29T02:30:00", None),
        ] {
            assert_eq!(second("Europe/Amsterdam", shown), again.map(at), "{shown}");
        }
        // Half an hour.
        let again = at("2026-04-04T15:15:00Z");
        assert_eq!(second("Australia/Lord_Howe", "2026-04-05T01:45:00"), Some(again));
        assert_eq!(second("UTC", "2026-10-25T02:00:00"), None);
        let changed = then(&[("2026-07-01T12:00:00Z", "UTC")]);
        let shown = changed.second_instant(local("2026-07-01T13:00:00"));
        assert_eq!(shown, Some(at("2026-07-01T13:00:00Z")));
    }

    #[test]
    fn local_times_outside_the_range_are_refused() {
        let new_york = zone("America/New_York");
        assert_eq!(new_york.instant(local("1969-12-31T19:00:00")), Ok(Instant::MIN));
        assert_eq!(new_york.instant(local("1969-12-31T18:59:59")), Err(OutOfRange));
        assert_eq!(new_york.instant(local("2199-12-31T19:00:00")), Err(OutOfRange));
        assert_eq!(new_york.instant(NaiveDate::MAX.and_hms_opt(0, 0, 0).unwrap()), Err(OutOfRange));
    }

    #[test]
    fn transitions_are_the_changes_of_offset_alone() {
        let amsterdam = zone("Europe/Amsterdam");
        let from = at("2026-03-29T01:00:00Z");
        let transitions: Vec<_> = amsterdam.transitions(from, at("2027-03-28T01:00:00Z")).collect();
        let expected = [("2026-10-25T01:00:00Z", 3600), ("2027-03-28T01:00:00Z", 7200)];
        let expected = expected.map(|(t, offset_seconds)| Transition { at: at(t), offset_seconds });
        assert_eq!(transitions, expected);
        assert_eq!(zone("UTC").transitions(Instant::MIN, Instant::MAX).count(), 0);
    }

    #[test]
    fn local_and_instant_are_inverse_outside_overlaps() {
        let lord_howe = zone("Australia/Lord_Howe");
        for hours in 0..20_000 {
            let instant = Instant::from_seconds(hours * 12_345).unwrap();
            assert_eq!(lord_howe.instant(lord_howe.local(instant)), Ok(instant));
        }
    }

    /// Amsterdam until an instant, and from then on the rules of other zones.
    fn then(changes: &[(&str, &str)]) -> Zone {
        let files = ZoneFiles::bundled();
        let file = |name: &str| files.file(name).unwrap();
        let first = (Instant::MIN, file("Europe/Amsterdam"));
        let later = changes.iter().map(|(from, rules_of)| (at(from), file(rules_of)));
        Zone::read("Europe/Amsterdam", std::iter::once(first).chain(later)).unwrap()
    }

    #[test]
    fn a_change_of_rules_is_a_transition_like_any_other() {
        let zone =
            then(&[("2026-07-01T12:00:00Z", "Europe/Moscow"), ("2026-08-01T00:00:00Z", "UTC")]);
        let transitions: Vec<_> =
            zone.transitions(at("2026-01-01T00:00:00Z"), at("2027-12-31T00:00:00Z")).collect();
        let expected = [
            ("2026-03-29T01:00:00Z", 7200),
            ("2026-07-01T12:00:00Z", 10_800),
            ("2026-08-01T00:00:00Z", 0),
        ];
        let expected = expected.map(|(t, offset_seconds)| Transition { at: at(t), offset_seconds });
        assert_eq!(transitions, expected);
        let after = zone.transitions(at("2026-07-01T12:00:00Z"), at("2026-07-31T23:59:59Z"));
        assert_eq!(after.count(), 0);
        assert_eq!(zone.transitions(Instant::MIN, Instant::MIN).count(), 0);
    }

    #[test]
    fn local_times_around_a_change_of_rules_follow_the_same_rule_as_any() {
        // From +02:00 to +03:00 the clock skips an hour, back to UTC it shows three twice.
        let zone =
            then(&[("2026-07-01T12:00:00Z", "Europe/Moscow"), ("2026-08-01T00:00:00Z", "UTC")]);
        let cases = [
            ("2026-03-29T02:30:00", "2026-03-29T01:30:00Z"),
            ("2026-07-01T13:59:59", "2026-07-01T11:59:59Z"),
            ("2026-07-01T14:30:00", "2026-07-01T12:30:00Z"),
            ("2026-07-01T15:00:00", "2026-07-01T12:00:00Z"),
            ("2026-08-01T02:30:00", "2026-07-31T23:30:00Z"),
            ("2026-08-01T03:00:00", "2026-08-01T03:00:00Z"),
            ("2030-07-01T03:00:00", "2030-07-01T03:00:00Z"),
        ];
        for (wall_clock, instant) in cases {
            assert_eq!(zone.instant(local(wall_clock)), Ok(at(instant)), "{wall_clock}");
        }
        assert_eq!(zone.instant(local("1969-12-31T23:59:59")), Err(OutOfRange));
        assert_eq!(zone.instant(NaiveDate::MAX.and_hms_opt(0, 0, 0).unwrap()), Err(OutOfRange));
    }

    #[test]
    fn rules_that_follow_and_say_the_same_are_no_others() {
        let same = then(&[("2026-07-01T12:00:00Z", "Europe/Amsterdam")]);
        assert_eq!(same, zone("Europe/Amsterdam"));
        let (one, other) = (("2026-07-01T12:00:00Z", "UTC"), ("2026-07-01T12:00:01Z", "UTC"));
        assert_ne!(then(&[one]), then(&[other]));
        assert_ne!(zone("Europe/Amsterdam"), zone("Europe/Berlin"));
    }

    #[test]
    fn with_and_without_rules_that_follow_local_times_mean_the_same() {
        let far = then(&[("2190-01-01T00:00:00Z", "UTC")]);
        let amsterdam = zone("Europe/Amsterdam");
        for hours in 0..20_000 {
            let local = amsterdam.local(Instant::from_seconds(hours * 3_600 * 5).unwrap());
            assert_eq!(far.instant(local), amsterdam.instant(local), "{local}");
        }
    }
}
