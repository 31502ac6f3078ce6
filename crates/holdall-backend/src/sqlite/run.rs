//! The way of every call into SQLite: connection, writer's lock, waiting, and failures.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::Connection;

use crate::Durability;
use crate::os::lock::LockGuard;
use crate::os::wait::Wait;

use super::connect;
use super::fault::Outcome;
use super::link::{Link, Stamp, closed};
use super::{Sqlite, expire};

/// From so many pages on the log is written back to the database, 32 MiB by our count, which takes
/// the most a put can touch. SQLite's own limit is 1,000. Each time costs two or three syncs, at 2,000 a
/// third of the time of small puts; beyond 8,000 there is little left to win, and a killed process
/// leaves more for the next one to read.
const LOG_PAGES: u64 = 8_000;

/// The same where each write is synced, SQLite's own limit: to write over a part of the log costs the disk less
/// than to make it longer, 390 µs against 500, so it had better begin anew soon.
const SYNCED_LOG_PAGES: u64 = 1_000;

/// The writer's lock, held. Steps through it are atomic to all other holdall writers even when
/// they are several transactions.
pub(super) struct Writer<'a> {
    store: &'a Sqlite,
    link: &'a Arc<Link>,
    /// How long each of its steps waits for writers that are none of holdall's.
    limit: Duration,
    held: LockGuard<'a>,
}

impl Sqlite {
    /// Whether calls may come: not closed.
    pub(super) fn usable(&self) -> Result<()> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(()) }
    }

    /// This process's connection, opened now if it has none.
    pub(super) fn link(&self) -> Result<&Arc<Link>> {
        self.usable()?;
        self.link.get_or_try_init(|| {
            if self.options.read_only {
                return connect::reading(&self.place, &self.options);
            }
            let _held = self.writer.exclusive(self.options.busy_timeout)?;
            connect::writing(&self.place, &self.options)
        })
    }

    /// Does a step that reads.
    pub(super) fn read<T>(&self, step: impl FnMut(&Connection) -> Outcome<T>) -> Result<T> {
        self.attempt(self.link()?, self.options.busy_timeout, step)
    }

    /// Whether writes may come: neither closed, nor read-only, nor poisoned.
    pub(super) fn writable(&self) -> Result<()> {
        self.usable()?;
        let path = self.place.database.display();
        if self.options.read_only {
            return Err(Error::new(
                ErrorKind::StoreReadOnly,
                format!(
                    "{path} is open for reading only; give this user write access to it and its \
                     folder, and open it without read_only"
                ),
            ));
        }
        if self.is_poisoned() {
            return Err(Error::new(
                ErrorKind::StorePoisoned,
                format!(
                    "an earlier write to {path} failed on the disk; see to the disk, then close the \
                     store and open it again"
                ),
            ));
        }
        Ok(())
    }

    /// Takes the writer's lock.
    pub(super) fn writer(&self) -> Result<Writer<'_>> {
        self.writer_within(self.options.busy_timeout)
    }

    /// Takes the writer's lock, and waits for others no longer than so.
    pub(super) fn writer_within(&self, limit: Duration) -> Result<Writer<'_>> {
        self.writable()?;
        // The connection first: opening it takes the same lock.
        let link = self.link()?;
        let held = self.writer.exclusive(limit)?;
        // What failed while we waited counts, and where the file is by now.
        self.writable()?;
        if !link.with(|open| Ok(open.claim.is_at(&self.place.database))).unwrap_or(true) {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "{} was moved or deleted while it was open, so that nobody would find what is written \
                     now; open the store again",
                    self.place.database.display()
                ),
            ));
        }
        Ok(Writer { store: self, link, limit, held })
    }

    /// Whether an earlier write failed on the disk.
    pub(super) fn is_poisoned(&self) -> bool {
        self.poisoned.load(Ordering::Acquire)
    }

    /// Refuses all further writes if this failure leaves the disk's state unknown.
    pub(super) fn poison_if(&self, poisons: bool) {
        if poisons {
            self.poisoned.store(true, Ordering::Release);
        }
    }

    fn attempt<T>(
        &self,
        link: &Link,
        limit: Duration,
        mut step: impl FnMut(&Connection) -> Outcome<T>,
    ) -> Result<T> {
        let mut wait = None;
        loop {
            let tried = link.with(|open| {
                loop {
                    let done = step(&open.connection);
                    // What was read while somebody wrote may be anything. A writer makes the log
                    // first, so it is seen even by one that came in between.
                    if open.frozen.is_none_or(|stamp| stamp == Stamp::of(&self.place)) {
                        return done;
                    }
                    (open.connection, open.frozen) = connect::open_reading(&self.place)?;
                }
            });
            match tried {
                Ok(value) => return Ok(value),
                Err(fault) if fault.is_busy() => {
                    let wait = wait.get_or_insert_with(|| Wait::new(limit));
                    wait.pause(&self.place.database.display())?;
                }
                Err(fault) => {
                    self.poison_if(fault.poisons());
                    return Err(fault.into_error(&self.place.database));
                }
            }
        }
    }
}

impl Writer<'_> {
    /// Does a step that reads or writes, in a transaction of its own unless it begins one.
    pub(super) fn step<T>(&self, step: impl FnMut(&Connection) -> Outcome<T>) -> Result<T> {
        self.store.attempt(self.link, self.limit, step)
    }

    /// Does a step in one transaction.
    pub(super) fn transaction<T>(&self, mut step: impl FnMut(&Connection) -> Outcome<T>) -> Result<T> {
        self.step(|connection| {
            connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            let done = step(connection).and_then(|value| {
                connection.prepare_cached("COMMIT")?.execute([])?;
                Ok(value)
            });
            if done.is_err() && !connection.is_autocommit() {
                // What made it fail is what the user hears.
                let _ = connection.execute_batch("ROLLBACK");
            }
            done
        })
    }

    /// Wakes those who watch for changes.
    pub(super) fn announce(&self) {
        // They look by themselves as well, only later.
        let _ = self.held.touch();
    }

    /// Ends a successful write of about so many bytes: expired rows go, and the log is written
    /// back when it is long. None of this can fail the write any more.
    pub(super) fn done(self, bytes: usize, now: u64) {
        if self.store.sweep_due(now) {
            let _ = self.sweep(now);
        }
        self.grew(bytes);
    }

    /// Counts what a write of so many bytes put into the log, and writes that back when it is long.
    pub(super) fn grew(&self, bytes: usize) {
        if self.owes(bytes) {
            self.write_back();
        }
    }

    /// Counts it, and leaves it to the next write to write the log back: that takes longer than some may
    /// wait. Says whether it is long.
    pub(super) fn owes(&self, bytes: usize) -> bool {
        // A row touches a page of the table and one of the index.
        let pages = 2 + bytes as u64 / 4096;
        let limit = match self.store.options.durability {
            Durability::Normal => LOG_PAGES,
            Durability::Full => SYNCED_LOG_PAGES,
        };
        self.link.wrote(pages, limit)
    }

    /// Removes one batch of expired rows and their side files.
    pub(super) fn sweep(&self, now: u64) -> Result<()> {
        let swept = self.step(|connection| expire::sweep(connection, now))?;
        self.store.swept.store(if swept.more { 0 } else { now }, Ordering::Relaxed);
        self.store.side.remove_all(&swept.sides);
        Ok(())
    }

    /// Writes the log back into the database as far as readers allow. SQLite would do this by
    /// itself, but it hides a failed sync, after which the log must not be trusted.
    fn write_back(&self) {
        let tried = self.link.with(|open| {
            let mut statement = open.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?;
            Ok(statement.query_row([], |row| row.get::<_, i64>(0))?)
        });
        match tried {
            Ok(_) => self.link.wrote_back(),
            Err(fault) => self.store.poison_if(fault.poisons()),
        }
    }
}
