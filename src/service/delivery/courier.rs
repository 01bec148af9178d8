//! A courier: takes a webhook's notices as any watcher does, and sends them.
//!
//! The events of one incident are sent one after another, in their order; those of different
//! incidents beside each other. What was taken in is bounded by the [`Window`], and how far
//! everything is done is kept, so that whoever sends next goes on there.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant as Moment;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use super::courier_state::SentEvent;
use super::event::WebhookEvent;
use super::kept_progress::KeptProgress;
use super::place_to_begin::{Taken, place_to_begin};
use super::sending::Sending;
use super::window::Window;
use crate::codec::choices::notice_kind_number;
use crate::codec::v1;
use crate::domain::time::Instant;
use crate::domain::webhook::Webhook;
use crate::queries::notices::NoticeProgress;
use crate::runtime::{Engine, wall_clock};
use crate::service::blocking::Work;
use crate::service::feeds::Feeds;
use crate::service::lanes::Lanes;
use crate::service::messages::Messages;
use crate::service::notice_filter::NoticeFilter;
use crate::service::status;
use crate::service::watch_token::WatchTokens;
use crate::service::watcher::{Start, Watcher};

/// Messages that wait to be taken in.
const MESSAGES_AHEAD: usize = 2;
/// How often a message comes at least: what is kept is not much older than that.
const HEARTBEAT: Duration = Duration::from_secs(60);
/// How long what is done may be not kept yet: it would be sent again after a crash.
const KEPT_WITHIN: Duration = Duration::from_millis(500);
/// After which a watch that has ended is begun again.
const AGAIN_AFTER: Duration = Duration::from_millis(500);
const AGAIN_AFTER_MOST: Duration = Duration::from_secs(60);

type Notices = Messages<v1::WatchClocksResponse>;

/// Where notices come from.
#[derive(Clone, Debug)]
pub(in crate::service) struct Origin {
    pub engine: Arc<Engine>,
    pub lanes: Arc<Lanes>,
    pub feeds: Arc<Feeds>,
    /// How long ago notices can be gone on from.
    pub resume: Duration,
}

/// Sends the notices of a webhook.
#[derive(Debug)]
pub(super) struct Courier {
    origin: Origin,
    sending: Arc<Sending>,
    files: KeptProgress,
    tokens: WatchTokens,
    window: Window,
    taken: Taken,
    /// What waits for an event of its incident that is being sent, which has an entry here too.
    waiting: HashMap<String, VecDeque<Parcel>>,
    under_way: JoinSet<(Parcel, SentEvent, Option<String>)>,
    kept: KeptState,
}

/// An event on its way.
#[derive(Clone, Debug)]
struct Parcel {
    event: WebhookEvent,
    /// It is given up when it fails long after this.
    since: Instant,
    /// The number of its message; `None`: it is a dead letter that is sent again.
    message: Option<u64>,
}

/// What of this is kept.
#[derive(Debug, Default)]
struct KeptState {
    position: String,
    are_dead_letters_new: bool,
    due: Option<Moment>,
}

/// Where the notices of a courier come from at present.
enum NoticeSource {
    Watching(Notices),
    /// It begins again then.
    Ended(Moment),
}

impl Courier {
    /// One that goes on from the position that was kept.
    pub fn new(
        origin: Origin,
        sending: Arc<Sending>,
        files: KeptProgress,
        kept: Option<String>,
    ) -> Courier {
        let position = kept.clone().unwrap_or_default();
        let tokens = WatchTokens::new(origin.engine.store_id(), sending.tenant.clone());
        Courier {
            origin,
            sending,
            files,
            tokens,
            window: Window::after(position.clone()),
            kept: KeptState { position, ..KeptState::default() },
            taken: Taken::Before(kept),
            waiting: HashMap::new(),
            under_way: JoinSet::new(),
        }
    }

    /// Sends until it is to stop. What is under way then is left, and sent again later.
    pub async fn run(
        mut self,
        mut resent: mpsc::UnboundedReceiver<Vec<v1::DeadLetter>>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut source = NoticeSource::Ended(Moment::now());
        let mut again_after = AGAIN_AFTER;
        loop {
            let due = self.kept.due;
            tokio::select! {
                () = stopped(&mut stop) => break,
                message = next(&mut source), if self.window.has_room() => match message {
                    Next::Begin => match self.watch().await {
                        Ok(notices) => source = NoticeSource::Watching(notices),
                        Err(ended) => source = self.ended(&ended, &mut again_after),
                    },
                    Next::Message(message) => {
                        again_after = AGAIN_AFTER;
                        self.take(message);
                    }
                    Next::End(ended) => source = self.ended(&ended, &mut again_after),
                },
                Some(done) = self.under_way.join_next(), if !self.under_way.is_empty() => {
                    if let Ok((parcel, sent, error)) = done {
                        self.done(&parcel, &sent, error);
                    }
                }
                Some(letters) = resent.recv() => self.resend(letters),
                () = sleep_until(due) => self.keep().await,
            }
        }
        self.under_way.shutdown().await;
        self.keep().await;
    }

    /// Begins to watch after what was taken in.
    async fn watch(&self) -> Result<Notices, Status> {
        let start = self.place_to_begin().await?;
        let Origin { engine, lanes, feeds, .. } = &self.origin;
        let tenant = &self.sending.tenant;
        let feed = feeds.join(engine, tenant)?;
        let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let queued = Arc::new(Mutex::new(ReceiverStream::new(receiver)));
        let (lanes, tenant) = (Arc::clone(lanes), tenant.clone());
        let work = Work { patience: lanes.patience(), lanes, tenant, deadline: None };
        let notices = Messages::new(Arc::clone(&queued), work.patience.clone());
        let watcher = Watcher {
            engine: Arc::clone(engine),
            work,
            feed,
            tokens: self.tokens.clone(),
            filter: filter(&self.sending.subscription.webhook),
            heartbeat: HEARTBEAT,
            sender,
            queued,
        };
        watcher.begin(Start::After(start), None, ());
        Ok(notices)
    }

    async fn place_to_begin(&self) -> Result<NoticeProgress, Status> {
        let Origin { ref engine, resume, .. } = self.origin;
        let (engine, sending) = (Arc::clone(engine), Arc::clone(&self.sending));
        let (tokens, taken) = (self.tokens.clone(), self.taken.clone());
        let found = tokio::task::spawn_blocking(move || {
            place_to_begin(&engine, resume, &sending, &tokens, &taken)
        });
        let found = found.await.map_err(|_| status::defect("beginning a webhook panicked"))?;
        found.map_err(status::unanswered)
    }

    fn ended(&self, ended: &Status, again_after: &mut Duration) -> NoticeSource {
        let (tenant, webhook) = (&*self.sending.tenant, &self.sending.subscription.webhook.id);
        tracing::debug!(tenant, webhook, %ended, "the notices of a webhook ended: they go on soon");
        let again = Moment::now() + *again_after;
        *again_after = (*again_after * 2).min(AGAIN_AFTER_MOST);
        NoticeSource::Ended(again)
    }

    /// Takes in a message of notices.
    fn take(&mut self, message: v1::WatchClocksResponse) {
        let webhook = &self.sending.subscription.webhook.id;
        let tenant = &self.sending.tenant;
        let events = message.notices.iter().filter_map(|notice| {
            let event = WebhookEvent::of(tenant, webhook, notice);
            if event.is_none() {
                tracing::error!(notice = notice.id, "a notice can't be written as an event");
            }
            event
        });
        let events: Vec<_> = events.collect();
        self.taken = Taken::Since(message.resume_token.clone());
        let number = self.window.take(message.resume_token, events.len());
        for event in events {
            let since = event.notice_time;
            self.sending.state.wait_for(since);
            self.hand_over(Parcel { event, since, message: Some(number) });
        }
        self.note_news();
    }

    /// Sends dead letters again, behind what waits of their incidents.
    fn resend(&mut self, letters: Vec<v1::DeadLetter>) {
        let since = wall_clock::now();
        for v1::DeadLetter { id, incident_id, body, .. } in letters {
            let event = WebhookEvent { id, incident_id, notice_time: since, body };
            self.hand_over(Parcel { event, since, message: None });
        }
    }

    /// Sends an event as soon as nothing of its incident is under way.
    fn hand_over(&mut self, parcel: Parcel) {
        match self.waiting.get_mut(&parcel.event.incident_id) {
            Some(waiting) => waiting.push_back(parcel),
            None => {
                self.waiting.insert(parcel.event.incident_id.clone(), VecDeque::new());
                self.begin(parcel);
            }
        }
    }

    fn begin(&mut self, parcel: Parcel) {
        let sending = Arc::clone(&self.sending);
        self.under_way.spawn(async move {
            let (sent, error) = sending.send(parcel.event.clone(), parcel.since).await;
            (parcel, sent, error)
        });
    }

    /// An event was taken, or (with an error) given up.
    fn done(&mut self, parcel: &Parcel, sent: &SentEvent, error: Option<String>) {
        let Sending { state, counts, tenant, subscription, .. } = &*self.sending;
        match error {
            None => {
                counts.delivered();
                self.kept.are_dead_letters_new |= state.dig_out(&parcel.event.id);
            }
            Some(error) => {
                let (tenant, webhook) = (&**tenant, &subscription.webhook.id);
                let event = &parcel.event.id;
                tracing::warn!(tenant, webhook, event, error, "a webhook's event was given up");
                counts.given_up();
                counts.dropped(state.bury(sent, &error));
                self.kept.are_dead_letters_new = true;
            }
        }
        if let Some(message) = parcel.message {
            state.end_waiting(parcel.event.notice_time);
            self.window.done(message);
        }
        self.go_on_with(&parcel.event.incident_id);
        self.note_news();
    }

    /// Sends what waits next of an incident.
    fn go_on_with(&mut self, incident: &str) {
        match self.waiting.get_mut(incident).map(VecDeque::pop_front) {
            Some(Some(next)) => self.begin(next),
            _ => drop(self.waiting.remove(incident)),
        }
    }

    /// What is to be kept is kept soon.
    fn note_news(&mut self) {
        let is_news =
            self.kept.are_dead_letters_new || self.window.position() != self.kept.position;
        if is_news && self.kept.due.is_none() {
            self.kept.due = Some(Moment::now() + KEPT_WITHIN);
        }
    }

    /// Keeps what is new: dead letters first, so that none is missing.
    async fn keep(&mut self) {
        let letters = self.kept.are_dead_letters_new.then(|| self.sending.state.dead_letters());
        let position = self.window.position().to_owned();
        let position = (position != self.kept.position).then_some(position);
        let (files, kept) = (self.files.clone(), position.clone());
        let keeping = tokio::task::spawn_blocking(move || {
            letters.map_or(Ok(()), |letters| files.keep_dead_letters(letters))?;
            kept.map_or(Ok(()), |token| files.keep_position(token))
        });
        self.kept.due = None;
        let done = keeping.await.unwrap_or_else(|_| Err(io::Error::other("it panicked")));
        match done {
            Ok(()) => {
                self.kept.are_dead_letters_new = false;
                self.kept.position = position.unwrap_or_else(|| self.kept.position.clone());
            }
            Err(error) => {
                let webhook = &self.sending.subscription.webhook.id;
                tracing::error!(webhook, %error, "how far a webhook has come can't be kept");
                self.kept.due = Some(Moment::now() + AGAIN_AFTER_MOST);
            }
        }
    }
}

/// What comes next of a courier's notices.
enum Next {
    Begin,
    Message(v1::WatchClocksResponse),
    End(Status),
}

async fn next(source: &mut NoticeSource) -> Next {
    match source {
        NoticeSource::Ended(again) => {
            tokio::time::sleep_until(*again).await;
            Next::Begin
        }
        NoticeSource::Watching(notices) => match notices.next().await {
            Some(Ok(message)) => Next::Message(message),
            Some(Err(ended)) => Next::End(ended),
            None => Next::End(Status::unavailable("the stream ended")),
        },
    }
}

/// Once it is to stop, or nobody is there to say so.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn sleep_until(due: Option<Moment>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

fn filter(webhook: &Webhook) -> NoticeFilter {
    NoticeFilter {
        contracts: webhook.contract_ids.iter().cloned().collect(),
        targets: webhook.target_ids.iter().cloned().collect(),
        kinds: webhook.kinds.iter().copied().map(notice_kind_number).collect(),
        priorities: webhook.priorities.iter().cloned().collect(),
        groups: webhook.groups.iter().cloned().collect(),
    }
}
