//! Finds the place of a number in a sorted list in constant time.

/// Buckets of equal width over the range of a sorted list of keys, about one for each key, each
/// with the number of keys before it. A lookup reads one bucket and searches the few keys in it.
#[derive(Clone, Debug)]
pub(super) struct Index {
    /// A bucket is `1 << shift` wide.
    shift: u32,
    /// The keys before each bucket, and at the end the number of all keys.
    keys_before: Box<[u32]>,
}

#[expect(
    clippy::indexing_slicing,
    reason = "buckets are cut to those there are, and hold no more than there are keys"
)]
impl Index {
    /// The index of `keys`, which are sorted and lie in `0..=key_max`.
    pub(super) fn new(keys: &[u32], key_max: u32) -> Index {
        let shift = narrowest_shift(keys.len(), key_max);
        let buckets = bucket(key_max, shift) + 1;
        let mut keys_before = vec![0; buckets + 1];
        for key in keys {
            keys_before[bucket(*key, shift) + 1] += 1;
        }
        for i in 0..buckets {
            keys_before[i + 1] += keys_before[i];
        }
        Index { shift, keys_before: keys_before.into() }
    }

    /// How many of `keys`, the list indexed, are at most `value`.
    pub(super) fn count_up_to(&self, keys: &[u32], value: u32) -> usize {
        let last_bucket = self.keys_before.len() - 2;
        let bucket = bucket(value, self.shift).min(last_bucket);
        let before = self.keys_before[bucket] as usize;
        let within = &keys[before..self.keys_before[bucket + 1] as usize];
        before + within.partition_point(|key| *key <= value)
    }

    /// Bytes on the heap.
    pub(super) fn heap_bytes(&self) -> usize {
        size_of_val(&*self.keys_before)
    }
}

/// The narrowest width that gives no more buckets than there are keys.
fn narrowest_shift(keys: usize, key_max: u32) -> u32 {
    let fits = |shift: &u32| bucket(key_max, *shift) < keys.max(1);
    (0..u32::BITS).find(fits).unwrap_or(u32::BITS - 1)
}

fn bucket(value: u32, shift: u32) -> usize {
    (value >> shift) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_keys() {
        assert_eq!(Index::new(&[], 100).count_up_to(&[], 50), 0);
        assert_eq!(Index::new(&[], 0).count_up_to(&[], u32::MAX), 0);
    }

    proptest! {
        #[test]
        fn counts_as_a_plain_scan_does(
            mut keys in prop::collection::vec(0_u32..1_000, 0..200),
            value in 0_u32..2_000,
        ) {
            keys.sort_unstable();
            let expected = keys.iter().filter(|key| **key <= value).count();
            prop_assert_eq!(Index::new(&keys, 1_000).count_up_to(&keys, value), expected);
        }
    }
}
