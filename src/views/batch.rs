//! What is written to the store in one piece.

use std::collections::{HashMap, HashSet};
use std::mem;

use super::ViewsError;
use super::rows::Step;
use super::store::Store;
use crate::domain::compliance::Tally;
use crate::wire::tally;

/// sled is quickest with batches of some hundreds of keys.
const KEYS_A_BATCH: usize = 256;

/// Steps that are written together, and the cells they change, as they stand after them.
///
/// A cell is read once and kept: later steps change it again. It is written with every batch that
/// has a step that changes it, so that a crash never parts an incident's row from what the row says
/// it has added.
#[derive(Debug)]
pub(super) struct Batch<'s> {
    store: &'s Store,
    rows: sled::Batch,
    keys: usize,
    cells: HashMap<Vec<u8>, Tally>,
    changed: HashSet<Vec<u8>>,
}

impl<'s> Batch<'s> {
    pub fn new(store: &'s Store) -> Batch<'s> {
        Batch {
            store,
            rows: sled::Batch::default(),
            keys: 0,
            cells: HashMap::new(),
            changed: HashSet::new(),
        }
    }

    pub fn is_full(&self) -> bool {
        self.keys >= KEYS_A_BATCH
    }

    pub fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.keys += 1;
        self.rows.insert(key, value);
    }

    fn remove(&mut self, key: Vec<u8>) {
        self.keys += 1;
        self.rows.remove(key);
    }

    /// Takes in all of a step.
    pub fn take(&mut self, step: Step) -> Result<(), ViewsError> {
        for (key, value) in step.rows {
            match value {
                Some(value) => self.insert(key, value),
                None => self.remove(key),
            }
        }
        for (key, tally) in step.removed {
            self.cell(key)?.remove(&tally);
        }
        for (key, tally) in step.added {
            self.cell(key)?.add(&tally);
        }
        Ok(())
    }

    /// A cell that is about to change.
    fn cell(&mut self, key: Vec<u8>) -> Result<&mut Tally, ViewsError> {
        if !self.cells.contains_key(&key) {
            let kept = self.store.get(&key)?;
            let kept = kept.map(|row| tally::decode(&row)).transpose()?;
            self.cells.insert(key.clone(), kept.unwrap_or_default());
        }
        if self.changed.insert(key.clone()) {
            self.keys += 1;
        }
        Ok(self.cells.entry(key).or_default())
    }

    /// Writes what was taken in, and goes on with nothing.
    pub fn write(&mut self) -> Result<(), ViewsError> {
        for key in self.changed.drain() {
            match self.cells.get(&key).filter(|cell| !cell.is_empty()) {
                Some(cell) => self.rows.insert(key, tally::encode(cell)),
                None => self.rows.remove(key),
            }
        }
        self.keys = 0;
        self.store.apply(mem::take(&mut self.rows))
    }
}
