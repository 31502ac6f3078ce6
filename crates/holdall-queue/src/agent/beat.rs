//! Signs of life, and what they bring back: whether a task is to be stopped, or is another's.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use holdall_backend::jobs::{Held as Kept, Hold, State};

use super::Agent;
use super::order::Ticket;
use super::turn::is_the_end;

/// A change may be somebody's wish to stop a task, so that running ones are looked at after any, but not
/// more often than this, nor for more than a twentieth of the time.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_SHARE: u32 = 20;

/// When leases are to be extended, and tasks to be looked at.
#[derive(Debug)]
pub(super) struct Rhythm {
    beat: Instant,
    look: Instant,
    /// Whether anything may have changed since the last look.
    pub changed: bool,
}

impl Rhythm {
    pub fn new() -> Self {
        let now = Instant::now();
        Self { beat: now, look: now, changed: false }
    }
}

impl Agent {
    /// Does what is due, and says for how long nothing is.
    pub(super) fn beat_in_time(&self, rhythm: &mut Rhythm) -> Duration {
        let now = Instant::now();
        if rhythm.beat <= now {
            let every = self.settings.lease / 3;
            // One that failed is made up for soon: a lease has room for it.
            rhythm.beat = now + if self.beat() { every } else { every / 10 };
        }
        if rhythm.changed && rhythm.look <= now {
            self.look();
            rhythm.look = Instant::now() + LOOK_EVERY.max(now.elapsed() * LOOK_SHARE);
            rhythm.changed = false;
        }
        let next = if rhythm.changed { rhythm.beat.min(rhythm.look) } else { rhythm.beat };
        next.saturating_duration_since(Instant::now())
    }

    /// Extends all leases, and says whether that was done.
    fn beat(&self) -> bool {
        let _talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let leases: Vec<(Ticket, String, u32)> = {
            let mut desk = self.desk();
            let lease = |(ticket, held): (Ticket, &mut super::desk::Held)| {
                (ticket, held.task.id.clone(), held.task.start)
            };
            desk.leases().map(lease).collect()
        };
        if leases.is_empty() {
            return true;
        }
        let holds: Vec<Hold<'_>> = leases.iter().map(|(_, id, start)| Hold { id, start: *start }).collect();
        let now = self.now();
        let kept = match self.jobs.extend(&holds, self.lease_ms(), now) {
            Ok(kept) => kept,
            Err(error) => {
                if is_the_end(error.kind()) {
                    self.desk().finish(Some(error));
                }
                // Others are told of by the turn, which meets them, too.
                return false;
            }
        };
        let until = now.boot.saturating_add(self.lease_ms());
        let mut desk = self.desk();
        for (_, held) in desk.leases() {
            held.until = until;
        }
        for ((ticket, ..), kept) in leases.into_iter().zip(kept) {
            match kept {
                Kept::Kept => {}
                Kept::Cancel => {
                    desk.cancel(ticket);
                }
                Kept::Lost => desk.lose(ticket),
            }
        }
        true
    }

    /// Looks at the tasks that run, which writes nothing.
    fn look(&self) {
        let running: Vec<(Ticket, String, u32)> = {
            let desk = self.desk();
            let lease = |(ticket, held): (&Ticket, &super::desk::Held)| {
                (*ticket, held.task.id.clone(), held.task.start)
            };
            desk.held.iter().filter(|(_, held)| !held.task.cancel).map(lease).collect()
        };
        for (ticket, id, start) in running {
            let Ok(found) = self.jobs.task(&id) else { return };
            match found {
                Some(task) if task.state == State::Running && task.start == start => {
                    if task.cancel {
                        self.desk().cancel(ticket);
                    }
                }
                _ => {
                    // Unless it was settled since it was listed, it is another's now.
                    let _talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
                    let mut desk = self.desk();
                    if desk.held.contains_key(&ticket) {
                        desk.lose(ticket);
                    }
                }
            }
        }
    }
}
