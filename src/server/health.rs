//! The health of the server and of each of its services, as `grpc.health.v1` shows it.

use std::time::Duration;

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::registry::{SERVICES, Service};
use crate::runtime::{Engine, JournalState};

/// How often is looked how this node stands to the log that it shares.
const LOOKS_EVERY: Duration = Duration::from_millis(500);

/// Shows how the journal stands, now and whenever that changes. Never ends.
pub(super) async fn follow_journal(health: &HealthReporter, engine: &Engine) {
    let (mut poisoned, mut damaged) = (engine.poisoned(), engine.damaged());
    let show = async || show_journal(health, &engine.journal_state()).await;
    show().await;
    let written = async {
        if poisoned.wait_for(|poisoned| *poisoned).await.is_ok() {
            show().await;
        }
        std::future::pending::<()>().await;
    };
    let read = async {
        if damaged.wait_for(|damaged| *damaged).await.is_ok() {
            show().await;
        }
        std::future::pending::<()>().await;
    };
    let shared = async {
        let mut shown = engine.journal_state();
        while engine.node().is_some() {
            tokio::time::sleep(LOOKS_EVERY).await;
            let state = engine.journal_state();
            if state != shown {
                tracing::warn!(?state, "how this node stands to the log that it shares");
                show_journal(health, &state).await;
                shown = state;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::join!(written, read, shared);
}

/// Sets the health of the server as a whole and of each of its services.
pub(super) async fn set_health(health: &HealthReporter, status: ServingStatus) {
    health.set_service_status("", status).await;
    for service in SERVICES {
        health.set_service_status(service.name, status).await;
    }
}

/// Shows what a server that answers questions does with its journal as it stands.
pub(super) async fn show_journal(health: &HealthReporter, state: &JournalState) {
    health.set_service_status("", status(serves_as_a_whole(state))).await;
    for service in SERVICES {
        health.set_service_status(service.name, status(serves(&service, state))).await;
    }
}

/// Without a journal to write reads go on, so the server still serves. Of one that is damaged, what
/// was known before the damage is answered, and any other question is not. Whoever asks a node that
/// is far behind others learns what was known, and better asks another.
fn serves_as_a_whole(state: &JournalState) -> bool {
    !matches!(state, JournalState::Damaged(_) | JournalState::Behind(_))
}

/// Whether a service does what it is for.
fn serves(service: &Service, state: &JournalState) -> bool {
    let is_behind = matches!(state, JournalState::Behind(_));
    !is_behind && !service.writes || matches!(state, JournalState::Writable)
}

fn status(serves: bool) -> ServingStatus {
    if serves { ServingStatus::Serving } else { ServingStatus::NotServing }
}
