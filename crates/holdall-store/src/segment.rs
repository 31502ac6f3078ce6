//! Segments on their way in: memory that somebody else may change meanwhile.

use std::fmt::Debug;
use std::sync::Arc;

use holdall_backend::Tail;
use holdall_frame::{Header, Keyset, Purpose, Signer, Table};
use holdall_types::Result;

use crate::pieces::Pieces;

/// A large buffer that is kept beside the payload. Another thread may write to it at any time: so it
/// is copied piece by piece, and what is hashed and written is the copy.
pub trait Segment: Send + Sync + Debug {
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

impl Segment for Vec<u8> {
    fn len(&self) -> usize {
        self.len()
    }

    fn copy(&self, offset: usize, out: &mut [u8]) {
        self.as_slice().copy(offset, out);
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
        let pieces = Pieces::new(self.segments, &self.table, base as u64, self.keyset.is_some());
        let table = pieces.write(write)?;
        let header = Header { table: Some(table), ..self.header.clone() };
        header.write(self.payload, self.signer().as_ref())
    }
}
