//! Writing and removing.

use bytes::Bytes;
use holdall_types::{Error, Key, Result};

use super::{Entry, State};
use crate::{Condition, Record, Version};

impl Entry {
    /// The copy is made before the lock is taken.
    pub(super) fn new(record: &Record<'_>, now: u64) -> Result<Self> {
        let tail = record.tail.map(|tail| {
            let mut bytes = Vec::new();
            bytes.try_reserve_exact(usize::try_from(tail.size(0)).unwrap_or(usize::MAX))?;
            let header = tail.pour(0, &mut |piece| {
                bytes.extend_from_slice(piece);
                Ok(())
            })?;
            Ok::<_, Error>((header, Bytes::from(bytes)))
        });
        let (header, tail) = tail.transpose()?.unzip();
        let header = header.as_deref().unwrap_or(record.header);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(header.len().saturating_add(record.body.len()))?;
        bytes.extend_from_slice(header);
        bytes.extend_from_slice(record.body);
        let (header, expires) = (header.len(), record.expires);
        Ok(Self { bytes: Bytes::from(bytes), tail, header, expires, created: now, updated: now })
    }
}

impl State {
    pub(super) fn put(&mut self, key: &Key<'_>, mut entry: Entry, condition: Condition) -> bool {
        if !self.holds(key, condition) {
            return false;
        }
        let due = entry.expires;
        if let Some(slot) = self.values.get_mut(key.as_str()) {
            entry.created = slot.created;
            let old = std::mem::replace(slot, entry);
            self.forget(key, &old);
        } else {
            self.values.insert(key.as_str().into(), entry);
        }
        if let Some(due) = due {
            self.expiring.insert((due, key.as_str().into()));
        }
        true
    }

    pub(super) fn holds(&self, key: &Key<'_>, condition: Condition) -> bool {
        let found = self.values.get(key.as_str());
        match condition {
            Condition::Any => true,
            Condition::Absent => found.is_none(),
            Condition::Matches(version) => found.is_some_and(|old| Version::of(&old.bytes) == version),
        }
    }

    pub(super) fn remove(&mut self, key: &Key<'_>) -> Option<Entry> {
        let old = self.values.remove(key.as_str())?;
        self.forget(key, &old);
        Some(old)
    }

    fn forget(&mut self, key: &Key<'_>, old: &Entry) {
        if let Some(due) = old.expires {
            self.expiring.remove(&(due, key.as_str().into()));
        }
    }
}
