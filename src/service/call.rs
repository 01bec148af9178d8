//! What every call does in the same way.
//!
//! Who may not make it is refused first. A call that reads is decoded and checked, waits until the
//! index holds everything recorded so far, opens a view, and answers off the network's thread. A
//! call that writes is decoded and checked.

use std::sync::Arc;

use prost::Message;
use tonic::{Extensions, Request, Response, Status};
use tracing::{Instrument, info_span};

use super::blocking::{Sender, Work};
use super::caller::{Caller, admit};
use super::deadline::Deadline;
use super::evaluations::{EvaluationLoad, TooMuch};
use super::lanes::Weight;
use super::messages::Messages;
use super::page::{Lists, Paging};
use super::requests::{OfTenant, Reads};
use super::services::Services;
use super::stamp::write_stamp;
use super::status;
use crate::codec::scalar::{id, optional_instant};
use crate::codec::v1;
use crate::codec::violations::FieldViolations;
use crate::domain::ids::TenantId;
use crate::domain::recorded::Recorded;
use crate::domain::time::{Instant, Span};
use crate::engine::action::{Action, TakeAction};
use crate::queries::incidents::{self, Use};
use crate::queries::{QueryError, ReadRequest, ReadView, Reading};
use crate::runtime::{ActionAnswer, Engine, TRACES, wall_clock};

/// Steps of evaluating an incident that the network's thread takes itself: about a millisecond.
const STEPS_AT_ONCE_MAX: u64 = 1_000;
/// Steps that are light: some tenths of a second.
const STEPS_LIGHT_MAX: u64 = 200_000;
/// Times within which a list is as good as one as of now.
const RECENT: Span = Span::from_hours(1);

/// A call that was decoded and found in order.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub engine: Arc<Engine>,
    pub tenant: TenantId,
    pub caller: Caller,
    read: ReadRequest,
    /// For whom it is worked on, and how long they wait.
    pub work: Work,
    /// When an answer that is not streamed must be there.
    deadline: Option<tokio::time::Instant>,
}

impl Services {
    /// Decodes a call that reads: what all have in common, and by `decode` what is its own. Refuses
    /// it with everything that is wrong.
    pub(super) fn read<R: Reads, Q>(
        &self,
        request: Request<R>,
        decode: impl FnOnce(R, &Engine, &mut FieldViolations) -> Q,
    ) -> Result<(Call, Q), Status> {
        let mut read = ReadRequest::default();
        let (call, decoded) = self.write(request, |request, engine, violations| {
            read = decode_read(&request, violations);
            decode(request, engine, violations)
        })?;
        Ok((Call { read, ..call }, decoded))
    }

    /// Decodes a call for a page of a list in the same way. The pages after the first are read at
    /// the times of the first, whatever was recorded since.
    pub(super) fn read_page<R: Reads + Lists, Q>(
        &self,
        request: Request<R>,
        decode: impl FnOnce(R, &Engine, &mut FieldViolations) -> Q,
    ) -> Result<(Call, Paging, Q), Status> {
        let (mut call, (paging, decoded)) = self.read(request, |request, engine, violations| {
            let paging = Paging::requested(engine.store_id(), &request, violations);
            (paging, decode(request, engine, violations))
        })?;
        if let Some(times) = paging.pinned()? {
            (call.read.as_of, call.read.known) = (Some(times.as_of), Some(times.known));
        }
        Ok((call, paging, decoded))
    }

    /// Decodes a call that writes in the same way.
    pub(super) fn write<R: OfTenant, Q>(
        &self,
        request: Request<R>,
        decode: impl FnOnce(R, &Engine, &mut FieldViolations) -> Q,
    ) -> Result<(Call, Q), Status> {
        let caller = admit(&request)?;
        let engine = self.engine()?;
        let (_, extensions, request) = request.into_parts();
        let mut violations = FieldViolations::default();
        let tenant = violations.or("tenant", id(request.tenant().to_owned()), String::new());
        let tenant = TenantId::from(tenant);
        let decoded = decode(request, &engine, &mut violations);
        violations.check().map_err(status::invalid)?;
        let work = self.work(tenant.clone(), &extensions);
        let (read, deadline) = (ReadRequest::default(), Deadline::of_call(&extensions));
        Ok((Call { engine, tenant, caller, read, work, deadline }, decoded))
    }

    /// Does with a request what takes longer than a lookup: in a place of a lane.
    pub(super) async fn apart<R: OfTenant + Send + 'static, T: Send + 'static>(
        &self,
        request: Request<R>,
        answer: impl FnOnce(&Services, Request<R>) -> Result<T, Status> + Send + 'static,
    ) -> Result<T, Status> {
        admit(&request)?;
        self.engine()?.wait_for_sequence(request.get_ref().min_sequence()).await;
        let tenant = TenantId::from(request.get_ref().tenant());
        let work = self.work(tenant, request.extensions());
        let services = self.clone();
        work.answer(Weight::Light, move || answer(&services, request)).await
    }

    /// For whom something is worked on: the caller of a tenant, or (the empty id) an operator.
    pub(super) fn work(&self, tenant: TenantId, extensions: &Extensions) -> Work {
        Work {
            lanes: Arc::clone(&self.lanes),
            tenant,
            patience: self.lanes.patience(),
            deadline: Deadline::of_stream(extensions),
        }
    }
}

fn decode_read(request: &impl Reads, violations: &mut FieldViolations) -> ReadRequest {
    let (as_of_time, known_time, min_sequence) = request.read();
    if min_sequence < 0 {
        violations.add("min_sequence", format!("is {min_sequence}: it must not be negative"));
    }
    ReadRequest {
        as_of: violations.or("as_of_time", optional_instant(as_of_time), None),
        known: violations.or("known_time", optional_instant(known_time), None),
        min_sequence,
    }
}

/// What `FieldViolations::keep` kept: when no violation was noted, it is there.
pub(super) fn kept<T>(value: Option<T>) -> Result<T, Status> {
    value.ok_or_else(|| status::invalid(Vec::new()))
}

impl Call {
    /// A view of what is recorded so far, for a query that needs no index.
    pub async fn view(&self) -> Result<ReadView<'_>, Status> {
        self.wait_for_sequence().await;
        self.present()
    }

    /// Waits for what another node has recorded and the caller wants to see.
    async fn wait_for_sequence(&self) {
        self.engine.wait_for_sequence(self.read.min_sequence).await;
    }

    /// A view of what is recorded so far, for a query that works apart and needs no index.
    pub fn present(&self) -> Result<ReadView<'_>, Status> {
        let view = self.engine.view(&self.tenant, self.read).map_err(status::unanswered)?;
        Ok(view.until(self.work.patience.clone()))
    }

    /// Until when a write may be begun.
    pub fn until(&self) -> Option<std::time::Instant> {
        self.deadline.map(tokio::time::Instant::into_std)
    }

    /// Which lane a list is worked on in: as of now it is read from the index, and otherwise what
    /// was in progress then is evaluated for each page. The later pages of a list as of now are
    /// still as good as of now.
    pub fn weight_of_list(&self) -> Weight {
        let recent = wall_clock::now().checked_add(-RECENT).unwrap_or(Instant::MIN);
        let is_past = |time: Option<Instant>| time.is_some_and(|time| time < recent);
        match is_past(self.read.as_of) || is_past(self.read.known) {
            true => Weight::Heavy,
            false => Weight::Light,
        }
    }

    /// Answers with the result of a query.
    pub async fn answer<T: Message + Send + 'static>(
        self,
        weight: Weight,
        query: impl FnOnce(Reading<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let answer = self.find(weight, query).await?;
        status::check_answer(&answer)?;
        Ok(Response::new(answer))
    }

    /// Returns the result of a query.
    pub async fn find<T: Send + 'static>(
        self,
        weight: Weight,
        query: impl FnOnce(Reading<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Status> {
        let sequence = self.wait_for_index().await?;
        let work = self.work.clone();
        work.answer(weight, move || self.query(sequence, query)).await
    }

    /// Answers with what a query makes of one incident: at once where that takes no longer than a
    /// lookup, and otherwise in a lane, by what it takes.
    pub async fn answer_of_incident<T: Message + Send + 'static>(
        self,
        id: &str,
        usage: &Use,
        query: impl FnOnce(&ReadView<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let answer = match self.weight_of_incident(id, usage).await? {
            None => info_span!(target: TRACES, "evaluate")
                .in_scope(|| query(&self.present()?).map_err(status::unanswered))?,
            Some((weight, load)) => {
                let work = self.work.clone();
                let query = move || query(&self.present()?).map_err(status::unanswered);
                work.answer_of_load(weight, load, query).await?
            }
        };
        status::check_answer(&answer)?;
        Ok(Response::new(answer))
    }

    /// The lane in which an incident is worked on, and how much of it there is at once; `None`: it
    /// takes no longer than a lookup.
    async fn weight_of_incident(
        &self,
        id: &str,
        usage: &Use,
    ) -> Result<Option<(Weight, EvaluationLoad)>, Status> {
        self.wait_for_sequence().await;
        let at_hand = incidents::cost_at_hand(&self.present()?, id, usage);
        let cost = match at_hand {
            Some(cost) => cost,
            None => {
                let (id, usage) = (id.to_owned(), usage.clone());
                let find = move |view: &ReadView<'_>| incidents::cost(view, &id, &usage);
                self.clone().find_in_view(Weight::Light, find).await?
            }
        };
        let load = self.work.lanes.evaluations.load(cost);
        let too_much = |TooMuch { most }| status::too_much_to_evaluate(cost, most);
        let load = load.map_err(too_much)?;
        Ok(match cost.steps {
            steps if at_hand.is_some() && steps <= STEPS_AT_ONCE_MAX => None,
            steps if steps <= STEPS_LIGHT_MAX => Some((Weight::Light, load)),
            _ => Some((Weight::Heavy, load)),
        })
    }

    /// Returns what a query finds that needs no index, working in a lane.
    pub async fn find_in_view<T: Send + 'static>(
        self,
        weight: Weight,
        query: impl FnOnce(&ReadView<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, Status> {
        self.wait_for_sequence().await;
        let work = self.work.clone();
        work.answer(weight, move || query(&self.present()?).map_err(status::unanswered)).await
    }

    /// Streams what a query sends. A query learns when nobody listens any more.
    pub async fn stream<T: Send + 'static>(
        self,
        query: impl FnOnce(Reading<'_>, Sender<'_, T>) -> Result<(), QueryError> + Send + 'static,
    ) -> Result<Response<Messages<T>>, Status> {
        let sequence = self.wait_for_index().await?;
        let work = self.work.clone();
        work.stream(move |send| self.query(sequence, |reading| query(reading, send))).await
    }

    /// The same, where what is sent is made of what was found, which may fail too.
    pub async fn stream_made<T: Send + 'static>(
        self,
        query: impl FnOnce(Reading<'_>, Sender<'_, T>) -> Result<Result<(), Status>, QueryError>
        + Send
        + 'static,
    ) -> Result<Response<Messages<T>>, Status> {
        let sequence = self.wait_for_index().await?;
        let work = self.work.clone();
        work.stream(move |send| self.query(sequence, |reading| query(reading, send))?).await
    }

    async fn wait_for_index(&self) -> Result<u64, Status> {
        let waiting = info_span!(target: TRACES, "wait for the index");
        let sequence = self.engine.wait_for_index(self.read).instrument(waiting).await;
        sequence.map_err(status::unanswered)
    }

    fn query<T>(
        &self,
        sequence: u64,
        query: impl FnOnce(Reading<'_>) -> Result<T, QueryError>,
    ) -> Result<T, Status> {
        let patience = self.work.patience.clone();
        let reading = self.engine.read(&self.tenant, self.read, sequence);
        let cores = &self.work.lanes.cores;
        let found = reading
            .and_then(|reading| query(reading.until(patience.clone()).with_cores(cores.clone())));
        // What was found while nobody waited may lack something.
        found.and_then(|found| Ok(patience.check().map(|()| found)?)).map_err(status::unanswered)
    }

    /// Records an action of a person. Returns the action as it is recorded, whether it had been
    /// recorded before, and the stamp of the answer.
    pub async fn act(
        self,
        action: TakeAction,
    ) -> Result<(Recorded<Action>, bool, Option<v1::Stamp>), Status> {
        let until = self.until();
        let answer = self.engine.take_action(self.tenant, action, until).await;
        let (answer, progress) = answer.map_err(status::not_written)?;
        let ActionAnswer { recorded, is_duplicate } = answer;
        Ok((recorded, is_duplicate, write_stamp(&progress)))
    }
}
