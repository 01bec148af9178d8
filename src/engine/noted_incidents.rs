//! Incidents of which something was recorded that a fold does not know yet.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use super::incident_times::IncidentTimes;
use crate::domain::time::Instant;

/// So many records are noted before their incidents are looked up. Records of one incident come
/// close to each other, so that is done once for several; and a copy copies as many at most.
const NOTED_MAX: usize = 512;

/// Incidents of which something was recorded, each with the first instant that it may change. To
/// note a record costs next to nothing; what was noted is sorted in once it is of interest.
#[derive(Clone, Debug, Default)]
pub struct NotedIncidents {
    times: IncidentTimes,
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
        self.times.first().into_iter().chain(self.first_noted).min()
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.noted.is_empty() && self.times.is_empty()
    }

    /// The incidents with their instants, everything noted among them.
    pub fn sort_in(&mut self) -> &mut IncidentTimes {
        self.first_noted = None;
        let mut earliest = BTreeMap::new();
        for (id, time) in mem::take(&mut self.noted) {
            let first = earliest.entry(id).or_insert(time);
            *first = time.min(*first);
        }
        earliest.iter().for_each(|(id, time)| self.times.insert_earlier(id, *time));
        &mut self.times
    }

    /// The same of a copy, if anything must be sorted in.
    pub fn times(&self) -> Cow<'_, IncidentTimes> {
        match self.noted.is_empty() {
            true => Cow::Borrowed(&self.times),
            false => Cow::Owned(mem::take(self.clone().sort_in())),
        }
    }
}

impl From<IncidentTimes> for NotedIncidents {
    fn from(times: IncidentTimes) -> NotedIncidents {
        NotedIncidents { times, ..NotedIncidents::default() }
    }
}

impl PartialEq for NotedIncidents {
    fn eq(&self, other: &NotedIncidents) -> bool {
        self.times() == other.times()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_is_sorted_in_at_once(
            notes in prop::collection::vec((0..5u8, 0..9i64, prop::bool::weighted(0.1)), 0..40),
        ) {
            let (mut noted, mut times) = (NotedIncidents::default(), IncidentTimes::default());
            for (id, second, is_read) in notes {
                let id: Arc<str> = id.to_string().into();
                let time = Instant::from_seconds(second).unwrap();
                noted.note(&id, time);
                times.insert_earlier(&id, time);
                prop_assert_eq!(noted.first(), times.first());
                prop_assert_eq!(noted.is_empty(), times.is_empty());
                prop_assert_eq!(&*noted.times(), &times);
                if is_read {
                    prop_assert_eq!(&*noted.sort_in(), &times);
                }
            }
            prop_assert_eq!(noted, NotedIncidents::from(times));
        }
    }

    #[test]
    fn many_are_sorted_in_while_they_are_noted() {
        let mut noted = NotedIncidents::default();
        for number in 0..NOTED_MAX + 1 {
            noted.note(&number.to_string().into(), Instant::MIN);
        }
        assert_eq!(noted.noted.len(), 1);
        assert_eq!(noted.times().iter().count(), NOTED_MAX + 1);
    }
}
