//! Whether a journal's segments join: each ends with the record before the first of the next one.
//!
//! Headers are read, and the end of each segment but the last: some pages, however long they are.

use std::fs::File;
use std::io;
use std::path::Path;

use super::chain::Head;
use super::disk::{all_zero, read_at};
use super::error::{Damage, FileError, Flaw, ReadError};
use super::frame::{FRAME_HEADER_BYTES, FrameHeader, checksum_seed};
use super::scan::Scan;
use super::segment::{self, SegmentHeader};

const WINDOW_BYTES: usize = 64 << 10;

/// Checks the header of every segment, and where each but the last ends.
///
/// # Errors
/// The first record that is lost, when a segment is cut off, missing or of another journal. What
/// was changed between a segment's ends is not found.
pub(super) fn check(directory: &Path) -> Result<(), ReadError> {
    let mut before: Option<SegmentHeader> = None;
    for first_sequence in segment::list_some(directory)? {
        let header = segment::read_header(directory, first_sequence)?;
        if let Some(before) = before
            && !joins(directory, &before, &header)?
        {
            return Err(lost_between(directory, before.first_sequence(), first_sequence));
        }
        before = Some(header);
    }
    Ok(())
}

fn joins(
    directory: &Path,
    before: &SegmentHeader,
    next: &SegmentHeader,
) -> Result<bool, FileError> {
    let path = segment::path(directory, before.first_sequence());
    let seed = checksum_seed(&before.store_id);
    let last = File::open(&path).and_then(|file| last_record(&file, before.bytes(), seed));
    let is_last = last.map_err(FileError::of(&path))?.is_some_and(|head| head == next.before.head);
    Ok(is_last && before.store_id == next.store_id)
}

/// The last record whose frame is whole, looked for from the end of the file back to `begin`.
fn last_record(file: &File, begin: u64, seed: u32) -> io::Result<Option<Head>> {
    let mut window = vec![0; WINDOW_BYTES];
    let mut end = file.metadata()?.len();
    while end > begin {
        let start = end.saturating_sub(WINDOW_BYTES as u64).max(begin);
        let filled = read_at(file, &mut window, start)?;
        let bytes = window.get(..filled.min((end - start) as usize)).unwrap_or_default();
        if !all_zero(bytes)
            && let Some((offset, header)) = last_header(bytes, seed)
        {
            let mut body = vec![0; header.body_bytes];
            let body_start = start + (offset + FRAME_HEADER_BYTES) as u64;
            let filled = read_at(file, &mut body, body_start)?;
            let is_whole = header.fits(body.get(..filled).unwrap_or_default());
            return Ok(is_whole.then_some(header.head));
        }
        if start == begin {
            break;
        }
        // A header may lie across the edge of two windows.
        end = start + FRAME_HEADER_BYTES as u64 - 1;
    }
    Ok(None)
}

/// The last header of a frame in `bytes`, and where it lies.
fn last_header(bytes: &[u8], seed: u32) -> Option<(usize, FrameHeader)> {
    let mut candidates = bytes.windows(FRAME_HEADER_BYTES).enumerate().rev();
    candidates.find_map(|(at, candidate)| Some((at, FrameHeader::decode(candidate, seed)?)))
}

/// The first record that is lost before the segment that begins with `next`: found by reading the
/// one before it whole.
fn lost_between(directory: &Path, first: u64, next: u64) -> ReadError {
    match first_lost(directory, first, next) {
        Ok(damage) => damage.into(),
        Err(error) => error,
    }
}

fn first_lost(directory: &Path, first: u64, next: u64) -> Result<Damage, ReadError> {
    let mut scan = Scan::open(directory, first)?;
    while scan.head().sequence + 1 < next {
        if scan.next(true)?.is_none() {
            return Ok(scan.damage(Flaw::Unreadable));
        }
    }
    let segment = segment::path(directory, next);
    Ok(Damage { segment, offset: 0, sequence: next, flaw: Flaw::Unlinked })
}
