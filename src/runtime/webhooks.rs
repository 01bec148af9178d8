//! Webhooks, as they are recorded: what is handed in, and what the writer does with it.

use std::sync::Arc;
use std::time::Instant;

use super::batch::Batch;
use super::engine::Engine;
use super::job::{Answer, Job, WebhookAnswer, WebhookJob, WriteError};
use super::writer::Writer;
use crate::domain::ids::TenantId;
use crate::engine::record::{Entry, Record};
use crate::engine::state::AllWebhooks;
use crate::engine::webhooks::{ChangeWebhook, Webhooks, decide_webhook};

impl Engine {
    /// Puts a webhook, removes it or gives it another secret; answered when that is durable.
    pub async fn change_webhook(
        &self,
        tenant: TenantId,
        change: ChangeWebhook,
        validate_only: bool,
        until: Option<Instant>,
    ) -> Answer<WebhookAnswer> {
        let job = Box::new(WebhookJob { tenant, change, validate_only });
        self.submit(until, |responder| Job::Webhook(job, responder)).await
    }

    /// A tenant's webhooks.
    pub fn webhooks(&self, tenant: &TenantId) -> Arc<Webhooks> {
        self.sources.cache.webhooks(tenant)
    }

    /// The webhooks of all tenants; `None`: no record of one came after the sequence known.
    pub fn webhooks_since(&self, known: u64) -> Option<AllWebhooks> {
        self.sources.cache.webhooks_since(known)
    }
}

impl Writer {
    /// Decides a change of a webhook, and stages what is new.
    pub(super) fn webhook(
        &mut self,
        job: WebhookJob,
        batch: &mut Batch,
    ) -> Result<WebhookAnswer, WriteError> {
        let WebhookJob { tenant, change, validate_only } = job;
        let record_time = batch.tick();
        let decided = decide_webhook(&self.cache.webhooks(&tenant), change)?;
        if let Some(decided) = decided.as_ref().filter(|_| !validate_only) {
            let record = Record { tenant, entry: Entry::Webhook(decided.entry.clone()) };
            let body = self.encode(&record)?;
            self.stage(record_time, record, &body, batch)?;
            batch.is_closed = true;
        }
        Ok(decided)
    }
}
