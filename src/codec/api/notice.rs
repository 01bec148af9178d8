//! Notices of what happens to clocks.

use super::clock;
use crate::codec::scalar::{hexadecimal, timestamp};
use crate::codec::v1;
use crate::domain::clock::{OccurrenceKind, Warning};
use crate::engine::notices::{News, Notice, NoticeId};

/// The message of a notice of an incident: `ids` are its own and that of what happened.
pub fn encode(
    incident_id: &str,
    notice: &Notice<'_>,
    ids: (NoticeId, NoticeId),
    time_zone_database: &str,
) -> v1::Notice {
    let (contract, target, cycle) = notice.clock_key;
    let occurrence = match notice.news {
        News::Happened(occurrence) | News::Withdrawn(occurrence) => Some(occurrence),
        News::Moved => None,
    };
    let warning = occurrence.and_then(|occurrence| match occurrence.kind {
        OccurrenceKind::Warned(at) => Some(Warning { at, time: occurrence.time, reached: true }),
        _ => None,
    });
    v1::Notice {
        id: hexadecimal(&ids.0.0),
        occurrence_id: hexadecimal(&ids.1.0),
        kind: occurrence.map_or(v1::NoticeKind::Moved, |one| kind(&one.kind)) as i32,
        withdrawn: matches!(notice.news, News::Withdrawn(_)),
        incident_id: incident_id.to_owned(),
        contract_id: contract.to_string(),
        target_id: target.to_string(),
        cycle: *cycle as i32,
        time: occurrence.and_then(|occurrence| occurrence.time).map(timestamp),
        notice_time: Some(timestamp(notice.time)),
        warning: warning.as_ref().map(clock::encode_warning),
        priority: notice.priorities[1].to_owned(),
        group: notice.groups[1].to_owned(),
        clock: notice.clock.map(|of| clock::encode(incident_id, of, time_zone_database, false)),
    }
}

fn kind(kind: &OccurrenceKind) -> v1::NoticeKind {
    match kind {
        OccurrenceKind::Started => v1::NoticeKind::Started,
        OccurrenceKind::Warned(_) => v1::NoticeKind::Warned,
        OccurrenceKind::Breached => v1::NoticeKind::Breached,
        OccurrenceKind::Paused => v1::NoticeKind::Paused,
        OccurrenceKind::Resumed => v1::NoticeKind::Resumed,
        OccurrenceKind::Stopped => v1::NoticeKind::Stopped,
        OccurrenceKind::Cancelled => v1::NoticeKind::Cancelled,
        OccurrenceKind::Excluded(_) => v1::NoticeKind::Excluded,
    }
}
