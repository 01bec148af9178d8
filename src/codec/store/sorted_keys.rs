//! Sorted keys, one after another: of each only what differs from the one before it ("front
//! coding"), since neighbours agree in most of what they begin with.

use prost::encoding::{decode_varint, encode_varint};

use super::unreadable::Unreadable;

/// The bytes of sorted keys.
pub fn encode<'k>(keys: impl IntoIterator<Item = &'k [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut before: &[u8] = &[];
    for key in keys {
        let shared = key.iter().zip(before).take_while(|(one, other)| one == other).count();
        let rest = key.get(shared..).unwrap_or_default();
        encode_varint(shared as u64, &mut bytes);
        encode_varint(rest.len() as u64, &mut bytes);
        bytes.extend(rest);
        before = key;
    }
    bytes
}

/// Keys that were read, one behind the other in one piece of memory.
#[derive(Clone, Debug, Default)]
pub struct SortedKeys {
    bytes: Vec<u8>,
    /// Where each ends, and the next begins.
    ends: Vec<usize>,
}

impl SortedKeys {
    /// The keys, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        (0..self.ends.len()).filter_map(|place| self.get(place))
    }

    fn get(&self, place: usize) -> Option<&[u8]> {
        self.bytes.get(self.begin(place)..*self.ends.get(place)?)
    }

    fn begin(&self, place: usize) -> usize {
        let before = place.checked_sub(1).and_then(|before| self.ends.get(before));
        before.copied().unwrap_or_default()
    }

    /// Takes the first key off some bytes, by the one before it.
    fn take(&mut self, bytes: &mut &[u8]) -> Result<(), Unreadable> {
        let cut = || Unreadable::from("a key is cut short".to_owned());
        let shared = usize::try_from(decode_varint(bytes)?).ok();
        let length = usize::try_from(decode_varint(bytes)?).ok();
        let place = self.ends.len();
        let before = place.checked_sub(1).map_or(0, |before| self.begin(before));
        let end = shared.and_then(|shared| before.checked_add(shared));
        let end = end.filter(|end| *end <= self.bytes.len()).ok_or_else(cut)?;
        let rest = length.and_then(|length| bytes.split_at_checked(length));
        let (rest, after) = rest.ok_or_else(cut)?;
        *bytes = after;
        self.bytes.extend_from_within(before..end);
        self.bytes.extend(rest);
        self.ends.push(self.bytes.len());
        let is_after = place == 0 || self.get(place) > self.get(place - 1);
        match is_after {
            true => Ok(()),
            false => Err(Unreadable::from("keys are out of order".to_owned())),
        }
    }
}

/// The keys of some bytes, in order.
///
/// # Errors
/// They are no such keys.
pub fn decode(mut bytes: &[u8]) -> Result<SortedKeys, Unreadable> {
    let mut keys = SortedKeys::default();
    while !bytes.is_empty() {
        keys.take(&mut bytes)?;
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_sorted_keys_are_read_back(
            keys in btree_set(vec(prop_oneof![Just(0u8), Just(b'a'), any::<u8>()], 0..300), 0..20),
        ) {
            let bytes = encode(keys.iter().map(Vec::as_slice));
            let read = decode(&bytes).map(|keys| keys.iter().map(Vec::from).collect::<Vec<_>>());
            prop_assert_eq!(read, Ok(keys.into_iter().collect::<Vec<_>>()));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..60)) {
            let sorted = decode(&bytes).is_ok_and(|keys| keys.iter().is_sorted());
            prop_assert!(sorted || decode(&bytes).is_err());
        }
    }
}
