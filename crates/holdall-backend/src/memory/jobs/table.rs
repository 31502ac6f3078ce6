//! The tasks and what finds them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Weak};

use super::watch::Sleeper;
use crate::jobs::{Cron, State, Task};
use crate::memory::Entry;

/// A task's number in the order of insertion. Numbers are never used twice.
pub(super) type Number = u64;

pub(super) struct Row {
    pub(super) task: Task,
    pub(super) message: Entry,
    pub(super) result: Option<Entry>,
    /// Since when an available task is, for its place.
    pub(super) since: u64,
    /// The boot and its time at which the lease of a running task runs out.
    pub(super) lease: (i64, u64),
    /// When an ended task may go.
    pub(super) forget: Option<u64>,
    /// Those that it comes after and that are still there.
    pub(super) after: BTreeSet<Number>,
    /// How many of those have not ended.
    pub(super) unended: usize,
    /// Those that come after it.
    pub(super) before: BTreeSet<Number>,
}

/// One queue.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) paused: bool,
    /// What a claim takes, in its order.
    pub(super) ready: BTreeSet<(Reverse<i16>, u64, Number)>,
    pub(super) counts: [u64; State::ALL.len()],
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<Number, Row>,
    pub(super) ids: HashMap<Arc<str>, Number>,
    pub(super) lanes: BTreeMap<Arc<str>, Lane>,
    /// Unfinished tasks by their keys.
    pub(super) unique: HashMap<String, Number>,
    /// Scheduled and retryable ones by their time.
    pub(super) due: BTreeSet<(u64, Number)>,
    /// Running ones by boot, and by the time in it at which their lease runs out.
    pub(super) leases: BTreeSet<(i64, u64, Number)>,
    /// Unstarted ones that expire.
    pub(super) expires: BTreeSet<(u64, Number)>,
    /// What expires by this time is in no lane's `ready`, so that a claim need not step over it. It
    /// follows the wall clock, also backward.
    pub(super) expired: u64,
    /// Ended ones that are to be forgotten.
    pub(super) forget: BTreeSet<(u64, Number)>,
    /// Ended ones by the time of their end.
    pub(super) ended: BTreeSet<(State, u64, Number)>,
    pub(super) crons: BTreeMap<String, Cron>,
    pub(super) sleepers: Vec<Weak<Sleeper>>,
    pub(super) next: Number,
}

impl Table {
    pub(super) fn row(&self, id: &str) -> Option<&Row> {
        self.rows.get(self.ids.get(id)?)
    }

    pub(super) fn lane(&mut self, queue: &str) -> &mut Lane {
        if !self.lanes.contains_key(queue) {
            self.lanes.insert(queue.into(), Lane::default());
        }
        self.lanes.entry(queue.into()).or_default()
    }

    /// Changes a row, and all that finds it. Every change of a row that is in the table goes through here.
    pub(super) fn change<T>(&mut self, number: Number, change: impl FnOnce(&mut Row) -> T) -> Option<T> {
        let mut row = self.rows.remove(&number)?;
        self.index(number, &row, false);
        let changed = change(&mut row);
        self.index(number, &row, true);
        self.rows.insert(number, row);
        Some(changed)
    }

    /// Enters a row into what finds it, or takes it out.
    pub(super) fn index(&mut self, number: Number, row: &Row, enter: bool) {
        fn put<T: Ord>(set: &mut BTreeSet<T>, item: T, enter: bool) {
            if enter {
                set.insert(item);
            } else {
                set.remove(&item);
            }
        }
        let task = &row.task;
        let state = task.state;
        let fresh = task.expires.is_none_or(|expires| expires > self.expired);
        let lane = self.lane(&task.queue);
        if let Some(count) = lane.counts.get_mut(usize::from(state as u8)) {
            *count = if enter { *count + 1 } else { count.saturating_sub(1) };
        }
        match state {
            State::Available if fresh => put(&mut lane.ready, place(number, row), enter),
            State::Scheduled | State::Retryable => put(&mut self.due, (task.due, number), enter),
            State::Running => put(&mut self.leases, (row.lease.0, row.lease.1, number), enter),
            _ => {}
        }
        if let (Some(expires), false) = (task.expires, state.ended() || state == State::Running) {
            put(&mut self.expires, (expires, number), enter);
        }
        if state.ended() {
            put(&mut self.ended, (state, task.ended.unwrap_or_default(), number), enter);
            if let Some(forget) = row.forget {
                put(&mut self.forget, (forget, number), enter);
            }
        } else if let Some(key) = &task.unique {
            if enter {
                self.unique.insert(key.clone(), number);
            } else {
                self.unique.remove(key);
            }
        }
    }
}

/// Where an available task stands among those of its queue.
pub(super) fn place(number: Number, row: &Row) -> (Reverse<i16>, u64, Number) {
    (Reverse(row.task.priority), row.since, number)
}
