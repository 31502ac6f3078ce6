//! The worker's share of what no task's own worker does.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use holdall_backend::jobs::State;

use super::Agent;
use super::order::Order;
use super::turn::is_the_end;
use crate::keeper::attend;
use crate::results;

/// A change may be a task with a time of its own, so that an idle worker asks again after any; but not more
/// often than this, nor for more than a twentieth of the time.
const ATTEND_EVERY: Duration = Duration::from_millis(20);
const ATTEND_SHARE: u32 = 20;

/// When the keeper is to be asked next.
#[derive(Debug)]
pub(super) struct Keeping {
    due: Instant,
    /// When it may be asked again because something has changed.
    early: Instant,
    /// The schedules of whose trouble was told.
    told: HashSet<String>,
}

impl Keeping {
    pub fn new() -> Self {
        Self { due: Instant::now(), early: Instant::now(), told: HashSet::new() }
    }
}

impl Agent {
    /// Does what is due, and says for how long nothing is. With something `changed` and nothing to claim,
    /// what is due may have changed, too.
    pub(super) fn keep_in_time(&self, keeping: &mut Keeping, changed: bool) -> Duration {
        let now = Instant::now();
        let idle = changed && self.desk().hunger() > 0;
        if idle {
            keeping.due = keeping.due.min(keeping.early);
        }
        if keeping.due <= now {
            let wait = self.keep(keeping);
            let rest = ATTEND_EVERY.max(now.elapsed() * ATTEND_SHARE);
            keeping.early = now + rest;
            keeping.due = now + wait.max(rest);
        }
        keeping.due.saturating_duration_since(Instant::now())
    }

    fn keep(&self, keeping: &mut Keeping) -> Duration {
        let now = self.now();
        let poll = self.settings.poll;
        let when = match attend(&*self.jobs, &self.keyring, now) {
            Ok(when) => when,
            Err(error) => {
                if is_the_end(error.kind()) {
                    self.desk().finish(Some(error));
                }
                // Others are told of by the turn, which meets them, too.
                return poll;
            }
        };
        if when.forgotten > 0
            && let Some((beside, told)) = self.beside.get()
            // What cannot be removed is found the next time.
            && let Ok(gone) = results::sweep(beside, &*self.jobs)
        {
            told(gone);
        }
        let wait = when.wait(now);
        let mut desk = self.desk();
        for moved in when.moved.into_iter().filter(|moved| moved.from.0 == State::Running) {
            desk.order(Order::Rescued(moved.id, moved.to));
        }
        for (name, error) in when.troubles {
            if keeping.told.insert(name.clone()) {
                desk.order(Order::Misfired(name, error));
            }
        }
        // What is due and not claimed is for whoever has a free slot.
        if desk.hunger() == 0 { wait.max(poll) } else { wait.min(poll.max(Duration::from_secs(60))) }
    }
}
