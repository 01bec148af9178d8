//! Incidents of which something was recorded that a fold does not know yet.

use std::collections::BTreeMap;
use std::iter;
use std::mem;
use std::sync::Arc;

use itertools::Itertools;
use rpds::HashTrieSetSync;

use super::incident_times::IncidentTimes;
use super::packed_times::PackedTimes;
use crate::domain::time::Instant;

/// So many records are noted before their incidents are looked up. Records of one incident come
/// close to each other, so that is done once for several; and a copy copies as many at most.
const NOTED_MAX: usize = 512;
/// What is not packed is, once it is so many and one in so many of what is.
const LOOSE_MAX: usize = 4_096;
const LOOSE_ONE_IN: usize = 8;

/// Incidents of which something was recorded, each with the first instant that it may change. To
/// note a record costs next to nothing; what was noted is sorted in once it is of interest. An
/// import leaves a million of them until the next day, so most are packed, and shared by copies.
#[derive(Clone, Debug, Default)]
pub struct NotedIncidents {
    packed: Arc<PackedTimes>,
    /// So many of those that are packed are gone, the earliest.
    gone: usize,
    /// The places of those that are packed with an instant that an earlier one took the place of.
    replaced: HashTrieSetSync<usize>,
    /// Those that are not packed.
    loose: IncidentTimes,
    /// What is not sorted in yet, in the order it was noted.
    noted: Vec<(Arc<str>, Instant)>,
    /// The first instant in that.
    first_noted: Option<Instant>,
}

impl NotedIncidents {
    /// Notes that something was recorded of an incident that changes nothing before an instant.
    pub fn note(&mut self, id: &Arc<str>, from: Instant) {
        self.noted.push((Arc::clone(id), from));
        self.first_noted = Some(self.first_noted.map_or(from, |first| first.min(from)));
        if self.noted.len() >= NOTED_MAX {
            self.sort_in();
        }
    }

    /// The earliest instant.
    pub fn first(&self) -> Option<Instant> {
        let packed = self.packed_places().next().map(|place| self.packed.time(place));
        packed.into_iter().chain(self.loose.first()).chain(self.first_noted).min()
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The instants up to one, with it, the earliest first.
    pub fn times_up_to(&mut self, until: Instant) -> impl Iterator<Item = Instant> {
        self.sort_in();
        let packed = self.packed_places().map(|place| self.packed.time(place));
        let loose = self.loose.iter().map(|(time, _)| time);
        packed.merge(loose).take_while(move |time| *time <= until)
    }

    /// Takes the incidents up to an instant out, with it, the earliest first.
    pub fn take_up_to(&mut self, until: Instant) -> impl Iterator<Item = (Instant, Arc<str>)> {
        self.sort_in();
        iter::from_fn(move || self.first().filter(|first| *first <= until).and_then(|_| self.pop()))
    }

    /// All of them, the earliest first.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, Arc<str>)> + use<> {
        let mut rest = self.clone();
        rest.sort_in();
        iter::from_fn(move || rest.pop())
    }

    /// Takes the earliest out, once everything is sorted in.
    fn pop(&mut self) -> Option<(Instant, Arc<str>)> {
        let packed = self.packed_places().next();
        let packed_first = packed.map(|place| (self.packed.time(place), self.packed.id(place)));
        let loose_first = self.loose.iter().next();
        let is_packed = match (packed_first, loose_first) {
            (Some(packed), Some((time, id))) => packed < (time, id),
            (packed, _) => packed.is_some(),
        };
        if is_packed {
            let (time, id) = packed_first?;
            let first = (time, Arc::from(id));
            self.gone +=
                1 + self.packed.by_time(self.gone).take_while(|of| Some(*of) != packed).count();
            if self.gone == self.packed.len() {
                (self.packed, self.gone, self.replaced) = Default::default();
            }
            return Some(first);
        }
        let (time, id) = loose_first.map(|(time, id)| (time, Arc::clone(id)))?;
        self.loose.remove(&id);
        Some((time, id))
    }

    fn sort_in(&mut self) {
        self.first_noted = None;
        let mut earliest = BTreeMap::new();
        for (id, time) in mem::take(&mut self.noted) {
            let first = earliest.entry(id).or_insert(time);
            *first = time.min(*first);
        }
        for (id, time) in earliest {
            match self.packed.find(&id).filter(|place| self.is_here(*place)) {
                Some(place) if self.packed.time(place) <= time => {}
                Some(place) => {
                    self.replaced.insert_mut(place);
                    self.loose.insert_earlier(&id, time);
                }
                None => self.loose.insert_earlier(&id, time),
            }
        }
        if self.loose.len() > LOOSE_MAX.max(self.packed.len() / LOOSE_ONE_IN) {
            self.pack();
        }
    }

    /// Packs everything anew.
    fn pack(&mut self) {
        let packed = (0..self.packed.len()).filter(|place| self.is_here(*place));
        let packed = packed.map(|place| (self.packed.id(place), self.packed.time(place)));
        let loose = self.loose.iter().map(|(time, id)| (&**id, time)).sorted();
        let all = PackedTimes::of(packed.merge(loose));
        *self = NotedIncidents { packed: Arc::new(all), ..NotedIncidents::default() };
    }

    /// The places of those that are packed and neither gone nor replaced, the earliest first.
    fn packed_places(&self) -> impl Iterator<Item = usize> {
        self.packed.by_time(self.gone).filter(|place| !self.replaced.contains(place))
    }

    fn is_here(&self, place: usize) -> bool {
        let by_time = |place: usize| (self.packed.time(place), place);
        let first = self.packed.by_time(self.gone).next();
        first.is_some_and(|first| by_time(first) <= by_time(place))
            && !self.replaced.contains(&place)
    }
}

impl FromIterator<(Instant, Arc<str>)> for NotedIncidents {
    fn from_iter<I: IntoIterator<Item = (Instant, Arc<str>)>>(all: I) -> NotedIncidents {
        let mut noted = NotedIncidents::default();
        all.into_iter().for_each(|(time, id)| noted.note(&id, time));
        noted
    }
}

impl PartialEq for NotedIncidents {
    fn eq(&self, other: &NotedIncidents) -> bool {
        self.iter().eq(other.iter())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Instant {
        Instant::from_seconds(second).unwrap()
    }

    proptest! {
        #[test]
        fn it_holds_the_earliest_instant_of_each(
            steps in prop::collection::vec((0..9u8, 0..9i64, 0..10u8), 0..60),
        ) {
            let (mut noted, mut times) = (NotedIncidents::default(), IncidentTimes::default());
            for (id, second, step) in steps {
                match step {
                    0 => {
                        let taken: Vec<_> = noted.take_up_to(at(second)).collect();
                        let due: Vec<_> =
                            times.up_to(at(second)).map(|(time, id)| (time, id.clone())).collect();
                        prop_assert_eq!(&taken, &due);
                        for (_, id) in &due {
                            times.remove(id);
                        }
                    }
                    1 => noted.sort_in(),
                    2 => {
                        noted.sort_in();
                        noted.pack();
                    }
                    _ => {
                        let id: Arc<str> = id.to_string().into();
                        noted.note(&id, at(second));
                        times.insert_earlier(&id, at(second));
                    }
                }
                prop_assert_eq!(noted.first(), times.first());
                prop_assert_eq!(noted.is_empty(), times.is_empty());
                let all: Vec<_> = times.iter().map(|(time, id)| (time, id.clone())).collect();
                prop_assert_eq!(noted.iter().collect::<Vec<_>>(), all);
                let until: Vec<_> = noted.clone().times_up_to(at(second)).collect();
                let due: Vec<_> = times.up_to(at(second)).map(|(time, _)| time).collect();
                prop_assert_eq!(until, due);
            }
        }
    }

    #[test]
    fn many_are_packed_while_they_are_noted() {
        let mut noted = NotedIncidents::default();
        for number in 0..20_000 {
            noted.note(&number.to_string().into(), at(20_000 - number));
        }
        assert!(noted.packed.len() > 10_000, "{}", noted.packed.len());
        assert!(noted.noted.len() < NOTED_MAX);
        assert_eq!((noted.iter().count(), noted.first()), (20_000, Some(at(1))));
    }
}
