//! The names of weights and curves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The name of a weight or a curve: a hash, so that none is longer than another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// A map by keys, which need not be hashed again.
pub(super) type ByKey<T> = HashMap<Key, T, BuildHasherDefault<AsItIs>>;

/// Takes a key for its own hash.
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

/// FNV-1a in 64 bits, the same on every machine and in every release.
#[derive(Clone, Copy)]
pub(super) struct Hashed(u64);

impl Hashed {
    /// A hash that begins with some bytes.
    pub fn new(bytes: &[u8]) -> Hashed {
        Hashed(0xcbf2_9ce4_8422_2325).with(bytes)
    }

    /// The hash with some bytes more.
    pub fn with(self, bytes: &[u8]) -> Hashed {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Hashed(bytes.iter().fold(self.0, step))
    }

    /// A name and its end, so that no two names read as one.
    pub fn name(self, name: &str) -> Hashed {
        self.with(name.as_bytes()).with(&[0xff])
    }

    /// The key it makes.
    pub fn key(self) -> Key {
        Key(self.0)
    }
}
