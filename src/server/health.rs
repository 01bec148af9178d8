//! The health of the server and of each of its services, as `grpc.health.v1` shows it.

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::registry::{SERVICES, Service};
use crate::runtime::{Engine, JournalState};

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
    tokio::join!(written, read);
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
/// was known before the damage is answered, and any other question is not.
fn serves_as_a_whole(state: &JournalState) -> bool {
    !matches!(state, JournalState::Damaged(_))
}

/// Whether a service does what it is for.
fn serves(service: &Service, state: &JournalState) -> bool {
    !service.writes || matches!(state, JournalState::Writable)
}

fn status(serves: bool) -> ServingStatus {
    if serves { ServingStatus::Serving } else { ServingStatus::NotServing }
}
