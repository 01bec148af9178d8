//! Every error's way onto the wire: one match an error, nowhere else.

use std::collections::HashMap;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use crate::codec::v1;
use crate::codec::v1::ErrorReason;
use crate::domain::fault::Fault;
use crate::engine::refusal::Refusal;
use crate::journal::ReadError;
use crate::limits::{ERROR_DETAIL_BYTES_MAX, ERROR_TEXT_BYTES_MAX, FAULTS_TOLD_MAX};
use crate::queries::QueryError;
use crate::runtime::{BackUpError, Loss, WriteError};
use crate::views::ViewsError;

const DOMAIN: &str = "slx";
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// A refusal's reason, as machines tell it apart.
pub(super) fn reason(refusal: &Refusal) -> ErrorReason {
    match refusal {
        Refusal::Invalid(faults) if is_out_of_range(faults) => ErrorReason::TimeOutOfRange,
        Refusal::Invalid(_) => ErrorReason::InvalidField,
        Refusal::CalendarNotFound(_) => ErrorReason::CalendarNotFound,
        Refusal::ContractNotFound(_) => ErrorReason::ContractNotFound,
        Refusal::IncidentNotFound(_) => ErrorReason::IncidentNotFound,
        Refusal::ItemNotFound(_) => ErrorReason::SettlementItemNotFound,
        Refusal::EventConflict { .. } => ErrorReason::EventConflict,
        Refusal::Unsound(_) => ErrorReason::ContractUnsound,
        Refusal::ContractEnded(_) => ErrorReason::ContractEnded,
        Refusal::RevisionConflict { .. } => ErrorReason::RevisionConflict,
        Refusal::LimitExceeded { .. } => ErrorReason::LimitExceeded,
        Refusal::SequenceNotReached { .. } => ErrorReason::SequenceNotReached,
        Refusal::InvalidPageToken => ErrorReason::InvalidPageToken,
        Refusal::TimeOutOfRange(_) => ErrorReason::TimeOutOfRange,
        Refusal::PeriodGoesOn { .. } => ErrorReason::PeriodGoesOn,
        Refusal::NotSigned { .. } => ErrorReason::ReviewNotSigned,
    }
}

/// Nothing is wrong but instants that are not supported.
fn is_out_of_range(faults: &[Fault]) -> bool {
    !faults.is_empty() && faults.iter().all(|fault| fault.is_out_of_range)
}

fn code(reason: ErrorReason) -> Code {
    match reason {
        ErrorReason::InvalidField | ErrorReason::InvalidPageToken => Code::InvalidArgument,
        ErrorReason::CalendarNotFound
        | ErrorReason::ContractNotFound
        | ErrorReason::IncidentNotFound
        | ErrorReason::SettlementItemNotFound => Code::NotFound,
        ErrorReason::EventConflict => Code::AlreadyExists,
        ErrorReason::ContractUnsound
        | ErrorReason::ContractEnded
        | ErrorReason::BackupDiverged
        | ErrorReason::PeriodGoesOn
        | ErrorReason::ReviewNotSigned => Code::FailedPrecondition,
        ErrorReason::RevisionConflict => Code::Aborted,
        ErrorReason::TimeOutOfRange | ErrorReason::SequenceNotReached => Code::OutOfRange,
        ErrorReason::Overloaded | ErrorReason::LimitExceeded => Code::ResourceExhausted,
        ErrorReason::Starting
        | ErrorReason::ShuttingDown
        | ErrorReason::JournalUnavailable
        | ErrorReason::ViewsUnavailable => Code::Unavailable,
        ErrorReason::JournalCorrupt => Code::DataLoss,
        ErrorReason::Unspecified | ErrorReason::Defect => Code::Internal,
    }
}

/// The status of a refusal.
pub(super) fn refused(refusal: Refusal) -> Status {
    let mut details = ErrorDetails::new();
    match &refusal {
        Refusal::Invalid(faults) => tell_faults(faults, &mut details),
        Refusal::CalendarNotFound(id) => tell_resource("calendar", id, &mut details),
        Refusal::ContractNotFound(id) | Refusal::ContractEnded(id) => {
            tell_resource("contract", id, &mut details);
        }
        Refusal::IncidentNotFound(id) => tell_resource("incident", id, &mut details),
        Refusal::ItemNotFound(id) => tell_resource("settlement item", id, &mut details),
        Refusal::EventConflict { event_id, .. } => tell_resource("event", event_id, &mut details),
        Refusal::Unsound(findings) => {
            let told = findings.iter().take(FAULTS_TOLD_MAX).map(|finding| {
                let (field, text) = (&finding.field, shortened(&finding.description));
                PreconditionViolation::new("CONTRACT", field, text)
            });
            let mut bytes_left = ERROR_DETAIL_BYTES_MAX / 2;
            let fitting = told.take_while(|told| {
                let bytes = told.subject.len() + told.description.len() + 16;
                bytes_left = bytes_left.saturating_sub(bytes);
                bytes_left > 0
            });
            details.set_precondition_failure(fitting.collect::<Vec<_>>());
        }
        Refusal::InvalidPageToken => {
            details.add_bad_request_violation("page_token", refusal.to_string());
        }
        Refusal::PeriodGoesOn { period, .. } | Refusal::NotSigned { period, .. } => {
            let told = PreconditionViolation::new("PERIOD", period, refusal.to_string());
            details.set_precondition_failure(vec![told]);
        }
        Refusal::SequenceNotReached { .. } => {
            details.add_bad_request_violation("min_sequence", refusal.to_string());
        }
        Refusal::RevisionConflict { .. }
        | Refusal::LimitExceeded { .. }
        | Refusal::TimeOutOfRange(_) => {}
    }
    status(reason(&refusal), refusal.to_string(), details)
}

/// The status of wrong fields.
pub(super) fn invalid(faults: Vec<Fault>) -> Status {
    refused(Refusal::Invalid(faults))
}

/// The status of a question that is not answered.
pub(super) fn unanswered(error: QueryError) -> Status {
    match error {
        QueryError::Rejected(refusal) => refused(refusal),
        QueryError::Unavailable(error) => unreadable(error),
        QueryError::Lost(loss) => lost(&loss),
    }
}

/// The status of a write that was refused, or that could not be taken and may be tried again as it
/// was.
pub(super) fn not_written(error: WriteError) -> Status {
    let reason = match &error {
        WriteError::Rejected(refusal) => return refused(refusal.clone()),
        WriteError::Overloaded => ErrorReason::Overloaded,
        WriteError::Stopping => ErrorReason::ShuttingDown,
        WriteError::Journal(_) | WriteError::Behind => ErrorReason::JournalUnavailable,
        WriteError::Damaged(loss) => return lost(loss),
        WriteError::Views { may_pass: true, .. } => ErrorReason::ViewsUnavailable,
        WriteError::Views { may_pass: false, .. } => ErrorReason::Defect,
    };
    status(reason, error.to_string(), ErrorDetails::with_retry_info(Some(RETRY_AFTER)))
}

/// The status of what can't be answered or recorded since the journal is damaged.
fn lost(loss: &Loss) -> Status {
    status(ErrorReason::JournalCorrupt, loss.to_string(), ErrorDetails::new())
}

/// The status of a journal that can't be read.
pub(super) fn journal_unreadable(error: ReadError) -> Status {
    tracing::error!(%error, "the journal can't be read");
    let reason = match error {
        ReadError::Damaged(_) => ErrorReason::JournalCorrupt,
        _ => ErrorReason::JournalUnavailable,
    };
    status(reason, error.to_string(), ErrorDetails::new())
}

/// The status of a backup that can't be made.
pub(super) fn not_backed_up(error: BackUpError) -> Status {
    match error {
        BackUpError::Read(error) => journal_unreadable(error),
        diverged => status(ErrorReason::BackupDiverged, diverged.to_string(), ErrorDetails::new()),
    }
}

/// The status of views that can't be read. They hold no facts, so nothing is lost.
fn unreadable(error: ViewsError) -> Status {
    if error.may_pass() {
        let retry = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
        return status(ErrorReason::ViewsUnavailable, error.to_string(), retry);
    }
    tracing::error!(%error, "the views can't be read: the next start folds them anew");
    status(ErrorReason::Defect, error.to_string(), ErrorDetails::new())
}

/// The status of a defect in slx.
pub(super) fn defect(message: &str) -> Status {
    tracing::error!(message, "a defect");
    status(ErrorReason::Defect, message.to_owned(), ErrorDetails::new())
}

/// The status while the journal is still being read.
pub(super) fn starting() -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    status(ErrorReason::Starting, "the server is still reading its journal".to_owned(), details)
}

/// What became of an event that was refused, for an answer that tells of many.
pub(super) fn refusal_message(refusal: &Refusal) -> v1::Refusal {
    let faults = match refusal {
        Refusal::Invalid(faults) => faults.as_slice(),
        _ => &[],
    };
    let told = faults.iter().take(FAULTS_TOLD_MAX).map(|fault| v1::FieldFault {
        field: fault.field.clone(),
        description: fault.description.clone(),
    });
    v1::Refusal {
        reason: reason(refusal) as i32,
        message: refusal.to_string(),
        faults: told.collect(),
    }
}

fn status(reason: ErrorReason, message: String, mut details: ErrorDetails) -> Status {
    let name = reason.as_str_name().trim_start_matches("ERROR_REASON_");
    details.set_error_info(name, DOMAIN, HashMap::<String, String>::new());
    Status::with_error_details(code(reason), shortened(&message), details)
}

/// A text that fits into an answer's trailers however it is escaped there: what was sent may be
/// quoted in it at any length.
fn shortened(text: &str) -> String {
    match text.char_indices().find(|(at, _)| *at >= ERROR_TEXT_BYTES_MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
    }
}

/// Names wrong fields, as many as an error can carry: larger ones are lost on their way.
fn tell_faults(faults: &[Fault], details: &mut ErrorDetails) {
    let mut bytes_left = ERROR_DETAIL_BYTES_MAX / 2;
    let mut told = Vec::new();
    for fault in faults.iter().take(FAULTS_TOLD_MAX) {
        let (field, description) = (shortened(&fault.field), shortened(&fault.description));
        let bytes = field.len() + description.len() + 16;
        if bytes > bytes_left {
            break;
        }
        bytes_left -= bytes;
        told.push(FieldViolation::new(field, description));
    }
    let untold = faults.len() - told.len();
    if untold > 0 {
        told.push(FieldViolation::new("", format!("and {untold} more wrong fields")));
    }
    details.set_bad_request(told);
}

fn tell_resource(kind: &str, id: &str, details: &mut ErrorDetails) {
    details.set_resource_info(kind, id, "", "");
}

/// Whether a message would leave room for others on a page or in an event.
pub(super) fn check_bytes(event: &impl Message, most: usize) -> Result<(), Refusal> {
    if event.encoded_len() > most {
        return Err(Refusal::LimitExceeded { what: "an event", most, unit: "bytes" });
    }
    Ok(())
}
