//! Records to learn from, made in a few words: see [`crate::domain::clock::testing`].

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::calendar::{Calendar, Draft, DraftWeekly};
use crate::domain::clock::testing::{MONDAY_SECOND, at, contract, fact, target};
use crate::domain::incident::{Fact, IncidentEvent, Waiting, WaitingOn};
use crate::domain::zone::ZoneDatabase;
use crate::engine::catalog::Catalog;
use crate::engine::ledger::Ledger;
use crate::engine::record::TermsEntry;

/// The contract of every incident.
pub const CONTRACT: &str = "contract";

/// Records in the journal's order, and the terms they fall under.
#[derive(Clone, Debug)]
pub struct Journal {
    pub catalog: Catalog,
    pub records: Vec<RecordedEvent>,
}

/// The ledgers that a journal's records make, up to some record.
pub struct TestLedgers(pub BTreeMap<String, Arc<Ledger>>);

impl Ledgers for TestLedgers {
    type Error = Infallible;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Infallible> {
        Ok(self.0.get(incident_id).cloned().unwrap_or_default())
    }
}

/// Ledgers of which some readings fail, by how many go well before each.
pub struct FailingLedgers {
    pub ledgers: TestLedgers,
    pub fail_after: Vec<usize>,
}

/// A ledger could not be read.
#[derive(Debug)]
pub struct Unreadable;

impl Ledgers for FailingLedgers {
    type Error = Unreadable;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Unreadable> {
        match self.fail_after.last_mut() {
            Some(0) => {
                self.fail_after.pop();
                return Err(Unreadable);
            }
            Some(left) => *left -= 1,
            None => {}
        }
        let Ok(ledger) = self.ledgers.ledger(incident_id);
        Ok(ledger)
    }
}

impl Journal {
    /// Incidents under one target, written as `incident: time, what happened`; each fact is
    /// recorded a second after it occurs, or at `recorded=`.
    pub fn parse(of_target: &str, lines: &str) -> Journal {
        let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
        let records = lines.enumerate().map(|(place, line)| recorded(place as u64 + 1, line));
        Journal { catalog: catalog(of_target), records: records.collect() }
    }

    /// What its first `count` records teach, each with the ledgers that the first `ledger_records`
    /// records give.
    pub fn taught(&self, count: usize, ledger_records: usize) -> Learning {
        let mut learning = Learning::default();
        self.teach(&mut learning, 0..count, ledger_records);
        learning
    }

    /// Takes some of its records.
    pub fn teach(
        &self,
        learning: &mut Learning,
        places: std::ops::Range<usize>,
        ledger_records: usize,
    ) {
        let mut ledgers = self.ledgers(ledger_records);
        for record in &self.records[places] {
            let known = self.catalog.known(record.record_time);
            let Ok(()) = learning.take(record, known, &mut ledgers);
        }
    }

    /// What a learning that has taken some of them comes to a week after the last.
    pub fn learnt(&self, learning: &mut Learning, ledger_records: usize) -> Arc<Learned> {
        let last = learning.taken.1;
        self.learnt_as_of(learning, later(last, Span::from_hours(7 * 24)), ledger_records)
    }

    /// What it comes to as of an instant.
    pub fn learnt_as_of(
        &self,
        learning: &mut Learning,
        as_of: Instant,
        ledger_records: usize,
    ) -> Arc<Learned> {
        let mut ledgers = self.ledgers(ledger_records);
        let known = self.catalog.known(learning.taken.1);
        let Ok(fold) = learning.present(as_of, known, &mut ledgers);
        fold.of(CONTRACT)
    }

    /// Agrees on one target, from an instant on.
    pub fn agree(&mut self, effective_time: Instant, of_target: &str, applies_to_open: bool) {
        let contract = contract(vec![target(of_target)], applies_to_open);
        self.catalog.apply(
            Instant::MIN,
            TermsEntry::Contract { effective_time, contract: Box::new(contract) },
        );
    }

    pub fn ledgers(&self, count: usize) -> TestLedgers {
        let mut ledgers: BTreeMap<String, Ledger> = BTreeMap::new();
        for record in &self.records[..count] {
            let ledger = ledgers.entry(record.value.incident_id.clone()).or_default();
            ledger.push_new(record.clone());
        }
        TestLedgers(ledgers.into_iter().map(|(id, ledger)| (id, Arc::new(ledger))).collect())
    }
}

/// An instant so much later.
pub fn later(time: Instant, by: Span) -> Instant {
    time.checked_add(by).unwrap_or(Instant::MAX)
}

fn catalog(of_target: &str) -> Catalog {
    let zones = ZoneDatabase::bundled();
    let mut catalog = Catalog::new(zones.clone());
    let weekly = DraftWeekly {
        days: [chrono::Weekday::Mon, chrono::Weekday::Tue, chrono::Weekday::Wed]
            .into_iter()
            .chain([chrono::Weekday::Thu, chrono::Weekday::Fri])
            .collect(),
        opens: "09:00".into(),
        closes: "17:00".into(),
    };
    let draft = Draft { time_zone: "UTC".into(), weekly: vec![weekly], ..Draft::default() };
    let calendar = Calendar::parse(&draft, &zones).unwrap();
    let (id, effective_time) = ("office".to_owned(), Instant::MIN);
    catalog.apply(Instant::MIN, TermsEntry::Calendar { id, effective_time, calendar });
    let contract = contract(vec![target(of_target)], false);
    assert_eq!(contract.id, CONTRACT);
    catalog
        .apply(Instant::MIN, TermsEntry::Contract { effective_time, contract: Box::new(contract) });
    catalog
}

fn recorded(sequence: u64, line: &str) -> RecordedEvent {
    let (incident_id, line) = line.split_once(": ").expect("an incident");
    let (line, recorded) = line.split_once(" recorded=").unwrap_or((line, ""));
    let words: Vec<_> = line.split_whitespace().collect();
    let occur_time = at(&words[..2].join(" "));
    let record_time = match recorded {
        "" => later(occur_time, Span::from_seconds(1)),
        recorded => at(&recorded.replace('-', " ")),
    };
    record(sequence, incident_id, occur_time, record_time, fact(&words[2..]))
}

fn record(
    sequence: u64,
    incident_id: &str,
    occur_time: Instant,
    record_time: Instant,
    mut fact: Fact,
) -> RecordedEvent {
    if let Fact::Opened(opened) = &mut fact {
        opened.contract_ids = vec![CONTRACT.into()];
    }
    let event = IncidentEvent {
        recorded_by: None,
        event_id: format!("e{sequence}"),
        incident_id: incident_id.into(),
        occur_time,
        occur_order: 0,
        source: String::new(),
        corrects_event_id: String::new(),
        fact,
    };
    RecordedEvent { sequence, record_time, value: event }
}

/// Any journal: some facts come at once, some late, some long after.
pub fn journals() -> impl Strategy<Value = Journal> {
    let delay = prop_oneof![4 => 0i64..60, 1 => 0i64..200_000];
    let one = (0u8..4, facts(), 0i64..20_000, delay);
    prop::collection::vec(one, 1..40).prop_map(|steps| {
        let mut occurs = MONDAY_SECOND;
        let mut last = Instant::MIN;
        let mut records = Vec::new();
        for (place, (incident, fact, step, delay)) in steps.into_iter().enumerate() {
            occurs += step;
            let occur_time = Instant::from_seconds(occurs - delay / 2).unwrap();
            let came = Instant::from_seconds(occurs + delay - delay / 2).unwrap();
            last = came.max(later(last, Span::from_nanos(1)));
            let id = format!("I{incident}");
            records.push(record(place as u64 + 1, &id, occur_time, last, fact));
        }
        Journal {
            catalog: catalog("resolution P1=2:00/office *=8:00/office pause=client"),
            records,
        }
    })
}

fn facts() -> impl Strategy<Value = Fact> {
    let waiting = |waiting_on| Fact::StatusChanged(Waiting { waiting_on, ..Waiting::default() });
    prop_oneof![
        4 => "P[12]".prop_map(|priority| fact(&["opened", &priority])),
        2 => Just(Fact::Resolved),
        1 => Just(Fact::Reopened),
        1 => Just(Fact::Cancelled),
        1 => Just(waiting(WaitingOn::Client)),
        1 => Just(waiting(WaitingOn::Provider)),
        1 => "P[12]".prop_map(Fact::PriorityChanged),
        1 => (1i64..9).prop_map(|hours| Fact::EffortEstimated(Span::from_hours(hours))),
        1 => (1u64..40).prop_map(|number| Fact::Retracted(format!("e{number}"))),
        2 => "[AB]".prop_map(|group| Fact::Assigned { group: Some(group), assignee: None }),
    ]
}
