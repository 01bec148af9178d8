//! The gRPC status of every error: one match for each type of error, and nowhere else.

use std::collections::HashMap;
use std::time::Duration;

use prost::Message;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt};

use super::lanes::Weight;
use super::reasons::{code, reason};
use super::scope::Scope;
use crate::codec::v1;
use crate::codec::v1::ErrorReason;
use crate::domain::violation::Violation;
use crate::engine::cost::Cost;
use crate::engine::rejection::Rejection;
use crate::journal::ReadError;
use crate::limits::{
    ANSWER_BYTES_MAX, ERROR_DETAIL_BYTES_MAX, ERROR_TEXT_BYTES_MAX, VIOLATIONS_LISTED_MAX,
};
use crate::queries::QueryError;
use crate::runtime::{BackUpError, Loss, NamingError, Stopped, WriteError};
use crate::views::ViewsError;

const DOMAIN: &str = "slx";
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// After which a full lane of heavy questions may have a place again.
const RETRY_HEAVY_AFTER: Duration = Duration::from_secs(5);

/// The status of a rejection.
pub(super) fn refused(rejection: Rejection) -> Status {
    let mut details = ErrorDetails::new();
    let at = |details: &mut ErrorDetails, field: &str| {
        details.add_bad_request_violation(field, rejection.to_string());
    };
    match &rejection {
        Rejection::Invalid(violations) => describe_violations(violations, &mut details),
        Rejection::CalendarNotFound(id) => describe_resource("calendar", id, &mut details),
        Rejection::ContractNotFound(id) | Rejection::ContractEnded(id) => {
            describe_resource("contract", id, &mut details);
        }
        Rejection::IncidentNotFound(id) => describe_resource("incident", id, &mut details),
        Rejection::IncidentsNotFound(ids) => {
            let first = ids.first().map(String::as_str).unwrap_or_default();
            describe_resource("incident", first, &mut details);
        }
        Rejection::TenantNotFound(id) => describe_resource("tenant", id, &mut details),
        Rejection::ItemNotFound(id) => describe_resource("settlement item", id, &mut details),
        Rejection::WebhookNotFound(id) => describe_resource("webhook", id, &mut details),
        Rejection::EventConflict { kind, id, .. } => describe_resource(kind, id, &mut details),
        Rejection::Unsound(findings) => {
            let encoded = findings.iter().take(VIOLATIONS_LISTED_MAX).map(|finding| {
                let (field, text) = (&finding.field, shortened(&finding.description));
                PreconditionViolation::new("CONTRACT", field, text)
            });
            let mut bytes_left = ERROR_DETAIL_BYTES_MAX / 2;
            let fitting = encoded.take_while(|encoded| {
                let bytes = encoded.subject.len() + encoded.description.len() + 16;
                bytes_left = bytes_left.saturating_sub(bytes);
                bytes_left > 0
            });
            details.set_precondition_failure(fitting.collect::<Vec<_>>());
        }
        Rejection::PeriodGoesOn { period, .. } | Rejection::NotSigned { period, .. } => {
            let encoded = PreconditionViolation::new("PERIOD", period, rejection.to_string());
            details.set_precondition_failure(vec![encoded]);
        }
        Rejection::InvalidPageToken => at(&mut details, "page_token"),
        Rejection::ResumePointExpired(_) => at(&mut details, "resume_token"),
        Rejection::PullExpired(_) => at(&mut details, "since"),
        Rejection::SequenceNotReached { .. } => at(&mut details, "min_sequence"),
        Rejection::RevisionConflict { .. }
        | Rejection::LimitExceeded { .. }
        | Rejection::TimeOutOfRange(_) => {}
    }
    status(reason(&rejection), rejection.to_string(), details)
}

/// The status of wrong fields.
pub(super) fn invalid(violations: Vec<Violation>) -> Status {
    refused(Rejection::Invalid(violations))
}

/// The status of a query that is not answered.
pub(super) fn unanswered(error: QueryError) -> Status {
    match error {
        QueryError::Rejected(rejection) => refused(rejection),
        QueryError::Unavailable(error) => unreadable(error),
        QueryError::Lost(loss) => lost(&loss),
        QueryError::Stopped(why) => stopped(why),
    }
}

/// The status of work that ended since nobody waited for it any more.
pub(super) fn stopped(why: Stopped) -> Status {
    let (reason, text) = match why {
        Stopped::CallerGone => (ErrorReason::CallerGone, why.to_string()),
        Stopped::OutOfTime => return out_of_time(),
        Stopped::Unread => {
            let help = "read it as it comes, or ask for less";
            (ErrorReason::AnswerUnread, format!("{why}: {help}"))
        }
        Stopped::ShuttingDown => (ErrorReason::ShuttingDown, why.to_string()),
    };
    status(reason, text, ErrorDetails::new())
}

/// The status of a call whose time is over.
pub fn out_of_time() -> Status {
    let text = "the time for an answer is over: a question was stopped, and what was to be \
                recorded may be: send it again, with the same ids";
    status(ErrorReason::DeadlineExceeded, text.to_owned(), ErrorDetails::new())
}

/// The status of a call that may not enter a lane.
pub(super) fn busy(weight: Weight) -> Status {
    let (text, after) = match weight {
        Weight::Light => ("too many questions wait already", RETRY_AFTER),
        Weight::Heavy => ("too many reviews, exports and the like wait already", RETRY_HEAVY_AFTER),
    };
    overloaded(text, after)
}

/// The status of an incident that is too much to evaluate at once.
pub(super) fn too_much_to_evaluate(cost: Cost, most: u64) -> Status {
    let Cost { events, targets, .. } = cost;
    let text = format!(
        "the incident has {events} events under {targets} targets, which is more than the \
         {most} events times targets that one answer may take: ask for one of its \
         contracts by contract_id"
    );
    status(ErrorReason::LimitExceeded, text, ErrorDetails::new())
}

/// Refuses an answer that no client would take in.
pub(super) fn check_answer(answer: &impl Message) -> Result<(), Status> {
    let bytes = answer.encoded_len();
    if bytes <= ANSWER_BYTES_MAX {
        return Ok(());
    }
    let text = format!(
        "the answer has {bytes} bytes, and a message holds {ANSWER_BYTES_MAX}: ask for less, by \
         one contract, a shorter period, fewer keys to group by, or without segments; an export \
         is streamed and has no such limit"
    );
    Err(status(ErrorReason::AnswerTooLarge, text, ErrorDetails::new()))
}

/// The status of a stream when too many are open.
pub(super) fn too_many_streams() -> Status {
    overloaded("too many streams are open: read those to their ends first", RETRY_HEAVY_AFTER)
}

/// The status of a stream of notices when too many are open.
pub(super) fn too_many_watches() -> Status {
    overloaded("too many watch already", RETRY_HEAVY_AFTER)
}

/// The status of a stream of notices of which nothing is read.
pub(super) fn notices_unread() -> Status {
    let text = "the notices are not being read: watch again from the last resume_token, and read \
                them as they come";
    status(ErrorReason::AnswerUnread, text.to_owned(), ErrorDetails::new())
}

/// The status of a call when too many are under way.
pub fn too_many_calls() -> Status {
    overloaded("too many calls are under way", RETRY_AFTER)
}

/// The status of a call when the network can't keep up with those that are under way.
pub fn too_late() -> Status {
    overloaded("the server can't keep up with the calls under way", RETRY_AFTER)
}

/// The status of a request when too much of others is held that is not there whole.
pub fn too_many_bytes_held() -> Status {
    overloaded("too many bytes of requests that are not there whole are held", RETRY_AFTER)
}

/// The status of a request that was not there whole in time.
pub fn request_too_slow(within: Duration) -> Status {
    let text = format!("the request was not there whole after {within:?}: send it at once");
    status(ErrorReason::DeadlineExceeded, text, ErrorDetails::new())
}

fn overloaded(text: &str, after: Duration) -> Status {
    let retry = ErrorDetails::with_retry_info(Some(after));
    status(ErrorReason::Overloaded, format!("{text}: try again after {after:?}"), retry)
}

/// The status of a `grpc-timeout` that is none.
pub fn bad_timeout(value: &str) -> Status {
    let text = format!("is {value:?}: write up to 8 digits and one of H, M, S, m, u, n");
    invalid(vec![Violation::new("grpc-timeout", text)])
}

/// The status of a write that was refused, or that could not be taken and may be tried again as it
/// was.
pub(super) fn not_written(error: WriteError) -> Status {
    let reason = match &error {
        WriteError::Rejected(rejection) => return refused(rejection.clone()),
        WriteError::Overloaded => ErrorReason::Overloaded,
        WriteError::Stopped(why) => return stopped(*why),
        WriteError::Stopping => ErrorReason::ShuttingDown,
        WriteError::Journal(_) | WriteError::Behind => ErrorReason::JournalUnavailable,
        WriteError::Damaged(loss) => return lost(loss),
        WriteError::ReadOnly => {
            return status(ErrorReason::ReadOnly, error.to_string(), ErrorDetails::new());
        }
        WriteError::Views { may_pass: true, .. } => ErrorReason::ViewsUnavailable,
        WriteError::Views { may_pass: false, .. } => ErrorReason::Defect,
    };
    status(reason, error.to_string(), ErrorDetails::with_retry_info(Some(RETRY_AFTER)))
}

/// The status of what another node of several does at present.
pub(super) fn of_another_node(what: &str) -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    status(ErrorReason::AnotherNode, format!("another node {what}: call that one"), details)
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
        BackUpError::Names(error) => names_unreadable(error.to_string()),
        diverged => status(ErrorReason::BackupDiverged, diverged.to_string(), ErrorDetails::new()),
    }
}

/// The status of records that can't be searched for a name.
pub(super) fn not_counted(error: NamingError) -> Status {
    match error {
        NamingError::Read(error) => journal_unreadable(error),
        NamingError::Record(error) => names_unreadable(error.to_string()),
        NamingError::Stopped(why) => stopped(why),
    }
}

fn names_unreadable(error: String) -> Status {
    tracing::error!(%error, "names can't be read");
    status(ErrorReason::JournalUnavailable, error, ErrorDetails::new())
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

/// The status of a call without credentials, or with some that are not accepted: what is wrong with
/// them is only in the server's log.
pub fn unauthenticated() -> Status {
    let message = "credentials are missing or not accepted: send \"authorization: Bearer TOKEN\"";
    status(ErrorReason::Unauthenticated, message.to_owned(), ErrorDetails::new())
}

/// The status of a call that its identity may not make. The words are the same whether it lacks the
/// scope or the tenant, and whether there is such a tenant or not.
pub fn denied(scope: Scope) -> Status {
    let message = match scope {
        Scope::Operate => format!("the identity lacks the scope {scope}"),
        scope => format!("the identity lacks the scope {scope} or the tenant"),
    };
    status(ErrorReason::PermissionDenied, message, ErrorDetails::new())
}

/// The status of a call that must be audited while the audit log can't be written.
pub fn audit_unavailable() -> Status {
    let details = ErrorDetails::with_retry_info(Some(RETRY_AFTER));
    let message = "the audit log can't be written, and this call must be in it";
    status(ErrorReason::AuditUnavailable, message.to_owned(), details)
}

/// The status of a method that is not served.
pub fn not_found() -> Status {
    not_served("there is no such method: see proto/slx/v1")
}

/// The status of a method that is not served.
pub(super) fn not_served(why: &str) -> Status {
    status(ErrorReason::MethodNotFound, why.to_owned(), ErrorDetails::new())
}

/// A status that tonic made by itself, before a method was called, with a reason as ours have.
/// Others are left as they are.
pub fn explained(theirs: Status) -> Status {
    if !theirs.details().is_empty() {
        return theirs;
    }
    let text = theirs.message();
    let (reason, message) = match theirs.code() {
        Code::OutOfRange => {
            let sizes = text.rsplit_once("too large: ").map_or(text, |(_, sizes)| sizes);
            (ErrorReason::LimitExceeded, format!("the request is too large: {sizes}"))
        }
        Code::Unimplemented if text.contains("compressed") => {
            let help = "send it uncompressed";
            (ErrorReason::CompressionUnsupported, format!("{}: {help}", text.to_lowercase()))
        }
        Code::Unimplemented => return not_found(),
        Code::Internal => {
            (ErrorReason::MalformedMessage, format!("the request can't be decoded: {text}"))
        }
        _ => return theirs,
    };
    status(reason, message, ErrorDetails::new())
}

/// What became of an event that was refused, for an answer about many.
pub(super) fn rejection_message(rejection: &Rejection) -> v1::Rejection {
    let violations = match rejection {
        Rejection::Invalid(violations) => violations.as_slice(),
        _ => &[],
    };
    let encoded =
        violations.iter().take(VIOLATIONS_LISTED_MAX).map(|violation| v1::FieldViolation {
            field: violation.field.clone(),
            description: violation.description.clone(),
        });
    v1::Rejection {
        reason: reason(rejection) as i32,
        message: rejection.to_string(),
        violations: encoded.collect(),
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
fn describe_violations(violations: &[Violation], details: &mut ErrorDetails) {
    let mut bytes_left = ERROR_DETAIL_BYTES_MAX / 2;
    let mut encoded = Vec::new();
    for violation in violations.iter().take(VIOLATIONS_LISTED_MAX) {
        let (field, description) = (shortened(&violation.field), shortened(&violation.description));
        let bytes = field.len() + description.len() + 16;
        if bytes > bytes_left {
            break;
        }
        bytes_left -= bytes;
        encoded.push(FieldViolation::new(field, description));
    }
    let unlisted = violations.len() - encoded.len();
    if unlisted > 0 {
        encoded.push(FieldViolation::new("", format!("and {unlisted} more wrong fields")));
    }
    details.set_bad_request(encoded);
}

fn describe_resource(kind: &str, id: &str, details: &mut ErrorDetails) {
    details.set_resource_info(kind, id, "", "");
}
