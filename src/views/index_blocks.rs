//! The keys that lead to incidents, kept by the dozens in blocks.
//!
//! sled does some 90,000 keys a second however small they are, and an incident has three to six of
//! these. So neighbours lie in one row, a block: the row's key is that of the first entry it was
//! begun with, and no later block begins before its last entry. What is found by a range of keys
//! costs as before: by what lies in the range, and a block more.
//!
//! Entries change in the same batch as the row of their incident, which says what they are, so that
//! a crash never leaves one behind that no row knows of.

use std::collections::BTreeMap;
use std::iter::{self, Peekable};
use std::ops::Bound;

use sled::IVec;

use super::error::ViewsError;
use super::kind::Kind;
use super::store::Store;
use crate::codec::store::packed::{pack, unpack};
use crate::codec::store::sorted_keys::{self, SortedKeys};
use crate::codec::store::unreadable::Unreadable;

/// What every block's key begins with.
const BLOCK: u8 = Kind::Block as u8;
/// Entries of a block at most. Twice as many cost a quarter more to write where ids are random, and
/// half as many an eighth more where they are not.
const ENTRIES_MAX: usize = 64;

/// Entries that come (true) or go.
pub(super) type EntryChanges = BTreeMap<Vec<u8>, bool>;

/// A row, or none in its place.
pub(super) type RowChange = (Vec<u8>, Option<Vec<u8>>);

/// The rows that must change for entries to come and go.
pub(super) fn rows(store: &Store, changes: EntryChanges) -> Result<Vec<RowChange>, ViewsError> {
    let mut changes = changes.into_iter().peekable();
    let mut rows = Vec::new();
    while let Some((first, _)) = changes.peek() {
        let block = Block::holding(store, first)?;
        rows.extend(block.changed(&mut changes));
    }
    Ok(rows)
}

/// The entries from one up to but not including another, in order.
pub(super) fn entries(
    store: &Store,
    from: Vec<u8>,
    until: Vec<u8>,
) -> impl Iterator<Item = Result<Vec<u8>, ViewsError>> + use<> {
    let first = last_up_to(store, &from).transpose();
    let (first, error) = match first {
        Some(Err(error)) => (None, Some(Err(error))),
        Some(Ok((key, _))) => (Some(key), None),
        None => (Some(key_of(&from)), None),
    };
    let rows = first.map(|first| store.range(first..key_of(&until)));
    let entries = rows.into_iter().flatten().flat_map(entries_of).chain(error);
    entries
        .skip_while(move |entry| entry.as_ref().is_ok_and(|entry| *entry < from))
        .take_while(move |entry| entry.as_ref().map_or(true, |entry| *entry < until))
}

/// The entries of a block, or why they can't be read.
fn entries_of(
    row: Result<(IVec, IVec), ViewsError>,
) -> impl Iterator<Item = Result<Vec<u8>, ViewsError>> {
    let entries = row.and_then(|(_, row)| Ok(decode(&row)?));
    let (entries, error) = match entries {
        Ok(entries) => (entries.iter().map(Vec::from).collect(), None),
        Err(error) => (Vec::new(), Some(Err(error))),
    };
    entries.into_iter().map(Ok).chain(error)
}

/// A block as it is stored, and where the next begins.
struct Block {
    key: Option<Vec<u8>>,
    entries: SortedKeys,
    next: Option<Vec<u8>>,
}

impl Block {
    /// The block that an entry lies in or belongs in.
    fn holding(store: &Store, entry: &[u8]) -> Result<Block, ViewsError> {
        let found = last_up_to(store, entry)?;
        let (key, entries) = match found {
            Some((key, row)) => (Some(key), decode(&row)?),
            None => (None, SortedKeys::default()),
        };
        let after = (Bound::Excluded(key_of(entry)), Bound::Excluded(vec![BLOCK + 1]));
        let next = store.range(after).next().transpose()?;
        let next = next.map(|(key, _)| key.to_vec());
        Ok(Block { key, entries, next })
    }

    /// The rows in its place, once those of the next changes have come and gone that belong in it.
    fn changed(
        self,
        changes: &mut Peekable<impl Iterator<Item = (Vec<u8>, bool)>>,
    ) -> Vec<RowChange> {
        let Block { key, entries: before, next } = self;
        // Of both the first byte of a block's key is left out.
        let next = next.as_ref().and_then(|next| next.get(1..));
        let belongs = |entry: &[u8]| next.is_none_or(|next| entry < next);
        let coming = iter::from_fn(|| changes.next_if(|(entry, _)| belongs(entry)));
        let coming: Vec<_> = coming.collect();
        let entries = merged(&before, &coming);
        let is_added_to_end = entries.last() > before.iter().next_back().as_ref();
        // What grows at its end is left full.
        let size = match is_added_to_end {
            true => ENTRIES_MAX,
            false => entries.len().div_ceil(entries.len().div_ceil(ENTRIES_MAX).max(1)).max(1),
        };
        let mut rows: Vec<RowChange> = Vec::new();
        for some in entries.chunks(size) {
            let begun = some.first().map(|first| key_of(first));
            // The first keeps its key: between that and its first entry there may be others again.
            let key = key.clone().filter(|_| rows.is_empty()).or(begun).unwrap_or_default();
            rows.push((key, Some(encode(some))));
        }
        match key {
            Some(key) if rows.is_empty() => vec![(key, None)],
            _ => rows,
        }
    }
}

/// The entries of a block, once some have come and others gone; both are in order.
fn merged<'e>(before: &'e SortedKeys, changes: &'e [(Vec<u8>, bool)]) -> Vec<&'e [u8]> {
    let mut entries = Vec::with_capacity(ENTRIES_MAX + changes.len());
    let mut before = before.iter().peekable();
    for (entry, comes) in changes {
        while let Some(earlier) = before.next_if(|earlier| earlier < &entry.as_slice()) {
            entries.push(earlier);
        }
        before.next_if_eq(&entry.as_slice());
        entries.extend(comes.then_some(entry.as_slice()));
    }
    entries.extend(before);
    entries
}

/// The entries of a block, packed: what they end with, an incident's id mostly, is alike too.
fn encode(entries: &[&[u8]]) -> Vec<u8> {
    pack(&sorted_keys::encode(entries.iter().copied()))
}

fn decode(row: &[u8]) -> Result<SortedKeys, Unreadable> {
    sorted_keys::decode(&unpack(row)?)
}

/// The last block whose key is not after that of an entry.
fn last_up_to(store: &Store, entry: &[u8]) -> Result<Option<(Vec<u8>, IVec)>, ViewsError> {
    let found = store.last(vec![BLOCK]..=key_of(entry))?;
    Ok(found.map(|(key, row)| (key.to_vec(), row)))
}

fn key_of(entry: &[u8]) -> Vec<u8> {
    [&[BLOCK], entry].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;
    use crate::views::store::{Batch, Opening};

    fn written(store: &Store, changes: EntryChanges) {
        let mut batch = Batch::default();
        for (key, row) in rows(store, changes).unwrap() {
            match row {
                Some(row) => batch.insert(key, row),
                None => batch.remove(key),
            }
        }
        store.apply(batch).unwrap();
    }

    fn open(directory: &TempDir) -> Store {
        let opening = Opening::within(Duration::from_secs(10));
        Store::open(directory.path(), opening, |_, _| Ok(())).unwrap()
    }

    fn found(store: &Store, from: &[u8], until: &[u8]) -> Vec<Vec<u8>> {
        entries(store, from.to_vec(), until.to_vec()).collect::<Result<_, _>>().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn entries_that_came_and_did_not_go_are_found_in_every_range(
            rounds in vec(vec((any::<u16>(), any::<bool>()), 1..400), 1..8),
            ranges in vec((any::<u16>(), any::<u16>()), 8),
            spread in prop_oneof![Just(1u16), Just(16), Just(256)],
        ) {
            let directory = TempDir::new().unwrap();
            let store = open(&directory);
            let mut expected = BTreeSet::new();
            let key = |number: u16| (number / spread).to_be_bytes().to_vec();
            for round in rounds {
                let changes: EntryChanges =
                    round.into_iter().map(|(number, comes)| (key(number), comes)).collect();
                for (entry, comes) in changes.clone() {
                    match comes {
                        true => expected.insert(entry),
                        false => expected.remove(&entry),
                    };
                }
                written(&store, changes);
            }
            for (from, until) in ranges.into_iter().chain([(0, u16::MAX)]) {
                let (from, until) = (key(from), key(until));
                let within = expected.iter().filter(|entry| (&from..&until).contains(entry));
                prop_assert_eq!(found(&store, &from, &until), within.cloned().collect::<Vec<_>>());
            }
            for row in store.range(vec![BLOCK]..vec![BLOCK + 1]) {
                let entries = decode(&row.unwrap().1).unwrap();
                prop_assert!((1..=ENTRIES_MAX).contains(&entries.iter().count()));
            }
        }
    }

    #[test]
    fn entries_that_come_in_order_fill_their_blocks_and_those_that_go_leave_none() {
        let directory = TempDir::new().unwrap();
        let store = open(&directory);
        let key = |number: u32| number.to_be_bytes().to_vec();
        for round in 0..100 {
            let entries = round * 16..(round + 1) * 16;
            written(&store, entries.map(|number| (key(number), true)).collect());
        }
        let blocks = || store.range(vec![BLOCK]..vec![BLOCK + 1]).count();
        assert_eq!(blocks(), 1_600 / ENTRIES_MAX);
        written(&store, (0..1_600).map(|number| (key(number), false)).collect());
        assert_eq!(blocks(), 0);
    }
}
