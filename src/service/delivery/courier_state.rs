//! How a webhook is getting on: what its courier and those who ask about it share.

use std::collections::{BTreeMap, HashSet, VecDeque};

use parking_lot::Mutex;

use super::event::WebhookEvent;
use crate::codec::scalar::timestamp;
use crate::codec::v1;
use crate::domain::time::Instant;
use crate::limits::DEAD_LETTERS_MAX;

/// How a webhook is getting on.
#[derive(Debug, Default)]
pub(in crate::service) struct CourierState(Mutex<CourierStanding>);

/// An event that was sent, and how often.
#[derive(Clone, Debug)]
pub(super) struct SentEvent {
    pub event: WebhookEvent,
    pub attempts: u32,
    pub first_attempt: Instant,
    pub last_attempt: Instant,
}

#[derive(Debug, Default)]
struct CourierStanding {
    /// The oldest first.
    dead_letters: VecDeque<v1::DeadLetter>,
    /// Those that are sent again.
    resending: HashSet<String>,
    /// How many events wait, by their instants.
    waiting: BTreeMap<Instant, usize>,
    last_error: String,
}

impl CourierState {
    /// The state of one whose dead letters were kept.
    pub fn with(dead_letters: Vec<v1::DeadLetter>) -> CourierState {
        let dead_letters = dead_letters.into();
        CourierState(Mutex::new(CourierStanding { dead_letters, ..CourierStanding::default() }))
    }

    /// Shows it beside its webhook.
    pub fn show(&self, webhook: v1::Webhook) -> v1::WebhookState {
        let standing = self.0.lock();
        let oldest = standing.waiting.keys().next();
        v1::WebhookState {
            webhook: Some(webhook),
            dead_letters: standing.dead_letters.len() as i32,
            waiting: standing.waiting.values().sum::<usize>() as i32,
            oldest_waiting_time: oldest.copied().map(timestamp),
            last_error: standing.last_error.clone(),
        }
    }

    /// How many dead letters there are, and since when the oldest event waits.
    pub fn behind(&self) -> (usize, Option<Instant>) {
        let standing = self.0.lock();
        (standing.dead_letters.len(), standing.waiting.keys().next().copied())
    }

    /// The dead letters, the oldest first.
    pub fn dead_letters(&self) -> Vec<v1::DeadLetter> {
        self.0.lock().dead_letters.iter().cloned().collect()
    }

    /// Marks dead letters as sent again, and returns them; of no ids, all. Those that are already
    /// are left out.
    pub fn resend(&self, ids: &[String]) -> Vec<v1::DeadLetter> {
        let mut standing = self.0.lock();
        let CourierStanding { dead_letters, resending, .. } = &mut *standing;
        let wanted: HashSet<_> = ids.iter().collect();
        let letters = dead_letters.iter().filter(|letter| {
            (wanted.is_empty() || wanted.contains(&letter.id))
                && resending.insert(letter.id.clone())
        });
        letters.cloned().collect()
    }

    /// One more event waits.
    pub(super) fn wait_for(&self, event_time: Instant) {
        *self.0.lock().waiting.entry(event_time).or_default() += 1;
    }

    /// An event that waited is done.
    pub(super) fn end_waiting(&self, event_time: Instant) {
        let mut standing = self.0.lock();
        if let Some(count) = standing.waiting.get_mut(&event_time) {
            *count -= 1;
            if *count == 0 {
                standing.waiting.remove(&event_time);
            }
        }
    }

    /// An attempt failed; or (empty) it did not.
    pub(super) fn note_error(&self, error: &str) {
        error.clone_into(&mut self.0.lock().last_error);
    }

    /// An event that was given up is a dead letter. Returns how many older ones are dropped for it.
    pub(super) fn bury(&self, sent: &SentEvent, error: &str) -> usize {
        let mut standing = self.0.lock();
        let CourierStanding { dead_letters, resending, .. } = &mut *standing;
        let event = &sent.event;
        resending.remove(&event.id);
        // What is sent again after a restart may be there already.
        let before = dead_letters.iter().position(|letter| letter.id == event.id);
        let before = before.and_then(|place| dead_letters.remove(place));
        let (first, attempts) =
            before.map_or((None, 0), |letter| (letter.first_attempt_time, letter.attempts));
        dead_letters.push_back(v1::DeadLetter {
            id: event.id.clone(),
            incident_id: event.incident_id.clone(),
            body: event.body.clone(),
            first_attempt_time: first.or(Some(timestamp(sent.first_attempt))),
            last_attempt_time: Some(timestamp(sent.last_attempt)),
            attempts: attempts.saturating_add_unsigned(sent.attempts),
            last_error: error.to_owned(),
        });
        let mut dropped = 0;
        while dead_letters.len() > DEAD_LETTERS_MAX {
            dead_letters.pop_front();
            dropped += 1;
        }
        dropped
    }

    /// An event was taken: it is no dead letter any more, if it was one.
    pub(super) fn dig_out(&self, id: &str) -> bool {
        let mut standing = self.0.lock();
        standing.resending.remove(id);
        let before = standing.dead_letters.len();
        standing.dead_letters.retain(|letter| letter.id != id);
        standing.dead_letters.len() < before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(number: usize, attempts: u32) -> SentEvent {
        let at = |seconds| Instant::from_seconds(seconds).unwrap();
        let event = WebhookEvent {
            id: format!("msg_{number}"),
            incident_id: "I".into(),
            notice_time: at(0),
            body: "{}".into(),
        };
        SentEvent { event, attempts, first_attempt: at(1), last_attempt: at(9) }
    }

    #[test]
    fn the_newest_dead_letters_are_kept_and_each_once() {
        let state = CourierState::default();
        for number in 0..DEAD_LETTERS_MAX {
            assert_eq!(state.bury(&sent(number, 1), "no"), 0);
        }
        assert_eq!(state.bury(&sent(DEAD_LETTERS_MAX, 1), "no"), 1);
        assert_eq!(state.bury(&sent(5, 2), "still no"), 0);
        let letters = state.dead_letters();
        assert_eq!(letters.len(), DEAD_LETTERS_MAX);
        assert_eq!(letters[0].id, "msg_1");
        let last = letters.last().unwrap();
        let found = (last.id.as_str(), last.attempts, last.last_error.as_str());
        assert_eq!(found, ("msg_5", 3, "still no"));
    }

    #[test]
    fn a_dead_letter_is_sent_again_once_at_a_time() {
        let state = CourierState::default();
        for number in 0..3 {
            state.bury(&sent(number, 1), "no");
        }
        let ids = |letters: Vec<v1::DeadLetter>| -> Vec<String> {
            letters.into_iter().map(|letter| letter.id).collect()
        };
        assert_eq!(ids(state.resend(&["msg_1".into(), "msg_9".into()])), ["msg_1"]);
        assert_eq!(ids(state.resend(&[])), ["msg_0", "msg_2"]);
        assert!(state.dig_out("msg_0"));
        assert!(!state.dig_out("msg_0"));
        state.bury(&sent(1, 1), "no");
        assert_eq!(ids(state.resend(&[])), ["msg_1"]);
    }
}
