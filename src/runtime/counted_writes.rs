//! What keeping the views costs, counted and not timed: keys and bytes that sled is given.

use super::counts::{Counts, grown, hold, read, shown};
use super::testing::{Store, TENANT, run};
use crate::codec::store::record::encode;
use crate::domain::calendar::{Calendar, Draft};
use crate::domain::clock::testing::{at, contract, fact, target};
use crate::domain::incident::{Fact, IncidentEvent};
use crate::domain::time::{Instant, Span};
use crate::engine::record::{Entry, Record, TermsEntry};

const INCIDENTS: u64 = 1_000;
/// As many events are carried over at once.
const EVENTS_CARRIED: usize = 1_500;
/// Six events, each so many minutes after the first.
const EVENTS: [(&str, i64); 6] = [
    ("opened P1", 0),
    ("responded", 5),
    ("waits client parts", 10),
    ("waits nobody", 30),
    ("resolved", 50),
    ("closed", 60),
];

/// Keys, in tenths of the incidents: the row of each once and, of the fifth that are carried over
/// twice, twice; a tenth of one more for all that leads to it and for what it adds to tallies.
const TENTHS_OF_A_KEY_MAX: u64 = 15;
/// Bytes of an incident's keys and rows.
const BYTES_MAX: u64 = 800;

fn terms(store: &Store) {
    let draft = Draft { time_zone: "UTC".into(), always_open: true, ..Draft::default() };
    let calendar = Calendar::parse(&draft, store.zones()).unwrap();
    let (id, effective_time) = ("always".to_owned(), Instant::MIN);
    let calendar = TermsEntry::Calendar { id, effective_time, calendar };
    store.record(at("Mon 07:00"), Entry::Terms(calendar));
    let targets = vec![target("response *=0:15/always"), target("resolution *=4:00/always")];
    let contract = contract(targets, false);
    let contract = TermsEntry::Contract { effective_time, contract: Box::new(contract) };
    store.record(at("Mon 07:01"), Entry::Terms(contract));
}

fn fact_of(words: &str) -> Fact {
    match fact(&words.split(' ').collect::<Vec<_>>()) {
        Fact::Opened(mut opened) => {
            opened.contract_ids = vec!["contract".into()];
            opened.service = "mail".into();
            Fact::Opened(opened)
        }
        fact => fact,
    }
}

/// The events of all incidents, in the order they occur; an incident opens each minute.
fn events() -> Vec<(Instant, Entry)> {
    let of_incident = |number: u64| {
        let opened = at("Mon 08:00").checked_add(Span::from_minutes(number as i64)).unwrap();
        EVENTS.iter().enumerate().map(move |(place, (words, minutes))| {
            // No two are recorded at once.
            let nanos = Span::from_nanos((number * 10 + place as u64) as i64);
            let time = opened.checked_add(Span::from_minutes(*minutes)).unwrap();
            let event = IncidentEvent {
                recorded_by: None,
                event_id: format!("INC{number:07}-{place}"),
                incident_id: format!("INC{number:07}"),
                occur_time: time,
                occur_order: 0,
                source: String::new(),
                corrects_event_id: String::new(),
                fact: fact_of(words),
            };
            (time.checked_add(nanos).unwrap(), Entry::IncidentEvent(event))
        })
    };
    let mut events: Vec<_> = (0..INCIDENTS).flat_map(of_incident).collect();
    events.sort_by_key(|(time, _)| *time);
    events
}

/// Issue 15: an incident cost seven keys, and a row that was written again at each carry-over.
#[test]
fn an_incident_of_six_events_costs_one_key_and_a_half() {
    run(|| {
        let store = Store::new();
        terms(&store);
        store.project();
        let before = store.written();
        for some in events().chunks(EVENTS_CARRIED) {
            store.record_all(some.to_vec());
            store.project();
        }
        let written = store.written();
        let (keys, bytes) = (written.keys - before.keys, written.bytes - before.bytes);
        println!("{keys} keys and {bytes} bytes for {INCIDENTS} incidents");
        assert!(keys * 10 <= INCIDENTS * TENTHS_OF_A_KEY_MAX, "{keys} keys");
        assert!(bytes <= INCIDENTS * BYTES_MAX, "{bytes} bytes");
        let of_journal = |(_, entry): (Instant, Entry)| {
            encode(&Record { tenant: TENANT.into(), entry }).len() as u64
        };
        let all = events();
        let count = all.len() as u64;
        let journal = all.into_iter().map(of_journal).sum::<u64>();
        let of = |what: &str| format!("{what} a thousand incidents of six events");
        let counts = Counts::from([
            (of("keys written to the views,"), keys),
            (of("bytes written to the views,"), bytes),
            ("bytes of a record in the journal".to_owned(), journal / count),
        ]);
        hold(&counts).unwrap();
    });
}

/// What is written for an import, whose events are recorded in this order.
fn written_of(imported: Vec<(Instant, Entry)>) -> (u64, u64) {
    let store = Store::new();
    terms(&store);
    store.project();
    let before = store.written();
    store.record_all(imported);
    store.project();
    let written = store.written();
    (written.keys - before.keys, written.bytes - before.bytes)
}

/// An import that is sorted by something else than time: what lies together in the index comes far
/// apart, and is written together all the same.
#[test]
fn an_import_out_of_order_writes_what_one_in_order_does() {
    run(|| {
        let record_time = at("Tue 09:00");
        let events: Vec<_> = events().into_iter().map(|(_, event)| (record_time, event)).collect();
        let mut scattered = events.clone();
        // Of each incident the first comes first still.
        scattered.sort_by_key(|(_, event)| match event {
            Entry::IncidentEvent(event) => event.incident_id.bytes().rev().collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        assert_ne!(scattered, events);
        let ((keys, bytes), in_order) = (written_of(scattered), written_of(events));
        println!("{keys} keys and {bytes} bytes; in order {in_order:?}");
        assert!(keys <= in_order.0 + in_order.0 / 10, "{keys} keys; in order {in_order:?}");
        assert!(bytes <= in_order.1 + in_order.1 / 10, "{bytes} bytes; in order {in_order:?}");
    });
}

#[test]
fn what_grows_by_more_than_a_tenth_is_reported_and_so_is_what_is_new() {
    let counts = |all: &[(&str, u64)]| -> Counts {
        all.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
    };
    let (heading, kept) = read(&shown("# Counts\n", &counts(&[("rows: of a", 20), ("b", 7)])));
    assert_eq!((heading.as_str(), kept.len()), ("# Counts\n", 2));
    assert_eq!(grown(&kept, &counts(&[("rows: of a", 22), ("b", 3)])), "");
    let grown = grown(&kept, &counts(&[("rows: of a", 23), ("b", 8), ("c", 1)]));
    assert_eq!(
        grown,
        "b: 8, and before it was 7\nc: 1, and nothing is kept of it\n\
         rows: of a: 23, and before it was 20\n"
    );
}
