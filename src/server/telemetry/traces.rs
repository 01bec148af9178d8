//! Traces: the spans of calls, sent to a collector by OTLP.
//!
//! A thread of its own sends them, so that no call ever waits for a collector. What it can't send
//! is lost, and so is what comes while too much waits; it is counted, and the log says so now and
//! then.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, bail};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{
    ExporterBuildError, SpanExporter as OtlpExporter, WithExportConfig, WithTonicConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter, SpanProcessor,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};
use tonic::transport::ClientTlsConfig;

use crate::server::notices::Notices;
use crate::server::settings::TraceSettings;

/// Spans that may wait to be sent.
const WAITING_MAX: usize = 4_096;
/// Spans that are sent at once.
const SENT_MAX: usize = 512;
/// For how long spans gather, so that they are sent together.
const GATHER: Duration = Duration::from_millis(50);
/// After how long a collector is tried again that failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long a collector may take.
const SENT_WITHIN: Duration = Duration::from_secs(5);
/// How long the last spans may take to be sent when the server has stopped.
const LAST_WITHIN: Duration = Duration::from_secs(1);

/// What became of the spans of this process: whoever makes them is the process's, too.
static SPANS: SpanCounts =
    SpanCounts { sent: AtomicU64::new(0), crowded: AtomicU64::new(0), refused: AtomicU64::new(0) };

/// What became of spans since the start.
#[derive(Debug)]
pub(super) struct SpanCounts {
    /// Taken by the collector.
    sent: AtomicU64,
    /// Lost since too many waited.
    crowded: AtomicU64,
    /// Lost since the collector did not take them in time.
    refused: AtomicU64,
}

impl SpanCounts {
    /// Those of this process.
    pub fn of_process() -> &'static SpanCounts {
        &SPANS
    }

    /// How many a collector took.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How many were lost, by why.
    pub fn lost(&self) -> [(&'static str, u64); 2] {
        [("queue_full", &self.crowded), ("not_taken", &self.refused)]
            .map(|(why, count)| (why, count.load(Ordering::Relaxed)))
    }

    fn lost_in_all(&self) -> u64 {
        self.lost().map(|(_, count)| count).iter().sum()
    }
}

/// Sends spans until it is stopped.
#[derive(Debug)]
pub(super) struct Traces {
    provider: SdkTracerProvider,
    stop: oneshot::Sender<()>,
    stopped: oneshot::Receiver<()>,
}

impl Traces {
    /// Begins to send spans to a collector, whether it is there or not.
    ///
    /// # Errors
    /// When the endpoint is none, or no thread can be started.
    pub async fn start(settings: &TraceSettings) -> anyhow::Result<Traces> {
        let (spans, waiting) = mpsc::channel(WAITING_MAX);
        let (stop, stopping) = oneshot::channel();
        let (ended, stopped) = oneshot::channel();
        let (begun, beginning) = oneshot::channel();
        let resource = resource();
        let sending = Sending::new(waiting, stopping);
        let (endpoint, of) = (settings.endpoint.clone(), resource.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let send = move || {
            runtime.block_on(async {
                let exporter = exporter(&endpoint, &of);
                let (exporter, error) = (exporter.as_ref().ok(), exporter.as_ref().err());
                // Nobody waits for what comes after that.
                let _ = begun.send(error.map(ToString::to_string));
                if let Some(exporter) = exporter {
                    sending.run(exporter).await;
                }
            });
            let _ = ended.send(());
        };
        thread::Builder::new().name("traces".to_owned()).spawn(send)?;
        if let Some(error) = beginning.await.context("the thread of the traces has ended")? {
            bail!("otlp_endpoint: {error}");
        }
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Gathered { spans })
            .with_sampler(sampler(settings.one_in))
            .with_resource(resource)
            .build();
        Ok(Traces { provider, stop, stopped })
    }

    /// What makes spans.
    pub fn tracer(&self) -> SdkTracer {
        self.provider.tracer("slx")
    }

    /// Sends what waits, as far as the collector takes it soon.
    pub async fn finish(self) {
        // Whoever has ended already needs no signal, and whoever takes longer is left behind.
        let _ = self.stop.send(());
        let _ = timeout(LAST_WITHIN, self.stopped).await;
    }
}

/// The caller's choice where it made one; otherwise one call in so many.
fn sampler(one_in: u32) -> Sampler {
    Sampler::ParentBased(Box::new(match one_in {
        1 => Sampler::AlwaysOn,
        one_in => Sampler::TraceIdRatioBased(f64::from(one_in).recip()),
    }))
}

/// What the spans are of: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say more.
fn resource() -> Resource {
    let named = std::env::var_os("OTEL_SERVICE_NAME").is_some();
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let resource = Resource::builder().with_attribute(version);
    if named { resource.build() } else { resource.with_service_name("slx").build() }
}

/// `OTEL_EXPORTER_OTLP_HEADERS` adds headers, such as a token, which no setting holds.
fn exporter(endpoint: &str, resource: &Resource) -> Result<OtlpExporter, ExporterBuildError> {
    let exporter =
        OtlpExporter::builder().with_tonic().with_endpoint(endpoint).with_timeout(SENT_WITHIN);
    let exporter = match endpoint.starts_with("https:") {
        true => exporter.with_tls_config(ClientTlsConfig::new().with_native_roots()),
        false => exporter,
    };
    let mut exporter = exporter.build()?;
    exporter.set_resource(resource);
    Ok(exporter)
}

/// Takes in spans as they end.
#[derive(Debug)]
struct Gathered {
    spans: mpsc::Sender<SpanData>,
}

impl SpanProcessor for Gathered {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            SPANS.crowded.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Sends spans, on a thread of its own.
struct Sending {
    waiting: mpsc::Receiver<SpanData>,
    stopping: oneshot::Receiver<()>,
    /// How many were lost when the log said so last.
    lost_before: u64,
    is_failing: bool,
    /// That they can't be sent, and that they are sent again: a collector may come and go.
    failures: Notices,
    losses: Notices,
}

impl Sending {
    fn new(waiting: mpsc::Receiver<SpanData>, stopping: oneshot::Receiver<()>) -> Sending {
        let (failures, losses) = (Notices::default(), Notices::default());
        Sending { waiting, stopping, lost_before: 0, is_failing: false, failures, losses }
    }

    /// Sends until it is stopped, and then what waits still.
    async fn run(mut self, exporter: &impl SpanExporter) {
        let (mut spans, mut is_stopping) = (Vec::new(), false);
        loop {
            tokio::select! {
                _ = &mut self.stopping, if !is_stopping => {
                    is_stopping = true;
                    self.waiting.close();
                }
                taken = self.waiting.recv_many(&mut spans, SENT_MAX) => {
                    if taken == 0 {
                        return;
                    }
                    self.send(std::mem::take(&mut spans), exporter).await;
                    if !is_stopping {
                        sleep(if self.is_failing { TRY_AGAIN } else { GATHER }).await;
                    }
                }
            }
        }
    }

    async fn send(&mut self, spans: Vec<SpanData>, exporter: &impl SpanExporter) {
        let count = spans.len() as u64;
        let sent = timeout(SENT_WITHIN, exporter.export(spans)).await;
        let Err(error) = sent.unwrap_or(Err(OTelSdkError::Timeout(SENT_WITHIN))) else {
            return self.note_sent(count);
        };
        SPANS.refused.fetch_add(count, Ordering::Relaxed);
        if !std::mem::replace(&mut self.is_failing, true) {
            let text = "spans can't be sent, and are lost until they can";
            self.failures.give(|times| tracing::warn!(%error, times, "{text}"));
        }
    }

    fn note_sent(&mut self, count: u64) {
        self.is_failing = false;
        SPANS.sent.fetch_add(count, Ordering::Relaxed);
        let in_all = SPANS.lost_in_all();
        let (lost, lost_before) = (in_all - self.lost_before, &mut self.lost_before);
        if lost > 0 {
            self.losses.give(|_| {
                tracing::warn!(lost, "spans are sent, and some were lost");
                *lost_before = in_all;
            });
        }
    }
}
