//! Segments on their way in: memory that somebody else may change meanwhile.

use std::fmt::Debug;
use std::sync::Arc;

use holdall_backend::Tail;
use holdall_frame::{Hasher, Header, Keyset, Purpose, Signer, Table};
use holdall_types::Result;

/// So much is copied at once; it stays in the processor's cache until it is hashed and written.
const PIECE: usize = 256 * 1024;

/// A large buffer that is kept beside the payload. Another thread may write to it at any time: so it
/// is copied piece by piece, and what is hashed and written is the copy.
pub trait Segment: Sync + Debug {
    /// How many bytes it has, which never changes.
    fn len(&self) -> usize;

    /// Whether it has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Copies what begins at `offset` and is as long as `out`.
    fn copy(&self, offset: usize, out: &mut [u8]);
}

impl Segment for &[u8] {
    fn len(&self) -> usize {
        <[u8]>::len(self)
    }

    fn copy(&self, offset: usize, out: &mut [u8]) {
        if let Some(bytes) = self.get(offset..offset.saturating_add(out.len())) {
            out.copy_from_slice(bytes);
        }
    }
}

/// The segments of one value, and what its header will say beside their hashes.
#[derive(Debug)]
pub(crate) struct Behind<'a> {
    header: Header,
    table: Table,
    payload: &'a [u8],
    segments: &'a [Box<dyn Segment + 'a>],
    keyset: Option<Arc<Keyset>>,
}

impl<'a> Behind<'a> {
    /// Of a payload that has segments. With a keyset the frame is signed.
    pub(crate) fn new(
        header: Header,
        payload: &'a [u8],
        segments: &'a [Box<dyn Segment + 'a>],
        keyset: Option<Arc<Keyset>>,
    ) -> Result<Self> {
        let lengths = segments.iter().map(|segment| segment.len() as u64);
        let table = Table::unhashed(payload.len() as u64, lengths, keyset.is_some())?;
        Ok(Self { header, table, payload, segments, keyset })
    }

    /// A header as long as the one that is known at the end.
    pub(crate) fn draft(&self) -> Result<Vec<u8>> {
        let header = Header { table: Some(self.table.clone()), ..self.header.clone() };
        header.draft(self.signer().as_ref())
    }

    fn signer(&self) -> Option<Signer<'_>> {
        let sign = |keyset| Signer { keyset, purpose: Purpose::Value, context: b"" };
        self.keyset.as_deref().map(sign)
    }
}

impl Tail for Behind<'_> {
    fn size(&self, base: usize) -> u64 {
        self.table.end(base as u64).saturating_sub((base + self.payload.len()) as u64)
    }

    fn pour(&self, base: usize, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Vec<u8>> {
        let mut table = self.table.clone();
        let longest = self.segments.iter().map(|segment| segment.len()).max().unwrap_or(0);
        let mut piece = Vec::new();
        piece.try_reserve_exact(PIECE.min(longest) + 64)?;
        let mut end = (base + self.payload.len()) as u64;
        for ((segment, entry), place) in
            self.segments.iter().zip(&mut table.segments).zip(self.table.places(base as u64))
        {
            let mut hasher = Hasher::new(self.keyset.is_some());
            // The zeros up to the segment go with its first piece.
            let mut gap = usize::try_from(place.start - end).unwrap_or(0);
            let mut offset = 0;
            loop {
                let size = PIECE.min(segment.len() - offset);
                piece.resize(gap + size, 0);
                let (zeros, copy) = piece.split_at_mut(gap);
                zeros.fill(0);
                segment.copy(offset, copy);
                hasher.update(copy);
                write(&piece)?;
                (offset, gap) = (offset + size, 0);
                if offset == segment.len() {
                    break;
                }
            }
            entry.hash = hasher.finish();
            end = place.end;
        }
        let header = Header { table: Some(table), ..self.header.clone() };
        header.write(self.payload, self.signer().as_ref())
    }
}
