//! How rows are keyed: a letter for the kind, then ids ended by a zero byte (ids hold none), and
//! instants as eight big-endian bytes, so that keys sort as what they mean.

use super::kind::Kind;
use crate::domain::ids::{ClockId, IncidentId, TargetId, TenantId};
use crate::domain::time::Instant;
use crate::engine::index::{ClockMark, ClockPlace, IndexBucket};
use crate::engine::tally::{DIMENSIONS, Day, Dimension, TallyBucket, TallyBucketKey};

pub(super) const FORMAT: &[u8] = b"!format";
pub(super) const STORE: &[u8] = b"!store";
/// The time zone database that local time is read by until one is adopted.
pub(super) const ZONES: &[u8] = b"!zones";
/// There once the first adoption of a time zone database is among what is kept.
pub(super) const ADOPTED: &[u8] = b"!adopted";
pub(super) const APPLIED: &[u8] = b"!applied";
/// There while tally buckets are behind the rows that changed them.
pub(super) const TALLYING: &[u8] = b"!tallying";
/// Up to which sequence what is kept of learning goes.
pub(super) const LEARNT: &[u8] = b"!learnt";
/// There while the views are closed in good order.
pub(super) const CLEAN: &[u8] = b"!clean";
pub(super) const KEPT: &[u8] = &[Kind::Kept as u8];

const INCIDENT: u8 = Kind::Incident as u8;
const SERVICE: u8 = Kind::Service as u8;
const CLOCK: u8 = Kind::Clock as u8;
const ATTACHMENT: u8 = Kind::Attachment as u8;
const TALLY_BUCKET: u8 = Kind::Tally as u8;
pub(super) const LIFESPAN: u8 = Kind::Lifespan as u8;
const LEARNING: u8 = Kind::Learning as u8;
const MISSING: u8 = Kind::Missing as u8;
pub(super) const COVERAGE: u8 = Kind::Coverage as u8;
pub(super) const INSTANT_BYTES: usize = 8;
pub(super) const DAY_BYTES: usize = 4;

/// The key of an incident's row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IncidentKey(Box<[u8]>);

impl IncidentKey {
    /// The key of a tenant's incident.
    pub fn new(tenant: &str, incident: &str) -> IncidentKey {
        IncidentKey(key(INCIDENT, &[tenant, incident]).into_boxed_slice())
    }

    /// A key as it was stored.
    pub(super) fn read(key: &[u8]) -> IncidentKey {
        IncidentKey(key.into())
    }

    /// The key as it is stored.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The tenant and the incident it is made of.
    pub fn parts(&self) -> (TenantId, IncidentId) {
        let (tenant, rest) = split_id(self.0.get(1..).unwrap_or_default());
        (tenant.into(), split_id(rest).0.into())
    }
}

/// A place among the clocks of a contract's index bucket.
#[derive(Clone, Copy, Debug)]
pub struct ClockKey<'k> {
    /// The tenant.
    pub tenant: &'k str,
    /// The contract.
    pub contract: &'k str,
    /// The index bucket.
    pub index_bucket: IndexBucket,
    /// From this instant on.
    pub time: Instant,
    /// Of that instant, from this incident on.
    pub incident: &'k str,
}

impl ClockKey<'_> {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = self.index_bucket_prefix();
        bytes.extend(self.time.nanos().to_be_bytes());
        bytes.extend(self.incident.as_bytes());
        bytes
    }

    pub(super) fn index_bucket_prefix(self) -> Vec<u8> {
        let mut bytes = key(CLOCK, &[self.tenant, self.contract]);
        bytes.push(index_bucket_byte(self.index_bucket));
        bytes
    }
}

/// Index buckets by the first byte after their contract; never renumbered.
fn index_bucket_byte(index_bucket: IndexBucket) -> u8 {
    match index_bucket {
        IndexBucket::Open => 0,
        IndexBucket::Met => 1,
        IndexBucket::Breached => 2,
        IndexBucket::Cancelled => 3,
    }
}

pub(super) fn clock(tenant: &str, place: &ClockPlace) -> Vec<u8> {
    let ClockPlace { index_bucket, mark: ClockMark { time, clock } } = place;
    let from = ClockKey {
        tenant,
        contract: &clock.contract_id,
        index_bucket: *index_bucket,
        time: *time,
        incident: &clock.incident_id,
    };
    let mut bytes = from.to_bytes();
    bytes.push(0);
    bytes.extend(clock.target_id.as_bytes());
    bytes.push(0);
    bytes.extend(clock.cycle.to_be_bytes());
    bytes
}

pub(super) fn indexed_clock(key: &[u8]) -> Option<ClockMark> {
    let (_tenant, rest) = split_id(key.get(1..)?);
    let (contract, rest) = split_id(rest);
    let (time, rest) = split_instant(rest.get(1..)?)?;
    let (incident, rest) = split_id(rest);
    let (target, cycle) = split_id(rest);
    let cycle = u32::from_be_bytes(cycle.try_into().ok()?);
    let clock = ClockId {
        incident_id: incident.into(),
        contract_id: contract.into(),
        target_id: target.into(),
        cycle,
    };
    Some(ClockMark { time, clock })
}

/// The kinds of rows that hold what is recorded about a tenant's incidents and services.
pub(super) const LEDGERS: [u8; 2] = [INCIDENT, SERVICE];

/// Where the rows of a kind begin.
pub(super) fn kind(kind: u8) -> Vec<u8> {
    vec![kind]
}

/// The tenant that a row of incidents or services belongs to.
pub(super) fn tenant(key: &[u8]) -> TenantId {
    split_id(key.get(1..).unwrap_or_default()).0.into()
}

/// Where the rows of a kind that belong to a tenant begin.
pub(super) fn kind_of_tenant(kind: u8, tenant: &str) -> Vec<u8> {
    key(kind, &[tenant])
}

/// Where the incidents of everybody begin.
pub(super) fn all_incidents() -> Vec<u8> {
    key(INCIDENT, &[])
}

pub(super) fn incidents(tenant: &str) -> Vec<u8> {
    key(INCIDENT, &[tenant])
}

pub(super) fn service(tenant: &str, service: &str) -> Vec<u8> {
    key(SERVICE, &[tenant, service])
}

/// Where the services of a tenant begin.
pub(super) fn services(tenant: &str) -> Vec<u8> {
    key(SERVICE, &[tenant])
}

pub(super) fn attachments(tenant: &str, contract: &str) -> Vec<u8> {
    key(ATTACHMENT, &[tenant, contract])
}

pub(super) fn attachment(tenant: &str, contract: &str, incident: &str) -> Vec<u8> {
    key(ATTACHMENT, &[tenant, contract, incident])
}

/// Where the incidents without clocks of a contract begin that were opened at an instant.
pub(super) fn missing(tenant: &str, contract: &str, opened: Instant) -> Vec<u8> {
    let mut bytes = key(MISSING, &[tenant, contract]);
    bytes.extend(opened.nanos().to_be_bytes());
    bytes
}

/// Where a contract's incidents without clocks end.
pub(super) fn end_of_missing(tenant: &str, contract: &str) -> Vec<u8> {
    end_of(&key(MISSING, &[tenant, contract]))
}

/// The key of an incident without clocks of a contract.
pub(super) fn missing_of(tenant: &str, contract: &str, opened: Instant, incident: &str) -> Vec<u8> {
    let mut bytes = missing(tenant, contract, opened);
    bytes.extend(incident.as_bytes());
    bytes.push(0);
    bytes
}

/// The incident of such a key.
pub(super) fn missing_id(key: &[u8]) -> IncidentId {
    let (_tenant, rest) = split_id(key.get(1..).unwrap_or_default());
    let (_contract, rest) = split_id(rest);
    split_id(rest.get(INSTANT_BYTES..).unwrap_or_default()).0.into()
}

/// The key of the head of what a tenant's incidents taught.
pub(super) fn learning(tenant: &str) -> Vec<u8> {
    key(LEARNING, &[tenant])
}

/// The key of a part of that, in one of its places.
pub(super) fn learning_part(tenant: &str, place: u32, part: u32) -> Vec<u8> {
    let mut bytes = learning(tenant);
    bytes.extend(place.to_be_bytes());
    bytes.extend(part.to_be_bytes());
    bytes
}

/// The row of [`LEARNT`]: a sequence, and tenants.
pub(super) fn learnt_row<'t>(
    sequence: u64,
    tenants: impl Iterator<Item = &'t TenantId>,
) -> Vec<u8> {
    let mut row = sequence.to_be_bytes().to_vec();
    for tenant in tenants {
        row.extend(tenant.as_bytes());
        row.push(0);
    }
    row
}

/// What such a row holds.
pub(super) fn learnt(row: &[u8]) -> Option<(u64, Vec<TenantId>)> {
    let (sequence, mut rest) = row.split_first_chunk()?;
    let mut tenants = Vec::new();
    while !rest.is_empty() {
        let (tenant, after) = split_id(rest);
        tenants.push(tenant.into());
        rest = after;
    }
    Some((u64::from_be_bytes(*sequence), tenants))
}

/// Makes the key of the row that a tally bucket is in of the bytes: its contract, dimension and
/// day, then its value. Those of all targets and priorities are in one row.
pub(super) fn set_to_tally_row(key: &mut Vec<u8>, tenant: &str, of: &TallyBucket<'_>) {
    key.clear();
    push_tally_buckets(key, (tenant, of.contract_id), of.dimension, of.day);
    key.extend(of.value.as_bytes());
}

/// Where the tally buckets of a day begin.
pub(super) fn tally_buckets(
    tenant: &str,
    contract: &str,
    dimension: Dimension,
    day: Day,
) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_tally_buckets(&mut bytes, (tenant, contract), dimension, day);
    bytes
}

fn push_tally_buckets(
    bytes: &mut Vec<u8>,
    (tenant, contract): (&str, &str),
    dimension: Dimension,
    day: Day,
) {
    push_ids(bytes, TALLY_BUCKET, &[tenant, contract]);
    bytes.push(dimension_byte(dimension));
    bytes.extend(day.to_be_bytes());
}

/// Where the tally buckets of everybody begin.
pub(super) fn all_tally_buckets() -> Vec<u8> {
    key(TALLY_BUCKET, &[])
}

/// Of which tally buckets a row is, and whose: what it names beside target and priority.
pub(super) fn tally_row_place(key: &[u8]) -> Option<(TenantId, TallyBucketKey)> {
    let (tenant, rest) = split_id(key.get(1..)?);
    let (contract, rest) = split_id(rest);
    let (dimension, rest) = rest.split_first()?;
    let (day, value) = rest.split_at_checked(DAY_BYTES)?;
    let place = TallyBucketKey {
        contract_id: contract.into(),
        dimension: DIMENSIONS.into_iter().find(|one| dimension_byte(*one) == *dimension)?,
        day: Day::from_be_bytes(day.try_into().ok()?),
        value: std::str::from_utf8(value).ok()?.to_owned(),
        target_id: TargetId::default(),
        priority: String::new(),
    };
    Some((tenant.into(), place))
}

/// The value that a row of tally buckets agrees in.
pub(super) fn tally_row_value(key: &[u8]) -> Option<&str> {
    let (_tenant, rest) = split_id(key.get(1..)?);
    let (_contract, rest) = split_id(rest);
    std::str::from_utf8(rest.get(1 + DAY_BYTES..)?).ok()
}

/// Appends texts, each with its length before it: they may hold any character.
pub(super) fn push_texts<'t>(bytes: &mut Vec<u8>, texts: impl IntoIterator<Item = &'t str>) {
    for text in texts {
        bytes.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(text.as_bytes());
    }
}

/// Texts that were appended so.
pub(super) fn texts_of<const N: usize>(mut rest: &[u8]) -> Option<[String; N]> {
    let mut texts = Vec::with_capacity(N);
    for _ in 0..N {
        let (length, after) = rest.split_at_checked(4)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let (text, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
        rest = after;
        texts.push(std::str::from_utf8(text).ok()?.to_owned());
    }
    texts.try_into().ok()
}

/// Dimensions by the first byte after their contract; never renumbered.
fn dimension_byte(dimension: Dimension) -> u8 {
    match dimension {
        Dimension::All => 0,
        Dimension::Service => 1,
        Dimension::Category => 2,
        Dimension::Group => 3,
        Dimension::Party => 4,
    }
}

pub(super) fn kept(sequence: u64) -> Vec<u8> {
    [KEPT, &sequence.to_be_bytes()].concat()
}

pub(super) fn kept_sequence(key: &[u8]) -> u64 {
    let bytes = key.get(KEPT.len()..).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u64::from_be_bytes)
}

/// The id that follows `prefix` in `key`.
pub(super) fn id_after(prefix: &[u8], key: &[u8]) -> IncidentId {
    split_id(key.get(prefix.len()..).unwrap_or_default()).0.into()
}

/// Where the ids after `after` begin that follow `prefix`; "": where all of them do.
pub(super) fn after(prefix: &[u8], after: &str) -> Vec<u8> {
    match after {
        "" => prefix.to_vec(),
        _ => [prefix, after.as_bytes(), &[1]].concat(),
    }
}

/// The first key after all that begin with `prefix`, which never ends in 255.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    end
}

pub(super) fn key(kind: u8, ids: &[&str]) -> Vec<u8> {
    let length = ids.iter().map(|id| id.len() + 1).sum::<usize>();
    let mut bytes = Vec::with_capacity(1 + length);
    push_ids(&mut bytes, kind, ids);
    bytes
}

fn push_ids(bytes: &mut Vec<u8>, kind: u8, ids: &[&str]) {
    bytes.push(kind);
    for id in ids {
        bytes.extend(id.as_bytes());
        bytes.push(0);
    }
}

pub(super) fn split_id(bytes: &[u8]) -> (&str, &[u8]) {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let id = bytes.get(..end).and_then(|id| std::str::from_utf8(id).ok()).unwrap_or_default();
    (id, bytes.get(end + 1..).unwrap_or_default())
}

pub(super) fn split_instant(bytes: &[u8]) -> Option<(Instant, &[u8])> {
    let (time, rest) = bytes.split_at_checked(INSTANT_BYTES)?;
    let nanos = i64::from_be_bytes(time.try_into().ok()?);
    Some((Instant::from_nanos(nanos).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::views::future_keys;

    #[test]
    fn a_clock_reads_back_as_it_was_indexed_and_sorts_by_time() {
        let place = |time, incident: &str| {
            let id = ClockId {
                incident_id: incident.into(),
                contract_id: "C".into(),
                target_id: "resolve".into(),
                cycle: 2,
            };
            let time = Instant::from_seconds(time).unwrap_or_default();
            let mark = ClockMark { time, clock: id };
            clock("acme", &ClockPlace { index_bucket: IndexBucket::Open, mark })
        };
        let key = place(300, "I-1");
        let found = indexed_clock(&key).unwrap_or_else(|| panic!("unreadable"));
        assert_eq!(found.clock.incident_id, "I-1");
        assert_eq!(found.clock.key(), ("C", "resolve", 2));
        assert!(place(256, "Z") < place(257, "A"));
        assert!(
            key < end_of(
                &ClockKey {
                    tenant: "acme",
                    contract: "C",
                    index_bucket: IndexBucket::Open,
                    time: Instant::MIN,
                    incident: ""
                }
                .index_bucket_prefix()
            )
        );
    }

    #[test]
    fn one_tenants_prefix_never_finds_anothers_rows() {
        assert!(!IncidentKey::new("ab", "I").as_bytes().starts_with(&incidents("a")));
        assert_eq!(IncidentKey::new("ab", "I/1").parts(), ("ab".into(), "I/1".into()));
    }

    /// Ids as they are checked before anything is indexed: those of terms, and clients' own.
    const ID: &str = "[A-Za-z0-9._:~/-]{1,128}";
    const OWN_ID: &str = "[ -~\u{a1}-\u{2027}\u{10348}]{1,40}";

    proptest! {
        #[test]
        fn any_key_is_read_or_passed_over(bytes in vec(any::<u8>(), 0..60), prefix in 0..80_usize) {
            let _ = indexed_clock(&bytes);
            let _ = kept_sequence(&bytes);
            let prefix = vec![b'u'; prefix];
            let _ = (future_keys::id_after_instant(&prefix, &bytes), id_after(&prefix, &bytes));
            let _ = IncidentKey(bytes.into_boxed_slice()).parts();
        }

        #[test]
        fn any_clock_reads_back_as_it_was_indexed(
            (tenant, contract, incident, target) in (OWN_ID, ID, OWN_ID, ID),
            nanos in 0..=Instant::MAX.nanos(),
            cycle in any::<u32>(),
        ) {
            let time = Instant::from_nanos(nanos).unwrap_or_default();
            let id = ClockId {
                incident_id: incident.into(),
                contract_id: contract.into(),
                target_id: target.into(),
                cycle,
            };
            let mark = ClockMark { time, clock: id };
            let place = ClockPlace { index_bucket: IndexBucket::Breached, mark };
            prop_assert_eq!(indexed_clock(&clock(&tenant, &place)), Some(place.mark));
        }
    }
}
