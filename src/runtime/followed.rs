//! Follows the log for a tenant: which incidents what was recorded lately is about, a step at a
//! time. Whoever goes on where a step ended finds the place in the log without looking for it,
//! which would cost a walk through its segment.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::replay::ReplayError;
use crate::codec::store::names::Names;
use crate::codec::store::record;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::zone::ZoneDatabase;
use crate::engine::record::Entry;
use crate::journal::{LogReader, LogSource};

/// Places that are remembered. Each holds a file open.
const PLACES_MAX: usize = 16;

/// The log, and what its records are decoded with.
#[derive(Clone, Copy, Debug)]
pub(super) struct FollowedLog<'l> {
    pub log: &'l dyn LogSource,
    pub zones: &'l ZoneDatabase,
    pub names: &'l Names,
}

/// Where the log was followed to, whoever was last at the end.
#[derive(Debug, Default)]
pub(super) struct Followed(Mutex<VecDeque<FollowedPlace>>);

/// What a tenant's records between two sequences are about, and how to go on.
#[derive(Debug)]
struct FollowedPlace {
    tenant: TenantId,
    after: u64,
    until: u64,
    touched: VecDeque<(u64, IncidentId)>,
    reader: Box<dyn LogReader>,
}

impl Followed {
    /// The incidents of a tenant that the records after a sequence are about, up to another, each
    /// with its sequence. It costs by these records if a step ended at the first sequence, or went
    /// beyond it.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn touched(
        &self,
        of: FollowedLog<'_>,
        tenant: &TenantId,
        (after, until): (u64, u64),
    ) -> Result<Vec<(u64, IncidentId)>, ReplayError> {
        let mut place = match self.take(tenant, after) {
            Some(place) => place,
            None => FollowedPlace::begin(of, tenant, (after, until))?,
        };
        place.go_on(of, (after, until))?;
        let touched = place.touched.iter().take_while(|(sequence, _)| *sequence <= until);
        let touched = touched.cloned().collect();
        self.leave(place);
        Ok(touched)
    }

    fn take(&self, tenant: &TenantId, after: u64) -> Option<FollowedPlace> {
        let mut places = self.0.lock();
        let is_it = |place: &FollowedPlace| {
            place.tenant == *tenant && (place.after..=place.until).contains(&after)
        };
        let found = places.iter().position(is_it)?;
        places.remove(found)
    }

    fn leave(&self, place: FollowedPlace) {
        let mut places = self.0.lock();
        places.push_back(place);
        if places.len() > PLACES_MAX {
            places.pop_front();
        }
    }
}

impl FollowedPlace {
    fn begin(
        of: FollowedLog<'_>,
        tenant: &TenantId,
        (after, until): (u64, u64),
    ) -> Result<FollowedPlace, ReplayError> {
        // It was verified when it was opened, or folded.
        let reader = of.log.read_trusting_chain(after + 1..=until)?;
        let (tenant, touched) = (tenant.clone(), VecDeque::new());
        Ok(FollowedPlace { tenant, after, until: after, touched, reader })
    }

    /// Forgets what lies before a span, and reads on to its end.
    fn go_on(
        &mut self,
        of: FollowedLog<'_>,
        (after, until): (u64, u64),
    ) -> Result<(), ReplayError> {
        self.after = after;
        while self.touched.front().is_some_and(|(sequence, _)| *sequence <= after) {
            self.touched.pop_front();
        }
        if until <= self.until {
            return Ok(());
        }
        self.reader.read_on_to(until);
        for kept in self.reader.by_ref() {
            let kept = kept?;
            let sequence = kept.sequence;
            let record = record::decode(&kept.body, of.zones, of.names)
                .map_err(|source| ReplayError::Record { sequence, source })?;
            if let Entry::IncidentEvent(event) = record.entry
                && record.tenant == self.tenant
            {
                self.touched.push_back((sequence, event.incident_id.into()));
            }
            self.until = sequence;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::domain::clock::testing::{event, fact};
    use crate::domain::incident::IncidentEvent;
    use crate::domain::time::Instant;
    use crate::journal::{ReadError, StoreId};
    use crate::runtime::testing::{Store, TENANT, run};

    const RECORDS: u64 = 40;

    /// A log that counts how often a place in it is looked for.
    #[derive(Debug)]
    struct CountedLog(Arc<dyn LogSource>, AtomicUsize);

    impl LogSource for CountedLog {
        fn store_id(&self) -> Result<StoreId, ReadError> {
            self.0.store_id()
        }

        fn read(&self, sequences: RangeInclusive<u64>) -> Result<Box<dyn LogReader>, ReadError> {
            self.0.read(sequences)
        }

        fn read_trusting_chain(
            &self,
            sequences: RangeInclusive<u64>,
        ) -> Result<Box<dyn LogReader>, ReadError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.read_trusting_chain(sequences)
        }

        fn sequence_at(&self, time: Instant, last: u64) -> Result<u64, ReadError> {
            self.0.sequence_at(time, last)
        }
    }

    fn record(store: &Store, numbers: RangeInclusive<u64>) {
        for number in numbers {
            let time = Instant::from_seconds(number as i64).unwrap();
            let event = event(number, time, fact(&["responded"])).value;
            let event = IncidentEvent { incident_id: id(number), ..event };
            store.record(time, Entry::IncidentEvent(event));
        }
    }

    fn id(number: u64) -> String {
        format!("I{}", number % 3)
    }

    /// What a span is about, and how often places in the log were looked for by then.
    fn touched(
        followed: &Followed,
        (store, log): (&Store, &CountedLog),
        tenant: &str,
        span: (u64, u64),
    ) -> (Vec<(u64, String)>, usize) {
        let sources = store.sources();
        let of = FollowedLog { log, zones: &sources.zones, names: &sources.names };
        let touched = followed.touched(of, &tenant.into(), span).unwrap();
        let touched = touched.into_iter().map(|(sequence, id)| (sequence, id.to_string()));
        (touched.collect(), log.1.load(Ordering::Relaxed))
    }

    fn expected((after, until): (u64, u64)) -> Vec<(u64, String)> {
        (after + 1..=until).map(|sequence| (sequence, id(sequence))).collect()
    }

    #[test]
    fn whoever_goes_on_finds_what_follows_without_looking_for_the_place() {
        run(|| {
            let store = Store::new();
            record(&store, 1..=RECORDS);
            let log = CountedLog(Arc::clone(&store.sources().log), AtomicUsize::new(0));
            let (followed, at) = (Followed::default(), (&store, &log));
            // Spans that begin where the one before ended, or within it, or go no further.
            for span in [(5, 12), (12, 20), (15, 20), (17, 24), (24, 24), (24, RECORDS)] {
                assert_eq!(touched(&followed, at, TENANT, span), (expected(span), 1));
            }
            record(&store, RECORDS + 1..=RECORDS + 9);
            let new = (RECORDS, RECORDS + 9);
            assert_eq!(touched(&followed, at, TENANT, new), (expected(new), 1));
            // What was left behind is looked for, as is what another tenant goes on with.
            assert_eq!(touched(&followed, at, TENANT, (3, 9)), (expected((3, 9)), 2));
            assert_eq!(touched(&followed, at, "other", (9, 12)), (Vec::new(), 3));
            assert_eq!(touched(&followed, at, TENANT, (9, 12)), (expected((9, 12)), 3));
        });
    }

    #[test]
    fn no_more_places_are_remembered_than_may_be() {
        run(|| {
            let store = Store::new();
            record(&store, 1..=RECORDS);
            let log = CountedLog(Arc::clone(&store.sources().log), AtomicUsize::new(0));
            let followed = Followed::default();
            for number in 0..=PLACES_MAX {
                touched(&followed, (&store, &log), &format!("t{number}"), (1, 2));
            }
            assert_eq!(followed.0.lock().len(), PLACES_MAX);
            let looked = PLACES_MAX + 1;
            assert_eq!(touched(&followed, (&store, &log), "t1", (2, 3)).1, looked);
            assert_eq!(touched(&followed, (&store, &log), "t0", (2, 3)).1, looked + 1);
        });
    }
}
