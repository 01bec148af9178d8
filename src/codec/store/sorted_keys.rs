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

/// The keys of some bytes, in order.
pub fn decode(mut bytes: &[u8]) -> Result<Vec<Vec<u8>>, Unreadable> {
    let mut keys: Vec<Vec<u8>> = Vec::new();
    while !bytes.is_empty() {
        let before = keys.last().map(Vec::as_slice).unwrap_or_default();
        let key = next(&mut bytes, before)?;
        if key.as_slice() <= before && !keys.is_empty() {
            return Err(Unreadable::from("keys are out of order".to_owned()));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// Takes the first key off some bytes, by the one before it.
fn next(bytes: &mut &[u8], before: &[u8]) -> Result<Vec<u8>, Unreadable> {
    let cut = || Unreadable::from("a key is cut short".to_owned());
    let shared = usize::try_from(decode_varint(bytes)?).ok();
    let length = usize::try_from(decode_varint(bytes)?).ok();
    let shared = shared.and_then(|shared| before.get(..shared)).ok_or_else(cut)?;
    let rest = length.and_then(|length| bytes.split_at_checked(length));
    let (rest, after) = rest.ok_or_else(cut)?;
    *bytes = after;
    Ok([shared, rest].concat())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_sorted_keys_are_read_back(
            keys in btree_set(vec(prop_oneof![Just(0u8), Just(b'a'), any::<u8>()], 0..300), 0..20),
        ) {
            let bytes = encode(keys.iter().map(Vec::as_slice));
            let read = decode(&bytes).map(|keys| keys.into_iter().collect::<BTreeSet<_>>());
            prop_assert_eq!(read, Ok(keys));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..60)) {
            let sorted = decode(&bytes).is_ok_and(|keys| keys.is_sorted());
            prop_assert!(sorted || decode(&bytes).is_err());
        }
    }
}
