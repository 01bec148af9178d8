//! What all requests have in common.

use prost_types::Timestamp;

use crate::codec::v1;

/// A request about one tenant's data.
pub(super) trait OfTenant {
    /// The id of the tenant.
    fn tenant(&self) -> &str;

    /// What must be recorded before it is answered, if it reads.
    fn min_sequence(&self) -> i64 {
        0
    }
}

/// A request that reads.
pub(super) trait Reads: OfTenant {
    /// Its `as_of_time`, `known_time` and `min_sequence`.
    fn read(&self) -> (Option<Timestamp>, Option<Timestamp>, i64);
}

macro_rules! writes {
    ($($request:ident),+ $(,)?) => {
        $(impl OfTenant for v1::$request {
            fn tenant(&self) -> &str {
                &self.tenant
            }
        })+
    };
}

macro_rules! reads {
    ($($request:ident),+ $(,)?) => {
        $(impl OfTenant for v1::$request {
            fn tenant(&self) -> &str {
                &self.tenant
            }

            fn min_sequence(&self) -> i64 {
                self.min_sequence
            }
        })+
        $(impl Reads for v1::$request {
            fn read(&self) -> (Option<Timestamp>, Option<Timestamp>, i64) {
                (self.as_of_time, self.known_time, self.min_sequence)
            }
        })+
    };
}

writes!(
    PutCalendarRequest,
    ImportHolidaysRequest,
    PutContractRequest,
    EndContractRequest,
    RecordEventsRequest,
    StreamEventsRequest,
    RecordServiceEventsRequest,
    ErasePersonalDataRequest,
    SignServiceReviewRequest,
    OpenSettlementItemRequest,
    DecideSettlementItemRequest,
    WatchClocksRequest,
    PutWebhookRequest,
    ListWebhooksRequest,
    RemoveWebhookRequest,
    RotateWebhookSecretRequest,
    ListDeadLettersRequest,
    ResendDeadLettersRequest,
);

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
