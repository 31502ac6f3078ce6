//! Making the changes that others decided upon.

use std::collections::BTreeMap;

use holdall_types::{Error, ErrorKind, Result};

use super::insert::at_rest;
use super::table::{Number, Table};
use crate::jobs::{Change, Now, State, Turn, Turned};
use crate::memory::Entry;

/// Copies of the results.
pub(super) fn results(changes: &[Change<'_>], now: Now) -> Result<Vec<Option<Entry>>> {
    changes
        .iter()
        .map(|change| change.result.as_ref().map(|result| Entry::new(result, now.wall)).transpose())
        .collect()
}

impl Table {
    pub(super) fn turn(&mut self, turn: &Turn<'_>, results: Vec<Option<Entry>>, now: Now) -> Result<Turned> {
        self.check(turn.changes)?;
        let changes = turn.changes.iter().zip(results);
        let made: Vec<_> = changes.map(|(change, result)| self.settle(change, result, now)).collect();
        if !made.is_empty() {
            self.wake();
        }
        let claimed = match &turn.claim {
            Some(claim) => self.claim(claim, now, made.contains(&true))?,
            None => Vec::new(),
        };
        Ok(Turned { made, claimed })
    }

    /// Refuses what no fence is for, before anything is done.
    fn check(&self, changes: &[Change<'_>]) -> Result<()> {
        let mut taken = BTreeMap::new();
        for change in changes {
            let (from, to) = (change.from.0, change.to);
            if to == State::Running && from != State::Running {
                let message = format!(
                    "the task {:?} can only be started by a claim; this is a defect of holdall",
                    change.id
                );
                return Err(Error::new(ErrorKind::Validation, message));
            }
            let row = self.row(change.id).filter(|row| (row.task.state, row.task.start) == change.from);
            if from.ended()
                && !to.ended()
                && let Some(key) = row.and_then(|row| row.task.unique.as_deref())
                && let Some(twin) = self.twin(key).or(taken.insert(key, change.id))
            {
                let message = format!(
                    "the task {:?} cannot run again: the unfinished task {twin:?} has its unique key {key:?} now; \
                     wait for that to end, or cancel it",
                    change.id
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
        }
        Ok(())
    }

    /// Makes a change if its fence holds, and says whether it did.
    fn settle(&mut self, change: &Change<'_>, result: Option<Entry>, now: Now) -> bool {
        let Some(&number) = self.ids.get(change.id) else { return false };
        let Some(row) = self.rows.get(&number) else { return false };
        let task = &row.task;
        if (task.state, task.start) != change.from {
            return false;
        }
        // Somebody asked for it to stop after this was decided, and was told that it will.
        if task.cancel && !change.cancel && !change.to.ended() {
            return false;
        }
        let to = match change.to {
            State::Waiting | State::Scheduled | State::Available => at_rest(row.unended, change.due, now),
            to => to,
        };
        let was = task.state.ended();
        self.change(number, |row| {
            row.task.state = to;
            row.task.due = change.due;
            row.task.retried = change.retried;
            row.task.lost = change.lost;
            row.task.cancel = change.cancel;
            row.task.failure = change.failure.map(Into::into);
            row.task.ended = to.ended().then_some(now.wall);
            row.forget = change.forget.filter(|_| to.ended());
            row.result = result;
        });
        if was != to.ended() {
            self.tell(number, to.ended(), now);
        }
        true
    }

    /// Lets go of what waits for a task that ended, or holds it again when that is to run once more.
    fn tell(&mut self, number: Number, ended: bool, now: Now) {
        let children: Vec<_> =
            self.rows.get(&number).into_iter().flat_map(|row| &row.before).copied().collect();
        for child in children {
            self.change(child, |row| {
                row.unended = if ended { row.unended.saturating_sub(1) } else { row.unended + 1 };
                if matches!(row.task.state, State::Waiting | State::Scheduled | State::Available) {
                    row.task.state = at_rest(row.unended, row.task.due, now);
                }
            });
        }
    }
}
