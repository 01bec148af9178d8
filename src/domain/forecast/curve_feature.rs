//! Curve features: numbers whose effect is a learnt curve that never falls.

use super::curve::Position;
use super::key::{Hashed, Key};
use super::snapshot::{Holder, IncidentFeatures, Snapshot};

/// A curve feature of a snapshot. Some have a curve for each holder, group or assignee, some one
/// for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CurveFeature {
    /// The share of the limit used, by holder.
    ShareUsed,
    /// Hours since something last happened, by holder.
    Idle,
    /// Hours it has been in its state, by holder.
    InState,
    /// Hours before its due time, negated, so that nearer is higher.
    Nearness,
    /// The share of the limit used, by group.
    ShareUsedOfGroup,
    /// Hours it has been in its state, by group.
    InStateOfGroup,
    /// The share of the limit used, by assignee.
    ShareUsedOfAssignee,
}

/// Every curve feature, in the order of a feature vector's points.
pub const CURVE_FEATURES: [CurveFeature; 7] = [
    CurveFeature::ShareUsed,
    CurveFeature::Idle,
    CurveFeature::InState,
    CurveFeature::Nearness,
    CurveFeature::ShareUsedOfGroup,
    CurveFeature::InStateOfGroup,
    CurveFeature::ShareUsedOfAssignee,
];

const SHARE_KNOTS: [f32; 11] = [0.01, 0.035, 0.075, 0.15, 0.25, 0.35, 0.45, 0.55, 0.67, 0.82, 0.95];
const IDLE_KNOTS: [f32; 8] = [0.0, 0.3, 2.0, 7.0, 17.0, 40.0, 110.0, 240.0];
const IN_STATE_KNOTS: [f32; 8] = [0.0, 0.2, 1.0, 4.0, 14.0, 44.0, 110.0, 240.0];
/// Hours before the due time, negated: the nearer, the higher.
const NEARNESS_KNOTS: [f32; 8] = [-150.0, -96.0, -66.0, -41.0, -24.0, -13.0, -4.0, -0.5];
const SHARE_OF_GROUP_KNOTS: [f32; 5] = [0.05, 0.2, 0.4, 0.62, 0.87];
const IN_STATE_OF_GROUP_KNOTS: [f32; 4] = [1.0, 13.0, 48.0, 110.0];
const SHARE_OF_ASSIGNEE_KNOTS: [f32; 3] = [0.1, 0.35, 0.75];

impl CurveFeature {
    /// Its knots, ascending: shares of the limit (0 to 1), or hours.
    pub fn knots(self) -> &'static [f32] {
        match self {
            CurveFeature::ShareUsed => &SHARE_KNOTS,
            CurveFeature::Idle => &IDLE_KNOTS,
            CurveFeature::InState => &IN_STATE_KNOTS,
            CurveFeature::Nearness => &NEARNESS_KNOTS,
            CurveFeature::ShareUsedOfGroup => &SHARE_OF_GROUP_KNOTS,
            CurveFeature::InStateOfGroup => &IN_STATE_OF_GROUP_KNOTS,
            CurveFeature::ShareUsedOfAssignee => &SHARE_OF_ASSIGNEE_KNOTS,
        }
    }

    /// The key of the curve for a holder; the same for all where holders share one.
    pub fn of_holder(self, holder: Holder) -> Key {
        let holder = match self {
            CurveFeature::ShareUsed | CurveFeature::Idle | CurveFeature::InState => {
                holder as u8 + 1
            }
            _ => 0,
        };
        self.hashed().with(&[holder]).key()
    }

    /// The key of the curve for a snapshot, and the snapshot's position on it.
    pub(super) fn point(self, snapshot: &Snapshot<'_>) -> (Key, Position) {
        (self.key(snapshot), Position::among(self.knots(), self.value(snapshot)))
    }

    fn key(self, snapshot: &Snapshot<'_>) -> Key {
        let IncidentFeatures { state, holder, .. } = &snapshot.incident;
        match self {
            CurveFeature::ShareUsedOfGroup | CurveFeature::InStateOfGroup => {
                self.hashed().name(state.group).key()
            }
            CurveFeature::ShareUsedOfAssignee => self.hashed().name(state.assignee).key(),
            _ => self.of_holder(*holder),
        }
    }

    fn hashed(self) -> Hashed {
        Hashed::new(&[b'c', self as u8])
    }

    fn value(self, snapshot: &Snapshot<'_>) -> f32 {
        match self {
            CurveFeature::ShareUsed
            | CurveFeature::ShareUsedOfGroup
            | CurveFeature::ShareUsedOfAssignee => snapshot.share_used(),
            CurveFeature::Idle => snapshot.idle_hours(),
            CurveFeature::InState | CurveFeature::InStateOfGroup => snapshot.hours_in_state(),
            CurveFeature::Nearness => -snapshot.hours_to_due,
        }
    }
}
