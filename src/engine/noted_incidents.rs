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
/// What is not packed is, once it is so many.
const LOOSE_MAX: usize = 4_096;
/// A run is packed anew with what came since once that is one in so many of it: so there are few
/// runs.
const PACKED_ANEW_FOR_ONE_IN: usize = 8;
/// No run takes more bytes than these, some 300,000 incidents: while one is packed anew, it is in
/// memory twice.
const RUN_BYTES_MAX: usize = 8 << 20;

/// Incidents of which something was recorded, each with the first instant that it may change. To
/// note a record costs next to nothing; what was noted is sorted in once it is of interest. An
/// import leaves a million of them until the next day, so most are packed, and shared by copies.
#[derive(Clone, Debug, Default)]
pub struct NotedIncidents {
    /// Those that are packed, the later ones last. None is here in two of them.
    runs: Vec<Run>,
    /// Those that are not packed.
    loose: IncidentTimes,
    /// What is not sorted in yet, in the order it was noted.
    noted: Vec<(Arc<str>, Instant)>,
    /// The first instant in that.
    first_noted: Option<Instant>,
}

/// Incidents that were packed together.
#[derive(Clone, Debug)]
struct Run {
    packed: Arc<PackedTimes>,
    /// So many of them are gone, the earliest.
    gone: usize,
    /// The places of those with an instant that an earlier one took the place of. The first that
    /// is not gone is none of them.
    replaced: HashTrieSetSync<usize>,
}

impl Run {
    fn of(packed: PackedTimes) -> Run {
        Run { packed: Arc::new(packed), gone: 0, replaced: HashTrieSetSync::default() }
    }

    /// The places of those that are neither gone nor replaced, the earliest first.
    fn places(&self) -> impl Iterator<Item = usize> {
        self.packed.by_time(self.gone).filter(|place| !self.replaced.contains(place))
    }

    /// The instants of those, the earliest first.
    fn times(&self) -> impl Iterator<Item = Instant> {
        self.places().map(|place| self.packed.time(place))
    }

    /// Those with their ids, in the order of the ids.
    fn by_id(&self) -> impl Iterator<Item = (&str, Instant)> {
        let places = (0..self.packed.len()).filter(|place| self.is_here(*place));
        places.map(|place| (self.packed.id(place), self.packed.time(place)))
    }

    fn first(&self) -> Option<(Instant, &str)> {
        let place = self.places().next()?;
        Some((self.packed.time(place), self.packed.id(place)))
    }

    /// Takes the earliest out.
    fn pop(&mut self) {
        self.gone += 1;
        self.pass_replaced();
    }

    /// An earlier instant takes the place of one.
    fn replace(&mut self, place: usize) {
        self.replaced.insert_mut(place);
        self.pass_replaced();
    }

    /// Those that would be the earliest and are replaced are gone, so that the earliest is found
    /// at once however many there are.
    fn pass_replaced(&mut self) {
        while let Some(next) = self.packed.by_time(self.gone).next()
            && self.replaced.remove_mut(&next)
        {
            self.gone += 1;
        }
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.packed.find(id).filter(|place| self.is_here(*place))
    }

    fn is_here(&self, place: usize) -> bool {
        let by_time = |place: usize| (self.packed.time(place), place);
        let first = self.packed.by_time(self.gone).next();
        first.is_some_and(|first| by_time(first) <= by_time(place))
            && !self.replaced.contains(&place)
    }
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
        let packed = self.runs.iter().filter_map(|run| run.times().next());
        packed.chain(self.loose.first()).chain(self.first_noted).min()
    }

    /// Whether nothing is noted.
    pub fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    /// The instants up to one, with it, the earliest first.
    pub fn times_up_to(&mut self, until: Instant) -> impl Iterator<Item = Instant> {
        self.sort_in();
        let packed = self.runs.iter().map(Run::times).kmerge();
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
        let firsts = self.runs.iter().enumerate();
        let firsts = firsts.filter_map(|(place, run)| Some((run.first()?, Some(place))));
        let loose = self.loose.iter().map(|(time, id)| ((time, &**id), None));
        let ((time, id), place) = firsts.chain(loose.take(1)).min()?;
        let id = Arc::from(id);
        match place.and_then(|place| self.runs.get_mut(place)) {
            Some(run) => {
                run.pop();
                self.runs.retain(|run| run.first().is_some());
            }
            None => drop(self.loose.remove(&id)),
        }
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
            let mut runs = self.runs.iter_mut();
            match runs.find_map(|run| run.find(&id).map(|place| (run, place))) {
                Some((run, place)) if run.packed.time(place) <= time => continue,
                Some((run, place)) => run.replace(place),
                None => {}
            }
            self.loose.insert_earlier(&id, time);
        }
        if self.loose.len() > LOOSE_MAX {
            self.pack();
        }
    }

    /// Packs what is not packed, with those runs that are not much larger.
    fn pack(&mut self) {
        let loose = mem::take(&mut self.loose);
        let mut packed = PackedTimes::of(loose.iter().map(|(time, id)| (&**id, time)).sorted());
        while let Some(run) = self.runs.pop_if(|run| {
            run.packed.len() <= packed.len() * PACKED_ANEW_FOR_ONE_IN
                && run.packed.bytes() + packed.bytes() <= RUN_BYTES_MAX
        }) {
            let added = (0..packed.len()).map(|place| (packed.id(place), packed.time(place)));
            packed = PackedTimes::of(run.by_id().merge(added));
        }
        self.runs.push(Run::of(packed));
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
            steps in prop::collection::vec((0..60u8, 0..9i64, 0..10u8), 0..200),
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
        let runs: Vec<_> = noted.runs.iter().map(|run| run.packed.len()).collect();
        assert!((1..=3).contains(&runs.len()), "{runs:?}");
        assert!(runs.is_sorted_by(|one, next| *one > next * PACKED_ANEW_FOR_ONE_IN), "{runs:?}");
        assert!(noted.loose.len() <= LOOSE_MAX && noted.noted.len() < NOTED_MAX);
        assert_eq!((noted.iter().count(), noted.first()), (20_000, Some(at(1))));
    }

    #[test]
    fn what_would_take_too_much_at_once_is_packed_in_several_runs() {
        let mut noted = NotedIncidents::default();
        let ids: Vec<Arc<str>> = (0..12_000).map(|one| format!("{one:01000}").into()).collect();
        for (id, second) in ids.iter().zip((0..12_000).rev()) {
            noted.note(id, at(second));
        }
        let runs: Vec<_> = noted.runs.iter().map(|run| run.packed.bytes()).collect();
        assert!(runs.len() > 1 && runs.iter().all(|bytes| *bytes <= RUN_BYTES_MAX), "{runs:?}");
        assert!(noted.iter().map(|(_, id)| id).eq(ids.into_iter().rev()));
    }

    #[test]
    fn those_that_an_earlier_instant_took_the_place_of_are_not_gone_through_for_each_other() {
        let ids: Vec<Arc<str>> = (0..100_000).map(|one| one.to_string().into()).collect();
        let mut noted: NotedIncidents = ids.iter().map(|id| (at(9), Arc::clone(id))).collect();
        ids.iter().for_each(|id| noted.note(id, at(1)));
        noted.sort_in();
        let front = |run: &Run| run.packed.by_time(run.gone).next();
        let is_replaced = |run: &Run| front(run).is_some_and(|of| run.replaced.contains(&of));
        assert!(!noted.runs.iter().any(is_replaced));
        assert_eq!(noted.take_up_to(at(1)).count(), ids.len());
        assert!(noted.is_empty());
    }
}
