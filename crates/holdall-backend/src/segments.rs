//! Large parts of a value, kept behind its payload: written piece by piece, read into buffers of
//! their own or left in their file.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::{Deref, DerefMut, Range};

use holdall_frame::{Entry, Header, Table};
use holdall_types::{Error, ErrorKind, Result};
use memmap2::MmapMut;

/// So much is read at once and hashed right after, while it is still in the processor's cache.
const PIECE: usize = 1 << 20;

/// From this size on a buffer is memory straight from the system: it need not be cleared first,
/// and comes in huge pages where there are any, without which most of the time of a large read goes
/// into its page faults. NumPy draws the same line.
const LARGE: usize = 4 << 20;

/// What follows the body of a record. It may change while it is written, and its hashes stand in
/// the header: so the header is only known once all of it has gone through.
pub trait Tail: Sync + Debug {
    /// How many bytes follow a body that begins `base` bytes after what segments are aligned to.
    fn size(&self, base: usize) -> u64;

    /// Writes them in order and gives the header. May be asked again: what was written and the
    /// header then fit each other, and perhaps not those of the first time.
    ///
    /// # Errors
    /// Those of `write`, and of the signer.
    fn pour(&self, base: usize, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Vec<u8>>;
}

/// The segments of a stored value.
#[derive(Debug)]
pub enum Segments {
    /// Read, and checked against their hashes.
    Read(Vec<Buffer>),
    /// Left where they are, and not checked.
    Unread(Unread),
}

/// Segments in a file.
#[derive(Debug)]
pub struct Unread {
    /// The file, open. It stays what it is, whatever becomes of the key.
    pub file: File,
    /// Where each of them is in it.
    pub places: Vec<Range<u64>>,
}

impl Segments {
    /// Those of a value that has none.
    #[must_use]
    pub const fn none() -> Self {
        Self::Read(Vec::new())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        match self {
            Self::Read(buffers) => buffers.len(),
            Self::Unread(unread) => unread.places.len(),
        }
    }
}

/// Memory that belongs to one reader alone.
pub struct Buffer(Memory);

enum Memory {
    Small(Vec<u8>),
    Large(MmapMut),
}

impl Buffer {
    /// Reads so many bytes, and shows each piece of them right after it was read.
    ///
    /// # Errors
    /// `OutOfMemory`, `UnexpectedEof` if there are fewer, and those of the source.
    pub fn read(source: &mut impl Read, length: u64, mut show: impl FnMut(&[u8])) -> io::Result<Self> {
        let length = usize::try_from(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        if length >= LARGE {
            let mut memory = MmapMut::map_anon(length)?;
            // Only advice: without it all is as right, and slower.
            #[cfg(target_os = "linux")]
            let _ = memory.advise(memmap2::Advice::HugePage);
            for piece in memory.chunks_mut(PIECE) {
                source.read_exact(piece)?;
                show(piece);
            }
            return Ok(Self(Memory::Large(memory)));
        }
        let mut memory = Vec::new();
        memory.try_reserve_exact(length).map_err(|_| io::ErrorKind::OutOfMemory)?;
        while memory.len() < length {
            let (start, wanted) = (memory.len(), PIECE.min(length - memory.len()));
            if source.take(wanted as u64).read_to_end(&mut memory)? != wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            show(memory.get(start..).unwrap_or_default());
        }
        Ok(Self(Memory::Small(memory)))
    }
}

impl Deref for Buffer {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Memory::Small(bytes) => bytes,
            Memory::Large(bytes) => bytes,
        }
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [u8] {
        match &mut self.0 {
            Memory::Small(bytes) => bytes,
            Memory::Large(bytes) => bytes,
        }
    }
}

impl Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.len())
    }
}

/// The segments that a header announces; `None` without any.
pub(crate) fn table(header: &[u8]) -> Option<Table> {
    Header::read(header).ok()??.0.table
}

/// A value with segments in a file, whose header was read.
pub(crate) struct Large<'a> {
    pub(crate) table: &'a Table,
    /// The header, and perhaps the beginning of the payload or more.
    pub(crate) bytes: Vec<u8>,
    /// How many of the bytes are the header.
    pub(crate) head: usize,
    /// Where the payload begins in the file.
    pub(crate) base: u64,
}

impl Large<'_> {
    /// Header and payload in one piece, and the segments: read, or `unread` if that is wanted. A
    /// failed read is told by `failed`.
    pub(crate) fn load(
        mut self,
        mut file: File,
        unread: bool,
        failed: impl Fn(io::Error) -> Error,
    ) -> Result<(Vec<u8>, Segments)> {
        let length = file.metadata().map_err(&failed)?.len();
        // Only now the lengths are believed: nothing is allocated that is not there to be read.
        let end = self.table.end(self.base);
        if length != end {
            let message = format!(
                "its file has {length} bytes and should have {end}; restore a copy, or write or delete the key"
            );
            return Err(Error::new(ErrorKind::CorruptFrame, message));
        }
        let front = self.head + usize::try_from(self.table.payload).unwrap_or(usize::MAX);
        self.bytes.truncate(front);
        let missing = front - self.bytes.len();
        if missing > 0 {
            self.bytes.try_reserve_exact(missing)?;
            let at = self.base + (self.bytes.len() - self.head) as u64;
            let read = file
                .seek(SeekFrom::Start(at))
                .and_then(|_| (&mut file).take(missing as u64).read_to_end(&mut self.bytes));
            read.map_err(&failed)?;
        }
        if unread {
            let places = self.table.places(self.base).collect();
            return Ok((self.bytes, Segments::Unread(Unread { file, places })));
        }
        file.seek(SeekFrom::Start(self.base + self.table.payload)).map_err(&failed)?;
        let buffers = read(self.table, self.base, &mut file, failed)?;
        Ok((self.bytes, Segments::Read(buffers)))
    }
}

/// Reads segments from right behind the payload, and checks them and the gaps between them.
pub(crate) fn read(
    table: &Table,
    base: u64,
    source: &mut impl Read,
    failed: impl Fn(io::Error) -> Error,
) -> Result<Vec<Buffer>> {
    let mut at = base + table.payload;
    let mut buffers = Vec::new();
    buffers.try_reserve_exact(table.segments.len())?;
    for (index, (Entry { length, hash }, place)) in table.segments.iter().zip(table.places(base)).enumerate()
    {
        let cut = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                let message = format!(
                    "the value ends before segment {} of {} does; write the value again, or restore it from a backup",
                    index + 1,
                    table.segments.len()
                );
                Error::new(ErrorKind::CorruptFrame, message)
            }
            _ => failed(error),
        };
        let mut gap = Vec::new();
        source.take(place.start - at).read_to_end(&mut gap).map_err(&cut)?;
        if gap.iter().any(|byte| *byte != 0) {
            let message = format!(
                "there are other bytes than zeros before segment {} of {}; write the value again, or restore it \
                 from a backup",
                index + 1,
                table.segments.len()
            );
            return Err(Error::new(ErrorKind::CorruptFrame, message));
        }
        let mut hasher = hash.hasher();
        let buffer = Buffer::read(source, *length, |piece| hasher.update(piece)).map_err(&cut)?;
        table.check(index, hasher.finish())?;
        buffers.push(buffer);
        at = place.end;
    }
    Ok(buffers)
}
