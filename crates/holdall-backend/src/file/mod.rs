//! Values as files in a folder, for people and other programs to read and write.
//!
//! A key is a path (`segment.rs`, `path.rs`), a value one whole file: it is written under a
//! temporary name and renamed (`temp.rs`, `write.rs`), so that no reader ever sees half of it. Every
//! write holds its key's lock (`shards.rs`); readers hold none. The store's own things lie in
//! `.holdall/`, which the first write makes. `docs/format.md` draws it all.

mod entries;
mod failure;
mod folder;
mod front;
mod hashed;
mod lease;
mod path;
mod read;
mod scan;
mod segment;
mod shards;
mod site;
mod temp;
#[cfg(test)]
mod tests;
mod ttl;
mod unfold;
mod write;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Key, Result};

use crate::os::fork::PerProcess;
use crate::{Capability, Condition, Durability, Head, KeyValue, Keys, LeaseChange, Record, Stored};

use read::Wanted;

pub use path::{Place, path_of};
pub use segment::Disk;

/// The folder of what registered serializers write.
const BESIDE: &str = ".holdall/beside";

/// Where a store of files is, and how it behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder. It need not be there: the first write makes it.
    pub root: PathBuf,
    /// How far a write has gone when it is acknowledged.
    pub durability: Durability,
    /// How long a write waits for somebody else's.
    pub busy_timeout: Duration,
}

impl Options {
    /// The options for a folder, all else as it is by default.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), durability: Durability::Normal, busy_timeout: Duration::from_secs(60) }
    }
}

/// A store of files.
pub struct Files {
    root: PathBuf,
    durability: Durability,
    busy_timeout: Duration,
    closed: AtomicBool,
    poisoned: AtomicBool,
    disk: AtomicU8,
    process: PerProcess<shards::Slot>,
}

impl Files {
    /// Opens the folder's store. Nothing is read or made yet.
    ///
    /// # Errors
    /// `Validation` if there is something at this path that is not a folder; `Backend` if a
    /// relative path has nothing to be relative to.
    pub fn open(options: Options) -> Result<Self> {
        // Absolute once and for all: the working directory may change, the store must not.
        let root = std::path::absolute(&options.root)
            .map_err(|error| Error::io(error, format_args!("cannot find {}", options.root.display())))?;
        if root.metadata().is_ok_and(|metadata| !metadata.is_dir()) {
            let message =
                format!("{} is not a folder; give the folder that holds the values", root.display());
            return Err(Error::new(ErrorKind::Validation, message));
        }
        Ok(Self {
            root,
            durability: options.durability,
            busy_timeout: options.busy_timeout,
            closed: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
            disk: AtomicU8::new(site::UNKNOWN),
            process: PerProcess::new(),
        })
    }

    fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::Relaxed) { Err(self.closed_error()) } else { Ok(()) }
    }

    fn check_writable(&self) -> Result<()> {
        self.check_open()?;
        if self.poisoned.load(Ordering::Relaxed) { Err(self.poisoned_error()) } else { Ok(()) }
    }

    fn is_full(&self) -> bool {
        self.durability == Durability::Full
    }
}

impl KeyValue for Files {
    fn capability(&self) -> Capability {
        Capability { name: "file", header_beside: false, blocking: true, shared: true }
    }

    fn key_in_header(&self, key: &Key<'_>) -> bool {
        self.may_be_hashed(key.as_str())
    }

    fn beside(&self) -> Option<PathBuf> {
        Some(self.root.join(BESIDE))
    }

    fn get(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        self.check_open()?;
        self.read(key.as_str(), Wanted::All, now).map_err(|error| error.context(format_args!("get {key}")))
    }

    fn get_unread(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        self.check_open()?;
        self.read(key.as_str(), Wanted::Front, now).map_err(|error| error.context(format_args!("get {key}")))
    }

    fn head(&self, key: &Key<'_>, now: u64) -> Result<Option<Head>> {
        self.check_open()?;
        self.read_head(key.as_str(), now).map_err(|error| error.context(format_args!("read {key}")))
    }

    fn put(&self, key: &Key<'_>, record: &Record<'_>, condition: Condition, now: u64) -> Result<bool> {
        self.check_writable()?;
        self.write(key.as_str(), record, condition, now)
            .map_err(|error| error.context(format_args!("put {key}")))
    }

    fn put_many(&self, items: &[(Key<'_>, Record<'_>)], now: u64) -> Result<()> {
        self.check_writable()?;
        items.iter().try_for_each(|(key, record)| self.put(key, record, Condition::Any, now).map(drop))
    }

    fn delete(&self, key: &Key<'_>, condition: Condition, now: u64) -> Result<bool> {
        self.check_writable()?;
        let removed = self.remove(key.as_str(), condition, now);
        removed.map_err(|error| error.context(format_args!("delete {key}")))
    }

    fn delete_many(&self, keys: &[Key<'_>], now: u64) -> Result<u64> {
        self.check_writable()?;
        keys.iter().try_fold(0, |count, key| Ok(count + u64::from(self.delete(key, Condition::Any, now)?)))
    }

    fn get_many(&self, keys: &[Key<'_>], now: u64) -> Result<Vec<Option<Stored>>> {
        self.check_open()?;
        keys.iter().map(|key| self.get(key, now)).collect()
    }

    fn scan(self: Arc<Self>, prefix: &str, now: u64) -> Result<Keys> {
        self.check_open()?;
        Ok(Box::new(scan::Scan::new(self, prefix, now)?))
    }

    fn clear(&self) -> Result<()> {
        self.check_writable()?;
        self.remove_all().map_err(|error| error.context("clear"))
    }

    fn lease(&self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) -> Result<()> {
        self.check_writable()?;
        self.change_lease(name, decide).map_err(|error| error.context(format_args!("lease {name:?}")))
    }

    fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Relaxed);
        if let Some(slot) = self.process.get() {
            shards::forget(slot);
        }
        Ok(())
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files").field("root", &self.root).finish_non_exhaustive()
    }
}
