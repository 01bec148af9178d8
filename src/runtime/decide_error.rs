//! Why the writer does not record something that was sent.

use super::job::WriteError;
use crate::engine::refusal::Refusal;
use crate::journal::StageError;
use crate::views::ViewsError;

/// Why something is not recorded.
pub(super) enum DecideError {
    /// It can't be recorded as it is: the others of its group are not concerned.
    Refused(Refusal),
    /// The group can't be decided.
    Failed(WriteError),
}

impl From<Refusal> for DecideError {
    fn from(refusal: Refusal) -> DecideError {
        DecideError::Refused(refusal)
    }
}

impl From<ViewsError> for DecideError {
    fn from(error: ViewsError) -> DecideError {
        DecideError::Failed(unreadable(error))
    }
}

impl From<StageError> for DecideError {
    fn from(error: StageError) -> DecideError {
        match error {
            StageError::TooLarge { bytes_max: most, .. } => {
                Refusal::LimitExceeded { what: "a record", most, unit: "bytes" }.into()
            }
            StageError::TimeDecreases { .. } => {
                DecideError::Failed(WriteError::Journal(error.to_string()))
            }
        }
    }
}

/// What is answered when the rest of the group could be decided.
pub(super) fn answerable<T>(
    decided: Result<T, DecideError>,
) -> Result<Result<T, Refusal>, WriteError> {
    match decided {
        Ok(answer) => Ok(Ok(answer)),
        Err(DecideError::Refused(refusal)) => Ok(Err(refusal)),
        Err(DecideError::Failed(error)) => Err(error),
    }
}

/// The error of a write that needed views which can't be read.
pub(super) fn unreadable(error: ViewsError) -> WriteError {
    let may_pass = error.may_pass();
    if !may_pass {
        tracing::error!(%error, "the views can't be read");
    }
    WriteError::Views { error: error.to_string(), may_pass }
}
