//! Who holds the connections that may be open. One that has made no call yet gives its place up
//! when many are so, those of the peer first that has most of them: a flood of connections keeps
//! nobody else out.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use tonic::codegen::http::Extensions;
use tonic::transport::server::{TcpConnectInfo, TlsConnectInfo};

use crate::service::OpenWatches;

/// Bits of an address of IPv6 that one peer has to itself.
const HOST_BITS: u32 = 64;

/// The addresses that one peer has, as one of them.
pub(super) fn peer_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> HOST_BITS << HOST_BITS))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// The places of the connections that may be open.
#[derive(Debug)]
pub(super) struct ConnectionPlaces {
    most: usize,
    open: Mutex<OpenConnections>,
}

#[derive(Debug, Default)]
struct OpenConnections {
    /// How many were ever open: the number of the next.
    numbered: u64,
    /// How many have made a call.
    proven: usize,
    /// The others, the oldest first.
    unproven: BTreeMap<u64, Unproven>,
    /// How many of those each peer has.
    unproven_by_peer: HashMap<IpAddr, usize>,
}

/// A connection that has made no call yet.
#[derive(Debug)]
struct Unproven {
    peer: IpAddr,
    turn_out: oneshot::Sender<()>,
}

/// The place of one connection, which is free again once this is dropped.
#[derive(Debug)]
pub(super) struct ConnectionPlace {
    proof: Arc<ConnectionProof>,
}

/// What a connection has shown of itself.
#[derive(Debug)]
struct ConnectionProof {
    places: Arc<ConnectionPlaces>,
    number: u64,
    is_proven: AtomicBool,
    watches: OpenWatches,
}

/// Whose connection a call came by.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    /// The addresses of both ends.
    pub connection: TcpConnectInfo,
    proof: Arc<ConnectionProof>,
}

/// Sent to a connection that must give its place up.
pub(super) type TurnedOut = oneshot::Receiver<()>;

impl ConnectionPlaces {
    /// So many places, of which half are for connections that have made no call, and all others
    /// as well as long as they are free.
    pub fn new(most: usize) -> Arc<ConnectionPlaces> {
        Arc::new(ConnectionPlaces { most, open: Mutex::default() })
    }

    /// A place for a connection of a peer, and whether another was turned out for it; `None`: all
    /// are held by connections that have made calls.
    pub fn enter(
        self: &Arc<ConnectionPlaces>,
        peer: IpAddr,
    ) -> Option<(ConnectionPlace, TurnedOut, bool)> {
        let mut open = self.open.lock();
        let all = open.proven + open.unproven.len();
        let is_crowded = all >= self.most || open.unproven.len() >= (self.most / 2).max(1);
        let has_turned_out = is_crowded && open.turn_one_out();
        if all >= self.most && !has_turned_out {
            return None;
        }
        let number = open.numbered;
        open.numbered += 1;
        let (turn_out, turned_out) = oneshot::channel();
        open.unproven.insert(number, Unproven { peer, turn_out });
        *open.unproven_by_peer.entry(peer).or_default() += 1;
        let proof = ConnectionProof {
            places: Arc::clone(self),
            number,
            is_proven: AtomicBool::new(false),
            watches: OpenWatches::default(),
        };
        Some((ConnectionPlace { proof: Arc::new(proof) }, turned_out, has_turned_out))
    }
}

impl OpenConnections {
    /// Turns out the oldest connection of the peer that has most of those that made no call.
    fn turn_one_out(&mut self) -> bool {
        let Some(most) = self.unproven_by_peer.values().max().copied() else { return false };
        let of_peer = |one: &Unproven| self.unproven_by_peer.get(&one.peer) == Some(&most);
        let oldest = self.unproven.iter().find(|(_, one)| of_peer(one)).map(|(number, _)| *number);
        let Some(turned_out) = oldest.and_then(|number| self.remove(number)) else { return false };
        // It may be gone just now: its place is free all the same.
        let _ = turned_out.turn_out.send(());
        true
    }

    fn remove(&mut self, number: u64) -> Option<Unproven> {
        let one = self.unproven.remove(&number)?;
        if let Some(count) = self.unproven_by_peer.get_mut(&one.peer) {
            *count -= 1;
            if *count == 0 {
                self.unproven_by_peer.remove(&one.peer);
            }
        }
        Some(one)
    }
}

impl ConnectionProof {
    fn prove(&self) {
        if self.is_proven.load(Ordering::Relaxed) {
            return;
        }
        let mut open = self.places.open.lock();
        // One that was turned out proves nothing any more.
        if open.remove(self.number).is_some() {
            open.proven += 1;
            self.is_proven.store(true, Ordering::Relaxed);
        }
    }
}

impl ConnectionPlace {
    /// Whose place it is.
    pub fn peer(&self, connection: TcpConnectInfo) -> Peer {
        Peer { connection, proof: Arc::clone(&self.proof) }
    }
}

impl Drop for ConnectionPlace {
    fn drop(&mut self) {
        let mut open = self.proof.places.open.lock();
        if self.proof.is_proven.load(Ordering::Relaxed) {
            open.proven -= 1;
        } else {
            open.remove(self.proof.number);
        }
    }
}

impl Peer {
    /// Whose connection a call came by; `None`: by none of the network's.
    pub fn of(extensions: &Extensions) -> Option<&Peer> {
        let secured = extensions.get::<TlsConnectInfo<Peer>>().map(TlsConnectInfo::get_ref);
        secured.or_else(|| extensions.get::<Peer>())
    }

    /// Notes that its connection is used for what it is there for.
    pub fn prove(&self) {
        self.proof.prove();
    }

    /// The streams of notices of its connection.
    pub fn watches(&self) -> &OpenWatches {
        &self.proof.watches
    }

    /// The address by which it is distinguished from others.
    pub fn address(&self) -> Option<IpAddr> {
        self.connection.remote_addr().map(|address| peer_of(address.ip()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn a_peer_that_floods_turns_its_own_connections_out() {
        let places = ConnectionPlaces::new(8);
        let (good, mut good_out, _) = places.enter(peer(2)).unwrap();
        let flood: Vec<_> = (0..100).map(|_| places.enter(peer(1)).unwrap()).collect();
        let is_out = |out: TurnedOut| -> bool { { out }.try_recv().is_ok() };
        let turned_out = flood.into_iter().map(|(place, out, _)| (is_out(out), place));
        let (turned_out, held): (Vec<_>, Vec<_>) = turned_out.unzip();
        assert_eq!(turned_out.iter().filter(|is_out| !**is_out).count(), 3);
        assert!(turned_out[..97].iter().all(|is_out| *is_out), "the oldest go first");
        assert!(good_out.try_recv().is_err(), "the other peer keeps its own");
        good.proof.prove();
        drop(held);
        let open = places.open.lock();
        assert_eq!((open.proven, open.unproven.len(), open.unproven_by_peer.len()), (1, 0, 0));
    }

    #[test]
    fn whoever_has_made_calls_is_not_turned_out_and_then_the_rest_are_closed() {
        let places = ConnectionPlaces::new(4);
        let held: Vec<_> = (0..4).map(|_| places.enter(peer(1)).unwrap()).collect();
        held.iter().for_each(|(place, ..)| place.proof.prove());
        // The first two were turned out by the last two, since half were unproven.
        assert_eq!(places.open.lock().proven, 2);
        let more: Vec<_> = (0..2).map(|_| places.enter(peer(2)).unwrap()).collect();
        more.iter().for_each(|(place, ..)| place.proof.prove());
        assert!(places.enter(peer(3)).is_none());
        drop(held);
        assert!(places.enter(peer(3)).is_some());
        drop(more);
        assert_eq!(places.open.lock().proven, 0);
    }

    #[test]
    fn addresses_of_one_network_of_ipv6_are_one_peer() {
        let peer = |text: &str| peer_of(text.parse().unwrap());
        assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff::9"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }
}
