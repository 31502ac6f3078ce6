//! Reading: a value's bytes are shared, not copied.

use holdall_types::Key;

use super::{Entry, State};
use crate::{Head, Stored};

const BODY_IN_HEAD: usize = 64;

impl State {
    pub(super) fn get(&self, key: &Key<'_>) -> Option<Stored> {
        self.values.get(key.as_str()).map(Entry::stored)
    }

    pub(super) fn head(&self, key: &Key<'_>) -> Option<Head> {
        let entry = self.values.get(key.as_str())?;
        let end = entry.bytes.len().min(entry.header.saturating_add(BODY_IN_HEAD));
        Some(Head {
            start: entry.bytes.slice(..end),
            size: entry.bytes.len() as u64,
            created: entry.created,
            updated: entry.updated,
        })
    }
}

impl Entry {
    pub(super) fn stored(&self) -> Stored {
        Stored { bytes: self.bytes.clone(), created: self.created, updated: self.updated }
    }
}
