//! Deciding a job against what is recorded, and what of its group is staged before it.

use super::batch::{Batch, Staged};
use super::job::{
    ActionAnswer, AdoptionAnswer, Body, Finished, Job, Receipt, Responder, Results, Sent,
    TermsAnswer, TermsJob, WriteError,
};
use super::writer::Writer;
use crate::codec;
use crate::domain::ids::{NO_TENANT, TenantId};
use crate::domain::incident::IncidentEvent;
use crate::domain::recorded::Recorded;
use crate::domain::service::ServiceEvent;
use crate::domain::time::Instant;
use crate::engine::action::{ActionDecision, TakeAction, decide_action};
use crate::engine::adoption::{AdoptZones, decide_adoption};
use crate::engine::decide::{decide_event, decide_service_event, decide_terms};
use crate::engine::ledger::Dedup;
use crate::engine::record::{Entry, Record};
use crate::engine::rejection::Rejection;
use crate::views::IncidentKey;

impl Writer {
    /// Decides a job: what it adds is staged and, in the batch, decided against.
    pub(super) fn decide(
        &mut self,
        job: Job,
        batch: &mut Batch,
    ) -> (Finished, Result<(), WriteError>) {
        match job {
            Job::Events(tenant, events, responder) => {
                let decided = events.into_iter().map(|sent| self.event(&tenant, sent, batch));
                finished(responder, results(decided))
            }
            Job::ServiceEvents(tenant, events, responder) => {
                let decided =
                    events.into_iter().map(|sent| self.service_event(&tenant, sent, batch));
                finished(responder, results(decided))
            }
            Job::Terms(job, responder) => finished(responder, self.terms(*job, batch)),
            Job::Action(tenant, action, responder) => {
                finished(responder, self.action(tenant, *action, batch))
            }
            Job::Webhook(job, responder) => finished(responder, self.webhook(*job, batch)),
            Job::Adoption(adopt, responder) => finished(responder, self.adoption(*adopt, batch)),
            Job::Erase(tenant, text, responder) => {
                batch.is_closed = true;
                finished(responder, self.erase(&tenant, &text))
            }
        }
    }

    fn event(
        &mut self,
        tenant: &TenantId,
        sent: Sent<IncidentEvent>,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        let key = IncidentKey::new(tenant, &sent.event.incident_id);
        if !batch.incidents.contains_key(&key) {
            let recorded = self.cache.ledger(&key, &self.views)?;
            batch.incidents.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let dedup = batch.incidents.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| batch.added_event(&staged.added, event_id));
            let count = staged.recorded.events.len() + staged.added.len();
            decide_event(recorded, &sent.event, count, self.events_an_incident_max)
        });
        let entry = Entry::IncidentEvent(sent.event);
        let place = batch.records.len();
        let result = self.admit(dedup, tenant, entry, sent.body, batch)?;
        if batch.records.len() > place
            && let Some(staged) = batch.incidents.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    fn service_event(
        &mut self,
        tenant: &TenantId,
        sent: Sent<ServiceEvent>,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        let key = format!("{tenant}\0{}", sent.event.service);
        if !batch.services.contains_key(&key) {
            let service = &sent.event.service;
            let recorded = self.cache.service_ledger(tenant, service, &self.views)?;
            batch.services.insert(key.clone(), Staged { recorded, added: Vec::new() });
        }
        let dedup = batch.services.get(&key).map(|staged| {
            let event_id = &sent.event.event_id;
            let before = staged.recorded.find(event_id).map(|known| (known.sequence, &known.value));
            let recorded = before.or_else(|| batch.added_service_event(&staged.added, event_id));
            decide_service_event(recorded, &sent.event)
        });
        let entry = Entry::ServiceEvent(sent.event);
        let place = batch.records.len();
        let result = self.admit(dedup, tenant, entry, sent.body, batch)?;
        if batch.records.len() > place
            && let Some(staged) = batch.services.get_mut(&key)
        {
            staged.added.push(place);
        }
        Ok(result)
    }

    /// Stages what is new.
    fn admit(
        &mut self,
        dedup: Option<Result<Dedup, Rejection>>,
        tenant: &TenantId,
        entry: Entry,
        body: Body,
        batch: &mut Batch,
    ) -> Result<Receipt, WriteError> {
        if let Some(Dedup::Duplicate(sequence)) = dedup.transpose()? {
            return Ok(Receipt { sequence, is_duplicate: true });
        }
        let record = Record { tenant: tenant.clone(), entry };
        let body = match body.bytes.filter(|_| body.erasures == self.names.names.erasures()) {
            Some(bytes) => bytes,
            None => self.encode(&record)?,
        };
        let sequence = self.stage(batch.tick(), record, &body, batch)?;
        Ok(Receipt { sequence, is_duplicate: false })
    }

    fn terms(&mut self, job: TermsJob, batch: &mut Batch) -> Result<TermsAnswer, WriteError> {
        let TermsJob { tenant, change, validate_only } = job;
        let record_time = batch.tick();
        let catalog = self.cache.catalog(&tenant);
        let decision = decide_terms(&catalog, change, record_time)?;
        if let Some(entry) = decision.entry.clone().filter(|_| !validate_only) {
            let record = Record { tenant, entry: Entry::Terms(entry) };
            let body = self.encode(&record)?;
            self.stage(record_time, record, &body, batch)?;
            batch.is_closed = true;
        }
        Ok(TermsAnswer { decision, validate_only })
    }

    fn action(
        &mut self,
        tenant: TenantId,
        action: TakeAction,
        batch: &mut Batch,
    ) -> Result<ActionAnswer, WriteError> {
        let last = batch.last_time;
        let record_time = batch.tick();
        let (catalog, actions) = (self.cache.catalog(&tenant), self.cache.actions(&tenant));
        let action = match decide_action(&catalog, &actions, action, record_time, last)? {
            ActionDecision::New(action) => action,
            ActionDecision::Duplicate(recorded) => {
                return Ok(ActionAnswer { recorded, is_duplicate: true });
            }
        };
        let record = Record { tenant, entry: Entry::Action(action.clone()) };
        let body = self.encode(&record)?;
        let sequence = self.stage(record_time, record, &body, batch)?;
        batch.is_closed = true;
        let recorded = Recorded { sequence, record_time, value: action };
        Ok(ActionAnswer { recorded, is_duplicate: false })
    }

    fn adoption(
        &mut self,
        adopt: AdoptZones,
        batch: &mut Batch,
    ) -> Result<AdoptionAnswer, WriteError> {
        let record_time = batch.tick();
        let adoption = decide_adoption(&self.cache.adopted(), adopt, record_time)?;
        if let Some(adoption) = adoption.clone() {
            let record = Record { tenant: NO_TENANT.clone(), entry: Entry::Adoption(adoption) };
            let body = self.encode(&record)?;
            self.stage(record_time, record, &body, batch)?;
            batch.is_closed = true;
        }
        Ok(adoption)
    }

    pub(super) fn encode(&self, record: &Record) -> Result<Vec<u8>, WriteError> {
        let encoded = codec::store::record::encode_sealed(record, &self.names.names);
        encoded.map_err(|error| WriteError::Journal(error.to_string()))
    }

    pub(super) fn stage(
        &mut self,
        record_time: Instant,
        record: Record,
        body: &[u8],
        batch: &mut Batch,
    ) -> Result<u64, WriteError> {
        let sequence = self.log.stage(record_time, body)?;
        batch.bytes += body.len();
        batch.records.push(Recorded { sequence, record_time, value: record });
        Ok(sequence)
    }
}

/// The results of a call's events: one that is refused stops none of the others.
fn results(
    decided: impl Iterator<Item = Result<Receipt, WriteError>>,
) -> Result<Results, WriteError> {
    let mut results = Results::new();
    for decided in decided {
        match decided {
            Err(WriteError::Rejected(rejection)) => results.push(Err(rejection)),
            decided => results.push(Ok(decided?)),
        }
    }
    Ok(results)
}

/// A job, and whether it could be decided. What is refused is decided.
fn finished<T: Send + 'static>(
    responder: Responder<T>,
    decided: Result<T, WriteError>,
) -> (Finished, Result<(), WriteError>) {
    let outcome = match &decided {
        Ok(_) | Err(WriteError::Rejected(_)) => Ok(()),
        Err(error) => Err(error.clone()),
    };
    (Finished::new(responder, decided), outcome)
}
