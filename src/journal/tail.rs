//! What lies behind the last valid frame of a segment.

use std::fs::File;
use std::io;

use super::disk::{all_zero, read_at};
use super::frame::{FRAME_HEADER_BYTES, FrameHeader};

const WINDOW_BYTES: usize = 64 << 10;

/// What lies behind the last valid frame of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tail {
    /// Only zeros.
    Unwritten,
    /// This many bytes of a commit that never came to its end, up to the last that is not zero.
    Torn { bytes: u64 },
    /// A frame of a later commit: the record that should be here had been synced before it.
    Damaged,
}

/// Evaluates the part of `file` from `end` on, where no valid frame with the sequence `missing` is.
///
/// Looks for frame headers at every byte, but not at bodies: a header that is valid proves enough,
/// and what a client puts into a body cannot make this slow.
pub(super) fn evaluate(file: &File, end: u64, missing: u64, seed: u32) -> io::Result<Tail> {
    let mut window = vec![0; WINDOW_BYTES];
    let mut offset = end;
    let mut written_end = end;
    loop {
        let filled = read_at(file, &mut window, offset)?;
        let bytes = window.get(..filled).unwrap_or_default();
        if !all_zero(bytes) {
            if has_later_commit(bytes, missing, seed) {
                return Ok(Tail::Damaged);
            }
            let last = bytes.iter().rposition(|byte| *byte != 0);
            written_end = last.map_or(written_end, |last| offset + last as u64 + 1);
        }
        if filled < WINDOW_BYTES {
            break;
        }
        // A header may lie across the edge of two windows.
        offset += (WINDOW_BYTES - FRAME_HEADER_BYTES + 1) as u64;
    }
    Ok(match written_end - end {
        0 => Tail::Unwritten,
        bytes => Tail::Torn { bytes },
    })
}

fn has_later_commit(bytes: &[u8], missing: u64, seed: u32) -> bool {
    bytes
        .windows(FRAME_HEADER_BYTES)
        .filter_map(|candidate| FrameHeader::decode(candidate, seed))
        .any(|header| header.commit > missing)
}
