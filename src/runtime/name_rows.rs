//! The rows of the file of names: how they lie on the disk.
//!
//! The file begins with a line that says what it is. A row is: a byte that says whether it begins
//! what was made durable at once, the length of its name and a checksum over all else, four bytes
//! each, little endian, then the name.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt as _;

use crate::codec::store::kept_name::KeptName;
use crate::codec::store::names::NameRows;

/// What the file begins with.
pub(super) const HEADER: &[u8] = b"slx names 1\n";
/// The bytes before each name.
pub(super) const HEAD_BYTES: usize = 9;
/// A row that begins what was made durable at once. No text has such a byte.
const FIRST: u8 = 0xfe;
/// A row that was made durable together with the one before.
const MORE: u8 = 0xff;
/// No name is longer: a text is as long as a record at most.
const NAME_BYTES_MAX: u32 = 16 << 20;
/// A crash may leave so much that is not whole, but no more.
const TORN_BYTES_MAX: u64 = 64 << 20;
/// Bytes that are read at once for one name; most have fewer.
const READ_AT_ONCE: usize = 256;

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Rows {
    pub file: File,
}

/// One row.
struct NameRow {
    is_first: bool,
    bytes: u64,
    name: KeptName,
}

/// Reads a file from a place on.
struct Onwards<'f> {
    file: &'f File,
    place: u64,
}

impl Read for Onwards<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.place)?;
        self.place += read as u64;
        Ok(read)
    }
}

impl Rows {
    /// Hands out every row with its place as long as `visit` says to go on, and returns where the
    /// whole ones end: a crash may have left part of what was to be made durable at once.
    pub fn each(
        &self,
        mut visit: impl FnMut(KeptName, u64) -> io::Result<bool>,
    ) -> io::Result<u64> {
        let mut reader = BufReader::new(Onwards { file: &self.file, place: 0 });
        let mut header = [0; HEADER.len()];
        match reader.read_exact(&mut header) {
            Ok(()) if header == HEADER => {}
            Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Err(error),
            _ => return Err(damaged(0)),
        }
        let mut place = HEADER.len() as u64;
        while let Some(row) = row(&mut reader)? {
            if !visit(row.name, place)? {
                return Ok(place);
            }
            place += row.bytes;
        }
        match self.has_first_after(place)? {
            true => Err(damaged(place)),
            false => Ok(place),
        }
    }

    /// Whether anything was made durable behind a place: then what is there was whole once.
    fn has_first_after(&self, place: u64) -> io::Result<bool> {
        let left = self.file.metadata()?.len().saturating_sub(place);
        if left > TORN_BYTES_MAX {
            return Ok(true);
        }
        let mut rest = Vec::new();
        Onwards { file: &self.file, place }.read_to_end(&mut rest)?;
        if row(&mut rest.as_slice())?.is_some() {
            // It has been appended to meanwhile.
            return Ok(false);
        }
        let begins = (1..).zip(rest.iter().skip(1)).filter(|(_, byte)| **byte == FIRST);
        for (at, _) in begins {
            if let Some(mut behind) = rest.get(at..)
                && row(&mut behind)?.is_some_and(|row| row.is_first)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl NameRows for Rows {
    fn name(&self, place: u64) -> io::Result<KeptName> {
        let from = Onwards { file: &self.file, place };
        let row = row(&mut BufReader::with_capacity(READ_AT_ONCE, from))?;
        row.map(|row| row.name).ok_or_else(|| damaged(place))
    }
}

/// Writes a row and returns its length.
pub(super) fn write_row(name: &KeptName, is_first: bool, to: &mut impl Write) -> io::Result<u64> {
    let name = name.encode();
    let length = u32::try_from(name.len()).ok().filter(|length| *length <= NAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::from(ErrorKind::FileTooLarge))?;
    let kind = if is_first { FIRST } else { MORE };
    to.write_all(&[kind])?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&checksum(kind, length, &name).to_le_bytes())?;
    to.write_all(&name)?;
    Ok((HEAD_BYTES + name.len()) as u64)
}

/// The next row; `None`: it is not whole.
fn row(from: &mut impl Read) -> io::Result<Option<NameRow>> {
    let mut head = [0; HEAD_BYTES];
    if !fill(&mut head, from)? {
        return Ok(None);
    }
    let [kind, a, b, c, d, sum @ ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    if length > NAME_BYTES_MAX {
        return Ok(None);
    }
    let mut name = vec![0; length as usize];
    if !fill(&mut name, from)? || checksum(kind, length, &name) != u32::from_le_bytes(sum) {
        return Ok(None);
    }
    let name = KeptName::decode(&name).map_err(io::Error::other)?;
    Ok(Some(NameRow {
        is_first: kind == FIRST,
        bytes: HEAD_BYTES as u64 + u64::from(length),
        name,
    }))
}

/// Whether there was enough.
fn fill(bytes: &mut [u8], from: &mut impl Read) -> io::Result<bool> {
    match from.read_exact(bytes) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        filled => filled.map(|()| true),
    }
}

fn checksum(kind: u8, length: u32, name: &[u8]) -> u32 {
    let sum = crc32c::crc32c_append(crc32c::crc32c(&[kind]), &length.to_le_bytes());
    crc32c::crc32c_append(sum, name)
}

fn damaged(place: u64) -> io::Error {
    let text = format!("it is damaged at byte {place}: put the newest backup's in its place");
    io::Error::new(ErrorKind::InvalidData, text)
}
