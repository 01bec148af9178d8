//! A walk through the frames of one segment.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::chain::{Chain, Head};
use super::disk::{all_zero, read_at};
use super::error::{Damage, FileError, Flaw, NewerFormat, ReadError};
use super::frame::{FORMAT_VERSION, FRAME_HEADER_BYTES, FrameHeader, checksum_seed};
use super::segment::{self, SegmentHeader};
use super::tail::{self, Tail};

/// A place in a segment: behind the frames that were read, before those that were not.
#[derive(Debug)]
pub(super) struct Scan {
    path: PathBuf,
    file: File,
    header: SegmentHeader,
    seed: u32,
    chain: Chain,
    offset: u64,
    /// Where the commit begins that the last frame which was read belongs to.
    commit_offset: u64,
    buffer: Buffer,
}

/// One record, as long as the scan does not move on.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub head: Head,
    pub body: &'a [u8],
}

impl Scan {
    /// At the start of the segment that begins with `first_sequence`.
    pub fn open(directory: &Path, first_sequence: u64) -> Result<Scan, ReadError> {
        let header = segment::read_header(directory, first_sequence)?;
        let path = segment::path(directory, first_sequence);
        let file = File::open(&path).map_err(FileError::of(&path))?;
        Ok(Scan {
            seed: checksum_seed(&header.store_id),
            chain: header.before.clone(),
            offset: header.bytes(),
            commit_offset: header.bytes(),
            buffer: Buffer::default(),
            path,
            file,
            header,
        })
    }

    pub fn header(&self) -> &SegmentHeader {
        &self.header
    }

    /// The last record that was read.
    pub fn head(&self) -> Head {
        self.chain.head
    }

    /// The chain up to the last record that was read.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Where in the file the next frame begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The frames that were read of the last commit, as they lie in the file, and where.
    pub fn last_commit(&self) -> io::Result<(Vec<u8>, u64)> {
        let mut bytes = vec![0; (self.offset - self.commit_offset) as usize];
        let filled = read_at(&self.file, &mut bytes, self.commit_offset)?;
        bytes.truncate(filled);
        Ok((bytes, self.commit_offset))
    }

    /// The next record; none where no valid frame is, and then the next call looks again.
    ///
    /// A frame that is valid but not the next of this chain is damage: no crash leaves such a one.
    pub fn next(&mut self, check_chain: bool) -> Result<Option<Frame<'_>>, ReadError> {
        let Some(header) = self.next_header(check_chain)? else {
            self.forget_read_ahead();
            return Ok(None);
        };
        if header.commit == header.head.sequence {
            self.commit_offset = self.offset;
        }
        let start = self.offset + FRAME_HEADER_BYTES as u64;
        self.offset = start + header.body_bytes as u64;
        self.chain.push(header.head);
        let body = self.buffer.at(&self.file, start, header.body_bytes);
        Ok(Some(Frame { head: header.head, body: body.map_err(FileError::of(&self.path))? }))
    }

    /// The header at this place, if a whole valid frame is there.
    fn next_header(&mut self, check_chain: bool) -> Result<Option<FrameHeader>, ReadError> {
        let bytes = self.buffer.at(&self.file, self.offset, FRAME_HEADER_BYTES);
        let bytes = bytes.map_err(FileError::of(&self.path))?;
        let Some(header) = FrameHeader::decode(bytes, self.seed) else { return Ok(None) };
        if header.version > FORMAT_VERSION {
            let version = u16::from(header.version);
            return Err(NewerFormat { segment: self.path.clone(), version }.into());
        }
        let start = self.offset + FRAME_HEADER_BYTES as u64;
        let body = self.buffer.at(&self.file, start, header.body_bytes);
        let body = body.map_err(FileError::of(&self.path))?;
        if !header.fits(body) {
            return Ok(None);
        }
        match flaw_of(&self.chain.head, &header.head, body, check_chain) {
            Some(flaw) => Err(self.damage(flaw).into()),
            None => Ok(Some(header)),
        }
    }

    /// Makes the next look see the file as it is then.
    pub fn forget_read_ahead(&mut self) {
        self.buffer.bytes.clear();
    }

    /// Whether nothing at all is written at this place.
    pub fn is_at_zeros(&self) -> Result<bool, ReadError> {
        let mut bytes = [0; FRAME_HEADER_BYTES];
        read_at(&self.file, &mut bytes, self.offset).map_err(FileError::of(&self.path))?;
        Ok(all_zero(&bytes))
    }

    /// What lies behind this place, at which there is no valid frame.
    pub fn tail(&self) -> Result<Tail, ReadError> {
        tail::evaluate(&self.file, self.offset, self.chain.head.sequence + 1, self.seed)
            .map_err(|error| FileError::of(&self.path)(error).into())
    }

    /// Says that the next record is lost.
    pub fn damage(&self, flaw: Flaw) -> Damage {
        let sequence = self.chain.head.sequence + 1;
        Damage { segment: self.path.clone(), offset: self.offset, sequence, flaw }
    }
}

fn flaw_of(before: &Head, head: &Head, body: &[u8], check_chain: bool) -> Option<Flaw> {
    if head.sequence != before.sequence + 1 || head.record_time < before.record_time {
        return Some(Flaw::OutOfPlace);
    }
    let broken = check_chain && before.followed_by(head.record_time, body) != *head;
    broken.then_some(Flaw::Chain)
}

const BUFFER_BYTES: usize = 256 << 10;

/// The part of a file around the place being read.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    offset: u64,
}

impl Buffer {
    /// The `length` bytes at `offset`, or as many of them as the file has.
    fn at(&mut self, file: &File, offset: u64, length: usize) -> io::Result<&[u8]> {
        if !self.covers(offset, length) {
            self.bytes.resize(length.max(BUFFER_BYTES), 0);
            self.offset = offset;
            let filled = read_at(file, &mut self.bytes, offset);
            self.bytes.truncate(*filled.as_ref().unwrap_or(&0));
            filled?;
        }
        let start = (offset - self.offset) as usize;
        let end = self.bytes.len().min(start + length);
        Ok(self.bytes.get(start..end).unwrap_or_default())
    }

    fn covers(&self, offset: u64, length: usize) -> bool {
        let end = self.offset + self.bytes.len() as u64;
        self.offset <= offset && offset + length as u64 <= end
    }
}
