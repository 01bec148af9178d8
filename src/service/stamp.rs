//! The stamps of answers.

use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::queries::ReadPoint;
use crate::runtime::{LearntUpTo, Progress, wall_clock};

/// The stamp of a read.
pub(super) fn stamp(point: ReadPoint) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: point.sequence as i64,
        as_of_time: Some(timestamp(point.times.as_of)),
        known_time: Some(timestamp(point.times.known)),
    })
}

/// How far what was learnt for a read was learnt, whose stamp has this sequence.
pub(super) fn learnt(up_to: Option<LearntUpTo>, stamp: Option<&v1::Stamp>) -> Option<v1::Learnt> {
    let LearntUpTo { sequence, until } = up_to?;
    let sequence = sequence as i64;
    let last = stamp.map_or(sequence, |stamp| stamp.sequence);
    let records_behind = (last - sequence).max(0);
    Some(v1::Learnt { sequence, until: until.map(timestamp), records_behind })
}

/// The stamp of a write.
pub(super) fn write_stamp(progress: &Progress) -> Option<v1::Stamp> {
    Some(v1::Stamp {
        sequence: progress.sequence as i64,
        as_of_time: Some(timestamp(wall_clock::now().max(progress.record_time))),
        known_time: Some(timestamp(progress.record_time)),
    })
}
