//! Taking tasks to run, and keeping them.

use std::ops::Bound::{Excluded, Included};

use holdall_types::Result;

use super::table::{Number, Table, place};
use crate::jobs::{Claim, Claimed, Held, Hold, Now, State};

impl Table {
    pub(super) fn claim(&mut self, claim: &Claim<'_>, now: Now, changed: bool) -> Result<Vec<Claimed>> {
        self.follow(now.wall);
        self.promote(now);
        let mut claimed = Vec::new();
        for queue in claim.queues {
            while claimed.len() < claim.limit
                && let Some(number) = self.first(queue)
            {
                match self.take(number, claim, now) {
                    Ok(Some(task)) => claimed.push(task),
                    Ok(None) => break,
                    // What was changed or claimed already must be told.
                    Err(_) if changed || !claimed.is_empty() => return Ok(claimed),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(claimed)
    }

    fn first(&self, queue: &str) -> Option<Number> {
        let lane = self.lanes.get(queue).filter(|lane| !lane.paused)?;
        lane.ready.first().map(|(_, _, number)| *number)
    }

    fn take(&mut self, number: Number, claim: &Claim<'_>, now: Now) -> Result<Option<Claimed>> {
        // Copied first: if there is no memory for its segments, it stays where it is.
        let Some(message) = self.rows.get(&number).map(|row| row.message.clone().stored()).transpose()?
        else {
            return Ok(None);
        };
        let task = self.change(number, |row| {
            row.task.state = State::Running;
            row.task.start = row.task.start.saturating_add(1);
            row.task.started = Some(now.wall);
            row.task.worker = Some(claim.worker.into());
            row.lease = (now.boot_id, now.boot.saturating_add(claim.lease_ms));
            row.task.clone()
        });
        Ok(task.map(|task| Claimed { task, message }))
    }

    /// Also one that has run out, if nobody has come for the task: then whoever does comes too late.
    pub(super) fn extend(&mut self, hold: &Hold<'_>, lease_ms: u64, now: Now) -> Held {
        let Some(&number) = self.ids.get(hold.id) else { return Held::Lost };
        let Some(row) = self.rows.get(&number) else { return Held::Lost };
        if row.task.state != State::Running || row.task.start != hold.start {
            return Held::Lost;
        }
        let cancel = row.task.cancel;
        self.change(number, |row| row.lease = (now.boot_id, now.boot.saturating_add(lease_ms)));
        if cancel { Held::Cancel } else { Held::Kept }
    }

    /// Makes available what is due.
    fn promote(&mut self, now: Now) {
        while let Some(&(due, number)) = self.due.first()
            && due <= now.wall
        {
            self.change(number, |row| {
                row.task.state = State::Available;
                row.since = due;
            });
        }
    }

    /// Takes what has expired out of the way of claims; if the clock went back, puts it there again.
    fn follow(&mut self, wall: u64) {
        let (low, high) = (self.expired.min(wall), self.expired.max(wall));
        let passed = (Excluded((low, Number::MAX)), Included((high, Number::MAX)));
        let passed: Vec<_> = self.expires.range(passed).map(|(_, number)| *number).collect();
        let over = wall > self.expired;
        self.expired = wall;
        for number in passed {
            let Some(row) = self.rows.get(&number) else { continue };
            if row.task.state != State::Available {
                continue;
            }
            let Some(lane) = self.lanes.get_mut(row.task.queue.as_str()) else { continue };
            if over {
                lane.ready.remove(&place(number, row));
            } else {
                lane.ready.insert(place(number, row));
            }
        }
    }
}
