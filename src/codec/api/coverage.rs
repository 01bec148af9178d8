//! Coverage, as answers show it.

use super::figures::ToField;
use crate::codec::choices::missing_reason_number;
use crate::codec::v1;
use crate::domain::clock::MissingClock;
use crate::domain::compliance::CoverageGap;
use crate::engine::answers::period_result::CoverageResult;

/// The message of a clock that an incident lacks.
pub fn encode_missing(missing: &MissingClock<'_>) -> v1::MissingClock {
    v1::MissingClock {
        contract_id: missing.contract_id.to_owned(),
        target_id: missing.target_id.to_owned(),
        reason: missing_reason_number(missing.reason),
        value: missing.value.to_owned(),
        did_you_mean: missing.meant.to_owned(),
        description: missing.describe(),
    }
}

/// The message of the incidents that a contract does not measure.
pub(super) fn encode(coverage: &CoverageResult) -> v1::Coverage {
    v1::Coverage {
        uncovered: coverage.uncovered.to_field(),
        gaps: coverage.gaps.iter().map(encode_gap).collect(),
    }
}

fn encode_gap(gap: &CoverageGap) -> v1::CoverageGap {
    v1::CoverageGap {
        target_id: gap.key.target_id.clone(),
        reason: missing_reason_number(gap.key.reason),
        value: gap.key.value.clone(),
        did_you_mean: gap.meant.clone(),
        incidents: gap.incidents.to_field(),
        description: gap.description.clone(),
    }
}
