//! How a node stands to the shared log: how far it is behind, and since when nobody answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::other_nodes::{OtherNode, OtherNodes};
use super::stream::StreamState;

/// A node that lags by more messages than this is not to be called.
const MESSAGES_BEHIND_MAX: u64 = 1_000;
/// A node that heard nothing from the servers for longer may be behind by anything.
const UNHEARD_MAX: Duration = Duration::from_secs(10);
/// A clock that is off by more may not date records.
const CLOCK_OFF_MAX: Duration = Duration::from_secs(2);

/// How a node stands to the log that it shares.
#[derive(Debug)]
pub struct NodeState {
    /// The servers and the stream.
    address: String,
    now: Mutex<Known>,
    pub(super) others: Arc<OtherNodes>,
}

#[derive(Debug)]
struct Known {
    folded: u64,
    last: u64,
    heard: Instant,
    clock_ahead: i64,
}

/// How a node stands to the log at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// The servers and the stream.
    pub address: String,
    /// The place in the stream up to which this node has taken in what it holds.
    pub folded: u64,
    /// The last place that is known to be taken.
    pub last: u64,
    /// For how long the servers said nothing.
    pub unheard: Duration,
    /// By how many nanoseconds this machine's clock is ahead of the servers'; less than nothing: it
    /// is behind.
    pub clock_ahead_nanos: i64,
    /// The other nodes that were heard of, by name.
    pub others: Vec<OtherNode>,
}

impl NodeState {
    /// That of a node which has just taken in everything.
    pub(super) fn new(address: String, state: StreamState) -> NodeState {
        let StreamState { last, clock_ahead } = state;
        let known = Known { folded: last, last, heard: Instant::now(), clock_ahead };
        NodeState { address, now: Mutex::new(known), others: Arc::default() }
    }

    /// How it stands.
    pub fn now(&self) -> NodeStatus {
        let Known { folded, last, heard, clock_ahead } = *self.now.lock();
        let (address, unheard) = (self.address.clone(), heard.elapsed());
        let (clock_ahead_nanos, others) = (clock_ahead, self.others.known());
        NodeStatus { address, folded, last, unheard, clock_ahead_nanos, others }
    }

    pub(super) fn set_folded(&self, place: u64) {
        let mut now = self.now.lock();
        now.folded = place;
        now.last = now.last.max(place);
    }

    pub(super) fn hear(&self, state: StreamState) {
        let mut now = self.now.lock();
        now.last = now.last.max(state.last);
        (now.heard, now.clock_ahead) = (Instant::now(), state.clock_ahead);
    }
}

impl NodeStatus {
    /// How many messages it lacks, as far as is known.
    pub fn messages_behind(&self) -> u64 {
        self.last.saturating_sub(self.folded)
    }

    /// Why it should not be called; `None`: it may be.
    pub fn why_not_serving(&self) -> Option<String> {
        if self.unheard > UNHEARD_MAX {
            let seconds = self.unheard.as_secs();
            return Some(format!("the log's servers have not answered for {seconds} s"));
        }
        let behind = self.messages_behind();
        (behind > MESSAGES_BEHIND_MAX).then(|| format!("{behind} messages behind the log"))
    }

    /// Why this machine's clock may not date records; `None`: it may.
    pub fn why_clock_is_off(&self) -> Option<String> {
        let off = Duration::from_nanos(self.clock_ahead_nanos.unsigned_abs());
        let way = if self.clock_ahead_nanos > 0 { "ahead of" } else { "behind" };
        let text = || {
            format!("this machine's clock is {:.1} s {way} the log's servers'", off.as_secs_f64())
        };
        (off > CLOCK_OFF_MAX).then(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node_state() -> NodeStatus {
        let (folded, last, unheard) = (10, 10, Duration::ZERO);
        let (address, others) = (String::new(), Vec::new());
        NodeStatus { address, folded, last, unheard, clock_ahead_nanos: 0, others }
    }

    #[test]
    fn a_node_serves_while_it_is_near_the_end_and_hears_of_it() {
        assert_eq!(node_state().why_not_serving(), None);
        let last = 10 + MESSAGES_BEHIND_MAX;
        assert_eq!(NodeStatus { last, ..node_state() }.why_not_serving(), None);
        let behind = NodeStatus { last: last + 1, ..node_state() };
        assert_eq!(behind.why_not_serving().unwrap(), "1001 messages behind the log");
        let unheard = NodeStatus { unheard: UNHEARD_MAX * 2, ..node_state() };
        assert!(unheard.why_not_serving().unwrap().ends_with("not answered for 20 s"));
    }

    #[test]
    fn a_clock_that_is_off_dates_nothing() {
        let off =
            |clock_ahead_nanos| NodeStatus { clock_ahead_nanos, ..node_state() }.why_clock_is_off();
        assert_eq!((off(2_000_000_000), off(-2_000_000_000)), (None, None));
        let text = "this machine's clock is 2.5 s ahead of the log's servers'";
        assert_eq!(off(2_500_000_000).unwrap(), text);
        assert!(off(-60_000_000_000).unwrap().contains("60.0 s behind"));
    }
}
