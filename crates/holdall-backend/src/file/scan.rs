//! Listing: the keys that have a path, then those that are hashed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use holdall_types::Result;

use super::Files;
use super::entries::Entries;
use super::hashed::Hashed;
use super::path::{hash_of, path_of};
use super::read::millis;
use super::ttl::{Hint, hint_of};

pub(super) struct Scan {
    files: Arc<Files>,
    prefix: String,
    now: u64,
    began: SystemTime,
    entries: Entries<Arc<Files>>,
    // Read when the walk comes to them.
    hashed: Option<Hashed<Arc<Files>>>,
    hints: HashSet<Hint>,
    state: State,
}

#[derive(PartialEq)]
enum State {
    Going,
    /// Something could not be read, so it is not known which hints have no key.
    Failed,
    Done,
}

impl Scan {
    pub(super) fn new(files: Arc<Files>, prefix: &str, now: u64) -> Result<Self> {
        let began = SystemTime::now();
        // The hints first: a value that comes later has a younger one.
        let hints = files.hints()?;
        let entries = Entries::new(Arc::clone(&files), prefix, files.disk()?)?;
        let prefix = prefix.to_owned();
        Ok(Self { files, prefix, now, began, entries, hashed: None, hints, state: State::Going })
    }

    /// Whether a key with a path is one now.
    fn shows(&mut self, key: &str) -> Result<bool> {
        if self.hints.is_empty() || !self.hints.remove(&hint_of(&hash_of(key))) {
            return Ok(true);
        }
        // Gone since its folder was read: another listing may have collected it.
        let Some(expires) = self.files.expiry(key)? else { return Ok(false) };
        if expires.is_none_or(|expires| expires <= self.now) {
            self.files.collect(key, self.now);
        }
        Ok(expires.is_none_or(|expires| expires > self.now))
    }

    fn hashed(&mut self) -> Result<Option<String>> {
        if self.hashed.is_none() {
            // Without them this is the end.
            let hashed = Hashed::new(Arc::clone(&self.files)).inspect_err(|_| self.state = State::Done)?;
            self.hashed = Some(hashed);
        }
        while let Some(entry) = self.hashed.as_mut().and_then(Iterator::next) {
            let (path, hash) = entry?;
            self.hints.remove(&hint_of(&hash));
            let Some((key, expires)) = self.files.owner(&path, &hash)? else { continue };
            if expires.is_some_and(|expires| expires <= self.now) {
                self.files.collect(&key, self.now);
            } else if key.starts_with(&self.prefix) {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    fn step(&mut self) -> Result<Option<String>> {
        while let Some(key) = self.entries.next().transpose()? {
            if self.shows(&key)? {
                return Ok(Some(key));
            }
        }
        self.hashed()
    }

    /// The hints that are left are no key's, if all keys were seen.
    fn finish(&mut self) {
        let complete = self.state == State::Going && self.prefix.is_empty();
        self.state = State::Done;
        let left = std::mem::take(&mut self.hints);
        if complete {
            let began = millis(self.began);
            // If one cannot be removed, no other can.
            let _ = left.into_iter().try_for_each(|hint| self.files.collect_hint(hint, began));
        }
    }
}

impl Iterator for Scan {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.state == State::Done {
            return None;
        }
        let step = self.step().transpose();
        match step {
            None => self.finish(),
            Some(Err(_)) if self.state == State::Going => self.state = State::Failed,
            Some(_) => {}
        }
        step
    }
}

impl Files {
    /// When the value of a key with a path expires, as its header says: if it does, and if it is
    /// there.
    fn expiry(&self, key: &str) -> Result<Option<Option<u64>>> {
        use super::front::{header, start_of};
        let place = path_of(key, self.disk()?);
        let Some((mut file, _)) = self.find(key, &place)? else { return Ok(None) };
        let start = start_of(&mut file).map_err(|error| self.read_error(place.path(), error))?;
        // Of a damaged header nothing is known: the key is shown, and reading it says why.
        Ok(Some(header(&start).ok().flatten().and_then(|(header, _)| header.expires)))
    }
}
