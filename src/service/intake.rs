//! Events that tools post, recorded as those of `RecordEvents` are.

use tonic::{Extensions, Request, Status};

use super::caller::Caller;
use super::deadline::Deadline;
use super::lanes::Weight;
use super::recording::encode_results;
use super::services::Services;
use crate::codec::v1;
use crate::domain::ids::TenantId;
use crate::limits::EVENTS_PER_CALL_MAX;

impl Services {
    /// What work makes that takes longer than a lookup, in a place of the lane of light questions.
    ///
    /// # Errors
    /// The server is starting, or too much waits for a place already.
    pub async fn work_for<T: Send + 'static>(
        &self,
        tenant: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Status> {
        self.engine()?;
        let place = self.work(TenantId::from(tenant), &Extensions::new());
        place.answer(Weight::Light, move || Ok(work())).await
    }

    /// Records events of a tenant, and says what became of each once all of them are durable.
    ///
    /// # Errors
    /// They can't be recorded now. Some of many may be: recorded again they are duplicates.
    pub async fn record_posted(
        &self,
        caller: &Caller,
        deadline: Deadline,
        tenant: &str,
        events: Vec<v1::IncidentEvent>,
    ) -> Result<Vec<v1::RecordResult>, Status> {
        let mut results = Vec::with_capacity(events.len());
        let mut events = events.into_iter().peekable();
        while events.peek().is_some() {
            let part = events.by_ref().take(EVENTS_PER_CALL_MAX).collect();
            let tenant = tenant.to_owned();
            let mut request = Request::new(v1::RecordEventsRequest { tenant, events: part });
            request.extensions_mut().insert(caller.clone());
            request.extensions_mut().insert(deadline);
            let (ids, of_part, _) = self.events_of(request)?.record().await?;
            results.extend(encode_results(ids, of_part));
        }
        Ok(results)
    }
}
