//! The reason of every rejection, for programs, and the gRPC code of every reason.

use tonic::Code;

use crate::codec::v1::ErrorReason;
use crate::domain::violation::Violation;
use crate::engine::rejection::Rejection;

/// The reason of a rejection, for programs.
pub(super) fn reason(rejection: &Rejection) -> ErrorReason {
    match rejection {
        Rejection::Invalid(violations) if is_out_of_range(violations) => {
            ErrorReason::TimeOutOfRange
        }
        Rejection::Invalid(_) => ErrorReason::InvalidField,
        Rejection::CalendarNotFound(_) => ErrorReason::CalendarNotFound,
        Rejection::ContractNotFound(_) => ErrorReason::ContractNotFound,
        Rejection::IncidentNotFound(_) | Rejection::IncidentsNotFound(_) => {
            ErrorReason::IncidentNotFound
        }
        Rejection::TenantNotFound(_) => ErrorReason::TenantNotFound,
        Rejection::ItemNotFound(_) => ErrorReason::SettlementItemNotFound,
        Rejection::WebhookNotFound(_) => ErrorReason::WebhookNotFound,
        Rejection::EventConflict { .. } => ErrorReason::EventConflict,
        Rejection::Unsound(_) => ErrorReason::ContractUnsound,
        Rejection::ContractEnded(_) => ErrorReason::ContractEnded,
        Rejection::RevisionConflict { .. } => ErrorReason::RevisionConflict,
        Rejection::LimitExceeded { .. } => ErrorReason::LimitExceeded,
        Rejection::SequenceNotReached { .. } => ErrorReason::SequenceNotReached,
        Rejection::InvalidPageToken => ErrorReason::InvalidPageToken,
        Rejection::TimeOutOfRange(_) => ErrorReason::TimeOutOfRange,
        Rejection::PeriodGoesOn { .. } => ErrorReason::PeriodGoesOn,
        Rejection::NotSigned { .. } => ErrorReason::ReviewNotSigned,
        Rejection::ResumePointExpired(_) | Rejection::PullExpired(_) => {
            ErrorReason::ResumePointExpired
        }
    }
}

/// Whether nothing is wrong but instants that are not supported.
fn is_out_of_range(violations: &[Violation]) -> bool {
    !violations.is_empty() && violations.iter().all(|violation| violation.is_out_of_range)
}

/// The gRPC code of a reason.
pub(super) fn code(reason: ErrorReason) -> Code {
    match reason {
        ErrorReason::InvalidField
        | ErrorReason::InvalidPageToken
        | ErrorReason::MalformedMessage => Code::InvalidArgument,
        ErrorReason::Unauthenticated => Code::Unauthenticated,
        ErrorReason::PermissionDenied => Code::PermissionDenied,
        ErrorReason::MethodNotFound | ErrorReason::CompressionUnsupported => Code::Unimplemented,
        ErrorReason::CalendarNotFound
        | ErrorReason::ContractNotFound
        | ErrorReason::IncidentNotFound
        | ErrorReason::SettlementItemNotFound
        | ErrorReason::TenantNotFound
        | ErrorReason::WebhookNotFound => Code::NotFound,
        ErrorReason::EventConflict => Code::AlreadyExists,
        ErrorReason::ContractUnsound
        | ErrorReason::ContractEnded
        | ErrorReason::BackupDiverged
        | ErrorReason::PeriodGoesOn
        | ErrorReason::ReadOnly
        | ErrorReason::ReviewNotSigned => Code::FailedPrecondition,
        ErrorReason::RevisionConflict => Code::Aborted,
        ErrorReason::TimeOutOfRange
        | ErrorReason::SequenceNotReached
        | ErrorReason::ResumePointExpired => Code::OutOfRange,
        ErrorReason::Overloaded
        | ErrorReason::LimitExceeded
        | ErrorReason::AnswerTooLarge
        | ErrorReason::AnswerUnread => Code::ResourceExhausted,
        ErrorReason::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorReason::CallerGone => Code::Cancelled,
        ErrorReason::Starting
        | ErrorReason::ShuttingDown
        | ErrorReason::JournalUnavailable
        | ErrorReason::AuditUnavailable
        | ErrorReason::ViewsUnavailable
        | ErrorReason::AnotherNode => Code::Unavailable,
        ErrorReason::JournalCorrupt => Code::DataLoss,
        ErrorReason::Unspecified | ErrorReason::Defect => Code::Internal,
    }
}
