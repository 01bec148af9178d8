//! `slx webhooks`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::connection::{Channel, Connection, refused};
use super::json;
use super::notice_filters::NoticeFilters;
use super::pages::{PAGE_SIZE, pages};
use super::show::{Printed, Times, choice, counted, table};
use super::token::write_new;
use crate::codec::v1;
use crate::codec::v1::webhook_service_client::WebhookServiceClient;

type Client = WebhookServiceClient<Channel>;

/// Lists the webhooks, puts them, and sends again what their receivers did not take.
///
/// A webhook is sent what slx watch shows: each notice as a CloudEvent over HTTPS, signed by the
/// Standard Webhooks scheme.
#[derive(Args, Debug)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    what: Option<WebhookCommand>,

    #[command(flatten)]
    printed: Printed,

    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum WebhookCommand {
    /// Creates a webhook, or changes it. The secret of a new one is shown only now.
    Put(PutWebhook),
    /// Removes a webhook, with its dead letters.
    Remove(OneWebhook),
    /// Gives a webhook another secret, which is shown only now.
    RotateSecret(NewSecret),
    /// Lists the events that the receiver of a webhook did not take.
    DeadLetters(DeadLetters),
    /// Sends dead letters of a webhook again.
    Resend(Resend),
}

#[derive(Args, Debug)]
struct PutWebhook {
    /// The id of the webhook.
    #[arg(value_name = "WEBHOOK")]
    id: String,

    /// Where events are sent: an https URL.
    #[arg(value_name = "URL")]
    url: String,

    #[command(flatten)]
    wanted: NoticeFilters,

    /// Writes the secret into a new file that only you can read, instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct OneWebhook {
    /// The id of the webhook.
    #[arg(value_name = "WEBHOOK")]
    id: String,
}

#[derive(Args, Debug)]
struct NewSecret {
    /// The id of the webhook.
    #[arg(value_name = "WEBHOOK")]
    id: String,

    /// Writes the secret into a new file that only you can read, instead of printing it.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Args, Debug)]
struct DeadLetters {
    /// The id of the webhook.
    #[arg(value_name = "WEBHOOK")]
    id: String,

    #[command(flatten)]
    printed: Printed,
}

#[derive(Args, Debug)]
struct Resend {
    /// The id of the webhook.
    #[arg(value_name = "WEBHOOK")]
    id: String,

    /// The ids of the dead letters [default: all].
    #[arg(value_name = "ID")]
    ids: Vec<String>,
}

impl Webhooks {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let client = Client::new(self.connection.open().await?);
        let tenant = self.connection.tenant;
        match self.what {
            None => list(tenant, client, &self.printed).await?,
            Some(WebhookCommand::Put(put)) => put.run(tenant, client).await?,
            Some(WebhookCommand::Remove(OneWebhook { id })) => remove(tenant, client, id).await?,
            Some(WebhookCommand::RotateSecret(new)) => new.run(tenant, client).await?,
            Some(WebhookCommand::DeadLetters(list)) => list.run(tenant, client).await?,
            Some(WebhookCommand::Resend(resend)) => resend.run(tenant, client).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl PutWebhook {
    async fn run(self, tenant: String, mut client: Client) -> anyhow::Result<()> {
        let webhook = v1::Webhook {
            id: self.id,
            url: self.url,
            kinds: self.wanted.kind_numbers(),
            contract_ids: self.wanted.contract,
            target_ids: self.wanted.target,
            priorities: self.wanted.priority,
            groups: self.wanted.group,
        };
        let request =
            v1::PutWebhookRequest { tenant, webhook: Some(webhook), validate_only: false };
        let put = client.put_webhook(request).await.map_err(refused)?.into_inner();
        say!("{}", became(&put, false));
        show_secret(&put.secret, self.output)
    }
}

impl NewSecret {
    async fn run(self, tenant: String, mut client: Client) -> anyhow::Result<()> {
        let request = v1::RotateWebhookSecretRequest { tenant, webhook_id: self.id.clone() };
        let rotated = client.rotate_webhook_secret(request).await.map_err(refused)?.into_inner();
        say!("webhook {}: signed with the secret before it too for 24 hours", self.id);
        show_secret(&rotated.secret, self.output)
    }
}

impl DeadLetters {
    async fn run(self, tenant: String, mut client: Client) -> anyhow::Result<()> {
        let request = v1::ListDeadLettersRequest {
            tenant,
            webhook_id: self.id,
            page_size: PAGE_SIZE,
            ..Default::default()
        };
        let (letters, _) = pages!(client, list_dead_letters, request, dead_letters, usize::MAX);
        if self.printed.json {
            let letters = json::list(&letters, "slx.v1.DeadLetter")?;
            say!("{}", json::object(&[("deadLetters", letters)]));
            return Ok(());
        }
        say!("{}", show_letters(&letters, &self.printed.times()?));
        Ok(())
    }
}

impl Resend {
    async fn run(self, tenant: String, mut client: Client) -> anyhow::Result<()> {
        let request = v1::ResendDeadLettersRequest { tenant, webhook_id: self.id, ids: self.ids };
        let resent = client.resend_dead_letters(request).await.map_err(refused)?.into_inner();
        say!("{} sent again", counted(resent.resent, "dead letter"));
        Ok(())
    }
}

async fn remove(tenant: String, mut client: Client, id: String) -> anyhow::Result<()> {
    let request = v1::RemoveWebhookRequest { tenant, webhook_id: id.clone() };
    let removed = client.remove_webhook(request).await.map_err(refused)?.into_inner();
    let already = if removed.duplicate { " (unchanged)" } else { "" };
    say!("webhook {id}: removed{already}");
    Ok(())
}

async fn list(tenant: String, mut client: Client, printed: &Printed) -> anyhow::Result<()> {
    let request = v1::ListWebhooksRequest { tenant, page_size: PAGE_SIZE, ..Default::default() };
    let (webhooks, _) = pages!(client, list_webhooks, request, webhooks, usize::MAX);
    if printed.json {
        let webhooks = json::list(&webhooks, "slx.v1.WebhookState")?;
        say!("{}", json::object(&[("webhooks", webhooks)]));
        return Ok(());
    }
    say!("{}", show(&webhooks, &printed.times()?));
    Ok(())
}

/// What became of a webhook that was put.
pub(super) fn became(put: &v1::PutWebhookResponse, validate_only: bool) -> String {
    let id = put.webhook.as_ref().map(|webhook| webhook.id.as_str()).unwrap_or_default();
    let became = match (validate_only, put.duplicate, put.secret.is_empty()) {
        (true, ..) => "would be put",
        (_, true, _) => "unchanged",
        (_, _, false) => "created",
        (_, _, true) => "changed",
    };
    format!("webhook {id}: {became}")
}

/// Shows a secret, or writes it into a file.
fn show_secret(secret: &str, output: Option<PathBuf>) -> anyhow::Result<()> {
    match output {
        _ if secret.is_empty() => {}
        Some(file) => {
            write_new(&file, secret)?;
            say!("the secret is in {}", file.display());
        }
        None => say!("the secret, which is shown only now: {secret}"),
    }
    Ok(())
}

fn show(webhooks: &[v1::WebhookState], times: &Times) -> String {
    if webhooks.is_empty() {
        return "The tenant has no webhook.".to_owned();
    }
    let rows = webhooks.iter().map(|state| {
        let webhook = state.webhook.clone().unwrap_or_default();
        vec![
            webhook.id.clone(),
            filters(&webhook),
            state.dead_letters.to_string(),
            state.waiting.to_string(),
            times.show(state.oldest_waiting_time),
            webhook.url,
            state.last_error.clone(),
        ]
    });
    let headings = ["webhook", "only", "dead letters", "waiting", "since", "url", "last error"];
    table(&headings, &[2, 3], rows.collect())
}

/// The filters of a webhook in a few words.
fn filters(webhook: &v1::Webhook) -> String {
    let kinds = webhook.kinds().map(|kind| choice(kind.as_str_name(), "NOTICE_KIND_"));
    let values = [
        kinds.collect(),
        webhook.priorities.clone(),
        webhook.contract_ids.clone(),
        webhook.target_ids.clone(),
        webhook.groups.clone(),
    ];
    let values: Vec<_> = values.into_iter().map(|of| of.join(" or ")).collect();
    let values: Vec<_> = values.iter().filter(|of| !of.is_empty()).map(String::as_str).collect();
    if values.is_empty() { "-".to_owned() } else { values.join(", ") }
}

fn show_letters(letters: &[v1::DeadLetter], times: &Times) -> String {
    if letters.is_empty() {
        return "The webhook has no dead letters.".to_owned();
    }
    let rows = letters.iter().map(|letter| {
        vec![
            letter.id.clone(),
            letter.incident_id.clone(),
            times.show(letter.first_attempt_time),
            times.show(letter.last_attempt_time),
            letter.attempts.to_string(),
            letter.last_error.clone(),
        ]
    });
    let headings = ["dead letter", "incident", "first sent", "last sent", "attempts", "error"];
    table(&headings, &[4], rows.collect())
}
