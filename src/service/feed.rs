//! Feeds: the notices of a tenant, made once for all who watch it, as long as somebody does.
//!
//! A feed holds the last notices, a bounded number. Whoever watches takes them at their own pace,
//! by where they are in it, and holds nothing of it; whoever falls behind it makes up for that from
//! the journal by themselves, to the boundary of a pass, and joins the feed again there.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use tonic::Status;

use super::status;
use crate::codec::api::notice::encode;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::domain::time::Instant;
use crate::engine::evaluate::Times;
use crate::engine::notices::Notice;
use crate::queries::notices::{NoticeProgress, StepSize};
use crate::queries::{QueryError, ReadPoint, ReadRequest};
use crate::runtime::{Engine, Patience};

/// Notices that a feed holds at most; those of one step may be more for a moment.
const NOTICES_HELD_MAX: usize = 10_000;
/// Notices that are handed on together.
pub(super) const NOTICES_PER_ENTRY_MAX: usize = 64;
/// A step goes on by so much.
const STEP: StepSize = StepSize { incidents: 500, notices: 500 };

/// A notice, and what filters need beside it.
#[derive(Debug)]
pub(super) struct NoticeReport {
    pub notice: v1::Notice,
    /// The priorities that the clock was and is measured by.
    pub priorities: [String; 2],
    /// The groups that the incident was and is assigned to.
    pub groups: [String; 2],
}

/// Some notices, and how far everything was given once they are.
#[derive(Clone, Debug)]
pub(super) struct FeedEntry {
    pub reports: Arc<Vec<NoticeReport>>,
    pub progress: Arc<NoticeProgress>,
}

/// The notices of a tenant.
#[derive(Debug)]
pub(super) struct Feed {
    pub tenant: TenantId,
    held: Mutex<HeldNotices>,
    /// The number of the next entry, or why there will be none.
    next: watch::Sender<Result<u64, FeedEnd>>,
    /// Up to where everything was given before the entry of a number; `None`: it has not begun.
    boundary: watch::Sender<Option<Boundary>>,
}

/// Where the passes of a feed meet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Boundary {
    /// The number of the entry that follows.
    pub number: u64,
    /// Up to where everything was given.
    pub point: ReadPoint,
}

/// Why a feed gives nothing any more.
#[derive(Clone, Debug)]
pub(super) struct FeedEnd(pub Status);

/// What a reader of a feed finds.
#[derive(Debug)]
pub(super) enum FoundInFeed {
    /// The entry it is at.
    Entry(FeedEntry),
    /// Nothing new: everything up to here was given.
    Nothing(Arc<NoticeProgress>),
    /// It has fallen behind what the feed holds.
    Gone,
}

#[derive(Debug)]
struct HeldNotices {
    entries: VecDeque<FeedEntry>,
    /// The number of the first of them.
    first: u64,
    count: usize,
    progress: Option<Arc<NoticeProgress>>,
}

impl Feed {
    pub fn new(tenant: TenantId) -> Feed {
        let held = HeldNotices { entries: VecDeque::new(), first: 0, count: 0, progress: None };
        Feed {
            tenant,
            held: Mutex::new(held),
            next: watch::Sender::new(Ok(0)),
            boundary: watch::Sender::new(None),
        }
    }

    /// The number of the next entry, whenever that changes.
    pub fn next(&self) -> watch::Receiver<Result<u64, FeedEnd>> {
        self.next.subscribe()
    }

    /// Where a reader may join.
    pub fn boundary(&self) -> watch::Receiver<Option<Boundary>> {
        self.boundary.subscribe()
    }

    /// What is there for a reader at the entry of a number.
    pub fn at(&self, number: u64) -> FoundInFeed {
        let held = self.held.lock();
        let place = number.checked_sub(held.first).and_then(|place| usize::try_from(place).ok());
        match (place.map(|place| held.entries.get(place)), &held.progress) {
            (None, _) | (_, None) => FoundInFeed::Gone,
            (Some(Some(entry)), _) => FoundInFeed::Entry(entry.clone()),
            (Some(None), Some(progress)) => FoundInFeed::Nothing(Arc::clone(progress)),
        }
    }

    /// Whether it gives nothing any more.
    pub fn has_ended(&self) -> bool {
        self.next.borrow().is_err()
    }

    /// Ends it: whoever reads it learns why.
    pub fn end(&self, end: Status) {
        self.next.send_modify(|next| *next = Err(FeedEnd(end)));
    }

    /// Takes a step towards a point, of which everything is in the index. True: another is to
    /// follow. What may pass is tried again the next time.
    pub fn go_on(&self, engine: &Engine, goal: ReadPoint, patience: &Patience) -> bool {
        if self.has_ended() {
            return false;
        }
        let before = self.held.lock().progress.clone();
        let Some(before) = before else { return self.begin(goal) };
        // What was settled once is settled, whatever is being recorded meanwhile.
        let reached = before.pass.as_ref().map_or(before.at, |pass| pass.goal).times.as_of;
        let times = Times { as_of: goal.times.as_of.max(reached), ..goal.times };
        let goal = NoticeProgress::after(ReadPoint { times, ..goal });
        if *before == goal {
            return false;
        }
        let step = FeedStep { engine, tenant: &self.tenant, patience };
        match step.take(&before, goal.at) {
            Ok((next, entries)) => {
                self.push(entries, &next);
                if next.pass.is_none() {
                    self.note_boundary(next.at);
                }
                next != goal
            }
            Err(error) if error.may_pass() => false,
            Err(error) => {
                self.end(status::unanswered(error));
                false
            }
        }
    }

    fn begin(&self, at: ReadPoint) -> bool {
        self.held.lock().progress = Some(Arc::new(NoticeProgress::after(at)));
        self.note_boundary(at);
        false
    }

    fn note_boundary(&self, point: ReadPoint) {
        let number = self.held.lock().next();
        self.boundary.send_replace(Some(Boundary { number, point }));
    }

    fn push(&self, entries: Vec<FeedEntry>, progress: &NoticeProgress) {
        let is_news = !entries.is_empty();
        let next = {
            let mut held = self.held.lock();
            held.progress = Some(Arc::new(progress.clone()));
            entries.into_iter().for_each(|entry| held.push(entry));
            held.next()
        };
        if is_news {
            // What has ended stays so.
            self.next.send_if_modified(|known| match known {
                Ok(known) => std::mem::replace(known, next) != next,
                Err(_) => false,
            });
        }
    }
}

impl HeldNotices {
    fn next(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn push(&mut self, entry: FeedEntry) {
        self.count += entry.reports.len();
        self.entries.push_back(entry);
        while self.count > NOTICES_HELD_MAX && self.entries.len() > 1 {
            if let Some(oldest) = self.entries.pop_front() {
                self.count -= oldest.reports.len();
                self.first += 1;
            }
        }
    }
}

/// A step that somebody goes on by.
pub(super) struct FeedStep<'s> {
    pub engine: &'s Engine,
    pub tenant: &'s TenantId,
    pub patience: &'s Patience,
}

impl FeedStep<'_> {
    /// Goes on towards a goal, of which everything is in the index.
    pub fn take(
        &self,
        progress: &NoticeProgress,
        goal: ReadPoint,
    ) -> Result<(NoticeProgress, Vec<FeedEntry>), QueryError> {
        // Whatever the wall clock says, the index holds all of the schedule.
        let request = ReadRequest { as_of: Some(Instant::MAX), ..ReadRequest::default() };
        let reading = self.engine.read(self.tenant, request, goal.sequence)?;
        let reading = reading.until(self.patience.clone());
        let zones = reading.view.zones().clone();
        let (mut next, mut reports) = (progress.clone(), Vec::new());
        next.advance(reading, goal, STEP, &mut |incident, notice| {
            reports.push(report(incident, notice, zones.version()));
        })?;
        self.patience.check()?;
        let entries = entries(reports, progress, &next);
        Ok((next, entries))
    }
}

fn report(incident: &str, notice: &Notice<'_>, zones: &str) -> NoticeReport {
    let occurrence = notice.occurrence_id(incident);
    let ids = (notice.id(occurrence), occurrence);
    NoticeReport {
        notice: encode(incident, notice, ids, zones),
        priorities: notice.priorities.map(str::to_owned),
        groups: notice.groups.map(str::to_owned),
    }
}

/// The notices of a step in entries: only with the last of them is all of it given.
fn entries(
    reports: Vec<NoticeReport>,
    before: &NoticeProgress,
    after: &NoticeProgress,
) -> Vec<FeedEntry> {
    let before = Arc::new(before.clone());
    let mut entries = Vec::new();
    let mut reports = reports.into_iter().peekable();
    while reports.peek().is_some() {
        let some: Vec<_> = reports.by_ref().take(NOTICES_PER_ENTRY_MAX).collect();
        entries.push(FeedEntry { reports: Arc::new(some), progress: Arc::clone(&before) });
    }
    if let Some(last) = entries.last_mut() {
        last.progress = Arc::new(after.clone());
    }
    entries
}
