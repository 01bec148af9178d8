//! What is exported of the engine: read when it is wanted, and nothing that takes long.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::metric::{Metric, Sample, counter, gauge, histogram};
use super::process;
use super::traces::SpanCounts;
use crate::runtime::{ClockState, Engine, IncidentCounts, JournalState, sizes, wall_clock};
use crate::service::Services;

/// How old the counts of incidents may be.
const COUNTED_FOR: Duration = Duration::from_secs(15);

/// What is exported of the engine and its process.
#[derive(Debug)]
pub(super) struct Machine {
    services: Services,
    data_dir: PathBuf,
    counts: Mutex<Option<(Instant, Arc<IncidentCounts>)>>,
}

impl Machine {
    pub fn new(services: Services, data_dir: PathBuf) -> Machine {
        Machine { services, data_dir, counts: Mutex::default() }
    }

    fn metrics(&self) -> Vec<Metric> {
        let mut metrics = process::metrics();
        metrics.push(build());
        metrics.extend(spans());
        metrics.extend(self.lanes());
        metrics.extend(self.webhooks());
        if let Some(engine) = self.services.opened() {
            metrics.extend(journal(&engine));
            metrics.extend(progress(&engine));
            metrics.extend(calendars(&engine));
            metrics.extend(self.memory(&engine));
            metrics.extend(self.disk());
            metrics.extend(self.incidents(&engine));
        }
        metrics
    }

    fn lanes(&self) -> [Metric; 5] {
        let usages: Vec<_> = self.services.lane_usages().collect();
        let each = |value: fn(&crate::service::Usage) -> u64| {
            let rows =
                usages.iter().map(|(name, usage)| Sample::of([("lane", *name)], value(usage)));
            rows.collect::<Vec<_>>()
        };
        [
            gauge(
                "slx_lane_places",
                "How much may be worked on at once",
                each(|u| u.places as u64),
            ),
            gauge("slx_lane_working", "How much is worked on", each(|u| u.working as u64)),
            gauge("slx_lane_waiting", "How much waits for a place", each(|u| u.waiting as u64)),
            counter("slx_lane_refused", "Calls refused by a full lane", each(|u| u.refused)),
            counter("slx_lane_stopped", "Work that nobody waited for", each(|u| u.stopped)),
        ]
    }

    fn webhooks(&self) -> [Metric; 3] {
        let row = |(outcome, count)| Sample::of([("outcome", outcome)], count);
        let deliveries = self.services.webhook_deliveries().map(row);
        let (dead_letters, lag) = self.services.webhooks_behind();
        [
            counter(
                "slx_webhook_deliveries",
                "What became of the events of webhooks",
                deliveries.into(),
            ),
            gauge(
                "slx_webhook_dead_letters",
                "Events that the receivers of webhooks did not take",
                Sample::one(dead_letters as u64),
            ),
            gauge(
                "slx_webhook_lag_seconds",
                "For how long the oldest event waits that was not given up",
                Sample::fraction(lag.as_secs_f64()),
            ),
        ]
    }

    fn memory(&self, engine: &Engine) -> [Metric; 2] {
        let row = |(part, bytes)| Sample::of([("part", part)], bytes as u64);
        let budget = engine.memory_budget().parts();
        let answers = ("answers", self.services.evaluation_bytes());
        let used = engine.memory_use().into_iter().chain([answers]);
        [
            gauge(
                "slx_memory_budget_bytes",
                "Bytes of memory_bytes that each part may take",
                budget.map(row).into(),
            ),
            gauge(
                "slx_memory_used_bytes",
                "Bytes that the parts take which are counted, about",
                used.map(row).collect(),
            ),
        ]
    }

    fn disk(&self) -> Vec<Metric> {
        let Ok(found) = sizes(&self.data_dir) else { return Vec::new() };
        let rows = vec![
            Sample::of([("part", "journal")], found.journal),
            Sample::of([("part", "views")], found.views),
        ];
        vec![
            gauge("slx_store_bytes", "Bytes that the store takes on disk", rows),
            gauge("slx_store_free_bytes", "Bytes free beside the store", Sample::one(found.free)),
        ]
    }

    fn incidents(&self, engine: &Engine) -> Vec<Metric> {
        let Some(counts) = self.incident_counts(engine) else { return Vec::new() };
        let rows = counts.contracts.iter().flat_map(|contract| {
            let counted = [
                ("open", contract.open),
                ("breached", contract.breached),
                ("uncovered", contract.uncovered),
            ];
            counted.map(|(which, count)| {
                let tenant = contract.tenant.to_string();
                let labels = [
                    ("tenant", tenant),
                    ("contract", contract.contract.clone()),
                    ("which", which.to_owned()),
                ];
                Sample::of(labels, count)
            })
        });
        let help = "Incidents with open clocks, with one past its due time, and opened in the last \
                    30 days without any";
        let is_whole = Sample::one(u64::from(counts.is_whole));
        let whole = "Whether slx_incidents lists every contract and counts every open clock";
        vec![
            gauge("slx_incidents", help, rows.collect()),
            gauge("slx_incidents_whole", whole, is_whole),
        ]
    }

    /// How incidents stand, as of a moment ago.
    fn incident_counts(&self, engine: &Engine) -> Option<Arc<IncidentCounts>> {
        let mut kept = self.counts.lock();
        if let Some((at, counts)) = &*kept
            && at.elapsed() < COUNTED_FOR
        {
            return Some(Arc::clone(counts));
        }
        match engine.incident_counts(wall_clock::now()) {
            Ok(counted) => {
                let counted = Arc::new(counted);
                *kept = Some((Instant::now(), Arc::clone(&counted)));
                Some(counted)
            }
            Err(error) => {
                tracing::warn!(%error, "incidents can't be counted for the metrics");
                None
            }
        }
    }
}

impl Collector for Machine {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.metrics().iter().try_for_each(|metric| metric.encode(&mut encoder))
    }
}

fn build() -> Metric {
    let rows = vec![Sample::of([("version", env!("CARGO_PKG_VERSION"))], 1)];
    gauge("slx_build_info", "The version that runs", rows)
}

fn spans() -> [Metric; 2] {
    let counts = SpanCounts::of_process();
    let lost = counts.lost().map(|(why, count)| Sample::of([("reason", why)], count));
    [
        counter("slx_spans_sent", "Spans that the collector took", Sample::one(counts.sent())),
        counter("slx_spans_lost", "Spans that no collector received", lost.into()),
    ]
}

fn journal(engine: &Engine) -> Vec<Metric> {
    let measures = engine.measures();
    let (backlog, scrub) = (engine.backlog(), engine.scrub_state());
    let state = match engine.journal_state() {
        JournalState::Writable => "writable",
        JournalState::ReadOnly => "read_only",
        JournalState::Behind(_) => "behind",
        JournalState::Failed => "failed",
        JournalState::Damaged(_) => "damaged",
    };
    let states = Sample::states(["writable", "read_only", "behind", "failed", "damaged"], state);
    vec![
        histogram(
            "slx_journal_sync_seconds",
            "How long it took to make a group of records durable",
            &measures.sync_micros.counted(),
            1e-6,
        ),
        histogram(
            "slx_journal_group_records",
            "How many records were made durable together",
            &measures.group_records.counted(),
            1.0,
        ),
        gauge("slx_journal_state", "Whether records are taken, and why not", states),
        gauge(
            "slx_journal_scrub_sequence",
            "The last record that was read again and found intact by the pass under way",
            Sample::one(scrub.sequence),
        ),
        gauge("slx_write_queue_waiting", "What waits to be recorded", Sample::one(backlog.cost)),
        gauge("slx_write_queue_places", "What may wait to be recorded", Sample::one(backlog.most)),
        counter(
            "slx_write_queue_refused",
            "Writes refused by a full queue",
            Sample::one(backlog.refused),
        ),
    ]
}

fn progress(engine: &Engine) -> Vec<Metric> {
    let (progress, learning) = (engine.progress(), engine.learning());
    let behind = |sequence: u64| Sample::one(progress.sequence.saturating_sub(sequence));
    let lookups = engine.cache_use();
    let clock = match engine.clock().0 {
        ClockState::Steady => "steady",
        ClockState::Held => "held",
        ClockState::Behind => "behind",
    };
    let lookups = vec![
        Sample::of([("found", "memory")], lookups.hits),
        Sample::of([("found", "views")], lookups.misses),
    ];
    vec![
        counter("slx_journal_records", "Records in the journal", Sample::one(progress.sequence)),
        gauge("slx_views_lag_records", "Records the views lack", behind(engine.views_sequence())),
        gauge(
            "slx_learning_lag_records",
            "Records that forecasts have not learnt from",
            behind(learning.sequence),
        ),
        gauge(
            "slx_learning_tenants_behind",
            "Tenants of whom something is still to be learnt",
            Sample::one(learning.tenants_behind as u64),
        ),
        counter("slx_incident_lookups", "Where incidents that were looked up were found", lookups),
        gauge(
            "slx_clock_state",
            "How the clock that counts as now stands",
            Sample::states(["steady", "held", "behind"], clock),
        ),
        gauge(
            "slx_time_zone_database_waiting",
            "Whether a time zone database was found at the start that is not adopted",
            Sample::one(u64::from(engine.zones_not_adopted().is_some())),
        ),
    ]
}

fn calendars(engine: &Engine) -> [Metric; 2] {
    let used = engine.calendar_cache_use();
    [
        counter(
            "slx_calendar_stretches_compiled",
            "Stretches of calendars, a year and 23 days each, that were compiled and kept",
            Sample::one(used.compiled),
        ),
        counter(
            "slx_calendar_stretches_forgotten",
            "Those that were forgotten for want of room",
            Sample::one(used.forgotten),
        ),
    ]
}
