//! Keys: hashes that name the learnt weights and curves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The key of a weight or a curve: a 64-bit hash of the feature and its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// A map by keys, which are not hashed again.
pub(super) type ByKey<T> = HashMap<Key, T, BuildHasherDefault<AsItIs>>;

/// A hasher that returns a key as its own hash.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = Hashed(self.0).with(bytes).0;
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The FNV-1a hash in 64 bits (Fowler, Noll and Vo): the same on every machine and in every
/// release, so that keys can be stored.
#[derive(Clone, Copy)]
pub(super) struct Hashed(u64);

impl Hashed {
    /// A hash that begins with some bytes.
    pub fn new(bytes: &[u8]) -> Hashed {
        Hashed(0xcbf2_9ce4_8422_2325).with(bytes)
    }

    /// The hash of the bytes so far and these.
    pub fn with(self, bytes: &[u8]) -> Hashed {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Hashed(bytes.iter().fold(self.0, step))
    }

    /// Appends a name and a terminator, so that two names never hash as one.
    pub fn name(self, name: &str) -> Hashed {
        self.with(name.as_bytes()).with(&[0xff])
    }

    /// The hash as a key.
    pub fn key(self) -> Key {
        Key(self.0)
    }
}
