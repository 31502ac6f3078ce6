//! Values in this process, gone with it; and tasks ([`MemoryJobs`]).
//!
//! One lock round one map: the caller of a backend that is not `blocking` keeps the GIL for
//! the whole call, so there is nobody to run beside, and finer locks would only cost.

mod jobs;
mod lease;
mod read;
mod scan;
mod write;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use holdall_types::{Error, ErrorKind, Key, Result};

use crate::os::fork;
use crate::{Capability, Condition, Head, KeyValue, Keys, LeaseChange, Record, Stored};
pub use jobs::MemoryJobs;
use lease::Leases;

/// A store in memory, private to this object.
pub struct Memory {
    state: Mutex<Option<State>>,
}

#[derive(Default)]
struct State {
    // Hashed, though a listing has to sort: a tree looked up one key among 20,000 in twice the time.
    values: HashMap<Arc<str>, Entry>,
    // By time, so that what is due goes at the start of every call and no other line asks.
    expiring: BTreeSet<(u64, Arc<str>)>,
    leases: Leases,
}

#[derive(Clone)]
struct Entry {
    bytes: Bytes,
    /// The segments with the gaps between them, as they would follow the body in a file.
    tail: Option<Bytes>,
    header: usize,
    expires: Option<u64>,
    created: u64,
    updated: u64,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn open() -> Self {
        Self { state: Mutex::new(Some(State::default())) }
    }

    fn with<T>(&self, run: impl FnOnce(&mut State) -> T) -> Result<T> {
        let mut guard = self.lock();
        let state = guard.as_mut().ok_or_else(|| {
            Error::new(ErrorKind::Validation, "this memory store is closed; open another with get_store()")
        })?;
        Ok(run(state))
    }

    fn at<T>(&self, now: u64, run: impl FnOnce(&mut State) -> T) -> Result<T> {
        self.with(|state| {
            state.expire(now);
            run(state)
        })
    }

    fn lock(&self) -> MutexGuard<'_, Option<State>> {
        // A panic leaves no step half done: every change is one map operation at its end.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn expire(&mut self, now: u64) {
        while let Some(first) = self.expiring.first()
            && first.0 <= now
        {
            if let Some((_, key)) = self.expiring.pop_first() {
                self.values.remove(&key);
            }
        }
    }
}

impl KeyValue for Memory {
    fn capability(&self) -> Capability {
        Capability { name: "memory", header_beside: true, blocking: false, shared: false }
    }

    fn get(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        match self.at(now, |state| state.get(key))? {
            Some(entry) => entry.stored().map(Some).map_err(|error| error.context(format_args!("get {key}"))),
            None => Ok(None),
        }
    }

    fn head(&self, key: &Key<'_>, now: u64) -> Result<Option<Head>> {
        self.at(now, |state| state.head(key))
    }

    fn put(&self, key: &Key<'_>, record: &Record<'_>, condition: Condition, now: u64) -> Result<bool> {
        let entry = Entry::new(record, now)?;
        self.at(now, |state| state.put(key, entry, condition))
    }

    fn put_many(&self, items: &[(Key<'_>, Record<'_>)], now: u64) -> Result<()> {
        let entries: Vec<_> =
            items.iter().map(|(_, record)| Entry::new(record, now)).collect::<Result<_>>()?;
        self.at(now, |state| {
            for ((key, _), entry) in items.iter().zip(entries) {
                state.put(key, entry, Condition::Any);
            }
        })
    }

    fn delete(&self, key: &Key<'_>, condition: Condition, now: u64) -> Result<bool> {
        self.at(now, |state| state.holds(key, condition) && state.remove(key).is_some())
    }

    fn delete_many(&self, keys: &[Key<'_>], now: u64) -> Result<u64> {
        self.at(now, |state| keys.iter().map(|key| u64::from(state.remove(key).is_some())).sum())
    }

    fn scan(self: Arc<Self>, prefix: &str, now: u64) -> Result<Keys> {
        Ok(Box::new(scan::Scan::new(self, prefix, now)?))
    }

    fn count(self: Arc<Self>, now: u64) -> Result<u64> {
        self.at(now, |state| state.values.len() as u64)
    }

    fn clear(&self) -> Result<()> {
        self.with(|state| {
            state.values.clear();
            state.expiring.clear();
        })
    }

    fn lease(&self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) -> Result<()> {
        // The one call that comes without the GIL: a held lock is kept alive by a thread of its own.
        let _calm = fork::calm();
        self.with(|state| state.leases.change(name, decide))
    }

    fn close(&self) -> Result<()> {
        *self.lock() = None;
        Ok(())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}
