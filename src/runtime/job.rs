//! Jobs for the writer, and how whoever handed one in is answered.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::{Level, Span, info_span};

use super::patience::Stopped;
use super::progress::{Loss, Progress};
use super::queue::{BYTES_PER_COST, Ticket, Unwanted};
use super::spans::TRACES;
use crate::domain::ids::{NO_TENANT, TenantId};
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::engine::action::{Action, TakeAction};
use crate::engine::adoption::{AdoptZones, Adoption};
use crate::engine::decide::{ChangeTerms, Decision};
use crate::engine::rejection::Rejection;
use crate::engine::webhooks::{ChangeWebhook, DecidedWebhook};
use crate::journal::StageError;
use crate::views::ViewsError;

/// Why a write could not be taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// Too much waits already.
    #[error("the writer has too much to do: try again")]
    Overloaded,
    /// Nobody waited for it any more before it was decided. Nothing is recorded of it.
    #[error(transparent)]
    Stopped(Stopped),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The journal can't be written; reads go on.
    #[error("the journal can't be written: {0}")]
    Journal(String),
    /// The server was started to answer questions alone.
    #[error("the server is read-only: it was started with read_only, and records nothing")]
    ReadOnly,
    /// The journal is damaged; reads of what was known before go on.
    #[error("the journal is damaged: {0}")]
    Damaged(Loss),
    /// The views can't be written, and lag too far behind; reads go on.
    #[error("the views can't be written and lag too far behind")]
    Behind,
    /// What was sent is refused; nothing is recorded of it.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The views can't be read.
    #[error("the views can't be read: {error}")]
    Views {
        /// Why not.
        error: String,
        /// Whether they may be readable again by themselves.
        may_pass: bool,
    },
}

impl From<Unwanted> for WriteError {
    fn from(unwanted: Unwanted) -> WriteError {
        match unwanted {
            Unwanted::Full => WriteError::Overloaded,
            Unwanted::Closed => WriteError::Stopping,
        }
    }
}

/// What became of an event that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its journal sequence.
    pub sequence: u64,
    /// It had been recorded before, with the same content.
    pub is_duplicate: bool,
}

/// What became of a call's events, in their order.
pub type Results = Vec<Result<Receipt, Rejection>>;

/// The answer to a job, and how far the journal was folded after it.
pub type Answer<T> = Result<(T, Progress), WriteError>;

/// Sends the answer to whoever waits for it. Of clones, the first that sends one does.
#[derive(Debug)]
pub(super) struct Responder<T> {
    answer: Arc<Mutex<Option<oneshot::Sender<Answer<T>>>>>,
    /// The span of whoever waits.
    span: Span,
}

impl<T> Responder<T> {
    /// A responder, and where its answer comes.
    pub fn new() -> (Responder<T>, oneshot::Receiver<Answer<T>>) {
        let (answer, waiting) = oneshot::channel();
        let answer = Arc::new(Mutex::new(Some(answer)));
        (Responder { answer, span: Span::current() }, waiting)
    }

    fn is_closed(&self) -> bool {
        self.answer.lock().as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    fn send(self, answer: Answer<T>) {
        if let Some(responder) = self.answer.lock().take() {
            // A responder that has gone away needs no answer.
            let _is_there = responder.send(answer).is_ok();
        }
    }
}

impl<T> Clone for Responder<T> {
    fn clone(&self) -> Responder<T> {
        Responder { answer: Arc::clone(&self.answer), span: self.span.clone() }
    }
}

/// Something to record, with its journal body encoded by whoever sent it, unless it holds a new
/// name.
#[derive(Clone, Debug)]
pub(super) struct Sent<E> {
    pub event: E,
    pub body: Body,
}

/// A journal body that was encoded before its turn came.
#[derive(Clone, Debug)]
pub(super) struct Body {
    /// How often a name was erased before: it may hold the token of one that was erased since.
    pub erasures: u64,
    pub bytes: Option<Vec<u8>>,
}

impl Body {
    fn len(&self) -> usize {
        self.bytes.as_ref().map_or(0, Vec::len)
    }
}

/// What the writer is given to do.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Events(TenantId, Vec<Sent<IncidentEvent>>, Responder<Results>),
    ServiceEvents(TenantId, Vec<Sent<ServiceEvent>>, Responder<Results>),
    Terms(Box<TermsJob>, Responder<TermsAnswer>),
    Action(TenantId, Box<TakeAction>, Responder<ActionAnswer>),
    Webhook(Box<WebhookJob>, Responder<WebhookAnswer>),
    Adoption(Box<AdoptZones>, Responder<AdoptionAnswer>),
    Erase(TenantId, String, Responder<Option<String>>),
}

/// What the terms of a contract or a calendar take while they wait, at most about.
const BYTES_OF_TERMS: usize = 16 << 10;

impl Job {
    /// Whose it is.
    pub fn tenant(&self) -> &TenantId {
        match self {
            Job::Events(tenant, ..)
            | Job::ServiceEvents(tenant, ..)
            | Job::Action(tenant, ..)
            | Job::Erase(tenant, ..) => tenant,
            Job::Terms(job, _) => &job.tenant,
            Job::Webhook(job, _) => &job.tenant,
            Job::Adoption(..) => &NO_TENANT,
        }
    }

    /// What the queue is to know of it, if it must be begun by an instant.
    pub fn ticket(&self, until: Option<Instant>) -> Ticket {
        let cost = |bytes: usize| bytes.div_ceil(BYTES_PER_COST).max(1) as u64;
        let cost = match self {
            Job::Events(_, events, _) => events.iter().map(|sent| cost(sent.body.len())).sum(),
            Job::ServiceEvents(_, events, _) => {
                events.iter().map(|sent| cost(sent.body.len())).sum()
            }
            Job::Terms(..) => cost(BYTES_OF_TERMS),
            Job::Adoption(adopt, _) => cost(adopt.files.bytes()),
            Job::Action(..) | Job::Webhook(..) | Job::Erase(..) => 1,
        };
        Ticket { cost, until }
    }

    /// Whether it erases something, so that all before it must be done.
    pub fn erases(&self) -> bool {
        matches!(self, Job::Erase(..))
    }

    /// Whether nobody waits for its answer any more.
    pub fn is_unwanted(&self) -> bool {
        match self {
            Job::Events(_, _, responder) | Job::ServiceEvents(_, _, responder) => {
                responder.is_closed()
            }
            Job::Terms(_, responder) => responder.is_closed(),
            Job::Action(_, _, responder) => responder.is_closed(),
            Job::Webhook(_, responder) => responder.is_closed(),
            Job::Adoption(_, responder) => responder.is_closed(),
            Job::Erase(_, _, responder) => responder.is_closed(),
        }
    }

    /// The job, if somebody still waits for it. Otherwise it ends before anything of it is decided.
    pub fn if_wanted(self, ticket: Ticket) -> Option<Job> {
        if ticket.is_over() || self.is_unwanted() {
            self.fail(WriteError::Stopped(Stopped::OutOfTime));
            return None;
        }
        Some(self)
    }

    /// Answers without having decided anything.
    pub fn fail(self, error: WriteError) {
        match self {
            Job::Events(_, _, responder) | Job::ServiceEvents(_, _, responder) => {
                responder.send(Err(error));
            }
            Job::Terms(_, responder) => responder.send(Err(error)),
            Job::Action(_, _, responder) => responder.send(Err(error)),
            Job::Webhook(_, responder) => responder.send(Err(error)),
            Job::Adoption(_, responder) => responder.send(Err(error)),
            Job::Erase(_, _, responder) => responder.send(Err(error)),
        }
    }
}

/// What became of an action.
#[derive(Clone, Debug)]
pub struct ActionAnswer {
    /// The action as it is recorded.
    pub recorded: Recorded<Action>,
    /// It had been recorded before.
    pub is_duplicate: bool,
}

/// A change of a webhook to decide.
#[derive(Clone, Debug)]
pub(super) struct WebhookJob {
    pub tenant: TenantId,
    pub change: ChangeWebhook,
    pub validate_only: bool,
}

/// What became of a change of a webhook: what is recorded of it, or would be; `None`: nothing.
pub type WebhookAnswer = Option<DecidedWebhook>;

/// What became of an adoption: the one that is recorded; `None`: nothing had to be.
pub type AdoptionAnswer = Option<Adoption>;

/// A change of terms to decide.
#[derive(Clone, Debug)]
pub(super) struct TermsJob {
    pub tenant: TenantId,
    pub change: ChangeTerms,
    pub validate_only: bool,
}

/// What became of a change of terms.
#[derive(Clone, Debug)]
pub struct TermsAnswer {
    /// What was decided.
    pub decision: Decision,
    /// Nothing was recorded, since it was only to be checked.
    pub validate_only: bool,
}

/// A job that was decided, whose responder is answered once it is clear what became of its group.
pub(super) struct Finished {
    answer: Box<dyn FnOnce(Result<Progress, WriteError>) + Send>,
    span: Span,
}

impl Finished {
    /// What was decided, or why nothing could be.
    pub fn new<T: Send + 'static>(
        responder: Responder<T>,
        decided: Result<T, WriteError>,
    ) -> Finished {
        let span = responder.span.clone();
        let answer = Box::new(move |outcome: Result<Progress, WriteError>| {
            responder.send(outcome.and_then(|progress| Ok((decided?, progress))));
        });
        Finished { answer, span }
    }

    /// The span in which what it recorded is made durable, together with so many records.
    fn syncing(&self, records: usize) -> Span {
        info_span!(target: TRACES, parent: &self.span, "sync", records)
    }
}

/// A group of finished jobs, answered together.
pub(super) struct Group {
    pub jobs: Vec<Finished>,
    pub outcome: Result<Progress, WriteError>,
}

impl Group {
    /// Wakes everyone who waits for the group.
    pub fn answer(self) {
        for Finished { answer, .. } in self.jobs {
            answer(self.outcome.clone());
        }
    }
}

/// The spans of jobs that are made durable together, if anybody traces them.
pub(super) fn syncing(finished: &[Finished], records: usize) -> Vec<Span> {
    match tracing::enabled!(target: TRACES, Level::INFO) {
        true => finished.iter().map(|job| job.syncing(records)).collect(),
        false => Vec::new(),
    }
}

impl From<ViewsError> for WriteError {
    fn from(error: ViewsError) -> WriteError {
        let may_pass = error.may_pass();
        if !may_pass {
            tracing::error!(%error, "the views can't be read");
        }
        WriteError::Views { error: error.to_string(), may_pass }
    }
}

impl From<StageError> for WriteError {
    fn from(error: StageError) -> WriteError {
        match error {
            StageError::TooLarge { bytes_max: most, .. } => {
                Rejection::LimitExceeded { what: "a record", most, unit: "bytes" }.into()
            }
            StageError::TimeDecreases { .. } => WriteError::Journal(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::zone::ZoneFiles;

    /// An adoption waited as though it took no more than the terms of a contract.
    #[test]
    fn an_adoption_counts_for_all_files_of_its_database_while_it_waits() {
        let files = Arc::new(ZoneFiles::bundled());
        let bytes = files.bytes();
        let adopt = AdoptZones { files, effective_time: None, recorded_by: String::new() };
        let (responder, _answer) = Responder::new();
        let cost = Job::Adoption(Box::new(adopt), responder).ticket(None).cost;
        assert_eq!(cost, bytes.div_ceil(BYTES_PER_COST) as u64);
        assert!(cost > 10 * BYTES_OF_TERMS as u64 / BYTES_PER_COST as u64, "{cost}");
    }
}
