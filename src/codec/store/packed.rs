//! Bytes that repeat themselves, packed (Snappy): the fewer a row has, the fewer are written over
//! and over where it lies, and the more rows the memory for pages holds.

use snap::raw::{Decoder, Encoder, decompress_len};

use super::unreadable::Unreadable;

/// A packed byte stands for so many bytes at most: Snappy copies up to 64 by three.
const TIMES_AS_MANY_MAX: usize = 22;

/// The bytes, packed.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    // It fails for 4 GiB and more alone, which no row has: events and their bytes are bounded.
    Encoder::new().compress_vec(bytes).unwrap_or_default()
}

/// The bytes that were packed.
///
/// # Errors
/// They are not packed bytes.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Unreadable> {
    if packed.is_empty() {
        return Ok(Vec::new());
    }
    let unreadable = |error: snap::Error| Unreadable::from(error.to_string());
    let length = decompress_len(packed).map_err(unreadable)?;
    if length > packed.len() * TIMES_AS_MANY_MAX {
        return Err(Unreadable::from("they can't stand for as many bytes as they say".to_owned()));
    }
    Decoder::new().decompress_vec(packed).map_err(unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_packed_is_unpacked_as_it_was(
            bytes in prop_oneof![vec(any::<u8>(), 0..300), vec(Just(7u8), 0..100_000)],
        ) {
            let packed = pack(&bytes);
            prop_assert!(packed.len() * TIMES_AS_MANY_MAX >= bytes.len());
            prop_assert_eq!(unpack(&packed), Ok(bytes));
        }

        #[test]
        fn any_bytes_are_unpacked_or_refused(bytes in vec(any::<u8>(), 0..60)) {
            let unpacked = unpack(&bytes);
            prop_assert!(unpacked.map_or(0, |unpacked| unpacked.len()) <= 60 * TIMES_AS_MANY_MAX);
        }
    }

    #[test]
    fn what_says_to_be_gigabytes_is_refused_before_there_is_room_for_it() {
        let says_to_be_long = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert!(unpack(&says_to_be_long).is_err());
    }

    #[test]
    fn what_repeats_itself_takes_less_room() {
        let events = "sys-audit-000001 INC0000000007 workplace".repeat(12);
        assert!(pack(events.as_bytes()).len() * 5 < events.len());
    }
}
