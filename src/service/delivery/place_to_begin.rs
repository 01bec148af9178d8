//! Where the notices of a webhook are gone on from.

use std::time::Duration;

use super::sending::Sending;
use crate::engine::evaluate::Times;
use crate::queries::notices::NoticeProgress;
use crate::queries::{QueryError, ReadPoint};
use crate::runtime::Engine;
use crate::service::watch_start::{check_resumable, earliest_resumable};
use crate::service::watch_token::WatchTokens;

/// Up to where notices were taken in.
#[derive(Clone, Debug)]
pub(super) enum Taken {
    /// Before the courier began; `None`: nothing was, or how far is lost.
    Before(Option<String>),
    /// Since it began: there it goes on, however long ago that is by now.
    Since(String),
}

/// Where to begin: after what was taken in or, where none is known to be, with when the webhook was
/// put. What happened longer ago than notices are gone on from (`resume`) is left out. Blocks.
///
/// # Errors
/// What keeps the journal from being read.
pub(super) fn place_to_begin(
    engine: &Engine,
    resume: Duration,
    sending: &Sending,
    tokens: &WatchTokens,
    taken: &Taken,
) -> Result<NoticeProgress, QueryError> {
    let put = put(sending);
    let known = match taken {
        Taken::Before(None) => Ok(put.clone()),
        Taken::Before(Some(token)) | Taken::Since(token) => {
            tokens.open(token).map_err(|_| "its token is of another store")
        }
    };
    let check = |progress: &NoticeProgress| check_resumable(progress, engine, resume);
    let why = match (&known, taken) {
        (Ok(known), Taken::Since(_)) => return Ok(known.clone()),
        (Ok(known), Taken::Before(_)) => match check(known) {
            Ok(()) => return Ok(known.clone()),
            Err(why) => why,
        },
        (Err(why), _) => *why,
    };
    let begin = match check(&put) {
        Ok(()) => put.clone(),
        Err(_) => earliest_resumable(&sending.tenant, engine, resume)?,
    };
    let known = known.map_or(put.at, |known| known.at);
    note(sending, why, known, begin.at);
    Ok(begin)
}

/// How it stood when the webhook was put.
fn put(sending: &Sending) -> NoticeProgress {
    let time = sending.subscription.create_time;
    let sequence = sending.subscription.create_sequence;
    NoticeProgress::after(ReadPoint { sequence, times: Times { as_of: time, known: time } })
}

/// Says what is left out, or sent again.
fn note(sending: &Sending, why: &str, known: ReadPoint, begin: ReadPoint) {
    let (tenant, webhook) = (&*sending.tenant, &sending.subscription.webhook.id);
    let (after, until) = (known.times.as_of, begin.times.as_of);
    if until <= after {
        let text = "a webhook can't go on where it was: it sends again what happened since";
        return tracing::warn!(tenant, webhook, why, since = %until, "{text}");
    }
    let records = begin.sequence.saturating_sub(known.sequence);
    tracing::error!(
        tenant,
        webhook,
        why,
        %after,
        %until,
        records,
        "RESUME_POINT_EXPIRED: a webhook is too far behind: what happened after one instant until \
         the other is not sent, which so many records of the journal may be about"
    );
    sending.counts.expired();
}
