//! How many instructions work takes, as valgrind's callgrind counts them: one thread, the same work
//! each time, held against benches/counts.txt.
//!
//! `cargo bench --profile dev --all-features --bench counting`: the library as tests use it, so that
//! CI builds nothing twice. Its counts are those of a build that is hardly optimised; what grows in
//! it grows in one that is. Each part runs once and three times in a process of its own; what it
//! takes is half of the difference, so that neither the start nor what is prepared counts.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where what it expects is not so"
)]

#[path = "load/backlog.rs"]
#[expect(dead_code, reason = "only open incidents are forecast")]
mod backlog;
#[path = "../src/runtime/counts.rs"]
mod counts;
#[path = "load/facts.rs"]
mod facts;
#[path = "load/office.rs"]
mod office;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::sync::Arc;

use prost::Message;
use slx::codec::store::names::Names;
use slx::codec::store::record::{decode, encode};
use slx::codec::{self, v1};
use slx::domain::calendar::Calendars;
use slx::domain::forecast::{FeatureVector, Forecaster, IncidentFeatures, Snapshot};
use slx::domain::ids::TenantId;
use slx::domain::incident::{History, IncidentEvent, RecordedEvent};
use slx::domain::recorded::Recorded;
use slx::domain::time::{Instant, Span};
use slx::domain::zone::ZoneDatabase;
use slx::engine::catalog::{Catalog, Known};
use slx::engine::decide::decide_event;
use slx::engine::evaluate::{evaluate_incident, evaluate_under};
use slx::engine::learning::{Learning, Ledgers};
use slx::engine::ledger::Ledger;
use slx::engine::record::{Entry, Record, TermsEntry};
use slx::engine::state::{IncidentLedgers, State};

const INCIDENTS: u64 = 60;
const EVENTS_PER_INCIDENT: u64 = 8;
const EVENTS_MAX: usize = 10_000;
/// Runs of a part that are compared.
const FEW: u64 = 1;
const MANY: u64 = 3;
/// After every fact, in seconds since 1970: 2 January 2026.
const YEAR_ENDS: i64 = 1_767_312_000;
/// 17 June 2026, in seconds since 1970, a Wednesday.
const NOW_SECONDS: i64 = 1_781_697_600;

/// A part: what is counted, of how many it is, and the work.
type Part = (&'static str, u64, fn(&Office));

const EVENTS: u64 = INCIDENTS * EVENTS_PER_INCIDENT;
const PARTS: &[Part] = &[
    ("instructions an event read from the wire and decided", EVENTS, decided),
    ("instructions an event encoded for the journal", EVENTS, encoded),
    ("instructions an event folded from the journal", EVENTS, folded),
    ("instructions an event learnt from", EVENTS, learnt),
    ("instructions an incident evaluated under two contracts", INCIDENTS, evaluated),
    ("instructions an incident evaluated and answered", INCIDENTS, answered),
    ("instructions an incident's open clocks forecast", INCIDENTS, forecast),
];

fn main() -> ExitCode {
    let arguments: Vec<_> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    match arguments.as_slice() {
        [part, times] => {
            let (_, _, work) = PARTS[part.parse::<usize>().expect("the number of a part")];
            let office = Office::new();
            (0..times.parse().expect("a number")).for_each(|_: u64| work(&office));
            ExitCode::SUCCESS
        }
        _ => count(),
    }
}

fn count() -> ExitCode {
    println!("| | each |");
    println!("| --- | ---: |");
    let mut counted = counts::Counts::new();
    for (part, (what, of, _)) in PARTS.iter().enumerate() {
        let more = instructions(part, MANY) - instructions(part, FEW);
        let each = more / (MANY - FEW) / of;
        println!("| {what} | {each} |");
        counted.insert((*what).to_owned(), each);
    }
    match counts::hold(&counted) {
        Ok(()) => ExitCode::SUCCESS,
        Err(grown) => {
            println!("{grown}");
            ExitCode::FAILURE
        }
    }
}

/// Instructions of this program while it does a part so many times.
fn instructions(part: usize, times: u64) -> u64 {
    let program = std::env::current_exe().expect("this program");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program);
    let ran = valgrind.args([part.to_string(), times.to_string()]).output();
    let ran = ran.expect("valgrind is installed");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}");
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    collected.and_then(|(_, count)| count.trim().parse().ok()).expect("callgrind's count")
}

/// What is worked on: terms, and incidents that are sent, recorded and folded.
struct Office {
    zones: ZoneDatabase,
    catalog: Catalog,
    sent: Vec<Vec<u8>>,
    stored: Vec<Vec<u8>>,
    records: Vec<Recorded<Record>>,
    ledgers: Vec<Arc<Ledger>>,
    open: Vec<Arc<Ledger>>,
}

impl Office {
    fn new() -> Office {
        let zones = ZoneDatabase::bundled();
        let event = |incident| {
            (0..EVENTS_PER_INCIDENT).map(move |n| facts::event(incident, n, EVENTS_PER_INCIDENT))
        };
        let sent: Vec<_> =
            (0..INCIDENTS).flat_map(event).map(|event| event.encode_to_vec()).collect();
        let recorded = |(sequence, bytes): (u64, &Vec<u8>)| {
            let entry = Entry::IncidentEvent(event_of(bytes));
            let record_time = at(YEAR_ENDS, sequence);
            Recorded { sequence, record_time, value: Record { tenant: tenant(), entry } }
        };
        let records: Vec<_> = (1..).zip(&sent).map(recorded).collect();
        let stored = records.iter().map(|recorded| encode(&recorded.value)).collect();
        let ledgers = ledgers_of(records.iter().filter_map(event_in));
        let open = (0..INCIDENTS).flat_map(|incident| backlog::open(incident, NOW_SECONDS));
        let open = open.zip(1..).map(|(event, sequence)| {
            let value = codec::api::incident::decode(event).expect("a fact");
            Recorded { sequence, record_time: at(NOW_SECONDS, sequence), value }
        });
        let open = ledgers_of(open);
        Office { catalog: catalog(&zones), zones, sent, stored, records, ledgers, open }
    }

    fn known(&self) -> Known<'_> {
        self.catalog.known(Instant::MAX)
    }
}

/// The events of incidents, by incident.
fn ledgers_of(events: impl Iterator<Item = RecordedEvent>) -> Vec<Arc<Ledger>> {
    let mut ledgers = BTreeMap::<String, Ledger>::new();
    for recorded in events {
        ledgers.entry(recorded.value.incident_id.clone()).or_default().push_new(recorded);
    }
    ledgers.into_values().map(Arc::new).collect()
}

fn tenant() -> TenantId {
    TenantId::from(facts::TENANT)
}

/// No two are recorded at once.
fn at(seconds: i64, sequence: u64) -> Instant {
    let begins = Instant::from_seconds(seconds).expect("within the range");
    begins.checked_add(Span::from_nanos(sequence as i64)).expect("within the range")
}

fn event_of(bytes: &[u8]) -> IncidentEvent {
    let event = v1::IncidentEvent::decode(bytes).expect("an event");
    codec::api::incident::decode(event).expect("a fact")
}

fn event_in(recorded: &Recorded<Record>) -> Option<RecordedEvent> {
    let Recorded { sequence, record_time, value } = recorded.clone();
    match value.entry {
        Entry::IncidentEvent(value) => Some(Recorded { sequence, record_time, value }),
        _ => None,
    }
}

fn catalog(zones: &ZoneDatabase) -> Catalog {
    let mut catalog = Catalog::new(zones.clone());
    let (id, calendar) =
        codec::api::calendar::decode(office::calendar(), zones).expect("a calendar");
    let effective_time = Instant::MIN;
    catalog.apply(Instant::MIN, TermsEntry::Calendar { id, effective_time, calendar });
    for contract in facts::contracts().into_iter().chain([backlog::contract()]) {
        let contract = codec::api::contract::decode(contract, zones).expect("a contract");
        catalog.apply(
            Instant::MIN,
            TermsEntry::Contract { effective_time, contract: Box::new(contract) },
        );
    }
    catalog
}

fn decided(office: &Office) {
    let nothing = Ledger::default();
    for bytes in &office.sent {
        let event = event_of(black_box(bytes));
        let recorded = nothing.find(&event.event_id).map(|found| (found.sequence, &found.value));
        black_box(decide_event(recorded, &event, 0, EVENTS_MAX)).expect("it is new");
    }
}

fn encoded(office: &Office) {
    for recorded in &office.records {
        black_box(encode(black_box(&recorded.value)));
    }
}

fn folded(office: &Office) {
    let (mut state, mut ledgers) = (State::new(office.zones.clone()), IncidentLedgers::new());
    let names = Names::default();
    for (recorded, bytes) in office.records.iter().zip(&office.stored) {
        let value = decode(black_box(bytes), &office.zones, &names).expect("a record");
        let Recorded { sequence, record_time, .. } = *recorded;
        let recorded = Recorded { sequence, record_time, value };
        let Ok(()) = state.apply(recorded, &mut ledgers);
    }
    black_box((state, ledgers));
}

/// The ledgers of the incidents that are learnt from.
struct Read<'o>(BTreeMap<&'o str, &'o Arc<Ledger>>);

impl Ledgers for Read<'_> {
    type Error = Infallible;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Infallible> {
        Ok(self.0.get(incident_id).copied().cloned().unwrap_or_default())
    }
}

fn learnt(office: &Office) {
    black_box(learning(office));
}

fn learning(office: &Office) -> Learning {
    let (mut learning, known) = (Learning::default(), office.known());
    let by_id = |ledger| Some((first_of(ledger)?, ledger));
    let mut ledgers = Read(office.ledgers.iter().filter_map(by_id).collect());
    for recorded in office.records.iter().filter_map(event_in) {
        let Ok(()) = learning.take(&recorded, known, &mut ledgers);
    }
    let Ok(_) = learning.present(at(YEAR_ENDS, EVENTS), known, &mut ledgers);
    learning
}

fn first_of(ledger: &Arc<Ledger>) -> Option<&str> {
    Some(ledger.events.first()?.value.incident_id.as_str())
}

fn evaluated(office: &Office) {
    let known = office.known();
    for ledger in &office.ledgers {
        let history = History::fold(black_box(&ledger.events), Instant::MAX);
        black_box(evaluate_incident(&history, &known, at(YEAR_ENDS, EVENTS)));
    }
}

fn answered(office: &Office) {
    let known = office.known();
    for ledger in &office.ledgers {
        let history = History::fold(black_box(&ledger.events), Instant::MAX);
        let evaluation = evaluate_incident(&history, &known, at(YEAR_ENDS, EVENTS));
        let id = first_of(ledger).unwrap_or_default();
        let zones = office.zones.version();
        let answer = codec::api::clock::encode_evaluation(id, &evaluation, zones, false);
        black_box(answer.encode_to_vec());
    }
}

fn forecast(office: &Office) {
    let (known, now) = (office.known(), at(NOW_SECONDS, 0));
    let forecaster = Forecaster::default();
    for ledger in &office.open {
        let history = History::fold(black_box(&ledger.events), Instant::MAX);
        let evaluation = evaluate_under(&history, backlog::CONTRACT, &known, now);
        for clock in evaluation.clocks.iter().filter(|clock| clock.is_open()) {
            let hours = clock.start_time.and_then(|start| known.in_force(clock.calendar_id, start));
            let hours = hours.expect("its calendar").hours;
            let incident = IncidentFeatures::up_to(&history, now).expect("its facts");
            let snapshot = Snapshot::new(incident, clock, hours, now);
            let features = FeatureVector::of(&snapshot);
            black_box(forecaster.forecast(&snapshot, &features, hours));
        }
    }
}
