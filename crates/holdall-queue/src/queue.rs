//! What a program does with tasks, over any backend.

use std::sync::Arc;
use std::time::Duration;

use holdall_backend::Jobs;
use holdall_backend::jobs::{Now, State, Turn};
use holdall_store::Keyring;
use holdall_store::beside::Place;
use holdall_types::{Clock, Error, ErrorKind, Result};

use crate::lookout::Lookout;
use crate::machine::{Event, decide};
use crate::policy::Policy;
use crate::submit::Submit;

/// A backend with what all queues and workers of one process share of it: who takes tasks in, and who waits.
#[derive(Debug)]
pub struct Desk {
    /// The backend.
    pub jobs: Arc<dyn Jobs>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Takes tasks in.
    pub submit: Submit,
    /// Waits for their ends.
    pub lookout: Lookout,
    /// Where what is beside the results lies.
    pub beside: Arc<Place>,
}

impl Desk {
    /// For a backend whose commits are `quick` (not followed by an fsync).
    #[must_use]
    pub fn new(jobs: Arc<dyn Jobs>, clock: Arc<dyn Clock>, quick: bool) -> Self {
        let submit = Submit::new(Arc::clone(&jobs), Arc::clone(&clock), quick);
        let beside = Arc::new(jobs.beside().map_or_else(Place::temporary, Place::at));
        Self { submit, lookout: Lookout::new(Arc::clone(&jobs)), jobs, clock, beside }
    }

    /// Takes in what is under way, tells those who wait, and closes the backend.
    ///
    /// # Errors
    /// Those of [`Jobs::close`].
    pub fn close(&self) -> Result<()> {
        self.submit.close();
        self.lookout.close();
        self.jobs.close()?;
        self.beside.close();
        Ok(())
    }
}

/// A desk with the keys that messages are signed with and results are verified by.
#[derive(Clone, Debug)]
pub struct Queue {
    /// The desk.
    pub desk: Arc<Desk>,
    /// The keys.
    pub keyring: Arc<Keyring>,
}

impl Queue {
    /// A reading of the clock.
    #[must_use]
    pub fn now(&self) -> Now {
        Now::of(&*self.desk.clock)
    }

    /// Has a task not run, or asks whoever runs it to stop; says whether there was something to cancel.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn cancel(&self, id: &str) -> Result<bool> {
        self.moved(id, &Event::CancelAsked)
    }

    /// Has a task that ended without a result run again; says whether it is one.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn retry(&self, id: &str) -> Result<bool> {
        self.moved(id, &Event::RetryAsked)
    }

    fn moved(&self, id: &str, event: &Event) -> Result<bool> {
        let mut refused = None;
        loop {
            let Some(task) = self.desk.jobs.task(id)? else { return Ok(false) };
            if refused.as_ref() == Some(&task) {
                let message = format!(
                    "the task {id:?} cannot run again while an unfinished task has its unique key {:?}; wait for \
                     that to end, or cancel it",
                    task.unique.unwrap_or_default()
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            let policy = Policy::read(task.options.as_deref())?;
            let now = self.now();
            let Some(next) = decide(&task, &policy, event, now) else { return Ok(false) };
            let turned = self
                .desk
                .jobs
                .turn(&Turn { changes: &[next.change(None)], claim: None, patience: None }, now)?;
            if turned.made.first() == Some(&true) {
                return Ok(true);
            }
            // It went on in between, or else what refuses it lies elsewhere.
            refused = Some(task);
        }
    }

    /// Removes ended tasks in these states (none named: in all) that ended so long ago, and says how many.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn purge(&self, states: &[State], older_than: Duration) -> Result<u64> {
        let age = u64::try_from(older_than.as_millis()).unwrap_or(u64::MAX);
        // What ended within this very millisecond is old enough for an age of nothing.
        let before = self.now().wall.saturating_sub(age).saturating_add(u64::from(age == 0));
        let all: Vec<State> = State::ALL.into_iter().filter(|state| state.ended()).collect();
        self.desk.jobs.purge(if states.is_empty() { &all } else { states }, before)
    }
}
