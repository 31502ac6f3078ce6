//! Taking tasks in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use holdall_types::{Error, ErrorKind, Result};

use super::table::{Row, Table};
use crate::jobs::{Insert, Inserted, Now, State, Task};
use crate::memory::Entry;

/// Copies of the messages.
pub(super) fn entries(tasks: &[Insert<'_>], now: Now) -> Result<Vec<Entry>> {
    tasks.iter().map(|task| Entry::new(&task.message, now.wall)).collect()
}

impl Table {
    pub(super) fn insert(
        &mut self,
        tasks: &[Insert<'_>],
        entries: Vec<Entry>,
        now: Now,
    ) -> Result<Vec<Inserted>> {
        // All is judged before anything is done.
        let inserted = self.judge(tasks)?;
        for ((task, entry), judged) in tasks.iter().zip(entries).zip(&inserted) {
            if *judged == Inserted::New {
                self.enter(task, entry, now);
            }
        }
        Ok(inserted)
    }

    fn judge(&self, tasks: &[Insert<'_>]) -> Result<Vec<Inserted>> {
        // Those of the batch itself count too.
        let mut ids = BTreeSet::new();
        let mut keys = HashMap::new();
        let mut judged = Vec::new();
        for task in tasks {
            let known = |id: &str| self.ids.contains_key(id) || ids.contains(id);
            judged.push(if known(task.id) {
                Inserted::Known
            } else if let Some(twin) = task.unique.and_then(|key| self.twin(key).or(keys.get(key).copied())) {
                Inserted::Twin(twin.into())
            } else if let Some(unknown) = task.after.iter().find(|id| !known(id)) {
                let message = format!(
                    "the task {:?} is to come after {unknown:?}, and there is no such task; enqueue that first, \
                     and keep its result until then",
                    task.id
                );
                return Err(Error::new(ErrorKind::DoesNotExist, message));
            } else {
                ids.insert(task.id);
                keys.extend(task.unique.map(|key| (key, task.id)));
                Inserted::New
            });
        }
        Ok(judged)
    }

    /// The unfinished task that has a key.
    pub(super) fn twin(&self, key: &str) -> Option<&str> {
        let number = self.unique.get(key)?;
        self.rows.get(number).map(|row| row.task.id.as_str())
    }

    fn enter(&mut self, task: &Insert<'_>, message: Entry, now: Now) {
        let number = self.next;
        self.next += 1;
        let after: BTreeSet<_> = task.after.iter().filter_map(|id| self.ids.get(*id)).copied().collect();
        let mut unended = 0;
        for parent in &after {
            if let Some(parent) = self.rows.get_mut(parent) {
                parent.before.insert(number);
                unended += usize::from(!parent.task.state.ended());
            }
        }
        let due = task.due.unwrap_or(now.wall);
        let row = Row {
            task: Task {
                id: task.id.into(),
                queue: task.queue.into(),
                name: task.name.into(),
                state: at_rest(unended, due, now),
                priority: task.priority,
                start: 0,
                retried: 0,
                lost: 0,
                cancel: false,
                options: task.options.map(Into::into),
                unique: task.unique.map(Into::into),
                created: now.wall,
                due,
                started: None,
                ended: None,
                expires: task.expires,
                worker: None,
                failure: None,
            },
            message,
            result: None,
            since: due,
            lease: (0, 0),
            forget: None,
            after,
            unended,
            before: BTreeSet::new(),
        };
        self.index(number, &row, true);
        self.ids.insert(Arc::from(task.id), number);
        self.rows.insert(number, row);
    }
}

/// Where a task is that nobody has claimed.
pub(super) fn at_rest(unended: usize, due: u64, now: Now) -> State {
    match () {
        () if unended > 0 => State::Waiting,
        () if due > now.wall => State::Scheduled,
        () => State::Available,
    }
}
