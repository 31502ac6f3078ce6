//! The embedded default: one SQLite database, shared by any number of processes.
//!
//! - `mod.rs`: options, opening, closing, the trait.
//! - `read.rs`, `write.rs`, `scan.rs`, `lease.rs`: the calls; `expire.rs`: what TTLs leave behind.
//! - `run.rs`: the way of every call into SQLite, and of its failures out again (`fault.rs`).
//! - `connect.rs`, `schema.rs`, `place.rs`, `link.rs`: how a connection comes into being.
//! - `guard.rs`: what keeps other openers from undoing our commits.
//! - `side.rs`, `orphan.rs`: large values, in files beside the database.
//! - `jobs/`: the task queue in the same file.

mod connect;
mod expire;
mod fault;
#[cfg(unix)]
mod guard;
#[cfg(not(unix))]
#[path = "no_guard.rs"]
mod guard;
pub mod jobs;
mod lease;
mod link;
mod orphan;
mod place;
mod read;
mod run;
mod scan;
mod schema;
mod side;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use holdall_types::{Clock, Error, ErrorKind, Key, Result, SystemClock};

use crate::os::fork::PerProcess;
use crate::os::lock::LockFile;
use crate::{Capability, Condition, Durability, Head, KeyValue, Keys, LeaseChange, Record, Stored};

pub use jobs::SqliteJobs;
use link::Link;
use place::Place;
use side::Side;

/// The first SQLite without the bug that lets two connections spoil a log as they reset it.
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long a closing store waits for writers before it leaves the log to others.
const CLOSING: Duration = Duration::from_secs(5);

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// The database file. It and its folder are made if they are not there.
    pub path: PathBuf,
    /// How far a write has gone when it is acknowledged.
    pub durability: Durability,
    /// How long a call waits for other writers before it fails with `StoreBusy`.
    pub busy_timeout: Duration,
    /// Open without the right to write: nothing is made or changed.
    pub read_only: bool,
}

impl Options {
    /// The defaults: durability `Normal`, 60 seconds, reading and writing.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let busy_timeout = Duration::from_secs(60);
        Self { path: path.into(), durability: Durability::Normal, busy_timeout, read_only: false }
    }
}

/// A store in one SQLite database.
#[derive(Debug)]
pub struct Sqlite {
    options: Options,
    place: Place,
    side: Side,
    /// One writer at a time among all processes: the second half of the guard, and fairer than
    /// SQLite's own lock, which is polled.
    writer: LockFile,
    link: PerProcess<Arc<Link>>,
    closed: AtomicBool,
    poisoned: AtomicBool,
    /// When expired rows were last looked for.
    swept: AtomicU64,
}

impl Sqlite {
    /// Opens a database, and makes it if it is not there. A file that this user may not write is
    /// opened for reading.
    ///
    /// # Errors
    /// `Validation` for a path that cannot be a database, another program's database, a network
    /// file system, and a missing file that is only to be read; `CorruptFrame` for a file that is
    /// not SQLite's; `UnsupportedVersion` for a newer holdall's; `StoreReadOnly` where there is
    /// nothing yet and nothing may be made; `StoreBusy`, `StoreFull`, `Backend` from below.
    pub fn open(options: Options) -> Result<Self> {
        let version = rusqlite::version_number();
        if version < OLDEST_SQLITE {
            let message = format!("SQLite {} may lose data; build with 3.51.3 or later", rusqlite::version());
            return Err(Error::new(ErrorKind::Backend, message));
        }
        let place = Place::of(&options.path, options.read_only, options.durability)?;
        let mut options = options;
        if !options.read_only {
            place.refuse_network()?;
            options.read_only = place.database.exists() && !place.writable();
        }
        if !options.read_only {
            connect::refuse_foreign(&place)?;
        }
        let store = Self {
            side: Side::new(place.side.clone(), options.durability, "write or delete the key"),
            writer: LockFile::new(place.lock.clone()),
            place,
            options,
            link: PerProcess::new(),
            closed: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
            swept: AtomicU64::new(0),
        };
        store.link()?;
        if !store.options.read_only {
            store.tidy()?;
        }
        Ok(store)
    }

    /// What earlier processes left: expired rows, and side files of writers that were killed.
    fn tidy(&self) -> Result<()> {
        self.sweep_now(SystemClock.wall_ms())?;
        self.collect_orphans()
    }
}

impl KeyValue for Sqlite {
    fn capability(&self) -> Capability {
        Capability { name: "sqlite", header_beside: true, blocking: true, shared: true }
    }

    fn beside(&self) -> Option<PathBuf> {
        Some(self.place.beside(".beside"))
    }

    fn get(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        self.get_one(key, false, now)
    }

    fn get_unread(&self, key: &Key<'_>, now: u64) -> Result<Option<Stored>> {
        self.get_one(key, true, now)
    }

    fn get_many(&self, keys: &[Key<'_>], now: u64) -> Result<Vec<Option<Stored>>> {
        self.get_several(keys, now)
    }

    fn head(&self, key: &Key<'_>, now: u64) -> Result<Option<Head>> {
        self.head_of(key, now)
    }

    fn put(&self, key: &Key<'_>, record: &Record<'_>, condition: Condition, now: u64) -> Result<bool> {
        self.put_one(key, record, condition, now)
    }

    fn put_many(&self, items: &[(Key<'_>, Record<'_>)], now: u64) -> Result<()> {
        self.put_several(items, now)
    }

    fn delete(&self, key: &Key<'_>, condition: Condition, now: u64) -> Result<bool> {
        match condition {
            Condition::Any => Ok(self.delete_several(std::slice::from_ref(key), now)? == 1),
            Condition::Absent => Ok(false),
            Condition::Matches(_) => self.delete_if(key, condition, now),
        }
    }

    fn delete_many(&self, keys: &[Key<'_>], now: u64) -> Result<u64> {
        self.delete_several(keys, now)
    }

    fn scan(self: Arc<Self>, prefix: &str, now: u64) -> Result<Keys> {
        self.usable()?;
        Ok(Box::new(scan::Pages::new(self, prefix, now)))
    }

    fn count(self: Arc<Self>, now: u64) -> Result<u64> {
        self.count_all(now)
    }

    fn clear(&self) -> Result<()> {
        self.clear_all()
    }

    fn lease(&self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) -> Result<()> {
        self.change_lease(name, decide)
    }

    fn close(&self) -> Result<()> {
        self.closed.store(true, Ordering::Release);
        // What another process opened is its own to close.
        let Some(link) = self.link.get() else { return Ok(()) };
        if self.options.read_only {
            link.close(false);
            return Ok(());
        }
        // Under the writer's lock, so that nobody opens the database while the log is removed.
        let held = self.writer.exclusive(CLOSING.min(self.options.busy_timeout));
        link.close(held.is_ok());
        match held {
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        let _ = self.close();
    }
}
