//! The segments that a header announces: how long each is, what it hashes to, and where it lies.

use std::ops::Range;

use holdall_types::limits::{MAX_PAYLOAD, MAX_SEGMENTS};
use holdall_types::{Error, ErrorKind, Result};
use xxhash_rust::xxh3::Xxh3;

use crate::cursor::Cursor;

/// Segments begin at multiples of this, so that what is mapped into memory is aligned for every
/// element type and for the widest instructions.
pub const ALIGNMENT: u64 = 64;
const COUNTS: usize = 8 + 4;
const LENGTH: usize = 8;

/// What a header says of the segments behind its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The payload's length, which without segments is whatever follows the header.
    pub payload: u64,
    /// One entry a segment, in their order; never empty.
    pub segments: Vec<Entry>,
}

/// One segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its length in bytes.
    pub length: u64,
    /// What its bytes hash to.
    pub hash: Hash,
}

/// A segment's hash: one that finds damage, or in a signed frame one that nobody can forge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// XXH3, 64 bits.
    Xxh3(u64),
    /// BLAKE3, 32 bytes.
    Blake3([u8; 32]),
}

/// A hash in the making, of bytes that come in pieces.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Xxh3(Box<Xxh3>),
    Blake3(Box<blake3::Hasher>),
}

impl Hasher {
    /// The hasher of a frame that is signed or not.
    #[must_use]
    pub fn new(signed: bool) -> Self {
        Self(if signed { State::Blake3(Box::default()) } else { State::Xxh3(Box::default()) })
    }

    /// Takes in further bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Xxh3(state) => state.update(bytes),
            State::Blake3(state) => {
                state.update(bytes);
            }
        }
    }

    /// The hash of all that was taken in.
    #[must_use]
    pub fn finish(&self) -> Hash {
        match &self.0 {
            State::Xxh3(state) => Hash::Xxh3(state.digest()),
            State::Blake3(state) => Hash::Blake3(*state.finalize().as_bytes()),
        }
    }
}

impl Hash {
    /// A hasher of the same kind.
    #[must_use]
    pub fn hasher(&self) -> Hasher {
        Hasher::new(matches!(self, Self::Blake3(_)))
    }

    /// What stands in a table whose segments were not hashed yet.
    const fn zero(signed: bool) -> Self {
        if signed { Self::Blake3([0; 32]) } else { Self::Xxh3(0) }
    }

    const fn size(signed: bool) -> usize {
        if signed { 32 } else { 8 }
    }
}

impl Table {
    /// The table of segments of these lengths, not hashed yet.
    ///
    /// # Errors
    /// `LimitExceeded` for more segments or bytes than a frame may have.
    pub fn unhashed(payload: u64, lengths: impl Iterator<Item = u64>, signed: bool) -> Result<Self> {
        let hash = Hash::zero(signed);
        let segments: Vec<Entry> = lengths.map(|length| Entry { length, hash }).collect();
        check_count(segments.len())?;
        let table = Self { payload, segments };
        table.check_sum()?;
        Ok(table)
    }

    /// Where each segment is, if the payload begins at `base`.
    pub fn places(&self, base: u64) -> impl Iterator<Item = Range<u64>> {
        // In a table that was read or made by `unhashed` no sum comes near to overflowing.
        let mut end = base.saturating_add(self.payload);
        self.segments.iter().map(move |entry| {
            let start = end.checked_next_multiple_of(ALIGNMENT).unwrap_or(u64::MAX);
            end = start.saturating_add(entry.length);
            start..end
        })
    }

    /// Where the last segment ends, if the payload begins at `base`.
    #[must_use]
    pub fn end(&self, base: u64) -> u64 {
        self.places(base).last().map_or(base.saturating_add(self.payload), |place| place.end)
    }

    /// How many bytes payload and segments have together, the gaps between them not counted.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.segments.iter().fold(self.payload, |sum, entry| sum.saturating_add(entry.length))
    }

    /// Checks the bytes of one segment.
    ///
    /// # Errors
    /// As [`check`](Table::check).
    pub fn check_bytes(&self, index: usize, bytes: &[u8]) -> Result<()> {
        let signed = self.segments.get(index).is_some_and(|entry| matches!(entry.hash, Hash::Blake3(_)));
        let mut hasher = Hasher::new(signed);
        hasher.update(bytes);
        self.check(index, hasher.finish())
    }

    /// Checks the hash of one segment.
    ///
    /// # Errors
    /// `CorruptFrame`, naming the segment, if it is not the one of the table.
    pub fn check(&self, index: usize, hash: Hash) -> Result<()> {
        if self.segments.get(index).is_some_and(|entry| entry.hash == hash) {
            return Ok(());
        }
        let message = format!(
            "segment {} of {} does not match its checksum: bytes of it were changed; write the value again, or \
             restore it from a backup",
            index + 1,
            self.segments.len()
        );
        Err(Error::new(ErrorKind::CorruptFrame, message))
    }

    /// Whether the hashes are of the kind that such a frame has.
    pub(crate) fn fits(&self, signed: bool) -> bool {
        self.segments.iter().all(|entry| matches!(entry.hash, Hash::Blake3(_)) == signed)
    }

    /// How many bytes it takes in a header.
    pub(crate) fn len(&self, signed: bool) -> usize {
        COUNTS + self.segments.len() * (LENGTH + Hash::size(signed))
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>, signed: bool) -> Result<Self> {
        let payload = u64::from_le_bytes(cursor.array()?);
        let count = u32::from_le_bytes(cursor.array()?) as usize;
        check_count(count)?;
        if count == 0 {
            return Err(Error::new(
                ErrorKind::CorruptFrame,
                "the frame announces segments and has none; write the value again",
            ));
        }
        // All of the table is there before anything is allocated for it.
        let mut rows = Cursor::new(cursor.slice(count * (LENGTH + Hash::size(signed)))?);
        let mut segments = Vec::with_capacity(count);
        for _ in 0..count {
            let length = u64::from_le_bytes(rows.array()?);
            let hash = if signed {
                Hash::Blake3(rows.array()?)
            } else {
                Hash::Xxh3(u64::from_le_bytes(rows.array()?))
            };
            segments.push(Entry { length, hash });
        }
        let table = Self { payload, segments };
        table.check_sum()?;
        Ok(table)
    }

    pub(crate) fn write(&self, head: &mut Vec<u8>) -> Result<()> {
        self.check_sum()?;
        let count = u32::try_from(check_count(self.segments.len())?).unwrap_or(u32::MAX);
        head.extend_from_slice(&self.payload.to_le_bytes());
        head.extend_from_slice(&count.to_le_bytes());
        for entry in &self.segments {
            head.extend_from_slice(&entry.length.to_le_bytes());
            match &entry.hash {
                Hash::Xxh3(hash) => head.extend_from_slice(&hash.to_le_bytes()),
                Hash::Blake3(hash) => head.extend_from_slice(hash),
            }
        }
        Ok(())
    }

    /// Refuses lengths whose sum is more than a frame may have, gaps included.
    fn check_sum(&self) -> Result<()> {
        let sum = self.segments.iter().try_fold(self.payload, |sum, entry| {
            sum.checked_add(ALIGNMENT)?.checked_add(entry.length).filter(|sum| *sum <= MAX_PAYLOAD)
        });
        match sum {
            Some(_) => Ok(()),
            None => Err(Error::new(
                ErrorKind::LimitExceeded,
                format!(
                    "payload and segments of the frame would have more than {MAX_PAYLOAD} bytes, which is the most"
                ),
            )),
        }
    }
}

fn check_count(count: usize) -> Result<usize> {
    if count <= MAX_SEGMENTS {
        return Ok(count);
    }
    let message = format!("the frame has {count} segments; {MAX_SEGMENTS} is the most");
    Err(Error::new(ErrorKind::LimitExceeded, message))
}

/// The bytes behind a header that lies in one piece with all that follows: the payload, and each
/// segment; `None` if the lengths are others, or a gap is not of zeros.
pub(crate) fn split<'a>(table: &Table, base: usize, body: &'a [u8]) -> Option<(&'a [u8], Vec<&'a [u8]>)> {
    let (payload, mut rest) = body.split_at_checked(usize::try_from(table.payload).ok()?)?;
    let mut at = base as u64 + table.payload;
    let mut segments = Vec::with_capacity(table.segments.len());
    for place in table.places(base as u64) {
        let (gap, after) = rest.split_at_checked(usize::try_from(place.start - at).ok()?)?;
        if gap.iter().any(|byte| *byte != 0) {
            return None;
        }
        let (segment, after) = after.split_at_checked(usize::try_from(place.end - place.start).ok()?)?;
        segments.push(segment);
        (rest, at) = (after, place.end);
    }
    rest.is_empty().then_some((payload, segments))
}
