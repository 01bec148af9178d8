//! What a forecast costs once a contract's history is learnt, and how large what is learnt is.
//!
//! `cargo bench --bench forecast`. The history is made up and the same each time; every figure
//! stands beside what it is to reach.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints its figures, and ends where what it expects is not so"
)]

#[path = "load/backlog.rs"]
mod backlog;
#[path = "load/office.rs"]
mod office;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{self, Duration};

use slx::codec::{self, v1};
use slx::domain::calendar::Calendars;
use slx::domain::calendar::hours::ServiceHours;
use slx::domain::clock::{Clock, Outcome};
use slx::domain::forecast::{
    Arrivals, FeatureVector, Forecaster, IncidentFeatures, OpenClock, PeriodSoFar, Snapshot,
};
use slx::domain::incident::{History, IncidentEvent, RecordedEvent};
use slx::domain::share::Share;
use slx::domain::time::{Instant, Span};
use slx::engine::catalog::{Catalog, Known};
use slx::engine::evaluate::evaluate_under;
use slx::engine::learning::{Learned, Learning, Ledgers};
use slx::engine::ledger::Ledger;
use slx::engine::record::TermsEntry;
use slx::runtime::zones::{self, Choice};

/// Two clocks each.
const INCIDENTS_ENDED: u64 = 5_000;
const INCIDENTS_OPEN: u64 = 2_000;
const FORECASTS: usize = 1_000_000;
const FORECASTS_PER_SECOND_TO_REACH: u64 = 500_000;
/// On a period: its open clocks, how often it is forecast, and what the most of them may take.
const PERIODS: [(usize, u32); 3] = [(100, 1_000), (1_000, 100), (10_000, 10)];
const PERIOD_TO_REACH: Duration = Duration::from_millis(10);
/// The best of so many rounds counts.
const ROUNDS: usize = 3;
/// Wednesday, 17 June 2026, 14:00 in Amsterdam, in seconds since 1970.
const NOW_SECONDS: i64 = 1_781_697_600;

fn main() {
    let catalog = catalog();
    let known = catalog.known(Instant::MAX);
    let learned = learn(known);
    let open = TestCalendars::of((0..INCIDENTS_OPEN).flat_map(|id| backlog::open(id, NOW_SECONDS)));
    let snapshots: Vec<_> = open.0.values().flat_map(|of| snapshots(of, &known)).collect();
    assert!(snapshots.len() > 3_000, "{} clocks are open", snapshots.len());
    forecast(&learned.forecaster, &snapshots);
    forecast_periods(&learned.forecaster, &snapshots);
}

fn now() -> Instant {
    Instant::from_seconds(NOW_SECONDS).expect("within the range")
}

fn catalog() -> Catalog {
    let zones = zones::open(&Choice::Automatic).expect("automatic never fails");
    let (id, calendar) =
        codec::api::calendar::decode(office::calendar(), &zones).expect("a calendar");
    let contract = codec::api::contract::decode(backlog::contract(), &zones).expect("a contract");
    let mut catalog = Catalog::new(zones);
    let effective_time = Instant::MIN;
    catalog.apply(Instant::MIN, TermsEntry::Calendar { id, effective_time, calendar });
    catalog
        .apply(Instant::MIN, TermsEntry::Contract { effective_time, contract: Box::new(contract) });
    catalog
}

/// Incidents and what was recorded of each, every fact as it occurred.
struct TestCalendars(BTreeMap<String, Arc<Ledger>>);

impl TestCalendars {
    fn of(events: impl Iterator<Item = v1::IncidentEvent>) -> TestCalendars {
        let mut ledgers: BTreeMap<String, Ledger> = BTreeMap::new();
        for recorded in recorded(events) {
            ledgers.entry(recorded.value.incident_id.clone()).or_default().push_new(recorded);
        }
        TestCalendars(ledgers.into_iter().map(|(id, ledger)| (id, Arc::new(ledger))).collect())
    }

    /// Everything recorded, in its order.
    fn records(&self) -> Vec<RecordedEvent> {
        let mut all: Vec<_> = self.0.values().flat_map(|ledger| ledger.events.clone()).collect();
        all.sort_by_key(|recorded| recorded.sequence);
        all
    }
}

impl Ledgers for TestCalendars {
    type Error = Infallible;

    fn ledger(&mut self, incident_id: &str) -> Result<Arc<Ledger>, Infallible> {
        Ok(self.0.get(incident_id).cloned().unwrap_or_default())
    }
}

/// Record times strictly increase.
fn recorded(events: impl Iterator<Item = v1::IncidentEvent>) -> Vec<RecordedEvent> {
    let decode = |event| codec::api::incident::decode(event).expect("a fact");
    let mut events: Vec<_> = events.map(decode).collect();
    events.sort_by_key(|event| event.occur_time);
    let mut last = Instant::MIN;
    let record = |(sequence, event): (u64, IncidentEvent)| {
        let next = last.checked_add(Span::from_nanos(1)).expect("within the range");
        last = event.occur_time.max(next);
        RecordedEvent { sequence, record_time: last, value: event }
    };
    (1..).zip(events).map(record).collect()
}

/// Lives through the incidents that ended.
fn learn(known: Known<'_>) -> Arc<Learned> {
    let ended = (0..INCIDENTS_ENDED).flat_map(|incident| backlog::ended(incident, NOW_SECONDS));
    let mut index_bucket = TestCalendars::of(ended);
    let records = index_bucket.records();
    let mut learning = Learning::default();
    let started = time::Instant::now();
    for recorded in &records {
        let Ok(()) = learning.take(recorded, known, &mut index_bucket);
    }
    let Ok(fold) = learning.present(now(), known, &mut index_bucket);
    let learned = fold.of(backlog::CONTRACT);
    let elapsed = started.elapsed();
    let model = &learned.forecaster.model;
    let (decided, breached) = model.history();
    let parts = codec::store::learning::encode_parts(&learning);
    let bytes = parts.map(|part| part.len()).sum::<usize>();
    println!("What {decided} decided clocks taught, {breached} of them breached");
    println!("| facts | learnt in | facts/s | weights | curves | bytes kept |");
    println!("| ---: | ---: | ---: | ---: | ---: | ---: |");
    let rate = records.len() as f64 / elapsed.as_secs_f64();
    let (weights, curves) = (model.weights().len(), model.curves().len());
    println!("| {} | {elapsed:.2?} | {rate:.0} | {weights} | {curves} | {bytes} |", records.len());
    learned
}

/// The clocks of an incident that are undecided, as they are seen now.
fn snapshots<'l>(
    ledger: &'l Ledger,
    known: &'l Known<'_>,
) -> Vec<(Snapshot<'l>, &'l ServiceHours)> {
    let history = History::fold(&ledger.events, Instant::MAX);
    let evaluated = evaluate_under(&history, backlog::CONTRACT, known, now());
    let is_undecided = |clock: &&Clock<'_>| clock.is_open() && clock.outcome == Outcome::Undecided;
    let snapshot = |clock: &Clock<'l>| {
        let hours = known.in_force(clock.calendar_id, clock.start_time?)?.hours;
        let incident = IncidentFeatures::up_to(&history, now())?;
        Some((Snapshot::new(incident, clock, hours, now()), hours))
    };
    evaluated.clocks.iter().filter(is_undecided).filter_map(snapshot).collect()
}

fn forecast(forecaster: &Forecaster, snapshots: &[(Snapshot<'_>, &ServiceHours)]) {
    println!("\nForecasts of {} clocks, over and over", snapshots.len());
    println!("| forecasts/s | to reach | nanoseconds each |");
    println!("| ---: | ---: | ---: |");
    let best = best_of(|| {
        for (snapshot, hours) in snapshots.iter().cycle().take(FORECASTS) {
            let snapshot = black_box(snapshot);
            black_box(forecaster.forecast(snapshot, &FeatureVector::of(snapshot), hours));
        }
    });
    let rate = FORECASTS as f64 / best.as_secs_f64();
    let each = best.as_nanos() / FORECASTS as u128;
    println!("| {rate:.0} | {FORECASTS_PER_SECOND_TO_REACH} | {each} |");
}

/// A period in which four times as many clocks are decided already, and as many are to come.
fn forecast_periods(forecaster: &Forecaster, snapshots: &[(Snapshot<'_>, &ServiceHours)]) {
    println!("\nForecasts of a period");
    println!("| open clocks | best of {ROUNDS} | to reach |");
    println!("| ---: | ---: | ---: |");
    let open_clock = |(snapshot, _): &(Snapshot<'_>, &ServiceHours)| OpenClock {
        breach_probability: forecaster.breach_probability(snapshot),
        decided_if_breached: 0.9,
        decided_if_met: 0.8,
    };
    let clocks: Vec<_> = snapshots.iter().map(open_clock).collect();
    for (count, times) in PERIODS {
        let open: Vec<_> = clocks.iter().copied().cycle().take(count).collect();
        let period = so_far(&open);
        let best = best_of(|| {
            for _ in 0..times {
                black_box(black_box(&period).forecast());
            }
        });
        println!("| {count} | {:.2?} | {PERIOD_TO_REACH:.0?} |", best / times);
    }
}

fn so_far(open: &[OpenClock]) -> PeriodSoFar<'_> {
    let count = open.len() as u64;
    let mean = count as f64;
    PeriodSoFar {
        promised: Share::from_percent(backlog::PROMISED).expect("a percentage"),
        decided: 4 * count,
        breached: count / 5,
        open,
        arrivals: Arrivals { mean, variance: 4.0 * mean, breach_share: 0.05 },
        minimum: 0,
        shock: 0.4,
    }
}

fn best_of(round: impl Fn()) -> Duration {
    let timed = |_| {
        let started = time::Instant::now();
        round();
        started.elapsed()
    };
    (0..ROUNDS).map(timed).min().unwrap_or_default()
}
