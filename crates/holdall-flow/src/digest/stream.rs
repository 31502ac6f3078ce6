//! A value of many bytes that come piece by piece.

use blake3::Hasher;

use super::tag::Tag;
use super::{INLINE, count};

/// The bytes of one value, on their way. It stands apart from the walk, so that whoever has the bytes
/// need not hold what the walk is made of.
#[derive(Debug)]
pub struct Stream {
    hasher: Hasher,
    /// The run, as long as it is short.
    run: Vec<u8>,
}

impl Stream {
    /// A value of so many bytes.
    #[must_use]
    pub fn new(tag: Tag, length: usize) -> Self {
        let mut run = Vec::with_capacity(if length < INLINE { INLINE } else { 16 });
        run.push(tag as u8);
        count(&mut run, length);
        let mut hasher = Hasher::new();
        hasher.update(&run);
        Self { hasher, run }
    }

    /// More of the bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        let room = (INLINE + 1).saturating_sub(self.run.len());
        self.run.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        if self.run.len() <= INLINE {
            out.extend_from_slice(&self.run);
        } else {
            out.push(Tag::Digest as u8);
            out.extend_from_slice(self.hasher.finalize().as_bytes());
        }
    }
}
