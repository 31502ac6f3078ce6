//! Making the changes that others decided upon.

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
        Self::check(turn.changes)?;
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

    /// Refuses what no change may do, before anything is done.
    fn check(changes: &[Change<'_>]) -> Result<()> {
        let odd = |change: &&Change<'_>| {
            matches!(change.to, State::Running | State::Waiting) && change.from.0 != change.to
        };
        let Some(odd) = changes.iter().find(odd) else { return Ok(()) };
        let message = format!(
            "the task {:?} cannot go from {} to {} by a change: a claim starts it, and it waits while another \
             has not ended; this is a defect of holdall",
            odd.id,
            odd.from.0.name(),
            odd.to.name()
        );
        Err(Error::new(ErrorKind::Validation, message))
    }

    /// Makes a change if its fence holds, and says whether it did.
    fn settle(&mut self, change: &Change<'_>, result: Option<Entry>, now: Now) -> bool {
        let Some(&number) = self.ids.get(change.id) else { return false };
        let Some(row) = self.rows.get(&number) else { return false };
        let task = &row.task;
        if (task.state, task.start) != change.from
            || change.created.is_some_and(|created| created != task.created)
        {
            return false;
        }
        // Somebody asked for it to stop after this was decided, and was told that it will.
        if task.cancel && !change.cancel && !change.to.ended() {
            return false;
        }
        // Its worker lives after all.
        if change.lapsed && row.lease.0 == now.boot_id && row.lease.1 > now.boot {
            return false;
        }
        // Another has taken its key since it ended.
        if task.state.ended()
            && !change.to.ended()
            && task.unique.as_deref().is_some_and(|key| self.twin(key).is_some())
        {
            return false;
        }
        let to = match change.to {
            State::Available if row.unended > 0 => State::Waiting,
            to => to,
        };
        let was = task.state.ended();
        self.change(number, |row| {
            row.task.state = to;
            row.task.due = change.due;
            row.since = change.due;
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
                match row.task.state {
                    State::Waiting if row.unended == 0 => {
                        row.task.state = at_rest(0, row.task.due, now);
                        row.since = row.task.due.max(now.wall);
                    }
                    State::Scheduled | State::Available if row.unended > 0 => {
                        row.task.state = State::Waiting;
                    }
                    _ => {}
                }
            });
        }
    }
}
