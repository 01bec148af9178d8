//! `WebhookService`.

use tonic::{Request, Response, Status};

use super::call::{Call, kept};
use super::delivery::{CourierState, Endpoint, WebhookSecrets};
use super::page::Paging;
use super::services::Services;
use super::stamp::{stamp, write_stamp};
use super::status;
use crate::codec::api::webhook::{decode, encode};
use crate::codec::scalar::terms_id;
use crate::codec::v1;
use crate::codec::v1::webhook_service_server::WebhookService;
use crate::codec::violations::FieldViolations;
use crate::domain::webhook::Webhook;
use crate::engine::rejection::Rejection;
use crate::engine::webhooks::{ChangeWebhook, DecidedWebhook, WebhookEntry};
use crate::limits::DEAD_LETTERS_MAX;
use crate::runtime::{Progress, WebhookAnswer};

#[tonic::async_trait]
impl WebhookService for Services {
    async fn put_webhook(
        &self,
        request: Request<v1::PutWebhookRequest>,
    ) -> Result<Response<v1::PutWebhookResponse>, Status> {
        let are_private_allowed = self.deliveries.options.are_private_allowed;
        let (call, (webhook, validate_only)) = self.write(request, |request, _, violations| {
            let webhook = decode_put(request.webhook, are_private_allowed, violations);
            (webhook, request.validate_only)
        })?;
        let webhook = kept(webhook)?;
        let view = call.view().await?;
        let mut contracts = webhook.contract_ids.iter();
        let checked = contracts.try_for_each(|id| view.check_contract(id));
        checked.map_err(status::unanswered)?;
        let put = encode(&webhook);
        let (decided, progress) = change(&call, ChangeWebhook::Put(webhook), validate_only).await?;
        let secret = decided.as_ref().filter(|_| !validate_only).and_then(|it| secret(&call, it));
        Ok(Response::new(v1::PutWebhookResponse {
            webhook: Some(put),
            secret: secret.unwrap_or_default(),
            duplicate: decided.is_none(),
            stamp: write_stamp(&progress),
        }))
    }

    async fn list_webhooks(
        &self,
        request: Request<v1::ListWebhooksRequest>,
    ) -> Result<Response<v1::ListWebhooksResponse>, Status> {
        let (call, mut paging) = self.write(request, |request, engine, violations| {
            Paging::requested(engine.store_id(), &request, violations)
        })?;
        let after = paging.after_id()?;
        let view = call.view().await?;
        view.check_tenant().map_err(status::unanswered)?;
        let webhooks = call.engine.webhooks(&call.tenant);
        let shown = webhooks.all().filter(|one| one.webhook.id > after).map(|one| {
            let state = self.deliveries.state(&call.tenant, &one.webhook.id);
            state.unwrap_or_default().show(encode(&one.webhook))
        });
        let (webhooks, next_page_token) = paging.fill(shown, webhook_id);
        let stamp = stamp(view.point());
        Ok(Response::new(v1::ListWebhooksResponse { webhooks, next_page_token, stamp }))
    }

    async fn remove_webhook(
        &self,
        request: Request<v1::RemoveWebhookRequest>,
    ) -> Result<Response<v1::RemoveWebhookResponse>, Status> {
        let (call, id) = self.write(request, |request, _, violations| {
            violations.or("webhook_id", terms_id(request.webhook_id), String::new())
        })?;
        let (decided, progress) = change(&call, ChangeWebhook::Remove(id), false).await?;
        let (duplicate, stamp) = (decided.is_none(), write_stamp(&progress));
        Ok(Response::new(v1::RemoveWebhookResponse { duplicate, stamp }))
    }

    async fn rotate_webhook_secret(
        &self,
        request: Request<v1::RotateWebhookSecretRequest>,
    ) -> Result<Response<v1::RotateWebhookSecretResponse>, Status> {
        let (call, id) = self.write(request, |request, _, violations| {
            violations.or("webhook_id", terms_id(request.webhook_id), String::new())
        })?;
        let (decided, progress) = change(&call, ChangeWebhook::RotateSecret(id), false).await?;
        let secret = decided.and_then(|decided| secret(&call, &decided)).unwrap_or_default();
        let stamp = write_stamp(&progress);
        Ok(Response::new(v1::RotateWebhookSecretResponse { secret, stamp }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<v1::ListDeadLettersRequest>,
    ) -> Result<Response<v1::ListDeadLettersResponse>, Status> {
        let (call, (mut paging, id)) = self.write(request, |request, engine, violations| {
            let paging = Paging::requested(engine.store_id(), &request, violations);
            (paging, violations.or("webhook_id", terms_id(request.webhook_id), String::new()))
        })?;
        let after = paging.after_id()?;
        check_webhook(&call, &id)?;
        let state = self.deliveries.state(&call.tenant, &id);
        check_sender(&call, state.as_deref())?;
        let mut letters = state.as_deref().map(CourierState::dead_letters).unwrap_or_default();
        letters.sort_by_cached_key(place);
        let letters = letters.into_iter().filter(|letter| place(letter) > after);
        let (dead_letters, next_page_token) = paging.fill(letters, place);
        let stamp = stamp(call.view().await?.point());
        Ok(Response::new(v1::ListDeadLettersResponse { dead_letters, next_page_token, stamp }))
    }

    async fn resend_dead_letters(
        &self,
        request: Request<v1::ResendDeadLettersRequest>,
    ) -> Result<Response<v1::ResendDeadLettersResponse>, Status> {
        let (call, (id, ids)) = self.write(request, |request, _, violations| {
            violations.at_most("ids", request.ids.len(), DEAD_LETTERS_MAX);
            let id = violations.or("webhook_id", terms_id(request.webhook_id), String::new());
            (id, request.ids)
        })?;
        check_webhook(&call, &id)?;
        check_sender(&call, self.deliveries.state(&call.tenant, &id).as_deref())?;
        let resent = self.deliveries.resend(&call.tenant, &id, &ids) as i32;
        let stamp = stamp(call.view().await?.point());
        Ok(Response::new(v1::ResendDeadLettersResponse { resent, stamp }))
    }
}

/// A webhook whose URL can be called.
fn decode_put(
    webhook: Option<v1::Webhook>,
    are_private_allowed: bool,
    violations: &mut FieldViolations,
) -> Option<Webhook> {
    let webhook = webhook.unwrap_or_default();
    violations.keep("webhook.url", Endpoint::parse(&webhook.url, are_private_allowed));
    violations.keep("webhook", decode(webhook))
}

async fn change(
    call: &Call,
    change: ChangeWebhook,
    validate_only: bool,
) -> Result<(WebhookAnswer, Progress), Status> {
    let (tenant, until) = (call.tenant.clone(), call.until());
    let changed = call.engine.change_webhook(tenant, change, validate_only, until).await;
    changed.map_err(status::not_written)
}

/// The secret that a webhook was just given, if it was.
fn secret(call: &Call, decided: &DecidedWebhook) -> Option<String> {
    let secrets = WebhookSecrets::new(call.engine.store_id());
    match &decided.entry {
        WebhookEntry::Put { webhook, generation } if decided.is_secret_new => {
            Some(secrets.secret(&call.tenant, &webhook.id, *generation).reveal())
        }
        _ => None,
    }
}

fn check_webhook(call: &Call, id: &str) -> Result<(), Status> {
    match call.engine.webhooks(&call.tenant).get(id) {
        Some(_) => Ok(()),
        None => Err(status::refused(Rejection::WebhookNotFound(id.to_owned()))),
    }
}

/// Refuses what only the node knows that sends webhooks, if this is another one.
fn check_sender(call: &Call, state: Option<&CourierState>) -> Result<(), Status> {
    match call.engine.node() {
        Some(_) if state.is_none() => Err(status::of_another_node("sends webhooks")),
        _ => Ok(()),
    }
}

fn webhook_id(state: &v1::WebhookState) -> String {
    state.webhook.as_ref().map(|webhook| webhook.id.clone()).unwrap_or_default()
}

/// The place of a dead letter in the list of them: it keeps its place while others come and go.
fn place(letter: &v1::DeadLetter) -> String {
    let time = letter.last_attempt_time.unwrap_or_default();
    format!("{:020}{:09}{}", time.seconds, time.nanos, letter.id)
}
