//! How many calls are under way, in all and of each peer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

/// The calls under way.
#[derive(Debug)]
pub(super) struct CallsUnderWay {
    most: usize,
    counted: Mutex<CallCounts>,
}

#[derive(Debug, Default)]
struct CallCounts {
    all: usize,
    by_peer: HashMap<Option<IpAddr>, usize>,
}

/// A call under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay {
    calls: Arc<CallsUnderWay>,
    peer: Option<IpAddr>,
}

impl CallsUnderWay {
    /// No calls, of which so many may be under way.
    pub fn new(most: usize) -> Arc<CallsUnderWay> {
        Arc::new(CallsUnderWay { most, counted: Mutex::default() })
    }

    /// Lets a call in; `None`: too many are under way. When as many are as may be, peers with less
    /// than their share still have room, and whoever only looks whether the server is well: up to
    /// twice as many in all.
    pub fn enter(self: &Arc<CallsUnderWay>, peer: Option<IpAddr>, looks: bool) -> Option<UnderWay> {
        let mut counted = self.counted.lock();
        let own = counted.by_peer.get(&peer).copied().unwrap_or(0);
        let peers = counted.by_peer.len() + usize::from(own == 0);
        let is_over = counted.all >= self.most && own >= self.most / peers && !looks;
        if is_over || counted.all >= self.most.saturating_mul(2) {
            return None;
        }
        counted.all += 1;
        counted.by_peer.insert(peer, own + 1);
        Some(UnderWay { calls: Arc::clone(self), peer })
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.counted.lock().all
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut counted = self.calls.counted.lock();
        counted.all -= 1;
        if let Some(own) = counted.by_peer.get_mut(&self.peer) {
            *own -= 1;
            if *own == 0 {
                counted.by_peer.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_peer_that_takes_all_is_refused_and_others_have_their_share() {
        let calls = CallsUnderWay::new(10);
        let busy: Vec<_> = std::iter::from_fn(|| calls.enter(peer(1), false)).collect();
        assert_eq!(busy.len(), 10);
        let quiet: Vec<_> = std::iter::from_fn(|| calls.enter(peer(2), false)).collect();
        assert_eq!(quiet.len(), 5);
        assert!(calls.enter(peer(1), false).is_none());
        assert!(calls.enter(peer(1), true).is_some(), "whoever looks is answered");
        drop(busy);
        assert!(calls.enter(peer(1), false).is_some());
        drop(quiet);
        assert_eq!((calls.count(), calls.counted.lock().by_peer.len()), (0, 0));
    }

    #[test]
    fn however_many_peers_there_are_no_more_than_twice_as_many_are_let_in() {
        let calls = CallsUnderWay::new(10);
        let let_in: Vec<_> = (0..100).filter_map(|one| calls.enter(peer(one), false)).collect();
        assert_eq!(let_in.len(), 10, "shares are less than one by then");
        let looking: Vec<_> = std::iter::from_fn(|| calls.enter(peer(1), true)).collect();
        assert_eq!(looking.len(), 10);
    }
}
