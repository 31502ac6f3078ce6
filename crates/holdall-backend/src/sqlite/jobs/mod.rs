//! A task queue in a SQLite database, which may hold a store as well.
//!
//! - `mod.rs`: opening, closing, the trait; `tables.rs`: the format.
//! - `insert.rs`, `turn.rs` (changes, then claims), `extend.rs`, `attention.rs`, `forget.rs` (and purging),
//!   `read.rs`, `list.rs`, `queues.rs`, `cron.rs`: the calls. `row.rs`: rows as tasks.
//! - `body.rs`, `orphan.rs`: messages and results, the large ones in files beside the database.
//! - `watch.rs`: who is woken.

mod attention;
mod body;
mod cron;
mod extend;
mod forget;
mod insert;
mod list;
mod orphan;
mod queues;
mod read;
mod row;
mod tables;
#[cfg(test)]
pub(super) mod tests;
mod turn;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::Connection;

use crate::KeyValue;
use crate::jobs::{
    Attention, Claimed, Cron, Filter, Held, Hold, Insert, Inserted, Jobs, Now, Outcome, QueueState, State,
    Task, Turn, Turned, Watch,
};

use super::fault::Outcome as Step;
use super::run::Writer;
use super::schema;
use super::side::Side;
use super::{Options, Sqlite};

/// A task queue in a SQLite database.
#[derive(Debug)]
pub struct SqliteJobs {
    base: Sqlite,
    /// `<db>.tasks`, apart from the store's side files, so that neither takes the other's for orphans.
    side: Side,
}

impl SqliteJobs {
    /// Opens a queue, and makes the database and its tables if they are not there. A file that this
    /// user may not write is opened for reading.
    ///
    /// # Errors
    /// As [`Sqlite::open`]; `Validation` for a store without a queue that is only to be read.
    pub fn open(options: Options) -> Result<Self> {
        let durability = options.durability;
        let base = Sqlite::open(options)?;
        let folder = base.place.beside(".tasks");
        let jobs = Self { side: Side::new(folder, durability, "purge the task"), base };
        if !jobs.base.read(schema::has_queue)? {
            if jobs.base.options.read_only {
                let path = jobs.path().display();
                return Err(Error::new(
                    ErrorKind::Validation,
                    format!(
                        "{path} holds no task queue, and is opened to be read only; enqueue a task first"
                    ),
                ));
            }
            // Under the lock, so that of two first openers one makes the tables.
            jobs.writer()?.transaction(|connection| schema::add_queue(connection, tables::TABLES))?;
        }
        if !jobs.base.options.read_only {
            jobs.collect_orphans()?;
        }
        Ok(jobs)
    }

    fn path(&self) -> &Path {
        &self.base.place.database
    }

    fn usable(&self) -> Result<&Sqlite> {
        if self.base.closed.load(Ordering::Acquire) {
            let message = format!("the task queue {} is closed; open it again", self.path().display());
            return Err(Error::new(ErrorKind::Validation, message));
        }
        Ok(&self.base)
    }

    fn read<T>(&self, step: impl FnMut(&Connection) -> Step<T>) -> Result<T> {
        self.usable()?.read(step)
    }

    fn writer(&self) -> Result<Writer<'_>> {
        self.usable()?.writer()
    }

    fn writer_within(&self, patience: Option<Duration>) -> Result<Writer<'_>> {
        let most = self.base.options.busy_timeout;
        self.usable()?.writer_within(patience.map_or(most, |patience| patience.min(most)))
    }
}

impl Jobs for SqliteJobs {
    fn name(&self) -> String {
        self.path().display().to_string()
    }

    fn beside(&self) -> Option<PathBuf> {
        Some(self.base.place.beside(".tasks.beside"))
    }

    fn insert(&self, tasks: &[Insert<'_>], patience: Option<Duration>, now: Now) -> Result<Vec<Inserted>> {
        self.insert_all(tasks, patience, now)
    }

    fn turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned> {
        self.take_turn(turn, now)
    }

    fn extend(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>> {
        self.extend_all(holds, lease_ms, now)
    }

    fn attention(&self, limit: usize, now: Now) -> Result<Attention> {
        self.find_attention(limit, now)
    }

    fn forget(&self, limit: usize, now: Now) -> Result<u64> {
        self.forget_due(limit, now)
    }

    fn task(&self, id: &str) -> Result<Option<Task>> {
        self.task_of(id)
    }

    fn message(&self, id: &str) -> Result<Option<Claimed>> {
        self.message_of(id)
    }

    fn outcome(&self, id: &str) -> Result<Option<Outcome>> {
        self.outcome_of(id)
    }

    fn tasks(&self, filter: &Filter<'_>) -> Result<Vec<Task>> {
        self.list(filter)
    }

    fn counts(&self) -> Result<Vec<(String, State, u64)>> {
        self.count_all()
    }

    fn unfinished(&self, ids: Option<&[&str]>) -> Result<u64> {
        self.count_unfinished(ids)
    }

    fn purge(&self, states: &[State], before: u64) -> Result<u64> {
        self.purge_ended(states, before)
    }

    fn pause(&self, queue: &str, paused: bool) -> Result<()> {
        self.set_paused(queue, paused)
    }

    fn queues(&self) -> Result<Vec<QueueState>> {
        self.list_queues()
    }

    fn set_cron(&self, name: &str, cron: Option<&Cron>) -> Result<()> {
        self.write_cron(name, cron)
    }

    fn crons(&self) -> Result<Vec<Cron>> {
        self.list_crons()
    }

    fn fire(&self, name: &str, due: u64, next: u64, task: &Insert<'_>, now: Now) -> Result<bool> {
        self.fire_cron(name, (due, next), task, now)
    }

    fn watch(&self) -> Result<Box<dyn Watch>> {
        self.watch_changes()
    }

    fn close(&self) -> Result<()> {
        self.base.close()
    }
}
