//! What every read asks for, and what every answer is stamped with.

use prost_types::Timestamp;

use super::status;
use crate::domain::fault::Fault;
use crate::domain::time::Instant;
use crate::engine::refusal::Refusal;
use crate::runtime::{Engine, Progress, Sight, wall};
use crate::wire::faults::Faults;
use crate::wire::scalar::{id, optional_instant, timestamp};
use crate::wire::v1;
use tonic::Status;

/// The times and the sequence a read asks for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    pub as_of: Option<Instant>,
    pub known: Option<Instant>,
    pub min_sequence: i64,
}

impl Asked {
    fn decode(
        as_of_time: Option<Timestamp>,
        known_time: Option<Timestamp>,
        min_sequence: i64,
        faults: &mut Faults,
    ) -> Asked {
        if min_sequence < 0 {
            faults.add("min_sequence", format!("is {min_sequence}: it must not be negative"));
        }
        Asked {
            as_of: faults.or("as_of_time", optional_instant(as_of_time), None),
            known: faults.or("known_time", optional_instant(known_time), None),
            min_sequence,
        }
    }

    /// What the question sees. Everything acknowledged is folded, so a sequence that is not there
    /// will not come by waiting.
    pub fn sight(self, engine: &Engine) -> Result<Sight, Status> {
        let sight = engine.sight(self.as_of, self.known).map_err(status::lost)?;
        if self.min_sequence > sight.sequence as i64 {
            let (asked, present) = (self.min_sequence, sight.sequence);
            return Err(status::refused(Refusal::SequenceNotReached { asked, present }));
        }
        Ok(sight)
    }

    /// The two times as they were asked for.
    pub fn times(self) -> (Option<Instant>, Option<Instant>) {
        (self.as_of, self.known)
    }
}

/// A request that reads.
pub(super) trait Reads {
    /// Whose data.
    fn tenant(&self) -> &str;
    /// As of when, known by when, and the sequence that must be seen.
    fn asked(&self) -> (Option<Timestamp>, Option<Timestamp>, i64);
}

macro_rules! reads {
    ($($request:ident),+ $(,)?) => {
        $(impl Reads for v1::$request {
            fn tenant(&self) -> &str {
                &self.tenant
            }

            fn asked(&self) -> (Option<Timestamp>, Option<Timestamp>, i64) {
                (self.as_of_time, self.known_time, self.min_sequence)
            }
        })+
    };
}

reads!(
    CompareClocksRequest,
    GetCalendarRequest,
    ListCalendarsRequest,
    MeasureElapsedRequest,
    AddServiceTimeRequest,
    ListWindowsRequest,
    GetContractRequest,
    ListContractsRequest,
    ListContractRevisionsRequest,
    GetIncidentRequest,
    ListIncidentsRequest,
    ListEventsRequest,
    EvaluateIncidentRequest,
    ListClocksRequest,
    GetComplianceRequest,
    GetServiceReviewRequest,
    SimulateContractRequest,
    ListSettlementItemsRequest,
    ForecastClocksRequest,
    ForecastObjectivesRequest,
    GetForecastQualityRequest,
    ExportClocksRequest,
);

/// Whose data a read asks for and as of when, noting what is wrong.
pub(super) fn read(request: &impl Reads, faults: &mut Faults) -> (String, Asked) {
    let tenant = tenant(request.tenant().to_owned(), faults);
    let (as_of_time, known_time, min_sequence) = request.asked();
    (tenant, Asked::decode(as_of_time, known_time, min_sequence, faults))
}

/// The tenant of a request, noting what is wrong with it.
pub(super) fn tenant(tenant: String, faults: &mut Faults) -> String {
    faults.or("tenant", id(tenant), String::new())
}

/// Refuses a request with any fault.
pub(super) fn check(faults: Faults) -> Result<(), Status> {
    faults.check().map_err(status::invalid)
}

/// The value, or the status of its faults.
pub(super) fn valid<T>(value: Result<T, Vec<Fault>>) -> Result<T, Status> {
    value.map_err(status::invalid)
}

/// What an answer rests on.
pub(super) fn stamp(sight: &Sight) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: sight.sequence as i64,
        as_of_time: Some(timestamp(sight.times.as_of)),
        known_time: Some(timestamp(sight.times.known)),
    })
}

/// What a write leaves behind.
pub(super) fn write_stamp(progress: &Progress) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: progress.sequence as i64,
        as_of_time: Some(timestamp(wall::now().max(progress.record_time))),
        known_time: Some(timestamp(progress.record_time)),
    })
}
