//! Incidents, each with an instant.

use std::sync::Arc;

use rpds::{HashTrieMapSync, RedBlackTreeSetSync};

use crate::domain::time::Instant;

/// Incidents, each with an instant: the earliest are found without walking through the others, and
/// a copy shares with its original whatever does not change.
#[derive(Clone, Debug, Default)]
pub struct IncidentTimes {
    by_id: HashTrieMapSync<Arc<str>, Instant>,
    by_time: RedBlackTreeSetSync<(Instant, Arc<str>)>,
}

impl IncidentTimes {
    /// The instant of an incident.
    pub fn get(&self, id: &str) -> Option<Instant> {
        self.by_id.get(id).copied()
    }

    /// Gives an incident an instant, in place of the one it has.
    pub fn insert(&mut self, id: &Arc<str>, time: Instant) {
        self.replace(id, self.get(id), time);
    }

    /// Gives an incident an instant, unless it has an earlier one.
    pub fn insert_earlier(&mut self, id: &Arc<str>, time: Instant) {
        let before = self.get(id);
        if before.is_none_or(|first| time < first) {
            self.replace(id, before, time);
        }
    }

    fn replace(&mut self, id: &Arc<str>, before: Option<Instant>, time: Instant) {
        if let Some(before) = before {
            self.by_time.remove_mut(&(before, Arc::clone(id)));
        }
        self.by_id.insert_mut(Arc::clone(id), time);
        self.by_time.insert_mut((time, Arc::clone(id)));
    }

    /// Removes an incident, and returns its instant.
    pub fn remove(&mut self, id: &Arc<str>) -> Option<Instant> {
        let time = self.get(id)?;
        self.by_id.remove_mut(id);
        self.by_time.remove_mut(&(time, Arc::clone(id)));
        Some(time)
    }

    /// The earliest instant.
    pub fn first(&self) -> Option<Instant> {
        self.by_time.first().map(|(time, _)| *time)
    }

    /// How many incidents there are.
    pub fn len(&self) -> usize {
        self.by_time.size()
    }

    /// Whether there are no incidents.
    pub fn is_empty(&self) -> bool {
        self.by_time.is_empty()
    }

    /// All of them, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, &Arc<str>)> {
        self.by_time.iter().map(|(time, id)| (*time, id))
    }

    /// Those up to an instant, with it, the earliest first.
    pub fn up_to(&self, until: Instant) -> impl Iterator<Item = (Instant, &Arc<str>)> {
        self.iter().take_while(move |(time, _)| *time <= until)
    }
}

impl PartialEq for IncidentTimes {
    fn eq(&self, other: &IncidentTimes) -> bool {
        self.by_time == other.by_time
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Insert(u8, i64),
        InsertEarlier(u8, i64),
        Remove(u8),
    }

    fn a_change() -> impl Strategy<Value = Change> {
        let (id, time) = (0..6u8, 0..9i64);
        prop_oneof![
            (id.clone(), time.clone()).prop_map(|(id, time)| Change::Insert(id, time)),
            (id.clone(), time).prop_map(|(id, time)| Change::InsertEarlier(id, time)),
            id.prop_map(Change::Remove),
        ]
    }

    fn at(second: i64) -> Instant {
        Instant::from_seconds(second).unwrap()
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(changes in prop::collection::vec(a_change(), 0..40)) {
            let (mut times, mut map) = (IncidentTimes::default(), BTreeMap::new());
            let mut copies = Vec::new();
            for change in changes {
                copies.push((times.clone(), map.clone()));
                match change {
                    Change::Insert(id, time) => {
                        times.insert(&id.to_string().into(), at(time));
                        map.insert(id, at(time));
                    }
                    Change::InsertEarlier(id, time) => {
                        times.insert_earlier(&id.to_string().into(), at(time));
                        let first = map.entry(id).or_insert(at(time));
                        *first = at(time).min(*first);
                    }
                    Change::Remove(id) => {
                        prop_assert_eq!(times.remove(&id.to_string().into()), map.remove(&id));
                    }
                }
            }
            copies.push((times, map));
            for (times, map) in copies {
                let mut sorted: Vec<_> =
                    map.iter().map(|(id, time)| (*time, Arc::from(id.to_string()))).collect();
                sorted.sort();
                let all: Vec<_> = times.iter().map(|(time, id)| (time, Arc::clone(id))).collect();
                prop_assert_eq!(&all, &sorted);
                for (id, time) in &map {
                    prop_assert_eq!(times.get(&id.to_string()), Some(*time));
                }
                prop_assert_eq!(times.first(), map.values().min().copied());
                prop_assert_eq!((times.is_empty(), times.len()), (map.is_empty(), map.len()));
                for until in 0..9 {
                    let due = times.up_to(at(until)).map(|(time, _)| time);
                    let early = sorted.iter().map(|(time, _)| *time).filter(|time| *time <= at(until));
                    prop_assert_eq!(due.collect::<Vec<_>>(), early.collect::<Vec<_>>());
                }
                }
        }
    }
}
