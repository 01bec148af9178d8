//! Counting every incident anew from the journal, and comparing that with the tallies of the views.
//!
//! sled writes as it opens, so it is given a copy: nothing in the data directory changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::replay::{self, ReplayError};
use crate::codec::store::names::Names;
use crate::domain::compliance::Tally;
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;
use crate::domain::zone::ZoneDatabase;
use crate::engine::index;
use crate::engine::state::{IncidentLedgers, State};
use crate::engine::tally::{CoverageBucket, MissingContribution, TallyBucketKey};
use crate::journal::{LogSource, ReadError};
use crate::views::{Identity, IncidentKey, Opening, Views, ViewsError};

/// How long the copied views may take to open.
const PATIENCE: Duration = Duration::from_secs(60);

/// The result of counting anew.
#[derive(Clone, Debug, Default)]
pub struct Recount {
    /// How many incidents were counted.
    pub incidents: usize,
    /// How many tally buckets are kept or counted.
    pub tally_buckets: usize,
    /// The tally buckets in which the two differ.
    pub differences: Vec<Difference>,
    /// How many counts of incidents without clocks are kept or counted.
    pub coverage_buckets: usize,
    /// Those in which the two differ: whose, which, what is kept, and what it should be.
    pub coverage_differences: Vec<(TenantId, CoverageBucket, u64, u64)>,
}

/// A tally bucket that does not hold what counting anew gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The organisation.
    pub tenant: TenantId,
    /// Which tally bucket.
    pub place: TallyBucketKey,
    /// What it holds.
    pub kept: Tally,
    /// What it should hold.
    pub recounted: Tally,
}

/// Why the tallies can't be held against the journal.
#[derive(Debug, thiserror::Error)]
pub enum RecountError {
    /// The journal can't be read or folded.
    #[error(transparent)]
    Replay(#[from] ReplayError),
    /// The views can't be read, or are not those of a server that was stopped.
    #[error(transparent)]
    Views(#[from] ViewsError),
    /// The views can't be copied.
    #[error("the views can't be copied to a temporary directory: {0}")]
    Copy(#[from] io::Error),
}

impl From<ReadError> for RecountError {
    fn from(error: ReadError) -> RecountError {
        RecountError::Replay(error.into())
    }
}

type TallyBuckets = BTreeMap<(TenantId, TallyBucketKey), Tally>;

type CoverageBuckets = BTreeMap<(TenantId, CoverageBucket), u64>;

/// Counts every incident in the log of a stopped server anew, in memory, and compares that with its
/// views, which lie in the directory `views`.
pub fn recount(
    log: &dyn LogSource,
    views: &Path,
    zones: &ZoneDatabase,
    names: &Names,
) -> Result<Recount, RecountError> {
    let copy = tempfile::tempdir()?;
    copy_files(views, copy.path())?;
    let folded = Folded::read(log, zones, names)?;
    let identity = Identity {
        store_id: log.store_id()?,
        time_zone_database: zones.digest().to_string(),
        last_sequence: folded.last_sequence,
    };
    let views = Views::find(copy.path(), Opening::within(PATIENCE)).complete(&identity)?;
    let mut kept = TallyBuckets::new();
    for tally_bucket in views.all_tally_buckets() {
        let (tenant, place, tally) = tally_bucket?;
        kept.insert((tenant, place), tally);
    }
    let (recounted, coverage) = folded.count(&views)?;
    let kept_coverage = kept_coverage(&views)?;
    let (coverage_buckets, coverage_differences) = coverage_differences(&kept_coverage, &coverage);
    Ok(Recount {
        coverage_buckets,
        coverage_differences,
        incidents: folded.ledgers.len(),
        tally_buckets: kept
            .keys()
            .chain(recounted.keys().filter(|key| !kept.contains_key(key)))
            .count(),
        differences: differences(kept, recounted),
    })
}

/// What a journal holds of terms and incidents.
struct Folded {
    state: State,
    ledgers: IncidentLedgers,
    last_sequence: u64,
    last_time: Instant,
}

impl Folded {
    fn read(
        log: &dyn LogSource,
        zones: &ZoneDatabase,
        names: &Names,
    ) -> Result<Folded, RecountError> {
        let (state, ledgers) = (State::new(zones.clone()), IncidentLedgers::default());
        let mut folded = Folded { state, ledgers, last_sequence: 0, last_time: Instant::MIN };
        for chunk in replay::chunks(log, 1, u64::MAX, zones, names)? {
            for recorded in chunk?.records {
                (folded.last_sequence, folded.last_time) =
                    (recorded.sequence, recorded.record_time);
                let Ok(()) = folded.state.apply(recorded, &mut folded.ledgers);
            }
        }
        Ok(folded)
    }

    /// What the incidents add up to, tally bucket by tally bucket, and which clocks they lack; of
    /// facts that are still to come, without those that the views leave out.
    fn count(&self, views: &Views) -> Result<(TallyBuckets, CoverageBuckets), ViewsError> {
        let (mut tally_buckets, mut coverage) = (TallyBuckets::new(), CoverageBuckets::new());
        for ((tenant, incident), ledger) in &self.ledgers {
            let catalog = self.state.catalog(tenant).known(self.last_time);
            let expires = views.expires(&IncidentKey::new(tenant, incident))?;
            let index_entry = index::index_entry(incident, ledger, catalog, expires);
            for (tally_bucket, tally) in index_entry.contribution.tally_buckets() {
                tally_buckets.entry((tenant.clone(), tally_bucket.into())).or_default().add(tally);
            }
            let missing = index_entry.contribution.missing.iter();
            for bucket in missing.filter_map(MissingContribution::bucket) {
                *coverage.entry((tenant.clone(), bucket)).or_default() += 1;
            }
        }
        Ok((tally_buckets, coverage))
    }
}

fn kept_coverage(views: &Views) -> Result<CoverageBuckets, ViewsError> {
    let kept = views.all_coverage_buckets();
    kept.map(|kept| kept.map(|(tenant, bucket, count)| ((tenant, bucket), count))).collect()
}

/// How many counts there are, and those that differ.
fn coverage_differences(
    kept: &CoverageBuckets,
    recounted: &CoverageBuckets,
) -> (usize, Vec<(TenantId, CoverageBucket, u64, u64)>) {
    let all: BTreeSet<_> = kept.keys().chain(recounted.keys()).collect();
    let of = |counts: &CoverageBuckets, key| counts.get(key).copied().unwrap_or_default();
    let differing = all.iter().filter_map(|key| {
        let (kept, recounted) = (of(kept, key), of(recounted, key));
        let (tenant, bucket) = (*key).clone();
        (kept != recounted).then_some((tenant, bucket, kept, recounted))
    });
    (all.len(), differing.collect())
}

fn differences(mut kept: TallyBuckets, recounted: TallyBuckets) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut compare = |(tenant, place), kept: Tally, recounted: Tally| {
        if kept != recounted {
            found.push(Difference { tenant, place, kept, recounted });
        }
    };
    for (key, recounted) in recounted {
        let kept = kept.remove(&key).unwrap_or_default();
        compare(key, kept, recounted);
    }
    kept.into_iter().for_each(|(key, kept)| compare(key, kept, Tally::default()));
    found.sort_by(|a, b| (&a.tenant, &a.place).cmp(&(&b.tenant, &b.place)));
    found
}

/// Copies a directory and all that lies in it.
pub(super) fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let (from, to) = {
            let entry = entry?;
            (entry.path(), to.join(entry.file_name()))
        };
        match from.is_dir() {
            true => copy_files(&from, &to)?,
            false => drop(fs::copy(from, to)?),
        }
    }
    Ok(())
}
