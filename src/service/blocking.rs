//! Answers that are worked out on a thread that may block, beside the network's: while that works,
//! nobody is answered, and connections are taken for dead. Each has a place in a lane meanwhile,
//! and ends early once nobody waits for it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};
use tracing::{Instrument, Span, info_span};

use super::evaluations::EvaluationLoad;
use super::lane::{Full, Lane, LanePlace};
use super::lanes::{Lanes, Weight};
use super::messages::{Messages, Queued};
use super::status;
use crate::domain::ids::TenantId;
use crate::runtime::{Patience, Stopped, TRACES};

/// Messages that may wait for a slow reader.
const MESSAGES_AHEAD: usize = 16;
/// How often whoever waits for a reader looks whether that is still wanted.
const LOOKS_EVERY: Duration = Duration::from_millis(250);

/// Sends a message of an answer; false: nobody listens any more.
pub(super) type Sender<'s, T> = &'s dyn Fn(T) -> bool;

/// For whom something is worked on, and how long they wait.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub lanes: Arc<Lanes>,
    pub tenant: TenantId,
    pub patience: Patience,
    /// When the caller's time is over, if it gave one.
    pub deadline: Option<Instant>,
}

/// Ends the work when whoever waits for it goes before it is done.
struct CallerWaits {
    patience: Patience,
    is_done: bool,
}

impl Drop for CallerWaits {
    fn drop(&mut self) {
        if !self.is_done {
            self.patience.end(Stopped::CallerGone);
        }
    }
}

impl Work {
    /// Answers with the result of `work`.
    pub async fn answer<T: Send + 'static>(
        &self,
        weight: Weight,
        work: impl FnOnce() -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        self.answer_of_load(weight, EvaluationLoad::default(), work).await
    }

    /// The same with the result of work that evaluates so much at once.
    pub async fn answer_of_load<T: Send + 'static>(
        &self,
        weight: Weight,
        load: EvaluationLoad,
        work: impl FnOnce() -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        let mut waiting = CallerWaits { patience: self.patience.clone(), is_done: false };
        let lane = self.lanes.of(weight);
        let place = enter(lane, &self.tenant, weight).await?;
        let memory = self.lanes.evaluations.reserve(load).await;
        let (patience, lane) = (self.patience.clone(), Arc::clone(lane));
        let call = Span::current();
        let worked = tokio::task::spawn_blocking(move || {
            let _within = call.enter();
            let worked = info_span!(target: TRACES, "evaluate").in_scope(work);
            count(&lane, &patience);
            drop((memory, place));
            worked
        });
        let worked = worked.await.map_err(|_| status::defect("working out an answer panicked"));
        waiting.is_done = true;
        worked?
    }

    /// Streams what `work` sends. `work` learns when nobody listens any more. Whatever ends it
    /// early is reported at the end, so that no part is ever taken for the whole.
    pub async fn stream<T: Send + 'static>(
        &self,
        work: impl FnOnce(Sender<'_, T>) -> Result<(), Status> + Send + 'static,
    ) -> Result<Response<Messages<T>>, Status> {
        let Work { lanes, tenant, .. } = self;
        let open = lanes.streams.try_enter(tenant).map_err(|Full| status::too_many_streams())?;
        let lane = Arc::clone(&lanes.heavy);
        let place = enter(&lane, tenant, Weight::Heavy).await?;
        let (sender, receiver) = mpsc::channel(MESSAGES_AHEAD);
        let (end, patience) = (sender.clone(), self.patience.clone());
        let queued = Arc::new(Mutex::new(ReceiverStream::new(receiver)));
        let outbox = Outbox {
            work: self.clone(),
            sender,
            queued: Arc::clone(&queued),
            place: RefCell::new(Some(place)),
            network: Handle::current(),
        };
        let call = Span::current();
        let working = tokio::task::spawn_blocking(move || {
            let (_open, _within) = (open, call.enter());
            let evaluating = info_span!(target: TRACES, "evaluate");
            let done = evaluating.in_scope(|| work(&|message| outbox.send(message)));
            count(&lane, &outbox.work.patience);
            done
        });
        let timer = self.deadline.map(|deadline| tokio::spawn(end_at(deadline, patience)));
        tokio::spawn(async move {
            let done = working.await;
            let panicked = |_| Err(status::defect("working out a stream panicked"));
            if let Err(status) = done.unwrap_or_else(panicked) {
                let _ = end.send(Err(status)).await;
            }
            if let Some(timer) = timer {
                timer.abort();
            }
        });
        Ok(Response::new(Messages::new(queued, self.patience.clone())))
    }
}

/// Waits for a place in a lane.
async fn enter(lane: &Arc<Lane>, tenant: &TenantId, weight: Weight) -> Result<LanePlace, Status> {
    let waiting = info_span!(target: TRACES, "wait for a place", lane = ?weight);
    lane.enter(tenant).instrument(waiting).await.map_err(|Full| status::busy(weight))
}

async fn end_at(deadline: Instant, patience: Patience) {
    tokio::time::sleep_until(deadline).await;
    patience.end(Stopped::OutOfTime);
}

/// Counts work that was stopped.
fn count(lane: &Lane, patience: &Patience) {
    if patience.check().is_err() {
        lane.count_stopped();
    }
}

/// Where the messages of a stream wait for their reader.
struct Outbox<T> {
    work: Work,
    sender: mpsc::Sender<Result<T, Status>>,
    queued: Queued<T>,
    place: RefCell<Option<LanePlace>>,
    network: Handle,
}

impl<T> Outbox<T> {
    fn send(&self, message: T) -> bool {
        match self.sender.try_send(Ok(message)) {
            Ok(()) => self.work.patience.check().is_ok(),
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(message)) => message.is_ok_and(|message| self.wait(message)),
        }
    }

    /// Waits for a slow reader, without a place: that is for those who can work. A reader that
    /// takes nothing for long is given up, with what waits for it.
    fn wait(&self, message: T) -> bool {
        drop(self.place.take());
        let given_up = Instant::now() + self.work.lanes.unread;
        loop {
            let room = self
                .network
                .block_on(async { tokio::time::timeout(LOOKS_EVERY, self.sender.reserve()).await });
            match room.map(Result::ok) {
                Ok(Some(room)) => {
                    room.send(Ok(message));
                    return self.go_on();
                }
                Ok(None) => return false,
                Err(_) if Instant::now() >= given_up => self.work.patience.end(Stopped::Unread),
                Err(_) => {}
            }
            if self.work.patience.check().is_err() {
                // What waits is not worth its memory: it would end unfinished.
                let mut queued = self.queued.lock();
                while queued.as_mut().try_recv().is_ok() {}
                return false;
            }
        }
    }

    fn go_on(&self) -> bool {
        let Work { lanes, tenant, patience, .. } = &self.work;
        let place = self.network.block_on(lanes.heavy.enter_again(tenant));
        *self.place.borrow_mut() = place;
        patience.check().is_ok()
    }
}
