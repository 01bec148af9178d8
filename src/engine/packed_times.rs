//! Incidents, each with an instant, in little memory.

use std::cmp::Ordering;

use crate::domain::time::Instant;

/// Incidents, each with an instant. It never changes, so it can be shared, and takes 16 bytes for
/// each of them beside its id.
#[derive(Debug, Default)]
pub(super) struct PackedTimes {
    /// All ids in order, one after the other.
    ids: String,
    /// Where each of them ends.
    ends: Vec<u32>,
    times: Vec<Instant>,
    /// The places of all of them in the order of their instants.
    by_time: Vec<u32>,
}

/// Bytes of an incident beside its id.
const BESIDE_ID_BYTES: usize = 16;

impl PackedTimes {
    /// Of incidents in the order of their ids.
    pub fn of<'i>(incidents: impl Iterator<Item = (&'i str, Instant)>) -> PackedTimes {
        let mut packed = PackedTimes::default();
        for (id, time) in incidents {
            packed.ids.push_str(id);
            packed.ends.push(narrow(packed.ids.len()));
            packed.times.push(time);
        }
        packed.ids.shrink_to_fit();
        packed.ends.shrink_to_fit();
        packed.times.shrink_to_fit();
        packed.by_time = (0..narrow(packed.len())).collect();
        packed.by_time.sort_unstable_by_key(|place| (packed.times.get(wide(*place)), *place));
        packed
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.ids.len() + self.len() * BESIDE_ID_BYTES
    }

    /// The place of an incident in the order of ids.
    pub fn find(&self, id: &str) -> Option<usize> {
        let mut places = 0..self.len();
        while !places.is_empty() {
            let middle = places.start.midpoint(places.end);
            match self.id(middle).cmp(id) {
                Ordering::Less => places.start = middle + 1,
                Ordering::Equal => return Some(middle),
                Ordering::Greater => places.end = middle,
            }
        }
        None
    }

    /// The id at a place.
    pub fn id(&self, place: usize) -> &str {
        let end = |place: usize| self.ends.get(place).map_or(0, |end| wide(*end));
        let range = place.checked_sub(1).map_or(0, end)..end(place);
        self.ids.get(range).unwrap_or_default()
    }

    /// The instant at a place.
    pub fn time(&self, place: usize) -> Instant {
        self.times.get(place).copied().unwrap_or(Instant::MAX)
    }

    /// The places in the order of instants, those of one instant in the order of ids: all but so
    /// many.
    pub fn by_time(&self, but: usize) -> impl Iterator<Item = usize> {
        self.by_time.iter().skip(but).map(|place| wide(*place))
    }
}

/// A place, or where an id ends: so few are packed together that it always fits.
fn narrow(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn wide(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_it_was_made_of(
            incidents in prop::collection::btree_map("[a-c]{0,3}", 0..5i64, 0..20),
        ) {
            let at = |second: i64| Instant::from_seconds(second).unwrap();
            let incidents: BTreeMap<String, Instant> =
                incidents.into_iter().map(|(id, second)| (id, at(second))).collect();
            let packed = PackedTimes::of(incidents.iter().map(|(id, time)| (id.as_str(), *time)));
            prop_assert_eq!(packed.len(), incidents.len());
            for (id, time) in &incidents {
                let place = packed.find(id).unwrap();
                prop_assert_eq!((packed.id(place), packed.time(place)), (id.as_str(), *time));
            }
            prop_assert_eq!(packed.find("d"), None);
            let mut by_time: Vec<_> = incidents.iter().map(|(id, time)| (*time, id.as_str())).collect();
            by_time.sort();
            for but in 0..=incidents.len() {
                let rest: Vec<_> =
                    packed.by_time(but).map(|place| (packed.time(place), packed.id(place))).collect();
                prop_assert_eq!(&rest, &by_time[but..]);
            }
        }
    }
}
