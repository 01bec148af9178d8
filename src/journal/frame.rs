//! A frame: one record as it lies in a segment, and its place in the chain.

use crc32c::{crc32c, crc32c_append};

use super::chain::Head;
use super::hash::ChainHash;
use super::store_id::StoreId;
use crate::domain::time::Instant;

/// The longest body a record can have, in bytes.
pub const BODY_BYTES_MAX: usize = 16 << 20;

pub(super) const FRAME_HEADER_BYTES: usize = 69;
pub(super) const FORMAT_VERSION: u8 = 1;

const FRAME_BYTES_MAX: usize = FRAME_HEADER_BYTES + BODY_BYTES_MAX;
const CHECKSUM_BYTES: usize = 4;

/// What a frame says before its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub body_bytes: usize,
    pub version: u8,
    /// The sequence of the first record of the same commit.
    pub commit: u64,
    /// The record itself, as the head of the chain.
    pub head: Head,
    pub body_checksum: u32,
}

/// Appends the frame of `body`, which is at most [`BODY_BYTES_MAX`] long.
pub(super) fn encode(frames: &mut Vec<u8>, seed: u32, commit: u64, head: &Head, body: &[u8]) {
    let start = frames.len();
    frames.extend(((FRAME_HEADER_BYTES + body.len()) as u32).to_be_bytes());
    frames.push(FORMAT_VERSION);
    frames.extend(commit.to_be_bytes());
    frames.extend(head.sequence.to_be_bytes());
    frames.extend(head.record_time.nanos().to_be_bytes());
    frames.extend(head.hash.as_bytes());
    frames.extend(crc32c(body).to_be_bytes());
    #[expect(clippy::indexing_slicing, reason = "it was as long before it grew")]
    let checksum = crc32c_append(seed, &frames[start..]);
    frames.extend(checksum.to_be_bytes());
    frames.extend(body);
}

impl FrameHeader {
    /// The header at the start of `bytes`, if there is a valid one of this store there.
    pub fn decode(bytes: &[u8], seed: u32) -> Option<FrameHeader> {
        let mut rest = bytes;
        let frame_bytes = u32::from_be_bytes(take(&mut rest)?) as usize;
        if !(FRAME_HEADER_BYTES..=FRAME_BYTES_MAX).contains(&frame_bytes) {
            return None;
        }
        let [version] = take(&mut rest)?;
        let commit = u64::from_be_bytes(take(&mut rest)?);
        let sequence = u64::from_be_bytes(take(&mut rest)?);
        let record_time = Instant::from_nanos(i64::from_be_bytes(take(&mut rest)?)).ok()?;
        let hash = ChainHash::from(take::<32>(&mut rest)?);
        let body_checksum = u32::from_be_bytes(take(&mut rest)?);
        let checksum = u32::from_be_bytes(take(&mut rest)?);
        let checked = bytes.get(..FRAME_HEADER_BYTES - CHECKSUM_BYTES)?;
        let valid = checksum == crc32c_append(seed, checked);
        let head = Head { sequence, record_time, hash };
        let body_bytes = frame_bytes - FRAME_HEADER_BYTES;
        valid.then_some(FrameHeader { body_bytes, version, commit, head, body_checksum })
    }

    /// Whether `body` is the one this header was written with.
    pub fn fits(&self, body: &[u8]) -> bool {
        body.len() == self.body_bytes && crc32c(body) == self.body_checksum
    }
}

/// What the checksums of a store's frames begin with.
pub(super) fn checksum_seed(store_id: &StoreId) -> u32 {
    crc32c(store_id.as_bytes())
}

/// The next `N` bytes of `rest`, which then begins behind them.
pub(super) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_reads_back() {
        let head = Head::START.followed_by(Instant::MAX, b"body");
        let mut frames = Vec::new();
        encode(&mut frames, 7, 1, &head, b"body");
        let header = FrameHeader::decode(&frames, 7).unwrap();
        assert_eq!(frames.len(), FRAME_HEADER_BYTES + 4);
        assert_eq!((header.version, header.commit, header.head), (1, 1, head));
        assert!(header.fits(b"body") && !header.fits(b"bodi") && !header.fits(b"bod"));
    }

    #[test]
    fn frame_of_another_store_is_none_of_ours() {
        let mut frames = Vec::new();
        encode(&mut frames, 7, 1, &Head::START.followed_by(Instant::MIN, b""), b"");
        assert_eq!(FrameHeader::decode(&frames, 8), None);
    }

    #[test]
    fn nothing_else_is_a_frame() {
        let mut frames = Vec::new();
        encode(&mut frames, 7, 1, &Head::START.followed_by(Instant::MIN, b""), b"");
        for at in 0..frames.len() {
            assert_eq!(FrameHeader::decode(&frames[..at], 7), None);
            let mut flipped = frames.clone();
            flipped[at] ^= 1;
            assert_eq!(FrameHeader::decode(&flipped, 7), None);
        }
        assert_eq!(FrameHeader::decode(&[0; 100], 7), None);
    }
}
