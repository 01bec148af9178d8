//! `WatchClocks`: decoded and checked, before its watcher begins.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::call::Call;
use super::lane::Full;
use super::messages::Messages;
use super::notice_filter::NoticeFilter;
use super::open_watches::OpenWatches;
use super::outlook_watch::{OutlookWatch, WantedOutlooks};
use super::sealed_token::BadToken;
use super::services::Services;
use super::status;
use super::watch_start::check_resumable;
use super::watch_token::WatchTokens;
use super::watcher::{Start, Watcher};
use crate::codec::choices::{notice_kind, notice_kind_number};
use crate::codec::scalar::{instant, optional_span, terms_id};
use crate::codec::v1;
use crate::codec::violations::{FieldViolations, Wrong};
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::rejection::Rejection;
use crate::limits::{
    FILTER_VALUES_MAX, HEARTBEAT_DEFAULT, HEARTBEAT_LONGEST, HEARTBEAT_SHORTEST,
    OUTLOOK_INTERVAL_DEFAULT, OUTLOOK_INTERVAL_LONGEST, OUTLOOK_INTERVAL_SHORTEST,
    WATCHED_CONTRACTS_MAX,
};
use crate::queries::notices::NoticeProgress;
use crate::queries::{ReadPoint, ReadRequest};
use crate::runtime::wall_clock;

/// Messages that wait for a slow reader.
const MESSAGES_AHEAD: usize = 2;

/// What a call wants.
struct WantedNotices {
    filter: NoticeFilter,
    resume_token: String,
    after: Option<ReadPoint>,
    heartbeat: Duration,
    /// `None`: none.
    outlooks: Option<WantedOutlooks>,
}

/// Begins to stream notices.
pub(super) async fn watch(
    services: &Services,
    request: Request<v1::WatchClocksRequest>,
) -> Result<Response<Messages<v1::WatchClocksResponse>>, Status> {
    let connection = request.extensions().get::<OpenWatches>().cloned().unwrap_or_default();
    let (call, wanted) =
        services.write(request, |request, _, violations| decode(request, violations))?;
    let tenant = &call.tenant;
    let place = call.work.lanes.watches.try_enter(tenant);
    let place = place.map_err(|Full| status::too_many_watches())?;
    let tokens = WatchTokens::new(call.engine.store_id(), tenant.clone());
    let start = start(&call, &wanted, &tokens, services.limits.capacity.resume)?;
    let view = call.view().await?;
    let contracts = wanted.filter.contracts.iter().map(String::as_str);
    let checked = match wanted.filter.contracts.is_empty() {
        true => view.check_contract(""),
        false => contracts.into_iter().try_for_each(|id| view.check_contract(id)),
    };
    checked.map_err(status::unanswered)?;
    let feed = services.feeds.join(&call.engine, tenant)?;
    let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
    let queued = Arc::new(Mutex::new(ReceiverStream::new(receiver)));
    let messages = Messages::new(Arc::clone(&queued), call.work.patience.clone());
    let outlooks = wanted.outlooks.map(|outlooks| OutlookWatch {
        engine: Arc::clone(&call.engine),
        work: call.work.clone(),
        filter: wanted.filter.clone(),
        wanted: outlooks,
    });
    let watcher = Watcher {
        engine: Arc::clone(&call.engine),
        work: call.work.clone(),
        feed,
        tokens,
        filter: wanted.filter,
        heartbeat: wanted.heartbeat,
        sender,
        queued,
    };
    watcher.begin(start, outlooks, (place, connection.enter()));
    Ok(Response::new(messages))
}

/// Where a watch begins.
fn start(
    call: &Call,
    wanted: &WantedNotices,
    tokens: &WatchTokens,
    resume: Duration,
) -> Result<Start, Status> {
    let progress = match (wanted.resume_token.as_str(), wanted.after) {
        ("", None) => return Ok(Start::Now),
        ("", Some(point)) => NoticeProgress::after(after_stamp(call, point)?),
        (token, _) => tokens.open(token).map_err(|bad| match bad {
            BadToken::Malformed => {
                let text = "is no token of the notices of this tenant: hand it back as it came";
                let mut violations = FieldViolations::default();
                violations.add("resume_token", text);
                violations.check().err().map_or_else(|| status::defect(text), status::invalid)
            }
            BadToken::OfAnotherStore => {
                status::refused(Rejection::ResumePointExpired("the token is of another store"))
            }
        })?,
    };
    let checked = check_resumable(&progress, &call.engine, resume);
    checked.map_err(|why| status::refused(Rejection::ResumePointExpired(why)))?;
    Ok(Start::After(progress))
}

/// Where notices begin after a stamp. What time brought about of an incident before its last record
/// is in no schedule: it is found by the records since the instant of the stamp.
fn after_stamp(call: &Call, point: ReadPoint) -> Result<ReadPoint, Status> {
    let ReadPoint { sequence, times } = point;
    // Records may have been made while the clock was ahead.
    let latest = wall_clock::now().max(call.engine.progress().record_time);
    let mut violations = FieldViolations::default();
    for (field, time) in [("as_of_time", times.as_of), ("known_time", times.known)] {
        if time > latest {
            let text = "lies ahead: give the stamp of a list as of now";
            violations.add(&format!("after_stamp.{field}"), text);
        }
    }
    violations.check().map_err(status::invalid)?;
    if times.known <= times.as_of {
        return Ok(point);
    }
    let request = ReadRequest { known: Some(times.as_of), ..ReadRequest::default() };
    let then = call.engine.view(&call.tenant, request).map_err(status::unanswered)?;
    Ok(ReadPoint { sequence: sequence.min(then.point().sequence), times })
}

fn decode(request: v1::WatchClocksRequest, violations: &mut FieldViolations) -> WantedNotices {
    if !request.resume_token.is_empty() && request.after_stamp.is_some() {
        violations.add("after_stamp", "is given beside resume_token: give one of them");
    }
    let after =
        request.after_stamp.and_then(|stamp| violations.keep("after_stamp", decode_stamp(stamp)));
    let mut texts =
        |field: &str, texts: Vec<String>, check: fn(String) -> Result<String, String>| {
            if texts.len() > FILTER_VALUES_MAX {
                violations
                    .add(field, format!("has {} values: at most {FILTER_VALUES_MAX}", texts.len()));
                return BTreeSet::new();
            }
            violations.each(field, texts, check).into_iter().collect()
        };
    let any: fn(String) -> Result<String, String> = Ok;
    let filter = NoticeFilter {
        contracts: texts("contract_ids", request.contract_ids, terms_id),
        targets: texts("target_ids", request.target_ids, terms_id),
        priorities: texts("priorities", request.priorities, any),
        groups: texts("groups", request.groups, any),
        kinds: BTreeSet::new(),
    };
    let outlooks = decode_outlooks(
        (request.objectives, request.breach_probability, request.outlook_interval),
        filter.contracts.len(),
        violations,
    );
    let kinds = violations.each("kinds", request.kinds, notice_kind).into_iter();
    let heartbeat = interval(
        request.heartbeat_interval,
        (HEARTBEAT_SHORTEST, HEARTBEAT_DEFAULT, HEARTBEAT_LONGEST),
    );
    let filter = NoticeFilter { kinds: kinds.map(notice_kind_number).collect(), ..filter };
    WantedNotices {
        outlooks,
        filter,
        resume_token: request.resume_token,
        after,
        heartbeat: violations.or("heartbeat_interval", heartbeat, HEARTBEAT_DEFAULT),
    }
}

/// Which outlooks of so many named contracts are wanted.
fn decode_outlooks(
    (objectives, probability, every): (bool, f64, Option<prost_types::Duration>),
    contracts: usize,
    violations: &mut FieldViolations,
) -> Option<WantedOutlooks> {
    let every = interval(
        every,
        (OUTLOOK_INTERVAL_SHORTEST, OUTLOOK_INTERVAL_DEFAULT, OUTLOOK_INTERVAL_LONGEST),
    );
    let interval = violations.or("outlook_interval", every, OUTLOOK_INTERVAL_DEFAULT);
    if !(0.0..=1.0).contains(&probability) {
        violations.add("breach_probability", format!("is {probability}: write 0 to 1"));
    }
    let breach_probability = Some(probability).filter(|probability| *probability > 0.0);
    if !objectives && breach_probability.is_none() {
        return None;
    }
    if !(1..=WATCHED_CONTRACTS_MAX).contains(&contracts) {
        let text = format!(
            "names {contracts} contracts: with objectives or breach_probability, write 1 to \
             {WATCHED_CONTRACTS_MAX}"
        );
        violations.add("contract_ids", text);
    }
    Some(WantedOutlooks { objectives, breach_probability, interval })
}

/// An interval that lies between two; absent, the middle one.
fn interval(
    interval: Option<prost_types::Duration>,
    (shortest, default, longest): (Duration, Duration, Duration),
) -> Result<Duration, String> {
    let Some(span) = optional_span(interval)? else { return Ok(default) };
    let interval = Duration::from_nanos(u64::try_from(span.nanos()).unwrap_or_default());
    match (shortest..=longest).contains(&interval) {
        true => Ok(interval),
        false => Err(format!("is {interval:?}: from {shortest:?} to {longest:?}")),
    }
}

fn decode_stamp(stamp: v1::Stamp) -> Result<ReadPoint, Wrong> {
    let mut violations = FieldViolations::default();
    let as_of = violations.or("as_of_time", instant(stamp.as_of_time), Instant::MIN);
    let known = violations.or("known_time", instant(stamp.known_time), Instant::MIN);
    let sequence = u64::try_from(stamp.sequence);
    let sequence = sequence.map_err(|_| "must not be negative");
    let sequence = violations.or("sequence", sequence, 0);
    violations.check().map_err(Wrong::from)?;
    Ok(ReadPoint { sequence, times: Times { as_of, known } })
}
