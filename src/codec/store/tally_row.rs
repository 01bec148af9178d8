//! The tallies of one day and one value, by target and priority, as a row of the views keeps them.

use std::borrow::Cow;

use prost::Message;

use super::tally;
use super::unreadable::Unreadable;
use super::v1 as store;
use crate::domain::compliance::Tally;

/// The tallies of a row, in the order of their targets and priorities. Those that are not changed
/// are neither read nor written anew: their bytes stay.
#[derive(Debug, Default)]
pub struct TallyRow(Vec<NamedTally>);

#[derive(Debug)]
struct NamedTally {
    target_id: String,
    priority: String,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Stored(Vec<u8>),
    Changed(Box<Tally>),
}

impl TallyRow {
    /// Of a row's bytes.
    pub fn decode(bytes: &[u8]) -> Result<TallyRow, Unreadable> {
        let entries = store::TallyRow::decode(bytes)?.entries.into_iter();
        let entry = |store::TallyRowEntry { target_id, priority, tally }| NamedTally {
            target_id,
            priority,
            held: Held::Stored(tally),
        };
        Ok(TallyRow(entries.map(entry).collect()))
    }

    /// Its bytes; `None`: no tally has anything in it.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let kept = self.0.iter().filter(|entry| !entry.is_empty());
        let entries = kept.map(|entry| store::TallyRowEntry {
            target_id: entry.target_id.clone(),
            priority: entry.priority.clone(),
            tally: entry.bytes().into_owned(),
        });
        let row = store::TallyRow { entries: entries.collect() };
        (!row.entries.is_empty()).then(|| row.encode_to_vec())
    }

    /// Changes the tally of a target and a priority. True: it is the first change of that.
    pub fn change(
        &mut self,
        (target_id, priority): (&str, &str),
        change: impl FnOnce(&mut Tally),
    ) -> Result<bool, Unreadable> {
        let name = (target_id, priority);
        let place = match self.0.binary_search_by(|entry| entry.name().cmp(&name)) {
            Ok(place) => place,
            Err(place) => {
                let (target_id, priority) = (target_id.to_owned(), priority.to_owned());
                let held = Held::Stored(Vec::new());
                self.0.insert(place, NamedTally { target_id, priority, held });
                place
            }
        };
        let Some(NamedTally { held, .. }) = self.0.get_mut(place) else { return Ok(false) };
        let is_first = match held {
            Held::Changed(_) => false,
            Held::Stored(bytes) => {
                *held = Held::Changed(Box::new(tally::decode(bytes)?));
                true
            }
        };
        if let Held::Changed(tally) = held {
            change(tally);
        }
        Ok(is_first)
    }

    /// Every tally, with its target and its priority.
    pub fn into_tallies(self) -> impl Iterator<Item = Result<(String, String, Tally), Unreadable>> {
        self.0.into_iter().map(|NamedTally { target_id, priority, held }| match held {
            Held::Stored(bytes) => Ok((target_id, priority, tally::decode(&bytes)?)),
            Held::Changed(tally) => Ok((target_id, priority, *tally)),
        })
    }
}

impl NamedTally {
    fn name(&self) -> (&str, &str) {
        (&self.target_id, &self.priority)
    }

    fn is_empty(&self) -> bool {
        match &self.held {
            Held::Stored(bytes) => bytes.is_empty(),
            Held::Changed(tally) => tally.is_empty(),
        }
    }

    fn bytes(&self) -> Cow<'_, [u8]> {
        match &self.held {
            Held::Stored(bytes) => Cow::Borrowed(bytes),
            Held::Changed(tally) => Cow::Owned(tally::encode(tally)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn met(count: u64) -> Tally {
        let mut tally = Tally::default();
        tally.contractual.met = count;
        tally
    }

    proptest! {
        /// However often it is put down and read again between changes.
        #[test]
        fn it_holds_what_was_added_to_each_tally(
            rounds in prop::collection::vec(
                prop::collection::vec((0..3u8, 0..3u8, any::<bool>()), 0..9), 0..6,
            ),
        ) {
            let mut bytes: Option<Vec<u8>> = None;
            let mut expected = BTreeMap::new();
            for round in rounds {
                let mut row = match &bytes {
                    Some(bytes) => TallyRow::decode(bytes).unwrap(),
                    None => TallyRow::default(),
                };
                let mut changed = std::collections::BTreeSet::new();
                for (target, priority, adds) in round {
                    let name = (target.to_string(), priority.to_string());
                    let count = expected.entry(name.clone()).or_insert(0);
                    *count = if adds { *count + 1 } else { 0 };
                    let count = *count;
                    let is_first = row.change((&name.0, &name.1), |tally| *tally = met(count));
                    prop_assert_eq!(is_first, Ok(changed.insert(name)));
                }
                expected.retain(|_, count| *count > 0);
                bytes = row.encode();
                let read = bytes.as_deref().map(|bytes| TallyRow::decode(bytes).unwrap());
                let read: Vec<_> =
                    read.unwrap_or_default().into_tallies().collect::<Result<_, _>>().unwrap();
                let tallies = expected.iter().map(|((target, priority), count)| {
                    (target.clone(), priority.clone(), met(*count))
                });
                prop_assert_eq!(read, tallies.collect::<Vec<_>>());
                prop_assert_eq!(bytes.is_none(), expected.is_empty());
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(row) = TallyRow::decode(&bytes) {
                let _ = row.into_tallies().count();
            }
        }
    }
}
