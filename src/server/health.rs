//! The health of the server and of each of its services, as `grpc.health.v1` shows it.

use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::registry::SERVICES;
use crate::runtime::Engine;

/// Changes the health when the journal can't be written any more, or turns out to be damaged. Never
/// ends.
pub(super) async fn follow_journal(health: &HealthReporter, engine: &Engine) {
    let (mut poisoned, mut damaged) = (engine.poisoned(), engine.damaged());
    let written = async {
        if poisoned.wait_for(|poisoned| *poisoned).await.is_ok() {
            set_writing_health(health, ServingStatus::NotServing).await;
        }
        std::future::pending::<()>().await;
    };
    let read = async {
        if damaged.wait_for(|damaged| *damaged).await.is_ok() {
            set_health(health, ServingStatus::NotServing).await;
        }
        std::future::pending::<()>().await;
    };
    tokio::join!(written, read);
}

/// Sets the health of the server as a whole and of each of its services.
pub(super) async fn set_health(health: &HealthReporter, status: ServingStatus) {
    let names = SERVICES.iter().map(|service| service.name);
    for name in std::iter::once("").chain(names) {
        health.set_service_status(name, status).await;
    }
}

/// Sets the health of the services that can't do their work without a journal to write. Reads go
/// on, so the server as a whole still serves.
pub(super) async fn set_writing_health(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES.iter().filter(|service| service.writes) {
        health.set_service_status(service.name, status).await;
    }
}
