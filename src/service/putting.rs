//! How terms are put, as the requests that put a calendar or a contract say it.

use prost_types::Timestamp;

use crate::codec::scalar::{count, optional_instant};
use crate::codec::violations::FieldViolations;
use crate::domain::time::Instant;
use crate::engine::decide::{Change, ChangeTerms};

/// How terms are put: from when on, after which revision, and whether at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Putting {
    effective_time: Option<Instant>,
    expected_revision: Option<u32>,
    /// They are only checked.
    pub validate_only: bool,
}

impl Putting {
    /// What a request says.
    pub fn decode(
        effective_time: Option<Timestamp>,
        expected_revision: Option<i32>,
        validate_only: bool,
        violations: &mut FieldViolations,
    ) -> Putting {
        let time = optional_instant(effective_time);
        let effective_time = violations.or("effective_time", time, None);
        let expected_revision =
            expected_revision.map(|number| violations.or("expected_revision", count(number), 0));
        Putting { effective_time, expected_revision, validate_only }
    }

    /// The change that puts these terms.
    pub fn change(self, change: Change) -> ChangeTerms {
        let Putting { effective_time, expected_revision, .. } = self;
        ChangeTerms { change, effective_time, expected_revision }
    }
}
