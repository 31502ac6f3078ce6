//! Sleeping until something changes: watched is the lock file, into which a byte is written after each
//! change that others wait for.
//!
//! Not the log: it changes before the commit can be seen, and with every put of a store.

use holdall_types::Result;

use crate::jobs::Watch;
use crate::os::watch::FileWatch;

use super::SqliteJobs;

impl SqliteJobs {
    pub(super) fn watch_changes(&self) -> Result<Box<dyn Watch>> {
        self.usable()?;
        Ok(Box::new(FileWatch::new(self.base.place.lock.clone())))
    }
}
