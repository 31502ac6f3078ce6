//! Sleeping until something changes.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use holdall_types::Result;

use super::table::Table;
use crate::jobs::{Waker, Watch};
use crate::os::fork;

/// One sleeper with a lock of its own: whoever wakes does not wait for others who were woken.
#[derive(Debug)]
pub(super) struct Sleeper {
    /// A forked child must not touch the locks of threads that it does not have.
    generation: u64,
    rung: Mutex<bool>,
    wakes: Condvar,
}

impl Sleeper {
    fn ring(&self) {
        if self.generation == fork::generation() {
            *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.wakes.notify_all();
        }
    }
}

#[derive(Debug)]
struct Sleep(Arc<Sleeper>);

impl Watch for Sleep {
    fn wait(&mut self, limit: Duration) -> Result<()> {
        let rung = self.0.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.wakes.wait_timeout_while(rung, limit, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
        Ok(())
    }

    fn waker(&self) -> Waker {
        let sleeper = Arc::clone(&self.0);
        Arc::new(move || sleeper.ring())
    }
}

impl Table {
    pub(super) fn watch(&mut self) -> Box<dyn Watch> {
        let sleeper =
            Sleeper { generation: fork::generation(), rung: Mutex::new(false), wakes: Condvar::new() };
        let sleeper = Arc::new(sleeper);
        self.sleepers.retain(|other| other.strong_count() > 0);
        self.sleepers.push(Arc::downgrade(&sleeper));
        Box::new(Sleep(sleeper))
    }

    pub(super) fn wake(&self) {
        for sleeper in self.sleepers.iter().filter_map(std::sync::Weak::upgrade) {
            sleeper.ring();
        }
    }
}
