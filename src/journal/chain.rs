//! The hash chain, and the hash tree over it.
//!
//! The chain makes each record vouch for all before it, which takes the whole journal to check. The
//! tree is what lets one record be proven to be in it by itself.

use sha2::{Digest, Sha256};

use super::hash::ChainHash;
use crate::domain::time::Instant;

/// Where a chain stands: its last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub sequence: u64,
    pub record_time: Instant,
    pub hash: ChainHash,
}

impl Head {
    /// Before the first record.
    pub const START: Head = Head { sequence: 0, record_time: Instant::MIN, hash: ChainHash::ZERO };

    /// Where the chain stands after one more record.
    pub fn followed_by(&self, record_time: Instant, body: &[u8]) -> Head {
        let sequence = self.sequence + 1;
        let hash = chain_hash(&self.hash, sequence, record_time, body);
        Head { sequence, record_time, hash }
    }
}

/// The chain hash of a record: it vouches for the record and for all before it.
pub fn chain_hash(
    before: &ChainHash,
    sequence: u64,
    record_time: Instant,
    body: &[u8],
) -> ChainHash {
    Sha256::new()
        .chain_update(before)
        .chain_update(sequence.to_be_bytes())
        .chain_update(record_time.nanos().to_be_bytes())
        .chain_update(body)
        .finalize()
        .into()
}

/// A chain up to its last record, and the tree over it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    pub head: Head,
    pub tree: Tree,
}

impl Chain {
    /// Before the first record.
    pub const START: Chain = Chain { head: Head::START, tree: Tree::EMPTY };

    /// Goes on to the next record.
    pub fn push(&mut self, head: Head) {
        self.tree.push(&head.hash);
        self.head = head;
    }
}

/// The Merkle tree of RFC 9162, section 2.1, whose leaves are the chain hashes in their order.
///
/// Only the roots of its perfect subtrees are kept: 32 bytes for each 1 in the binary digits of its
/// size. So it grows for ever in the same room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    /// The largest, and leftmost, first.
    peaks: Vec<ChainHash>,
}

/// Two subtrees that lie side by side and became one.
#[derive(Debug)]
pub(super) struct Merge {
    /// The leaves of the left one, from 0, up to where those of the right one begin.
    pub left: std::ops::Range<u64>,
    /// Up to which leaf the right one goes.
    pub end: u64,
    pub left_root: ChainHash,
    pub right_root: ChainHash,
}

impl Tree {
    /// Without a leaf.
    pub const EMPTY: Tree = Tree { size: 0, peaks: Vec::new() };

    /// The tree of `size` leaves with these peaks, if so many belong to it.
    pub(super) fn from_peaks(size: u64, peaks: Vec<ChainHash>) -> Option<Tree> {
        (peaks.len() == peaks_of(size)).then_some(Tree { size, peaks })
    }

    pub(super) fn peaks(&self) -> &[ChainHash] {
        &self.peaks
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next record's chain hash.
    pub fn push(&mut self, chain_hash: &ChainHash) {
        self.push_noting(chain_hash, |_| {});
    }

    /// Adds the next record's chain hash and reports each merge this brings about.
    pub(super) fn push_noting(&mut self, chain_hash: &ChainHash, mut note: impl FnMut(&Merge)) {
        let mut right_root = leaf(chain_hash);
        let mut start = self.size;
        self.size += 1;
        let merges = self.size.trailing_zeros();
        for height in 0..merges {
            let Some(left_root) = self.peaks.pop() else { break };
            let left = start - (1 << height)..start;
            start = left.start;
            note(&Merge { left, end: self.size, left_root, right_root });
            right_root = node(&left_root, &right_root);
        }
        self.peaks.push(right_root);
    }

    /// The root, which vouches for every record: two trees of one size have it in common only if
    /// all their leaves are equal. That of the empty tree is the hash of nothing.
    pub fn root(&self) -> ChainHash {
        self.root_noting(|_| {})
    }

    /// The root; reports the merges it takes.
    pub(super) fn root_noting(&self, mut note: impl FnMut(&Merge)) -> ChainHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return Sha256::digest([]).into() };
        let mut right_root = *last;
        let mut rest = self.size & self.size.wrapping_sub(1);
        for left_root in peaks {
            let start = rest & rest.wrapping_sub(1);
            let merge =
                Merge { left: start..rest, end: self.size, left_root: *left_root, right_root };
            note(&merge);
            right_root = node(left_root, &right_root);
            rest = start;
        }
        right_root
    }
}

/// How many perfect subtrees a tree of so many leaves has.
pub(super) fn peaks_of(size: u64) -> usize {
    size.count_ones() as usize
}

/// The hash of a leaf.
pub(super) fn leaf(chain_hash: &ChainHash) -> ChainHash {
    Sha256::new().chain_update([0]).chain_update(chain_hash).finalize().into()
}

/// The hash of a node over two.
pub(super) fn node(left: &ChainHash, right: &ChainHash) -> ChainHash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9162, 2.1.1, word by word.
    fn root_by_definition(leaves: &[ChainHash]) -> ChainHash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [one] => leaf(one),
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                let (left, right) = leaves.split_at(split);
                node(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn root_is_the_one_of_the_definition() {
        let leaves: Vec<ChainHash> = (0..=70).map(|at| [at; 32].into()).collect();
        let mut tree = Tree::EMPTY;
        for size in 0..leaves.len() {
            assert_eq!(tree.root(), root_by_definition(&leaves[..size]), "{size}");
            assert_eq!(tree.peaks().len(), peaks_of(size as u64));
            tree.push(&leaves[size]);
        }
    }

    /// The expected value is Python's
    /// `sha256(bytes(32) + (1).to_bytes(8, 'big') + bytes(8) + b'a')`.
    #[test]
    fn chain_hash_is_plain_sha_256() {
        let head = Head::START.followed_by(Instant::MIN, b"a");
        assert_eq!(
            head.hash.to_string(),
            "2a05ca51428c85299e696444f5fd9301a908a2ec5d7b1d23e6215b7b95d41bbe"
        );
    }
}
