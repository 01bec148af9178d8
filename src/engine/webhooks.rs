//! A tenant's webhooks, as folded from records, and the decisions on changing them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rejection::Rejection;
use crate::domain::recorded::Recorded;
use crate::domain::time::{Instant, Span};
use crate::domain::webhook::Webhook;
use crate::limits::WEBHOOKS_PER_TENANT_MAX;

/// How long events are signed with a secret after another has replaced it.
pub const SECRET_REPLACED_FOR: Span = Span::from_hours(24);
/// Secrets that were replaced and are still signed with.
const SECRETS_REPLACED_MAX: usize = 4;

/// What is recorded of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookEntry {
    /// It is so from now on.
    Put {
        /// The webhook.
        webhook: Webhook,
        /// The number of the secret that it is signed with, from 1.
        generation: u32,
    },
    /// The webhook of this id is removed.
    Removed(String),
}

/// A change of a webhook.
#[derive(Clone, Debug)]
pub enum ChangeWebhook {
    /// Put it.
    Put(Webhook),
    /// Remove the one of this id.
    Remove(String),
    /// Give the one of this id another secret.
    RotateSecret(String),
}

/// What was decided on a change of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedWebhook {
    /// What is to be recorded.
    pub entry: WebhookEntry,
    /// Whether it gives the webhook a secret that it did not have: that one is shown once.
    pub is_secret_new: bool,
}

/// A webhook that notices are sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The webhook.
    pub webhook: Webhook,
    /// The number of the secret that it is signed with.
    pub generation: u32,
    /// The numbers of those before it, and when each was replaced, the newest last.
    pub replaced: Vec<(u32, Instant)>,
    /// The sequence of the record that created it.
    pub create_sequence: u64,
    /// When that was recorded: what could be known later is sent.
    pub create_time: Instant,
}

/// A tenant's webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Webhooks {
    present: BTreeMap<String, Arc<Subscription>>,
    /// The number of the last secret of each, also of those that were removed: no secret is ever
    /// used again.
    generations: BTreeMap<String, u32>,
    last_sequence: u64,
}

impl Subscription {
    /// The numbers of the secrets that events are signed with at an instant, the newest first.
    pub fn generations(&self, at: Instant) -> Vec<u32> {
        let holds = |replaced: &Instant| {
            replaced.checked_add(SECRET_REPLACED_FOR).is_ok_and(|until| at < until)
        };
        let replaced = self.replaced.iter().rev().filter(|(_, time)| holds(time));
        [self.generation].into_iter().chain(replaced.map(|(number, _)| *number)).collect()
    }
}

impl Webhooks {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.present.is_empty()
    }

    /// The webhook of an id.
    pub fn get(&self, id: &str) -> Option<&Arc<Subscription>> {
        self.present.get(id)
    }

    /// All of them, in the order of their ids.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Subscription>> {
        self.present.values()
    }

    /// Folds the next record. One that is folded already is skipped.
    pub fn apply(&mut self, recorded: Recorded<WebhookEntry>) {
        let Recorded { sequence, record_time, value } = recorded;
        if sequence <= self.last_sequence {
            return;
        }
        self.last_sequence = sequence;
        match value {
            WebhookEntry::Put { webhook, generation } => {
                let id = webhook.id.clone();
                self.generations.insert(id.clone(), generation);
                let (create_sequence, create_time, replaced) = match self.present.get(&id) {
                    None => (sequence, record_time, Vec::new()),
                    Some(before) => {
                        let replaced = replaced(before, generation, record_time);
                        (before.create_sequence, before.create_time, replaced)
                    }
                };
                let put =
                    Subscription { webhook, generation, replaced, create_sequence, create_time };
                self.present.insert(id, Arc::new(put));
            }
            WebhookEntry::Removed(id) => drop(self.present.remove(&id)),
        }
    }
}

/// The secrets that were replaced, once the one of a webhook may have been.
fn replaced(before: &Subscription, generation: u32, time: Instant) -> Vec<(u32, Instant)> {
    let mut replaced = before.replaced.clone();
    if before.generation != generation {
        replaced.push((before.generation, time));
    }
    let too_many = replaced.len().saturating_sub(SECRETS_REPLACED_MAX);
    replaced.split_off(too_many)
}

/// Decides a change of a webhook: what to record; `None`: nothing would change.
///
/// # Errors
/// [`Rejection::WebhookNotFound`] when there is no such webhook, [`Rejection::LimitExceeded`] when
/// the tenant has as many as it may.
pub fn decide_webhook(
    webhooks: &Webhooks,
    change: ChangeWebhook,
) -> Result<Option<DecidedWebhook>, Rejection> {
    let put = |webhook, generation, is_secret_new| {
        let entry = WebhookEntry::Put { webhook, generation };
        Ok(Some(DecidedWebhook { entry, is_secret_new }))
    };
    match change {
        ChangeWebhook::Put(webhook) => match webhooks.get(&webhook.id) {
            Some(present) if present.webhook == webhook => Ok(None),
            Some(present) => put(webhook, present.generation, false),
            None if webhooks.present.len() >= WEBHOOKS_PER_TENANT_MAX => {
                let (what, most) = ("a tenant", WEBHOOKS_PER_TENANT_MAX);
                Err(Rejection::LimitExceeded { what, most, unit: "webhooks" })
            }
            None => {
                let last = webhooks.generations.get(&webhook.id).copied().unwrap_or(0);
                put(webhook, last.saturating_add(1), true)
            }
        },
        ChangeWebhook::Remove(id) => match (webhooks.get(&id), webhooks.generations.get(&id)) {
            (Some(_), _) => {
                let entry = WebhookEntry::Removed(id);
                Ok(Some(DecidedWebhook { entry, is_secret_new: false }))
            }
            (None, Some(_)) => Ok(None),
            (None, None) => Err(Rejection::WebhookNotFound(id)),
        },
        ChangeWebhook::RotateSecret(id) => {
            let present = webhooks.get(&id).ok_or(Rejection::WebhookNotFound(id))?;
            put(present.webhook.clone(), present.generation.saturating_add(1), true)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(id: &str, url: &str) -> Webhook {
        Webhook {
            id: id.into(),
            url: url.into(),
            contract_ids: Vec::new(),
            target_ids: Vec::new(),
            kinds: Vec::new(),
            priorities: Vec::new(),
            groups: Vec::new(),
        }
    }

    fn at(seconds: i64) -> Instant {
        Instant::from_seconds(seconds).unwrap()
    }

    /// Takes a change in, as recorded after so many hours.
    fn change(
        webhooks: &mut Webhooks,
        hours: i64,
        change: ChangeWebhook,
    ) -> Option<DecidedWebhook> {
        let decided = decide_webhook(webhooks, change).unwrap();
        if let Some(DecidedWebhook { entry: value, .. }) = decided.clone() {
            let sequence = webhooks.last_sequence + 1;
            webhooks.apply(Recorded { sequence, record_time: at(hours * 3600), value });
        }
        decided
    }

    #[test]
    fn a_secret_that_was_replaced_is_signed_with_for_a_day_and_never_used_again() {
        let mut webhooks = Webhooks::default();
        let put = || ChangeWebhook::Put(webhook("w", "https://a.example"));
        let rotate = || ChangeWebhook::RotateSecret("w".into());
        change(&mut webhooks, 0, put());
        change(&mut webhooks, 10, rotate());
        change(&mut webhooks, 20, rotate());
        let of = |webhooks: &Webhooks, hours: i64| {
            webhooks.get("w").unwrap().generations(at(hours * 3600))
        };
        assert_eq!(of(&webhooks, 20), [3, 2, 1]);
        assert_eq!(of(&webhooks, 34), [3, 2]);
        assert_eq!(of(&webhooks, 44), [3]);
        change(&mut webhooks, 50, ChangeWebhook::Remove("w".into()));
        change(&mut webhooks, 51, put());
        assert_eq!(of(&webhooks, 51), [4]);
        (0..9).for_each(|_| drop(change(&mut webhooks, 52, rotate())));
        assert_eq!(of(&webhooks, 52), [13, 12, 11, 10, 9]);
    }

    #[test]
    fn a_secret_is_new_where_there_was_no_webhook_or_another_is_wanted() {
        let mut webhooks = Webhooks::default();
        let put = |url: &str| ChangeWebhook::Put(webhook("w", url));
        for (wanted, is_new) in [
            (put("https://a.example"), true),
            (put("https://b.example"), false),
            (ChangeWebhook::RotateSecret("w".into()), true),
            (ChangeWebhook::Remove("w".into()), false),
            (put("https://b.example"), true),
        ] {
            let decided = change(&mut webhooks, 0, wanted.clone());
            assert_eq!(decided.map(|decided| decided.is_secret_new), Some(is_new), "{wanted:?}");
        }
    }

    #[test]
    fn what_changes_nothing_is_not_recorded_and_what_is_not_there_is_refused() {
        let mut webhooks = Webhooks::default();
        let put = |url: &str| ChangeWebhook::Put(webhook("w", url));
        assert!(change(&mut webhooks, 0, put("https://a.example")).is_some());
        assert_eq!(change(&mut webhooks, 1, put("https://a.example")), None);
        assert!(change(&mut webhooks, 2, put("https://b.example")).is_some());
        assert_eq!(webhooks.get("w").unwrap().create_sequence, 1);
        let unknown = [ChangeWebhook::Remove("x".into()), ChangeWebhook::RotateSecret("x".into())];
        for change in unknown {
            let refused = decide_webhook(&webhooks, change);
            assert_eq!(refused, Err(Rejection::WebhookNotFound("x".into())));
        }
        assert!(change(&mut webhooks, 3, ChangeWebhook::Remove("w".into())).is_some());
        assert_eq!(change(&mut webhooks, 4, ChangeWebhook::Remove("w".into())), None);
        for number in 0..WEBHOOKS_PER_TENANT_MAX {
            change(&mut webhooks, 5, ChangeWebhook::Put(webhook(&number.to_string(), "u")));
        }
        let refused = decide_webhook(&webhooks, put("https://a.example"));
        assert!(matches!(refused, Err(Rejection::LimitExceeded { .. })));
    }

    #[test]
    fn a_record_that_is_folded_already_is_skipped() {
        let mut webhooks = Webhooks::default();
        change(&mut webhooks, 0, ChangeWebhook::Put(webhook("w", "https://a.example")));
        change(&mut webhooks, 1, ChangeWebhook::RotateSecret("w".into()));
        let folded = webhooks.clone();
        let value = WebhookEntry::Removed("w".into());
        webhooks.apply(Recorded { sequence: 2, record_time: at(9), value });
        assert_eq!(webhooks, folded);
    }
}
