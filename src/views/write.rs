//! Writing changes to the store, in batches.
//!
//! Rows are written as they come; the tally buckets they change meet in memory and are written
//! last, each once. Meanwhile the tally buckets are behind the rows, and a mark says so: whoever
//! finds it adds the tally buckets up anew, from what each incident's row says it has added.

use std::collections::HashMap;
use std::mem;
use std::path::PathBuf;

use super::coverage_keys;
use super::disk_space::{ROOM_TO_WRITE_BYTES, check_room};
use super::error::ViewsError;
use super::index_blocks::{self, EntryChanges};
use super::keys;
use super::read::Views;
use super::rows::{Changes, WriteStep};
use super::store::{Batch, Store};
use crate::codec::choices::missing_reason_number;
use crate::codec::store::incident_row;
use crate::codec::store::tally_row::TallyRow;
use crate::domain::compliance::Tally;
use crate::domain::ids::TenantId;
use crate::engine::tally::{Contribution, MissingContribution};

/// Rows in a batch: sled is quickest with some hundreds. Blocks of the index come in addition.
const ROWS_PER_BATCH: usize = 256;
/// Tally buckets held in memory at most.
const TALLY_BUCKETS_HELD_MAX: usize = 50_000;
/// Incidents added up anew between two log messages.
const INCIDENTS_PER_LINE: usize = 100_000;

/// Changes on their way into the store. What is not finished counts as never projected.
#[derive(Debug)]
pub struct Writing {
    directory: PathBuf,
    store: Store,
    batch: Batch,
    rows: usize,
    /// The entries of the index that come or go with the batch.
    entries: EntryChanges,
    /// The rows whose tally buckets were changed and are not yet written, and how many of these
    /// they hold.
    tally_rows: HashMap<Vec<u8>, TallyRow>,
    tallies_held: usize,
    /// The same of the counts of incidents without clocks.
    coverage: HashMap<Vec<u8>, u64>,
    /// Rows may be written whose tally buckets are not.
    is_marked: bool,
}

impl Views {
    /// Begins to write changes.
    pub fn begin(&self) -> Result<Writing, ViewsError> {
        Ok(Writing::new(self.directory.clone(), self.store()?))
    }

    /// Adds the tallies up anew, if they were left behind the rows when the views failed. Nobody
    /// may read tallies before.
    pub fn catch_up_tallies(&self) -> Result<(), ViewsError> {
        Writing::new(self.directory.clone(), self.store()?).catch_up_tallies()
    }
}

impl Writing {
    pub(super) fn new(directory: PathBuf, store: Store) -> Writing {
        Writing {
            directory,
            store,
            batch: Batch::default(),
            rows: 0,
            entries: EntryChanges::new(),
            tally_rows: HashMap::new(),
            tallies_held: 0,
            coverage: HashMap::new(),
            is_marked: false,
        }
    }

    /// Takes in changes. From then on their rows can be read; their tally buckets not before the
    /// end.
    pub fn write(&mut self, changes: Changes) -> Result<(), ViewsError> {
        check_room(&self.directory, ROOM_TO_WRITE_BYTES)?;
        crash_point!("views-before-write");
        for step in changes.steps {
            self.take(step)?;
        }
        self.apply_marked()
    }

    /// Writes the tally buckets, and the sequence everything is complete up to.
    pub fn finish(mut self, applied: u64) -> Result<(), ViewsError> {
        check_room(&self.directory, ROOM_TO_WRITE_BYTES)?;
        self.write_tally_buckets()?;
        crash_point!("views-before-applied");
        self.batch.remove(keys::TALLYING.to_vec());
        self.batch.insert(keys::APPLIED.to_vec(), applied.to_be_bytes().to_vec());
        self.apply()?;
        crash_point!("views-after-write");
        Ok(())
    }

    /// Adds all tally buckets up anew, if they were left behind the rows.
    pub(super) fn catch_up_tallies(mut self) -> Result<(), ViewsError> {
        if self.store.get(keys::TALLYING)?.is_none() {
            return Ok(());
        }
        tracing::info!("adding up the tallies anew: a crash left them behind");
        self.is_marked = true;
        self.remove_tally_buckets()?;
        let incidents = self.add_tally_buckets_up()?;
        self.write_tally_buckets()?;
        self.batch.remove(keys::TALLYING.to_vec());
        self.apply()?;
        tracing::info!(incidents, "added up the tallies anew");
        Ok(())
    }

    fn remove_tally_buckets(&mut self) -> Result<(), ViewsError> {
        for all in [keys::all_tally_buckets(), coverage_keys::all_coverage_buckets()] {
            for row in self.store.range(all.clone()..keys::end_of(&all)) {
                self.remove(row?.0.to_vec())?;
            }
        }
        self.apply()
    }

    /// Adds each incident to its tally buckets; returns how many.
    fn add_tally_buckets_up(&mut self) -> Result<usize, ViewsError> {
        let all = keys::all_incidents();
        let mut incidents = 0;
        for row in self.store.range(all.clone()..keys::end_of(&all)) {
            let (key, row) = row?;
            let key = keys::IncidentKey::read(&key);
            let contribution = incident_row::decode_contribution(&row)?;
            let tenant = key.parts().0;
            self.tally(&tenant, &contribution, Tally::add)?;
            self.count_missing(&tenant, &contribution, CountChange::Add)?;
            self.hold_fewer_tally_buckets()?;
            incidents += 1;
            if incidents % INCIDENTS_PER_LINE == 0 {
                tracing::info!(incidents, "adding up the tallies anew");
            }
        }
        Ok(incidents)
    }

    fn take(&mut self, step: WriteStep) -> Result<(), ViewsError> {
        if let Some((tenant, removed, added)) = &step.contribution {
            self.tally(tenant, removed, Tally::remove)?;
            self.tally(tenant, added, Tally::add)?;
            self.count_missing(tenant, removed, CountChange::Remove)?;
            self.count_missing(tenant, added, CountChange::Add)?;
        }
        self.rows += step.rows.len();
        for (key, value) in step.rows {
            self.batch.insert(key, value);
        }
        self.entries.extend(step.entries);
        if self.rows >= ROWS_PER_BATCH {
            self.apply_marked()?;
        }
        self.hold_fewer_tally_buckets()
    }

    fn hold_fewer_tally_buckets(&mut self) -> Result<(), ViewsError> {
        match self.tallies_held + self.coverage.len() >= TALLY_BUCKETS_HELD_MAX {
            true => self.write_tally_buckets(),
            false => Ok(()),
        }
    }

    /// Changes each tally bucket that an incident adds to.
    fn tally(
        &mut self,
        tenant: &TenantId,
        contribution: &Contribution,
        change: fn(&mut Tally, &Tally),
    ) -> Result<(), ViewsError> {
        let mut key = Vec::new();
        for (tally_bucket, tally) in contribution.tally_buckets() {
            keys::set_to_tally_row(&mut key, tenant, &tally_bucket);
            if !self.tally_rows.contains_key(&key) {
                self.tally_rows.insert(key.clone(), self.kept(&key)?);
            }
            if let Some(row) = self.tally_rows.get_mut(&key) {
                let name = (tally_bucket.target_id, tally_bucket.priority);
                let is_first = row.change(name, |kept| change(kept, tally))?;
                self.tallies_held += usize::from(is_first);
            }
        }
        Ok(())
    }

    /// Changes each count of the clocks that an incident lacks.
    fn count_missing(
        &mut self,
        tenant: &TenantId,
        contribution: &Contribution,
        change: CountChange,
    ) -> Result<(), ViewsError> {
        for bucket in contribution.missing.iter().filter_map(MissingContribution::bucket) {
            let reason = missing_reason_number(bucket.key.reason);
            let key = coverage_keys::coverage_bucket(tenant, &bucket, reason);
            let kept = match self.coverage.get(&key) {
                Some(count) => *count,
                None => match self.store.get(&key)? {
                    Some(row) => coverage_keys::coverage_count(&row)?,
                    None => 0,
                },
            };
            self.coverage.insert(key, change.of_one(kept));
        }
        Ok(())
    }

    fn write_coverage(&mut self) -> Result<(), ViewsError> {
        let mut coverage: Vec<_> = mem::take(&mut self.coverage).into_iter().collect();
        coverage.sort_unstable();
        for (key, count) in coverage {
            match count {
                0 => self.remove(key)?,
                count => self.insert(key, count.to_be_bytes().to_vec())?,
            }
        }
        Ok(())
    }

    fn kept(&self, key: &[u8]) -> Result<TallyRow, ViewsError> {
        match self.store.get(key)? {
            Some(row) => Ok(TallyRow::decode(&row)?),
            None => Ok(TallyRow::default()),
        }
    }

    /// Writes the tally buckets, in the order of their keys: neighbours lie on one page. The last
    /// of them wait in the batch.
    fn write_tally_buckets(&mut self) -> Result<(), ViewsError> {
        self.write_coverage()?;
        self.tallies_held = 0;
        let mut rows: Vec<_> = mem::take(&mut self.tally_rows).into_iter().collect();
        rows.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        for (key, row) in rows {
            match row.encode() {
                Some(row) => self.insert(key, row)?,
                None => self.remove(key)?,
            }
        }
        Ok(())
    }

    fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), ViewsError> {
        self.batch.insert(key, value);
        self.count_row()
    }

    fn remove(&mut self, key: Vec<u8>) -> Result<(), ViewsError> {
        self.batch.remove(key);
        self.count_row()
    }

    fn count_row(&mut self) -> Result<(), ViewsError> {
        self.rows += 1;
        match self.rows >= ROWS_PER_BATCH {
            true => self.apply(),
            false => Ok(()),
        }
    }

    /// Writes rows before their tally buckets, and says so.
    fn apply_marked(&mut self) -> Result<(), ViewsError> {
        let has_waiting = !self.tally_rows.is_empty() || !self.coverage.is_empty();
        if !self.is_marked && has_waiting {
            self.batch.insert(keys::TALLYING.to_vec(), Vec::new());
            self.is_marked = true;
        }
        self.apply()
    }

    fn apply(&mut self) -> Result<(), ViewsError> {
        self.rows = 0;
        for (key, row) in index_blocks::rows(&self.store, mem::take(&mut self.entries))? {
            match row {
                Some(row) => self.batch.insert(key, row),
                None => self.batch.remove(key),
            }
        }
        self.store.apply(mem::take(&mut self.batch))?;
        crash_point!("views-between-batches");
        Ok(())
    }
}

/// What an incident does to a count of incidents.
#[derive(Clone, Copy, Debug)]
enum CountChange {
    Add,
    Remove,
}

impl CountChange {
    fn of_one(self, count: u64) -> u64 {
        match self {
            CountChange::Add => count.saturating_add(1),
            CountChange::Remove => count.saturating_sub(1),
        }
    }
}
