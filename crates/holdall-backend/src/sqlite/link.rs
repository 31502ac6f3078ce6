//! One process's connection to a database, and the way into it.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use holdall_types::{Error, ErrorKind};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::os::fork;

use super::fault::{Fault, Outcome};
use super::guard::Claim;
use super::place::Place;

/// The connection, until it is closed, behind the only lock that readers take.
///
/// The order is everywhere: the writer's lock file, then `calm`, then this lock. So whoever holds
/// this lock is calm already and lets go of it without waiting for anybody, and a forked child
/// never finds it held: it can close what it inherited.
#[derive(Debug)]
pub(super) struct Link {
    open: Mutex<Option<Open>>,
    /// About how many pages this process put into the log since it was last written back.
    pages: AtomicU64,
}

/// What is open. The connection is dropped before its claim, as the guard demands.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) connection: Connection,
    pub(super) claim: Claim,
    /// Set where SQLite cannot lock and so was told that nobody writes: what the files looked like.
    pub(super) frozen: Option<Stamp>,
}

/// What tells that somebody wrote to the files after all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    database: Option<(SystemTime, u64)>,
    log: Option<(SystemTime, u64)>,
}

impl Stamp {
    pub(super) fn of(place: &Place) -> Self {
        let look = |path: &Path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self { database: look(&place.database), log: look(&place.beside("-wal")) }
    }

    /// Whether the log held anything: then the database file alone is not all there is.
    pub(super) fn has_log(&self) -> bool {
        self.log.is_some_and(|(_, length)| length > 0)
    }
}

impl Link {
    /// A link with so many pages in the log.
    pub(super) fn new(open: Open, pages: u64) -> Self {
        Self { open: Mutex::new(Some(open)), pages: AtomicU64::new(pages) }
    }

    /// Lets a forked child find this connection. Called inside `calm`.
    pub(super) fn announce(self: &Arc<Self>) {
        if let Some(open) = self.lock().as_ref() {
            open.claim.remember(Arc::downgrade(self));
        }
    }

    /// Does one step with the connection. A transaction is begun and ended within one step: a fork
    /// that came in between would leave it open in the child.
    pub(super) fn with<T>(&self, step: impl FnOnce(&mut Open) -> Outcome<T>) -> Outcome<T> {
        let _calm = fork::calm();
        match self.lock().as_mut() {
            Some(open) => step(open),
            None => Err(Fault::Own(closed())),
        }
    }

    /// Counts pages that were written, and says whether the log should be written back.
    pub(super) fn wrote(&self, pages: u64, limit: u64) -> bool {
        self.pages.fetch_add(pages, Ordering::Relaxed) + pages >= limit
    }

    /// Says that the log was written back.
    pub(super) fn wrote_back(&self) {
        self.pages.store(0, Ordering::Relaxed);
    }

    /// Closes the connection. `last` if the writer's lock is held, so that the log may be written
    /// back and removed.
    pub(super) fn close(&self, last: bool) {
        let _calm = fork::calm();
        let open = self.lock().take();
        if let Some(open) = open {
            if last {
                // Without it SQLite leaves the log where it is: untidy, but nothing is lost.
                let _ = open.claim.let_go_if_last();
            }
            drop(open);
        }
    }

    /// Closes what a forked child inherited, which writes nothing. Called inside `calm`.
    pub(super) fn abandon(&self) {
        let open = self.lock().take();
        if let Some(Open { connection, claim, .. }) = open {
            let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            drop(connection);
            drop(claim);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.close(false);
    }
}

/// What every call says after `close`.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Validation, "the store is closed; open it again with get_store()")
}
