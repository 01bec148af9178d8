//! The stamps of answers.

use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::queries::ReadPoint;
use crate::runtime::{Progress, present};

/// The stamp of a read.
pub(super) fn stamp(point: ReadPoint) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: point.sequence as i64,
        as_of_time: Some(timestamp(point.times.as_of)),
        known_time: Some(timestamp(point.times.known)),
    })
}

/// The stamp of a write.
pub(super) fn write_stamp(progress: &Progress) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: progress.sequence as i64,
        as_of_time: Some(timestamp(present(progress.record_time))),
        known_time: Some(timestamp(progress.record_time)),
    })
}
