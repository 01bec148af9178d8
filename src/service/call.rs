//! What every call does in the same way.
//!
//! Who may not make it is refused first. A call that reads is decoded and checked, waits until the
//! index holds everything recorded so far, opens a view, and answers off the network's thread. A
//! call that writes is decoded and checked.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::blocking::{self, Messages, Sender};
use super::caller::{Caller, admit};
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
use crate::engine::action::{Action, TakeAction};
use crate::queries::{QueryError, ReadRequest, ReadView, Reading};
use crate::runtime::{ActionAnswer, Engine};

/// A call that was decoded and found in order.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub engine: Arc<Engine>,
    pub tenant: TenantId,
    pub caller: Caller,
    read: ReadRequest,
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
        let (caller, request) = admit(request)?;
        self.decode(caller, request, decode)
    }

    /// Decodes what a caller may request in the same way.
    pub(super) fn decode<R: OfTenant, Q>(
        &self,
        caller: Caller,
        request: R,
        decode: impl FnOnce(R, &Engine, &mut FieldViolations) -> Q,
    ) -> Result<(Call, Q), Status> {
        let engine = self.engine()?;
        let mut violations = FieldViolations::default();
        let tenant = violations.or("tenant", id(request.tenant().to_owned()), String::new()).into();
        let decoded = decode(request, &engine, &mut violations);
        violations.check().map_err(status::invalid)?;
        Ok((Call { engine, tenant, caller, read: ReadRequest::default() }, decoded))
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
    pub fn view(&self) -> Result<ReadView<'_>, Status> {
        self.engine.view(&self.tenant, self.read).map_err(status::unanswered)
    }

    /// Answers with the result of a query.
    pub async fn answer<T: Send + 'static>(
        self,
        query: impl FnOnce(Reading<'_>) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let sequence = self.wait_for_index().await?;
        blocking::answer(move || self.query(sequence, query)).await
    }

    /// Streams what a query sends. A query learns when nobody listens any more.
    pub async fn stream<T: Send + 'static>(
        self,
        query: impl FnOnce(Reading<'_>, Sender<'_, T>) -> Result<(), QueryError> + Send + 'static,
    ) -> Result<Response<Messages<T>>, Status> {
        let sequence = self.wait_for_index().await?;
        Ok(blocking::stream(move |send| self.query(sequence, |reading| query(reading, send))))
    }

    async fn wait_for_index(&self) -> Result<u64, Status> {
        self.engine.wait_for_index(self.read).await.map_err(status::unanswered)
    }

    fn query<T>(
        &self,
        sequence: u64,
        query: impl FnOnce(Reading<'_>) -> Result<T, QueryError>,
    ) -> Result<T, Status> {
        let reading = self.engine.read(&self.tenant, self.read, sequence);
        reading.and_then(query).map_err(status::unanswered)
    }

    /// Records an action of a person. Returns the action as it is recorded, whether it had been
    /// recorded before, and the stamp of the answer.
    pub async fn act(
        self,
        action: TakeAction,
    ) -> Result<(Recorded<Action>, bool, Option<v1::Stamp>), Status> {
        let answer = self.engine.take_action(self.tenant, action).await;
        let (answer, progress) = answer.map_err(status::not_written)?;
        let ActionAnswer { recorded, is_duplicate } = answer;
        Ok((recorded, is_duplicate, write_stamp(&progress)))
    }
}
