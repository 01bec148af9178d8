//! What the writer is asked to do, and how whoever asked is answered.

use tokio::sync::oneshot;

use super::inbox::Unwanted;
use super::progress::{Loss, Progress};
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::engine::command::{ChangeTerms, Decision};
use crate::engine::deed::{Deed, DoDeed};
use crate::engine::refusal::Refusal;

/// Why a write could not be taken.
#[derive(Clone, Debug, thiserror::Error)]
pub enum WriteError {
    /// Too much waits already.
    #[error("the writer has too much to do: try again")]
    Overloaded,
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
    /// The journal can't be written; reads go on.
    #[error("the journal can't be written: {0}")]
    Journal(String),
    /// The journal is damaged; reads of what was known before go on.
    #[error("the journal is damaged: {0}")]
    Damaged(Loss),
    /// The views can't be written, and lag too far behind; reads go on.
    #[error("the views can't be written and lag too far behind")]
    Behind,
    /// What was sent is refused; nothing is recorded of it.
    #[error(transparent)]
    Rejected(#[from] Refusal),
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

/// What became of one thing sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its journal sequence.
    pub sequence: u64,
    /// It had been recorded before, with the same content.
    pub is_duplicate: bool,
}

/// What became of a call's events, in their order.
pub type Results = Vec<Result<Receipt, Refusal>>;

/// The answer to a job, and how far the journal was folded after it.
pub type Answer<T> = Result<(T, Progress), WriteError>;

/// Who waits for one.
pub(super) type Asker<T> = oneshot::Sender<Answer<T>>;

/// Something to record, with its journal body encoded by whoever sent it.
#[derive(Debug)]
pub(super) struct Sent<E> {
    pub event: E,
    pub body: Vec<u8>,
}

/// What the writer is asked to do.
#[derive(Debug)]
pub(super) enum Job {
    Events(String, Vec<Sent<IncidentEvent>>, Asker<Results>),
    ServiceEvents(String, Vec<Sent<ServiceEvent>>, Asker<Results>),
    Terms(Box<TermsJob>, Asker<TermsAnswer>),
    Deed(String, Box<DoDeed>, Asker<DeedAnswer>),
}

impl Job {
    /// Answers without having decided anything.
    pub fn fail(self, error: WriteError) {
        // An asker that has gone away needs no answer.
        let _is_there = match self {
            Job::Events(_, _, asker) | Job::ServiceEvents(_, _, asker) => {
                asker.send(Err(error)).is_ok()
            }
            Job::Terms(_, asker) => asker.send(Err(error)).is_ok(),
            Job::Deed(_, _, asker) => asker.send(Err(error)).is_ok(),
        };
    }
}

/// What became of a deed.
#[derive(Clone, Debug)]
pub struct DeedAnswer {
    /// The deed as it is recorded.
    pub recorded: Recorded<Deed>,
    /// It had been recorded before.
    pub is_duplicate: bool,
}

/// A change of terms to decide.
#[derive(Debug)]
pub(super) struct TermsJob {
    pub tenant: String,
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

/// A job that was decided, whose asker is told once it is clear what became of its group.
pub(super) struct Finished(Box<dyn FnOnce(Result<Progress, WriteError>) + Send>);

impl Finished {
    /// What was decided, or why nothing could be.
    pub fn new<T: Send + 'static>(asker: Asker<T>, decided: Result<T, WriteError>) -> Finished {
        Finished(Box::new(move |outcome| {
            // An asker that has gone away needs no answer.
            let _ = asker.send(outcome.and_then(|progress| Ok((decided?, progress))));
        }))
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
        for Finished(answer) in self.jobs {
            answer(self.outcome.clone());
        }
    }
}
