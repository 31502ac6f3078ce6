//! Listing, a page at a time so that no call holds the lock for long.

use std::ops::Bound;
use std::sync::Arc;
use std::vec;

use holdall_types::Result;

use super::Memory;

const PAGE: usize = 256;

pub(super) struct Scan {
    memory: Arc<Memory>,
    prefix: String,
    now: u64,
    after: Option<String>,
    page: vec::IntoIter<String>,
}

impl Scan {
    pub(super) fn new(memory: Arc<Memory>, prefix: &str, now: u64) -> Self {
        Self { memory, prefix: prefix.to_owned(), now, after: None, page: Vec::new().into_iter() }
    }

    fn load(&self) -> Result<Vec<String>> {
        let from = match &self.after {
            Some(last) => Bound::Excluded(last.as_str()),
            None => Bound::Included(self.prefix.as_str()),
        };
        self.memory.at(self.now, |state| {
            let keys = state.values.range::<str, _>((from, Bound::Unbounded)).map(|(key, _)| key);
            keys.take_while(|key| key.starts_with(&self.prefix))
                .take(PAGE)
                .map(|key| key.to_string())
                .collect()
        })
    }
}

impl Iterator for Scan {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(key) = self.page.next() {
            return Some(Ok(key));
        }
        let page = match self.load() {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        self.after = Some(page.last()?.clone());
        self.page = page.into_iter();
        self.page.next().map(Ok)
    }
}
