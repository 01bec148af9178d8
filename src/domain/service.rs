//! Services: the facts monitors report about them.

use super::time::Instant;

/// One fact about a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// The monitor's own id of the fact, unique within the service for ever.
    pub event_id: String,
    /// The service.
    pub service: String,
    /// When it happened.
    pub occur_time: Instant,
    /// What happened.
    pub fact: ServiceFact,
}

/// What happened to a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceFact {
    /// It went down.
    OutageStarted,
    /// It came back.
    OutageEnded,
    /// Maintenance was announced.
    MaintenanceScheduled {
        /// It begins.
        start: Instant,
        /// It ends.
        end: Instant,
        /// It was announced.
        announced: Instant,
    },
    /// Something was measured.
    Measured {
        /// What.
        indicator: String,
        /// How much, in thousandths of the indicator's unit.
        value: i64,
        /// How many times it was seen; at least 1.
        count: i64,
    },
}
