//! What was recorded lately, in memory: which incidents differ from how they stood a moment ago.
//!
//! The index shows how things stand after the last record. Whoever reads a little earlier (the
//! later pages of a list, say) needs it all the same: only the incidents recorded about since are
//! evaluated by themselves.

use std::collections::{BTreeSet, VecDeque};

use super::progress::Progress;
use crate::domain::ids::{IncidentId, TenantId};
use crate::domain::recorded::Recorded;
use crate::domain::time::Instant;
use crate::engine::record::{Entry, Record};

/// How many records are remembered.
const RECORDS_MAX: usize = 10_000;

/// The records of late, in the order of recording.
#[derive(Debug)]
pub(super) struct Recent {
    /// Everything recorded after this instant is here; `None`: nothing is yet.
    from: Option<Instant>,
    records: VecDeque<RecentRecord>,
    most: usize,
}

/// Which record, and what it may change in the index.
#[derive(Debug)]
struct RecentRecord {
    sequence: u64,
    record_time: Instant,
    tenant: TenantId,
    change: Touched,
}

#[derive(Debug)]
enum Touched {
    Incident(IncidentId),
    Terms,
    /// Of every tenant.
    TimeZones,
    Nothing,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { from: None, records: VecDeque::new(), most: RECORDS_MAX }
    }
}

impl Recent {
    /// Remembers the record that follows what was folded up to `before`.
    pub fn push(&mut self, before: Progress, recorded: &Recorded<Record>) {
        // What the views held at the start has no time that is known yet.
        let is_known = before.sequence == 0 || before.record_time > Instant::MIN;
        let after = if is_known { before.record_time } else { recorded.record_time };
        self.from.get_or_insert(after);
        let Record { tenant, entry } = &recorded.value;
        let change = match entry {
            Entry::IncidentEvent(event) => Touched::Incident(event.incident_id.as_str().into()),
            Entry::Terms(_) => Touched::Terms,
            Entry::Adoption(_) => Touched::TimeZones,
            Entry::ServiceEvent(_) | Entry::Action(_) | Entry::Webhook(_) | Entry::Lost => {
                Touched::Nothing
            }
        };
        let Recorded { sequence, record_time, .. } = *recorded;
        let tenant = tenant.clone();
        self.records.push_back(RecentRecord { sequence, record_time, tenant, change });
        while self.records.len() > self.most {
            self.from = self.records.pop_front().map(|first| first.record_time);
        }
    }

    /// The incidents of a tenant that something was recorded about after an instant; `None`: not
    /// all that was recorded since is here, or the terms or time zones changed, which may have
    /// moved any incident.
    pub fn changed_since(&self, tenant: &TenantId, time: Instant) -> Option<BTreeSet<IncidentId>> {
        let after = self.place_after(time)?;
        let mut changed = BTreeSet::new();
        for record in self.records.range(after..) {
            match &record.change {
                Touched::TimeZones => return None,
                _ if record.tenant != *tenant => {}
                Touched::Incident(id) => drop(changed.insert(id.clone())),
                Touched::Terms => return None,
                Touched::Nothing => {}
            }
        }
        Some(changed)
    }

    /// The incidents of a tenant that records after a sequence are about, up to another, each with
    /// its sequence; `None`: not all of these are here.
    pub fn touched(
        &self,
        tenant: &TenantId,
        (after, until): (u64, u64),
    ) -> Option<Vec<(u64, IncidentId)>> {
        let first = self.records.front()?.sequence;
        let skipped = usize::try_from((after + 1).checked_sub(first)?).ok()?;
        let records = self.records.iter().skip(skipped);
        let records = records.take_while(|record| record.sequence <= until);
        let touched = records.filter_map(|record| match &record.change {
            Touched::Incident(id) if record.tenant == *tenant => {
                Some((record.sequence, id.clone()))
            }
            _ => None,
        });
        Some(touched.collect())
    }

    /// The last sequence recorded by an instant; `None`: that was before all that is here.
    pub fn sequence_at(&self, time: Instant) -> Option<u64> {
        let after = self.place_after(time)?;
        match after.checked_sub(1) {
            Some(last) => self.records.get(last).map(|record| record.sequence),
            None => self.records.front().map(|first| first.sequence - 1),
        }
    }

    /// The place of the first record after an instant, if all since is here.
    fn place_after(&self, time: Instant) -> Option<usize> {
        let is_here = self.from.is_some_and(|from| from <= time);
        is_here.then(|| self.records.partition_point(|record| record.record_time <= time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::incident::{Fact, IncidentEvent};
    use crate::engine::record::TermsEntry;
    use crate::journal::ChainHash;

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    fn record(sequence: u64, tenant: &str, incident: &str) -> Recorded<Record> {
        let entry = match incident {
            "" => Entry::Terms(TermsEntry::ContractEnd {
                contract_id: "C".into(),
                end_time: Instant::MAX,
            }),
            id => Entry::IncidentEvent(IncidentEvent {
                recorded_by: None,
                event_id: "e".into(),
                incident_id: id.into(),
                occur_time: at(0),
                occur_order: 0,
                source: String::new(),
                corrects_event_id: String::new(),
                fact: Fact::Resolved,
            }),
        };
        let value = Record { tenant: tenant.into(), entry };
        Recorded { sequence, record_time: at(10 * sequence as i64), value }
    }

    fn progress(sequence: u64, record_time: Instant) -> Progress {
        Progress { sequence, record_time, head: ChainHash::ZERO }
    }

    fn recent(most: usize, from: u64, records: &[(&str, &str)]) -> Recent {
        let mut recent = Recent { most, ..Recent::default() };
        for ((tenant, incident), sequence) in records.iter().zip(from + 1..) {
            let before = progress(sequence - 1, at(10 * (sequence as i64 - 1)));
            recent.push(before, &record(sequence, tenant, incident));
        }
        recent
    }

    fn changed(recent: &Recent, time: i64) -> Option<Vec<String>> {
        let changed = recent.changed_since(&"a".into(), at(time))?;
        Some(changed.into_iter().map(|id| id.to_string()).collect())
    }

    #[test]
    fn what_changed_since_an_instant_is_known_as_far_back_as_it_is_remembered() {
        let recent = recent(3, 4, &[("a", "I"), ("a", "J"), ("b", "K"), ("a", "I")]);
        assert_eq!(changed(&recent, 80), Some(vec![]));
        assert_eq!(changed(&recent, 79), Some(vec!["I".to_owned()]));
        assert_eq!(changed(&recent, 50), Some(vec!["I".to_owned(), "J".to_owned()]));
        assert_eq!(changed(&recent, 49), None);
        assert_eq!((recent.sequence_at(at(49)), recent.sequence_at(at(50))), (None, Some(5)));
        assert_eq!((recent.sequence_at(at(79)), recent.sequence_at(at(99))), (Some(7), Some(8)));
    }

    #[test]
    fn terms_may_have_moved_any_incident_of_their_tenant() {
        let recent = recent(9, 0, &[("a", "I"), ("b", ""), ("a", ""), ("a", "J")]);
        assert_eq!(changed(&recent, 30), Some(vec!["J".to_owned()]));
        assert_eq!(changed(&recent, 29), None);
        assert_eq!(recent.sequence_at(at(0)), Some(0));
    }

    #[test]
    fn what_was_recorded_before_a_start_is_not_taken_for_nothing() {
        let mut recent = Recent::default();
        assert_eq!(recent.sequence_at(at(50)), None);
        recent.push(progress(4, Instant::MIN), &record(5, "a", "I"));
        assert_eq!((changed(&recent, 49), changed(&recent, 50)), (None, Some(vec![])));
    }
}
