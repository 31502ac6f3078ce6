//! Reading: a value's bytes are shared, not copied. Its segments are copied, and after the lock was
//! let go: whoever reads them may write into them.

use holdall_types::{Error, Key, Result};

use super::{Entry, State};
use crate::{Head, Segments, Stored, segments};

const BODY_IN_HEAD: usize = 64;

impl State {
    pub(super) fn get(&self, key: &Key<'_>) -> Option<Entry> {
        self.values.get(key.as_str()).cloned()
    }

    pub(super) fn head(&self, key: &Key<'_>) -> Option<Head> {
        let entry = self.values.get(key.as_str())?;
        let end = entry.bytes.len().min(entry.header.saturating_add(BODY_IN_HEAD));
        Some(Head {
            start: entry.bytes.slice(..end),
            size: (entry.bytes.len() + entry.tail.as_ref().map_or(0, |tail| tail.len())) as u64,
            created: entry.created,
            updated: entry.updated,
        })
    }
}

impl Entry {
    pub(super) fn stored(self) -> Result<Stored> {
        let segments = match &self.tail {
            None => Segments::none(),
            Some(tail) => self.segments(tail)?,
        };
        Ok(Stored { bytes: self.bytes, segments, created: self.created, updated: self.updated })
    }

    fn segments(&self, mut tail: &[u8]) -> Result<Segments> {
        let Some(table) = segments::table(&self.bytes) else { return Ok(Segments::none()) };
        let failed = |error| Error::io(error, "cannot copy a segment");
        segments::read(&table, 0, &mut tail, failed).map(Segments::Read)
    }
}
