//! Tasks in this process, gone with it.
//!
//! One lock round one [`Table`], which has an ordered index for whatever is asked for often: a claim looks
//! at no task that it does not take. Nothing waits for others inside the lock.

mod attention;
mod claim;
mod cron;
mod insert;
mod list;
mod remove;
mod settle;
mod table;
mod watch;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};

use crate::jobs::{
    Attention, Claimed, Cron, Filter, Held, Hold, Insert, Inserted, Jobs, Now, Outcome, QueueState, State,
    Task, Turn, Turned, Watch,
};
use crate::os::fork;
use table::Table;

/// A queue in memory, private to this object. A forked child has a copy of its own from then on.
pub struct MemoryJobs {
    table: Mutex<Option<Table>>,
}

impl MemoryJobs {
    /// No tasks.
    #[must_use]
    pub fn open() -> Self {
        Self { table: Mutex::new(Some(Table::default())) }
    }

    fn with<T>(&self, run: impl FnOnce(&mut Table) -> T) -> Result<T> {
        // Most callers come without the GIL: a fork must not find the lock taken.
        let _calm = fork::calm();
        let mut guard = self.lock();
        let table = guard.as_mut().ok_or_else(|| {
            Error::new(ErrorKind::Validation, "this queue in memory is closed; make another backend")
        })?;
        Ok(run(table))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Table>> {
        // Nothing inside can panic but for a lack of memory, which ends the process.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Jobs for MemoryJobs {
    fn name(&self) -> String {
        ":memory:".into()
    }

    fn insert(&self, tasks: &[Insert<'_>], _patience: Option<Duration>, now: Now) -> Result<Vec<Inserted>> {
        // Copied before the lock is taken.
        let entries = insert::entries(tasks, now)?;
        self.with(|table| {
            let inserted = table.insert(tasks, entries, now)?;
            if inserted.contains(&Inserted::New) {
                table.wake();
            }
            Ok(inserted)
        })?
    }

    fn turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned> {
        let results = settle::results(turn.changes, now)?;
        self.with(|table| table.turn(turn, results, now))?
    }

    fn extend(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>> {
        self.with(|table| holds.iter().map(|hold| table.extend(hold, lease_ms, now)).collect())
    }

    fn attention(&self, limit: usize, now: Now) -> Result<Attention> {
        self.with(|table| table.attention(limit, now))
    }

    fn forget(&self, limit: usize, now: Now) -> Result<u64> {
        self.with(|table| table.forget_due(limit, now))
    }

    fn task(&self, id: &str) -> Result<Option<Task>> {
        self.with(|table| table.row(id).map(|row| row.task.clone()))
    }

    fn message(&self, id: &str) -> Result<Option<Claimed>> {
        let found = self.with(|table| table.row(id).map(|row| (row.task.clone(), row.message.clone())))?;
        found.map(|(task, message)| Ok(Claimed { task, message: message.stored()? })).transpose()
    }

    fn outcome(&self, id: &str) -> Result<Option<Outcome>> {
        let found = self.with(|table| table.row(id).map(|row| (row.task.clone(), row.result.clone())))?;
        let outcome = |(task, result): (Task, Option<super::Entry>)| {
            Ok(Outcome { task, result: result.map(super::Entry::stored).transpose()? })
        };
        found.map(outcome).transpose()
    }

    fn tasks(&self, filter: &Filter<'_>) -> Result<Vec<Task>> {
        self.with(|table| table.tasks(filter))
    }

    fn counts(&self) -> Result<Vec<(String, State, u64)>> {
        self.with(|table| table.counts())
    }

    fn unfinished(&self, ids: Option<&[&str]>) -> Result<u64> {
        self.with(|table| table.unfinished(ids))
    }

    fn purge(&self, states: &[State], before: u64) -> Result<u64> {
        self.with(|table| table.purge(states, before))
    }

    fn pause(&self, queue: &str, paused: bool) -> Result<()> {
        self.with(|table| {
            table.lane(queue).paused = paused;
            table.wake();
        })
    }

    fn queues(&self) -> Result<Vec<QueueState>> {
        self.with(|table| table.queues())
    }

    fn set_cron(&self, name: &str, cron: Option<&Cron>) -> Result<()> {
        self.with(|table| table.set_cron(name, cron))
    }

    fn crons(&self) -> Result<Vec<Cron>> {
        self.with(|table| table.crons.values().cloned().collect())
    }

    fn fire(&self, name: &str, due: u64, next: u64, task: &Insert<'_>, now: Now) -> Result<bool> {
        let entry = insert::entries(std::slice::from_ref(task), now)?;
        self.with(|table| table.fire(name, due, next, task, entry, now))?
    }

    fn watch(&self) -> Result<Box<dyn Watch>> {
        self.with(|table| table.watch())
    }

    fn close(&self) -> Result<()> {
        let _calm = fork::calm();
        if let Some(table) = self.lock().take() {
            table.wake();
        }
        Ok(())
    }
}

impl fmt::Debug for MemoryJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJobs").finish_non_exhaustive()
    }
}
