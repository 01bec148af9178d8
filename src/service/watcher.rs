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
                let boundary = self.boundary(None).await?;
                (WatcherPlace::InFeed(boundary.number), NoticeProgress::after(boundary.point))
            }
        };
        let mut next = self.feed.next();
        // The first message is at once: its token is where it began.
        let mut due = Instant::now();
        loop {
            check(&next)?;
            if let Ok(news) = outlooks.try_recv() {
                due = self.send_outlooks(news?, &progress).await?;
            }
            let entries = match place {
                WatcherPlace::InFeed(number) => match self.feed.at(number) {
                    FoundInFeed::Entry(entry) => {
                        place = WatcherPlace::InFeed(number + 1);
                        vec![entry]
                    }
                    FoundInFeed::Nothing(progress) if Instant::now() >= due => {
                        vec![FeedEntry { reports: Arc::default(), progress }]
                    }
                    FoundInFeed::Nothing(_) => {
                        if let Some(news) = self.wait(&mut next, due, outlooks).await? {
                            due = self.send_outlooks(news?, &progress).await?;
                        }
                        continue;
                    }
                    FoundInFeed::Gone => {
                        place = WatcherPlace::Beside(None);
                        continue;
                    }
                },
                WatcherPlace::Beside(boundary) => {
                    let (entries, then) = self.make_up(&mut progress, boundary).await?;
                    place = then;
                    entries
                }
            };
            for entry in entries {
                due = self.send(&entry, due).await?;
                progress = (*entry.progress).clone();
            }
        }
    }

    /// Goes on by a step beside the feed, or joins it.
    async fn make_up(
        &self,
        progress: &mut NoticeProgress,
        boundary: Option<Boundary>,
    ) -> Result<(Vec<FeedEntry>, WatcherPlace), Status> {
        let boundary = match (&progress.pass, boundary) {
            (Some(_), None) => None,
            (None, None) => Some(self.boundary(Some(progress.at)).await?),
            (_, some) => some,
        };
        if let Some(Boundary { number, point }) = boundary
            && *progress == NoticeProgress::after(point)
        {
            return Ok((Vec::new(), WatcherPlace::InFeed(number)));
        }
        let goal = boundary.map_or(progress.at, |boundary| boundary.point);
        let (next, mut entries) = self.step(progress.clone(), goal).await?;
        if entries.is_empty() {
            entries.push(FeedEntry { reports: Arc::default(), progress: Arc::new(next.clone()) });
        }
        *progress = next;
        Ok((entries, WatcherPlace::Beside(boundary)))
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

    /// The boundary of the feed, once it has come to a point.
    async fn boundary(&self, at: Option<ReadPoint>) -> Result<Boundary, Status> {
        let (mut next, mut boundary) = (self.feed.next(), self.feed.boundary());
        loop {
            check(&next)?;
            let found = *boundary.borrow_and_update();
            if let Some(found) = found.filter(|found| at.is_none_or(|at| is_up_to(*found, at))) {
                return Ok(found);
            }
            tokio::select! {
                _ = boundary.changed() => {}
                _ = next.changed() => {}
                ended = self.ended() => return Err(ended),
            }
        }
    }

    /// Waits for something new, or until a message is due; returns what is new of outlooks.
    async fn wait(
        &self,
        next: &mut Next,
        due: Instant,
        outlooks: &mut mpsc::Receiver<OutlookNews>,
    ) -> Result<Option<OutlookNews>, Status> {
        tokio::select! {
            _ = next.changed() => Ok(None),
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

fn is_up_to(boundary: Boundary, at: ReadPoint) -> bool {
    let point = boundary.point;
    point.sequence >= at.sequence && point.times.as_of >= at.times.as_of
}
