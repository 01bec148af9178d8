//! The server: configuration, the services on a port, health, reflection, a bounded shutdown.

mod admission;
mod answer_body;
mod around;
mod connections;
mod entrance;
mod gathered;
mod health;
mod http1;
pub mod identity;
mod intake;
mod loop_lag;
mod network;
mod notices;
mod peers;
mod readers;
mod registry;
mod request_body;
mod request_id;
mod serving;
mod settings;
mod telemetry;
mod unanswered;
mod under_way;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use prometheus_client::registry::Registry;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic_health::ServingStatus;

use crate::runtime::{Engine, StoreOptions, wall_clock, zones};
use crate::service::{Limits, Services};
use admission::Admission;
use health::{follow_journal, set_health, show_journal};
use identity::Security;
use intake::{Intake, IntakeCounts, IntakeDoor};
use loop_lag::LoopLag;
use network::{Network, all_around};
use readers::{GROUP_AND_OTHERS, warn_of_readers};
use registry::routes;
use telemetry::Calls;
use web::{Web, WebDoor};

pub use settings::{Configuration, Effective, Environment, Setting, Settings, sample};
pub use telemetry::{Noting, log_what_goes_wrong, start_noting};

/// How long streams may take to end when a server stops before it has answered any call.
const DRAIN_WHILE_STARTING: Duration = Duration::from_millis(200);

/// A server that listens.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    ready: watch::Receiver<bool>,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// Serves until the process is signalled to stop (SIGINT, SIGTERM or SIGHUP); a second signal ends
/// it at once.
pub async fn run(configuration: Configuration) -> anyhow::Result<()> {
    configuration.identity.warn(configuration.listen);
    let intake = configuration.intake.as_ref().map(|intake| intake.listen);
    for listen in intake.into_iter().chain(configuration.web_listen) {
        configuration.identity.warn(listen);
    }
    let running = start_as(configuration).await?;
    let stop = running.stop.clone();
    tokio::spawn(async move {
        signalled().await;
        tracing::info!("stopping: finishing what is under way");
        stop.send_replace(true);
        signalled().await;
        tracing::warn!("stopping at once: what is acknowledged is kept");
        #[expect(clippy::exit, reason = "nothing is left to wait for, nor to put away")]
        std::process::exit(1);
    });
    running.serving.await.context("the server's task failed")?
}

/// Starts a server; it listens when this returns, and answers once it is [`Running::ready`].
pub async fn start(settings: Settings) -> anyhow::Result<Running> {
    start_as(settings.check()?).await
}

async fn start_as(configuration: Configuration) -> anyhow::Result<Running> {
    wall_clock::check_plausible()?;
    let listener = TcpListener::bind(configuration.listen)
        .await
        .with_context(|| format!("can't listen on {}", configuration.listen))?;
    let address = listener.local_addr()?;
    let has_tls = configuration.identity.tls.is_some();
    tracing::info!(%address, has_tls, data = %configuration.data_dir.display(), "listening");
    warn_of_readers(&configuration.data_dir, GROUP_AND_OTHERS);
    let security = configuration.identity.clone().open()?;
    let doors = Doors::open(&configuration, listener).await?;
    let (stop, stopping) = watch::channel(false);
    let (is_ready, ready) = watch::channel(false);
    let serving = tokio::spawn(serve(configuration, security, doors, stopping, is_ready));
    Ok(Running { address, stop, ready, serving })
}

/// Where callers come in.
struct Doors {
    listener: TcpListener,
    intake: Option<IntakeDoor>,
    web: Option<WebDoor>,
}

impl Doors {
    async fn open(configuration: &Configuration, listener: TcpListener) -> anyhow::Result<Doors> {
        let intake = match &configuration.intake {
            None => None,
            Some(intake) => {
                let zones = zones::open(&configuration.zoneinfo)?;
                Some(intake.open(&configuration.identity, &zones).await?)
            }
        };
        let web = match configuration.web_listen {
            None => None,
            Some(listen) => Some(WebDoor::open(listen, &configuration.identity).await?),
        };
        Ok(Doors { listener, intake, web })
    }
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the journal is read and questions are answered.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        if self.ready.wait_for(|ready| *ready).await.is_err() {
            return (&mut self.serving).await.context("the server's task failed")?;
        }
        Ok(())
    }

    /// Stops it: no new calls, what is under way is finished, everything acknowledged is kept.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.serving.await.context("the server's task failed")?
    }
}

async fn serve(
    configuration: Configuration,
    security: Security,
    doors: Doors,
    stopping: watch::Receiver<bool>,
    is_ready: watch::Sender<bool>,
) -> anyhow::Result<()> {
    let Configuration { event_bytes_max, capacity, drain, .. } = configuration;
    let limits = Limits { event_bytes_max, capacity };
    let webhooks = configuration.webhooks.clone();
    let services = Services::new(limits, webhooks, wall_clock::now());
    let (health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, ServingStatus::NotServing).await;
    let routes = routes(&services, configuration.request_bytes_max)?.add_service(health_service);
    let (calls, intake_counts) = (Calls::default(), IntakeCounts::default());
    let _metrics = match configuration.metrics_listen {
        None => None,
        Some(address) => {
            let (services, data_dir) = (services.clone(), configuration.data_dir.clone());
            let (counts, stopping) = (registered(&calls, &intake_counts), stopping.clone());
            Some(telemetry::listen(address, counts, services, data_dir, stopping).await?)
        }
    };
    let lag = LoopLag::measured().context("can't start a thread")?;
    let admission =
        Admission::new(configuration.calls, configuration.bodies, lag, services.clone());
    let connections = configuration.connections;
    let intake = Intake {
        gate: security.gate.clone(),
        admission: admission.clone(),
        services: services.clone(),
        counts: intake_counts,
        connections,
        drain,
    };
    let around = (security, calls);
    let (serving, beside) = serve_callers(doors, routes, around, intake, &stopping);
    tokio::spawn(end_what_lasts(services.clone(), stopping.clone(), drain / 2));

    let mut stopping = stopping;
    let engine = tokio::select! {
        engine = opened(configuration) => Some(Arc::new(engine?)),
        _ = stopping.wait_for(|stop| *stop) => None,
    };
    let Some(engine) = engine else { return stop_while_starting(serving).await };
    services.open(Arc::clone(&engine));
    is_ready.send_replace(true);
    tracing::info!(sequence = engine.progress().sequence, "ready");
    show_journal(&health, &engine.journal_state()).await;
    if engine.is_read_only() {
        tracing::info!("read-only: questions are answered, and nothing is recorded");
    }

    tokio::select! {
        _ = stopping.wait_for(|stop| *stop) => {}
        () = follow_journal(&health, &engine) => {}
    }
    set_health(&health, ServingStatus::NotServing).await;
    serving.await.context("the network's task failed")?;
    for listener in beside {
        listener.await.context("the task of a listener failed")?;
    }
    services.end_watches();
    services.webhooks_ended().await;
    tokio::task::spawn_blocking(move || engine.stop()).await.context("stopping failed")?;
    tracing::info!("stopped");
    Ok(())
}

/// Serves callers wherever they come in: by the services' own network, and beside it.
fn serve_callers(
    doors: Doors,
    routes: Routes,
    (security, calls): (Security, Calls),
    intake: Intake,
    stopping: &watch::Receiver<bool>,
) -> (JoinHandle<()>, Vec<JoinHandle<()>>) {
    let Intake { ref admission, connections, drain, .. } = intake;
    let admission = admission.clone();
    let mut beside = Vec::new();
    if let Some(door) = doors.web {
        let gate = security.gate.clone();
        let calls = all_around(routes.clone(), gate, admission.clone(), calls.clone());
        let web = Web { calls, connections, drain };
        beside.push(tokio::spawn(web.serve(door, stopping.clone())));
    }
    if let Some(door) = doors.intake {
        beside.push(tokio::spawn(intake.serve(door, stopping.clone())));
    }
    let network = Network { connections, calls, admission, security, drain };
    (tokio::spawn(network.serve(routes, doors.listener, stopping.clone())), beside)
}

/// The counts of calls and of posts.
fn registered(calls: &Calls, intake: &IntakeCounts) -> Registry {
    let mut registry = Registry::default();
    calls.register(&mut registry);
    intake.register(&mut registry);
    registry
}

/// Opens the store on a thread of its own, which nobody waits for if the server is to stop
/// meanwhile: whatever it was at, it leaves no more behind than a crash does.
async fn opened(configuration: Configuration) -> anyhow::Result<Engine> {
    let (opened, opening) = oneshot::channel();
    let runtime = Handle::current();
    let open = move || {
        let _within = runtime.enter();
        // Nobody waits for it any more.
        if let Err(Ok(engine)) = opened.send(open(&configuration)) {
            engine.stop();
        }
    };
    thread::Builder::new().name("open".to_owned()).spawn(open).context("can't start a thread")?;
    opening.await.context("opening the store failed")?
}

/// Every call was answered as it came: only those that watch the health are still there.
async fn stop_while_starting(serving: JoinHandle<()>) -> anyhow::Result<()> {
    tracing::info!("stopped while starting: nothing was acknowledged");
    let ending = serving.abort_handle();
    if tokio::time::timeout(DRAIN_WHILE_STARTING, serving).await.is_err() {
        ending.abort();
    }
    Ok(())
}

/// Ends the streams of notices when the server stops, and after a while whatever still works, so
/// that its callers hear of it before they are cut off.
async fn end_what_lasts(services: Services, mut stopping: watch::Receiver<bool>, after: Duration) {
    if stopping.wait_for(|stop| *stop).await.is_ok() {
        services.end_watches();
        tokio::time::sleep(after).await;
        services.close();
    }
}

fn open(configuration: &Configuration) -> anyhow::Result<Engine> {
    let zones = zones::open(&configuration.zoneinfo)?;
    let options = StoreOptions {
        directory: configuration.data_dir.clone(),
        segment_bytes: configuration.segment_bytes,
        views_patience: configuration.views_patience,
        events_an_incident_max: configuration.events_an_incident_max,
        scrub_bytes_a_second: configuration.scrub_bytes_a_second,
        accept_clock: configuration.accept_clock,
        memory: configuration.memory,
        read_only: configuration.read_only,
        cluster: configuration.cluster.clone(),
    };
    let engine = Engine::start(&options, zones)?;
    note_zones(&engine);
    Ok(engine)
}

/// Says by which time zone database local time is read, and which else is there.
fn note_zones(engine: &Engine) {
    let zones = engine.zones();
    let (release, digest) = (zones.version(), zones.digest());
    tracing::info!(release, %digest, "time zone database");
    if let Some(other) = engine.zones_not_adopted() {
        let (release, digest) = (other.version(), other.digest());
        tracing::warn!(
            release, %digest,
            "another time zone database was found, which is not used until it is adopted: slx \
             zones compare shows which clocks it would move, slx zones adopt adopts it"
        );
    }
}

/// Waits until the process is signalled to stop (SIGINT, SIGTERM or SIGHUP).
pub async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        tracing::warn!("SIGTERM can't be watched for: only SIGINT stops the server gracefully");
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    let mut hang_up = signal(SignalKind::hangup()).ok();
    let hung_up = async {
        match &mut hang_up {
            Some(signal) => drop(signal.recv().await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        () = hung_up => {}
    }
}
