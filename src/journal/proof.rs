//! Proofs that one record is in a journal, which need nothing else of it.

use super::chain::{Merge, Tree, leaf, node};
use super::hash::ChainHash;

/// The hashes beside the way from one leaf of a tree up to its root, as in RFC 9162, 2.1.3.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Path {
    /// The lowest first.
    pub hashes: Vec<ChainHash>,
}

impl Path {
    /// The root of the tree of `size` leaves in which the record of `sequence` has this chain hash,
    /// if this can be a path of such a tree. The record is in the tree if that is its root.
    pub fn root(&self, sequence: u64, size: u64, chain_hash: &ChainHash) -> Option<ChainHash> {
        let (mut at, mut last) = (sequence.checked_sub(1)?, size.checked_sub(1)?);
        if at > last {
            return None;
        }
        let mut root = leaf(chain_hash);
        for beside in &self.hashes {
            if last == 0 {
                return None;
            }
            if at % 2 == 1 || at == last {
                root = node(beside, &root);
                while at.is_multiple_of(2) && at != 0 {
                    (at, last) = (at / 2, last / 2);
                }
            } else {
                root = node(&root, beside);
            }
            (at, last) = (at / 2, last / 2);
        }
        (last == 0).then_some(root)
    }
}

/// Finds the paths of some records while all pass by.
#[derive(Debug)]
pub struct Prover {
    tree: Tree,
    /// The leaves, from 0, with what is found of their paths.
    wanted: Vec<(u64, Path)>,
}

impl Prover {
    /// A prover for the records of these sequences.
    pub fn new(sequences: impl IntoIterator<Item = u64>) -> Prover {
        let wanted = sequences.into_iter().filter_map(|sequence| sequence.checked_sub(1));
        Prover { tree: Tree::EMPTY, wanted: wanted.map(|leaf| (leaf, Path::default())).collect() }
    }

    /// Passes the next record by its chain hash.
    pub fn pass(&mut self, chain_hash: &ChainHash) {
        let Prover { tree, wanted } = self;
        tree.push_noting(chain_hash, |merge| extend(wanted, merge));
    }

    /// The tree of all that has passed, and the path of each record in the order it was requested.
    pub fn finish(self) -> (Tree, Vec<Path>) {
        let Prover { tree, mut wanted } = self;
        tree.root_noting(|merge| extend(&mut wanted, merge));
        (tree, wanted.into_iter().map(|(_, path)| path).collect())
    }
}

fn extend(wanted: &mut [(u64, Path)], merge: &Merge) {
    for (leaf, path) in wanted {
        if merge.left.contains(leaf) {
            path.hashes.push(merge.right_root);
        } else if (merge.left.end..merge.end).contains(leaf) {
            path.hashes.push(merge.left_root);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(at: u64) -> ChainHash {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&at.to_be_bytes());
        hash.into()
    }

    #[test]
    fn every_record_of_every_tree_is_proven_and_no_other() {
        for size in 1..=40 {
            let mut prover = Prover::new(1..=size);
            (1..=size).for_each(|sequence| prover.pass(&hash(sequence)));
            let (tree, paths) = prover.finish();
            for (sequence, path) in (1..=size).zip(&paths) {
                let proves = |sequence, size, hash: ChainHash| {
                    path.root(sequence, size, &hash) == Some(tree.root())
                };
                assert!(proves(sequence, size, hash(sequence)), "{sequence} of {size}");
                assert!(!proves(sequence, size, hash(sequence + 1)));
                for other in (0..=size + 1).filter(|other| *other != sequence) {
                    assert!(!proves(other, size, hash(sequence)), "{sequence} as {other}");
                }
            }
        }
    }

    #[test]
    fn a_record_that_has_not_passed_has_a_path_to_nothing() {
        let mut prover = Prover::new([9]);
        prover.pass(&hash(1));
        let (tree, paths) = prover.finish();
        assert_eq!(paths[0].root(9, tree.size(), &hash(9)), None);
    }
}
