//! Segments as the pieces that are written. Another thread that copies and hashes while this one writes
//! was tried: on two busy processors it took half as long again.

use std::ops::Range;

use holdall_frame::{Hasher, Table};
use holdall_types::Result;

use crate::segment::Segment;

/// So much is written at once, and ends where so much of the file does: the largest pages that Linux
/// keeps of a file. By 256 KiB the same data took three times as long on ext4, by 8 MiB one and a half.
const PIECE: u64 = 2 << 20;

/// So much is copied at once: it is still in the processor's cache when it is hashed.
const CHUNK: usize = 256 * 1024;

/// The pieces of a value's segments, in their order.
pub(crate) struct Pieces<'a> {
    segments: &'a [Box<dyn Segment + 'a>],
    places: Vec<Range<u64>>,
    /// Gets its hashes on the way.
    table: Table,
    hasher: Hasher,
    signed: bool,
    /// Which segment is next, and how far all of them are written.
    index: usize,
    at: u64,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(segments: &'a [Box<dyn Segment + 'a>], table: &Table, base: u64, signed: bool) -> Self {
        Self {
            segments,
            places: table.places(base).collect(),
            table: table.clone(),
            hasher: Hasher::new(signed),
            signed,
            index: 0,
            at: base + table.payload,
        }
    }

    /// Writes them all, and gives the table with all hashes.
    pub(crate) fn write(mut self, write: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Table> {
        let mut piece = Vec::new();
        while self.fill(&mut piece)? {
            write(&piece)?;
        }
        Ok(self.table)
    }

    /// Fills the next piece; `false` if there is none.
    fn fill(&mut self, piece: &mut Vec<u8>) -> Result<bool> {
        let (Some(segment), Some(place)) = (self.segments.get(self.index), self.places.get(self.index))
        else {
            return Ok(false);
        };
        // The zeros up to the segment go with its first piece.
        let gap = place.start.saturating_sub(self.at) as usize;
        let start = self.at.max(place.start);
        let end = (start - start % PIECE + PIECE).min(place.end);
        let size = gap + (end - start) as usize;
        piece.try_reserve_exact(size.saturating_sub(piece.len()))?;
        piece.resize(size, 0);
        piece.iter_mut().take(gap).for_each(|byte| *byte = 0);
        let mut offset = (start - place.start) as usize;
        for chunk in piece.get_mut(gap..).unwrap_or_default().chunks_mut(CHUNK) {
            segment.copy(offset, chunk);
            self.hasher.update(chunk);
            offset += chunk.len();
        }
        self.at = end;
        if end == place.end {
            if let Some(entry) = self.table.segments.get_mut(self.index) {
                entry.hash = self.hasher.finish();
            }
            self.hasher = Hasher::new(self.signed);
            self.index += 1;
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use holdall_types::{Error, ErrorKind};

    use super::*;

    fn poured(sizes: &[usize], base: u64, fails_after: usize) -> (Result<Table>, Vec<u8>) {
        let bytes: Vec<Vec<u8>> =
            sizes.iter().map(|size| (0..*size).map(|at| (at % 253) as u8).collect()).collect();
        let segments: Vec<Box<dyn Segment + '_>> =
            bytes.iter().map(|bytes| Box::new(&bytes[..]) as Box<dyn Segment + '_>).collect();
        let lengths = sizes.iter().map(|size| *size as u64);
        let table = Table::unhashed(5, lengths, false).unwrap();
        let mut out = Vec::new();
        let result = Pieces::new(&segments, &table, base, false).write(&mut |piece| {
            out.extend_from_slice(piece);
            let failed = Error::new(ErrorKind::StoreFull, "no room");
            if out.len() > fails_after { Err(failed) } else { Ok(()) }
        });
        for (place, bytes) in table.places(base).zip(&bytes).take(if result.is_ok() { 9 } else { 0 }) {
            let start = (place.start - base - 5) as usize;
            assert!(out[start..start + bytes.len()] == bytes[..], "a segment where it belongs");
        }
        (result, out)
    }

    #[test]
    fn all_of_it_is_written_where_it_belongs() {
        let piece = PIECE as usize;
        for sizes in [
            &[0, 1, 64, 0][..],
            &[3 * piece - 1, 2 * piece + 77],
            &[5 * piece + 3, 0, piece, 1],
            &[4 * piece],
        ] {
            let (table, out) = poured(sizes, 100, usize::MAX);
            let table = table.unwrap();
            assert_eq!(out.len() as u64, table.end(100) - 105);
            let mut gaps = out;
            for place in table.places(100) {
                gaps[(place.start - 105) as usize..(place.end - 105) as usize].fill(0);
            }
            assert!(gaps.iter().all(|byte| *byte == 0));
            for (index, size) in sizes.iter().enumerate() {
                let bytes: Vec<u8> = (0..*size).map(|at| (at % 253) as u8).collect();
                table.check_bytes(index, &bytes).unwrap();
            }
        }
    }

    #[test]
    fn who_cannot_write_stops() {
        for sizes in [&[1000][..], &[9 * PIECE as usize]] {
            for after in [0, 999, 2 * PIECE as usize] {
                let (result, out) = poured(sizes, 0, after);
                assert_eq!(result.is_ok(), out.len() <= after);
                assert!(out.len() <= after + PIECE as usize);
            }
        }
    }
}
