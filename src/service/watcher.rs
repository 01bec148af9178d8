//! A watcher: one stream of notices. It holds what its reader has room for, and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, OwnedPermit};
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::Status;

use super::blocking::Work;
use super::feed::{Boundary, Feed, FeedEnd, FeedEntry, FeedStep, FoundInFeed};
use super::messages::Queued;
use super::notice_filter::NoticeFilter;
use super::outlook_watch::{OutlookNews, OutlookWatch};
use super::stamp::stamp;
use super::status;
use super::watch_token::WatchTokens;
use crate::codec::v1;
use crate::engine::evaluate::Times;
use crate::queries::notices::NoticeProgress;
use crate::queries::{ReadPoint, ReadRequest};
use crate::runtime::{Engine, Stopped};

type SentMessage = Result<v1::WatchClocksResponse, Status>;

/// Where a watch begins.
#[derive(Debug)]
pub(super) enum Start {
    /// With what comes from now on.
    Now,
    /// After what was given.
    After(NoticeProgress),
}

/// One stream of notices.
#[derive(Debug)]
pub(super) struct Watcher {
    pub engine: Arc<Engine>,
    pub work: Work,
    pub feed: Arc<Feed>,
    pub tokens: WatchTokens,
    pub filter: NoticeFilter,
    pub heartbeat: Duration,
    pub sender: mpsc::Sender<SentMessage>,
    pub queued: Queued<v1::WatchClocksResponse>,
}

/// Where a watcher is.
enum WatcherPlace {
    /// In the feed, at the entry of this number.
    InFeed(u64),
    /// Beside it. Once it is up to the boundary, it joins there; `None`: up to whatever it was to
    /// make up for first.
    Beside(Option<Boundary>),
}

/// What a watcher finds where it is.
enum FoundNext {
    Entries(Vec<FeedEntry>),
    /// Everything up to here was given.
    Nothing(Arc<NoticeProgress>),
}

/// How the feed stands, whenever that changes.
type Next = watch::Receiver<Result<u64, FeedEnd>>;

impl Watcher {
    /// Begins to watch, in the places it takes of the server and of its connection.
    pub fn begin(self, start: Start, outlooks: Option<OutlookWatch>, places: impl Send + 'static) {
        tokio::spawn(async move {
            let _places = places;
            let mut outlooks = OutlookWatch::begin(outlooks);
            let Err(ended) = self.watch(start, &mut outlooks).await;
            // What waits is not lost: its reader goes on from the token it has.
            {
                let mut queued = self.queued.lock();
                while queued.as_mut().try_recv().is_ok() {}
            }
            let _ = self.sender.send(Err(ended)).await;
        });
    }

    /// Watches until it is ended.
    async fn watch(
        &self,
        start: Start,
        outlooks: &mut mpsc::Receiver<OutlookNews>,
    ) -> Result<Infallible, Status> {
        let (mut place, mut progress) = match start {
            Start::After(progress) => (WatcherPlace::Beside(None), progress),
            Start::Now => {
                let boundary = self.boundary(0).await?;
                (WatcherPlace::InFeed(boundary.number), NoticeProgress::after(boundary.point))
            }
        };
        let (mut next, mut boundary) = (self.feed.next(), self.feed.boundary());
        // The first message is at once: its token is where it began.
        let mut due = Instant::now();
        loop {
            check(&next)?;
            if let Ok(news) = outlooks.try_recv() {
                due = self.send_outlooks(news?, &progress).await?;
            }
            let (found, then) = self.look(place, &mut progress).await?;
            place = then;
            let entries = match found {
                FoundNext::Entries(entries) => entries,
                FoundNext::Nothing(progress) if Instant::now() >= due => {
                    vec![FeedEntry { reports: Arc::default(), progress }]
                }
                FoundNext::Nothing(_) => {
                    let beside = matches!(place, WatcherPlace::Beside(_)).then_some(&mut boundary);
                    if let Some(news) = self.wait((&mut next, beside), due, outlooks).await? {
                        due = self.send_outlooks(news?, &progress).await?;
                    }
                    continue;
                }
            };
            for entry in entries {
                due = self.send(&entry, due).await?;
                progress = (*entry.progress).clone();
            }
        }
    }

    /// Looks for what is new, and goes on to where that is next.
    async fn look(
        &self,
        place: WatcherPlace,
        progress: &mut NoticeProgress,
    ) -> Result<(FoundNext, WatcherPlace), Status> {
        let number = match place {
            WatcherPlace::InFeed(number) => number,
            WatcherPlace::Beside(boundary) => return self.make_up(progress, boundary).await,
        };
        Ok(match self.feed.at(number) {
            FoundInFeed::Entry(entry) => {
                (FoundNext::Entries(vec![entry]), WatcherPlace::InFeed(number + 1))
            }
            FoundInFeed::Nothing(progress) => {
                (FoundNext::Nothing(progress), WatcherPlace::InFeed(number))
            }
            FoundInFeed::Gone => (FoundNext::Entries(Vec::new()), WatcherPlace::Beside(None)),
        })
    }

    /// Goes on by a step beside the feed, or joins it.
    async fn make_up(
        &self,
        progress: &mut NoticeProgress,
        boundary: Option<Boundary>,
    ) -> Result<(FoundNext, WatcherPlace), Status> {
        let boundary = match (&progress.pass, boundary) {
            (Some(_), None) => None,
            (None, None) => Some(self.boundary(progress.at.sequence).await?),
            (_, some) => some,
        };
        let mut goal = progress.at;
        if let Some(Boundary { number, point }) = boundary {
            if *progress == NoticeProgress::after(point) {
                return Ok((FoundNext::Entries(Vec::new()), WatcherPlace::InFeed(number)));
            }
            // Before a start the clock may have been ahead of what the feed knows of: what time
            // brought about by then was given, and what is recorded from now on is yet to be.
            let as_of = point.times.as_of.max(progress.at.times.as_of);
            goal = ReadPoint { times: Times { as_of, ..point.times }, ..point };
            if *progress == NoticeProgress::after(goal) {
                let nothing = FoundNext::Nothing(Arc::new(progress.clone()));
                return Ok((nothing, WatcherPlace::Beside(None)));
            }
        }
        let (next, mut entries) = self.step(progress.clone(), goal).await?;
        if entries.is_empty() {
            entries.push(FeedEntry { reports: Arc::default(), progress: Arc::new(next.clone()) });
        }
        *progress = next;
        Ok((FoundNext::Entries(entries), WatcherPlace::Beside(boundary)))
    }

    /// Takes a step in a place of the lane of heavy questions. As many may wait for one as watch.
    async fn step(
        &self,
        progress: NoticeProgress,
        goal: ReadPoint,
    ) -> Result<(NoticeProgress, Vec<FeedEntry>), Status> {
        let Work { lanes, tenant, patience, .. } = &self.work;
        let waited = self.engine.wait_for_index(ReadRequest::default()).await;
        waited.map_err(status::unanswered)?;
        let place = lanes.heavy.enter_again(tenant).await;
        let (engine, tenant) = (Arc::clone(&self.engine), tenant.clone());
        let patience = patience.clone();
        let stepped = tokio::task::spawn_blocking(move || {
            let step = FeedStep { engine: &engine, tenant: &tenant, patience: &patience };
            let taken = step.take(&progress, goal);
            drop(place);
            taken
        });
        let stepped = stepped.await.map_err(|_| status::defect("making up notices panicked"))?;
        stepped.map_err(status::unanswered)
    }

    /// The boundary of the feed, once it has come to a sequence.
    async fn boundary(&self, sequence: u64) -> Result<Boundary, Status> {
        let (mut next, mut boundary) = (self.feed.next(), self.feed.boundary());
        loop {
            check(&next)?;
            let found = *boundary.borrow_and_update();
            if let Some(found) = found.filter(|found| found.point.sequence >= sequence) {
                return Ok(found);
            }
            tokio::select! {
                _ = boundary.changed() => {}
                _ = next.changed() => {}
                ended = self.ended() => return Err(ended),
            }
        }
    }

    /// Waits for something new in the feed or (beside it) at its boundary, or until a message is
    /// due; returns what is new of outlooks.
    async fn wait(
        &self,
        (next, boundary): (&mut Next, Option<&mut watch::Receiver<Option<Boundary>>>),
        due: Instant,
        outlooks: &mut mpsc::Receiver<OutlookNews>,
    ) -> Result<Option<OutlookNews>, Status> {
        let moved = async {
            match boundary {
                Some(boundary) => boundary.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = next.changed() => Ok(None),
            _ = moved => Ok(None),
            () = tokio::time::sleep_until(due) => Ok(None),
            Some(news) = outlooks.recv() => Ok(Some(news)),
            ended = self.ended() => Err(ended),
        }
    }

    /// Sends what is wanted of an entry; or, where nothing is, that all is well, if that is due.
    /// Returns when the next message is due.
    async fn send(&self, entry: &FeedEntry, due: Instant) -> Result<Instant, Status> {
        let wanted = entry.reports.iter().filter(|report| self.filter.passes(report));
        let notices: Vec<_> = wanted.map(|report| report.notice.clone()).collect();
        if notices.is_empty() && Instant::now() < due {
            return Ok(due);
        }
        self.send_message(v1::WatchClocksResponse {
            notices,
            resume_token: self.tokens.seal(&entry.progress),
            stamp: stamp(entry.progress.at),
            ..v1::WatchClocksResponse::default()
        })
        .await
    }

    /// Sends what is new of outlooks, where the notices of clocks are.
    async fn send_outlooks(
        &self,
        news: v1::WatchClocksResponse,
        progress: &NoticeProgress,
    ) -> Result<Instant, Status> {
        let (resume_token, stamp) = (self.tokens.seal(progress), stamp(progress.at));
        self.send_message(v1::WatchClocksResponse { resume_token, stamp, ..news }).await
    }

    /// Sends a message; returns when the next is due.
    async fn send_message(&self, message: v1::WatchClocksResponse) -> Result<Instant, Status> {
        let room = self.room().await?;
        room.send(Ok(message));
        Ok(Instant::now() + self.heartbeat)
    }

    /// Room for a message. A reader that takes nothing for long is given up.
    async fn room(&self) -> Result<OwnedPermit<SentMessage>, Status> {
        let given_up = Instant::now() + self.work.lanes.unread;
        let mut next = self.feed.next();
        loop {
            check(&next)?;
            tokio::select! {
                room = self.sender.clone().reserve_owned() => {
                    return room.map_err(|_| status::stopped(Stopped::CallerGone));
                }
                _ = next.changed() => {}
                () = tokio::time::sleep_until(given_up) => {
                    return Err(status::notices_unread());
                }
            }
        }
    }

    /// Once the caller has gone, or its time is over.
    async fn ended(&self) -> Status {
        let over = async {
            match self.work.deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.sender.closed() => status::stopped(Stopped::CallerGone),
            () = over => status::out_of_time(),
        }
    }
}

/// Fails once the feed has ended.
fn check(next: &Next) -> Result<(), Status> {
    let next = next.borrow();
    next.as_ref().map(drop).map_err(|FeedEnd(end)| end.clone())
}
