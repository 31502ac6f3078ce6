//! What no task's own worker does: coming for the tasks of dead workers, ending what was not started in
//! time, forgetting what is old, and firing schedules.
//!
//! Every worker does it now and then. Nothing is lost or done twice if many do it at once: each step has a
//! fence, and the second to come finds it done.

use std::time::Duration;

use holdall_backend::Jobs;
use holdall_backend::jobs::{Change, Cron, Insert, Now, Turn};
use holdall_store::Keyring;
use holdall_types::Result;

use crate::cron::Schedule;
use crate::envelope::resign;
use crate::machine::{Event, Move, decide};
use crate::policy::Policy;
use crate::template::{Template, context, firing};

/// So many tasks of each kind are moved in one call: who calls has leases to extend meanwhile.
const BATCH: usize = 100;

/// What was done, and when to do it again.
#[derive(Debug, Default)]
pub struct When {
    /// What became of the tasks that were come for.
    pub moved: Vec<Move>,
    /// How many were forgotten.
    pub forgotten: u64,
    /// The ids of the tasks that schedules made.
    pub fired: Vec<String>,
    /// The schedules, by name, that could not be fired, and why: they stay as they are.
    pub troubles: Vec<(String, holdall_types::Error)>,
    /// There was more than one call does.
    pub more: bool,
    /// The wall time at which there is something to do.
    pub wall: Option<u64>,
    /// The boot time at which there is.
    pub boot: Option<u64>,
}

impl When {
    /// For how long there is nothing to do. Nothing at all if a task is due already and nobody has
    /// claimed: a worker that cannot claim now must not come back sooner than it usually does.
    #[must_use]
    pub fn wait(&self, now: Now) -> Duration {
        let until = |then: Option<u64>, now: u64| then.map_or(u64::MAX, |then| then.saturating_sub(now));
        let least = until(self.wall, now.wall).min(until(self.boot, now.boot));
        Duration::from_millis(if self.more { 0 } else { least })
    }
}

/// Does what is to be done now.
///
/// # Errors
/// Those of the backend. What was done before stays done.
pub fn attend(jobs: &dyn Jobs, keyring: &Keyring, now: Now) -> Result<When> {
    // First: what it removes needs no other time to look.
    let forgotten = jobs.forget(BATCH, now)?;
    let attention = jobs.attention(BATCH, now)?;
    let lost = attention.lost.iter().map(|task| (task, Event::Lost));
    let overdue = attention.overdue.iter().map(|task| (task, Event::Expired));
    let moves: Vec<Move> = lost
        .chain(overdue)
        .filter_map(|(task, event)| {
            // A row that somebody changed by hand must not keep others from being come for.
            let policy = Policy::read(task.options.as_deref()).unwrap_or_default();
            let moved = decide(task, &policy, &event, now)?;
            // Its worker may have been slow only, and extend the lease at this very moment.
            Some(Move { lapsed: event == Event::Lost, ..moved })
        })
        .collect();
    let mut moved = Vec::new();
    if !moves.is_empty() {
        let changes: Vec<Change<'_>> = moves.iter().map(|moved| moved.change(None)).collect();
        let made = jobs.turn(&Turn { changes: &changes, claim: None, patience: None }, now)?.made;
        moved.extend(moves.into_iter().zip(made).filter(|(_, made)| *made).map(|(moved, _)| moved));
    }
    let full = [attention.lost.len(), attention.overdue.len(), usize::try_from(forgotten).unwrap_or(BATCH)];
    let mut when = When {
        moved,
        forgotten,
        more: full.contains(&BATCH),
        wall: attention.next,
        boot: attention.next_lease,
        ..When::default()
    };
    for cron in jobs.crons()? {
        if cron.next > now.wall {
            when.wall = Some(when.wall.map_or(cron.next, |next| next.min(cron.next)));
            continue;
        }
        match fire(jobs, keyring, &cron, now) {
            Ok((fired, next)) => {
                when.fired.extend(fired);
                when.wall = Some(when.wall.map_or(next, |wall| wall.min(next)));
            }
            // It concerns the backend, not this schedule.
            Err(error) if error.kind().retryable() => return Err(error),
            Err(error) => when.troubles.push((cron.name, error)),
        }
    }
    Ok(when)
}

/// Makes the task of a time that has come, and sets the next one: times that were missed meanwhile, because
/// nobody ran, are one firing.
fn fire(jobs: &dyn Jobs, keyring: &Keyring, cron: &Cron, now: Now) -> Result<(Option<String>, u64)> {
    let next = Schedule::new(&cron.expression, None)?.next(now.wall)?;
    let template = Template::read(&cron.template)?;
    let id = firing(&cron.name, cron.next);
    let message = resign(&cron.message, keyring, &context(&cron.name), &id)?;
    let task = Insert {
        id: &id,
        queue: &template.queue,
        name: &template.name,
        priority: template.priority,
        due: None,
        expires: template.expires_ms.map(|time| cron.next.saturating_add(time).min(i64::MAX as u64)),
        unique: template.unique.as_deref(),
        options: template.options.as_deref(),
        after: &[],
        message: message.record(),
    };
    let fired = jobs.fire(&cron.name, cron.next, next, &task, now)?;
    Ok((fired.then_some(id), next))
}

#[cfg(test)]
mod tests;
