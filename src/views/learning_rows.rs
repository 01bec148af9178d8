//! What was learnt of tenants, kept in many small rows each.
//!
//! They are written into one of two places, while those in the other still count, until the
//! tenant's head names the place: whoever is interrupted leaves behind what was kept before. Then
//! all others go, since what they hold may have been erased.

use std::ops::Range;

use super::disk_space::{ROOM_TO_WRITE_BYTES, check_room};
use super::error::ViewsError;
use super::keys;
use super::read::Views;
use super::store::{Batch, Store};
use crate::codec::store::learning;
use crate::domain::ids::TenantId;
use crate::engine::learning::Learning;

/// Parts that are written in one step.
const PARTS_PER_BATCH: usize = 64;
/// Rows that are removed in one step.
const ROWS_REMOVED_PER_BATCH: usize = 256;

/// What is kept of a tenant's learning.
#[derive(Debug)]
pub enum KeptLearning {
    /// Nothing: nothing had been recorded of it.
    Nothing,
    /// What can't be gone on from: it is damaged, another version's, or ahead of the other rows.
    Unusable,
    /// What was learnt from the journal up to a sequence, and the bytes of its rows.
    Upto(u64, Box<Learning>, usize),
}

impl Views {
    /// Keeps what a tenant's incidents have taught, for which the journal was read up to a
    /// sequence, and which `erasure` stood for the tenant when that began. Returns the bytes of the
    /// rows.
    pub fn keep_learning(
        &self,
        tenant: &TenantId,
        sequence: u64,
        learnt: &Learning,
        erasure: &[u8],
    ) -> Result<usize, ViewsError> {
        let store = self.store()?;
        let head = keys::learning(tenant);
        let before = store.get(&head)?;
        let before = before.and_then(|row| learning::decode_head(&row, erasure).ok().flatten());
        let place = before.map_or(0, |before| 1 - before.place.min(1));
        let mut parts = learning::encode_parts(learnt).zip(0..).peekable();
        let (mut count, mut bytes) = (0, 0);
        while parts.peek().is_some() {
            check_room(&self.directory, ROOM_TO_WRITE_BYTES)?;
            let mut batch = Batch::default();
            for (part, number) in parts.by_ref().take(PARTS_PER_BATCH) {
                (count, bytes) = (number + 1, bytes + part.len());
                batch.insert(keys::learning_part(tenant, place, number), part);
            }
            store.apply(batch)?;
        }
        check_room(&self.directory, ROOM_TO_WRITE_BYTES)?;
        let row = learning::encode_head((sequence, learnt, erasure), (place, count));
        store.insert(&head, &row)?;
        let part = |place, part| keys::learning_part(tenant, place, part);
        remove(&store, part(1 - place, 0)..part(1 - place, u32::MAX))?;
        remove(&store, part(place, count)..part(place, u32::MAX))?;
        Ok(bytes + row.len())
    }

    /// What a tenant's incidents had taught when that was last kept.
    pub fn learning(&self, tenant: &TenantId) -> Result<KeptLearning, ViewsError> {
        let store = self.store()?;
        let Some(row) = store.get(&keys::learning(tenant))? else {
            return Ok(KeptLearning::Nothing);
        };
        let head = learning::decode_head(&row, &self.names.erasure_of(tenant));
        let applied = self.applied()?;
        // What is ahead of the other rows may be of a journal that was cut since.
        let Some(head) = head.ok().flatten().filter(|head| head.sequence <= applied) else {
            return Ok(KeptLearning::Unusable);
        };
        let (sequence, mut bytes) = (head.sequence, row.len());
        let places = [0, head.parts].map(|part| keys::learning_part(tenant, head.place, part));
        let [from, until] = places;
        let parts = store.range(from..until).map(|row| {
            let (_, part) = row?;
            bytes += part.len();
            Ok::<_, ViewsError>(part)
        });
        match learning::decode(head, parts) {
            Ok(learning) => Ok(KeptLearning::Upto(sequence, Box::new(learning), bytes)),
            Err(ViewsError::Row(_)) => Ok(KeptLearning::Unusable),
            Err(error) => Err(error),
        }
    }

    /// Notes up to which sequence the journal was read for what is kept of every tenant, and the
    /// tenants of whom not all of that was learnt.
    pub fn keep_learnt_sequence<'t>(
        &self,
        sequence: u64,
        behind: impl Iterator<Item = &'t TenantId>,
    ) -> Result<(), ViewsError> {
        self.store()?.insert(keys::LEARNT, &keys::learnt_row(sequence, behind))
    }

    /// Up to which sequence the journal was read for what is kept of every tenant, and the tenants
    /// of whom not all of that was learnt. `None`: it must be read from its beginning.
    pub fn learnt_sequence(&self) -> Result<Option<(u64, Vec<TenantId>)>, ViewsError> {
        let row = self.store()?.get(keys::LEARNT)?;
        let kept = row.and_then(|row| keys::learnt(&row));
        let applied = self.applied()?;
        Ok(kept.filter(|(sequence, _)| *sequence <= applied))
    }
}

/// Removes the rows of some keys.
fn remove(store: &Store, keys: Range<Vec<u8>>) -> Result<(), ViewsError> {
    let mut rows = store.range(keys).peekable();
    while rows.peek().is_some() {
        let mut batch = Batch::default();
        for row in rows.by_ref().take(ROWS_REMOVED_PER_BATCH) {
            batch.remove(row?.0.to_vec());
        }
        store.apply(batch)?;
    }
    Ok(())
}
