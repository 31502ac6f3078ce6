//! Listing, in the order of the keys' bytes.

use std::sync::Arc;
use std::vec;

use holdall_types::Result;

use super::Memory;

pub(super) struct Scan {
    memory: Arc<Memory>,
    now: u64,
    keys: vec::IntoIter<Arc<str>>,
}

impl Scan {
    pub(super) fn new(memory: Arc<Memory>, prefix: &str, now: u64) -> Result<Self> {
        let mut keys: Vec<_> = memory.at(now, |state| {
            state.values.keys().filter(|key| key.starts_with(prefix)).map(Arc::clone).collect()
        })?;
        keys.sort_unstable();
        Ok(Self { memory, now, keys: keys.into_iter() })
    }

    fn step(&mut self) -> Result<Option<String>> {
        for key in self.keys.by_ref() {
            // It may have gone since the listing began.
            if self.memory.at(self.now, |state| state.values.contains_key(&key))? {
                return Ok(Some(key.to_string()));
            }
        }
        Ok(None)
    }
}

impl Iterator for Scan {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
