//! The worker's own thread: it claims tasks, keeps their leases alive and settles them, whatever the
//! interpreter that runs them is doing.
//!
//! [`Agent`] stands between the backend and those who run tasks. They take [orders](order::Order), of
//! which a [`Bell`] tells, and say how each task [ended](order::End). [`turn`] is the one transaction in
//! which what ended is settled and more is claimed; [`beat`] extends leases and looks for what is to be
//! stopped; [`keep`] does this worker's share of what concerns all; [`run`] is the thread's loop. [`desk`] and [`rooms`] are what is known meanwhile.
//!
//! Nothing here knows Python or waits for its lock: a busy interpreter costs no task its lease.

mod beat;
mod desk;
mod keep;
pub mod order;
mod rooms;
mod run;
mod trouble;
mod turn;

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use holdall_backend::Jobs;
use holdall_backend::jobs::{Now, Waker};
use holdall_backend::os::{fork, wait};
use holdall_store::{Keyring, beside};
use holdall_types::{Clock, Error, Result};

use crate::bell::Bell;
use desk::{Desk, Stage};
use order::{End, Job, Order, Place, Tally, Ticket};
use trouble::Trouble;
use turn::Talk;

/// How a worker works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The queues it serves, the first before the second.
    pub queues: Vec<String>,
    /// Its name, to be shown.
    pub worker: String,
    /// How many tasks run at once, but for those in processes.
    pub here: usize,
    /// Whether others run in processes, each of which is announced by [`Agent::admit`].
    pub processes: bool,
    /// How long a task is nobody else's without a sign of life.
    pub lease: Duration,
    /// How long at most nobody looks for tasks, if no change wakes the worker.
    pub poll: Duration,
}

/// One worker's side of a backend. It ends when all is settled after [`drain`](Agent::drain), or by
/// [`close`](Agent::close).
pub struct Agent {
    jobs: Arc<dyn Jobs>,
    clock: Arc<dyn Clock>,
    keyring: Arc<Keyring>,
    settings: Settings,
    desk: Mutex<Desk>,
    talk: Mutex<Talk>,
    bell: Bell,
    waker: Waker,
    /// Whether the thread was woken and has not begun to look yet.
    woken: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    generation: u64,
    beside: OnceLock<(Arc<beside::Place>, Told)>,
}

/// What is told of side data before it goes. It must not wait for the interpreter.
pub type Told = Box<dyn Fn(Vec<beside::Gone>) + Send + Sync>;

impl Agent {
    /// Starts a worker's thread.
    ///
    /// # Errors
    /// Those of [`Jobs::watch`]; `Backend` if the system gives no thread.
    pub fn start(
        jobs: Arc<dyn Jobs>,
        clock: Arc<dyn Clock>,
        keyring: Arc<Keyring>,
        settings: Settings,
    ) -> Result<Arc<Self>> {
        let watch = jobs.watch()?;
        let agent = Arc::new(Self {
            desk: Mutex::new(Desk::new(settings.here, settings.processes)),
            talk: Mutex::default(),
            bell: Bell::new()?,
            waker: watch.waker(),
            woken: AtomicBool::new(false),
            thread: Mutex::default(),
            generation: fork::generation(),
            beside: OnceLock::new(),
            jobs,
            clock,
            keyring,
            settings,
        });
        let inside = Arc::clone(&agent);
        let work = move || wait::unattended(|| inside.run(watch));
        let thread = thread::Builder::new().name("holdall-worker".into()).spawn(work);
        let thread = thread.map_err(|error| Error::io(error, "cannot start the worker's thread"))?;
        *agent.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(agent)
    }

    /// Says where what is beside the results lies: it goes when a task is forgotten.
    pub fn keep_beside(&self, place: Arc<beside::Place>, told: Told) {
        let _ = self.beside.set((place, told));
    }

    /// What rings when there are orders.
    #[must_use]
    pub fn bell(&self) -> &Bell {
        &self.bell
    }

    /// The orders since the last call, for whoever was called by the bell. To be called by a thread of the
    /// host's: results that were settled are let go of in it.
    #[must_use]
    pub fn orders(&self) -> VecDeque<Order> {
        if !self.is_ours() {
            return VecDeque::new();
        }
        // First: what comes after the orders were taken rings again.
        self.bell.hear();
        self.take_orders(true)
    }

    /// The same, for whoever was not called and looks all the same.
    #[must_use]
    pub fn orders_unrung(&self) -> VecDeque<Order> {
        if self.is_ours() { self.take_orders(false) } else { VecDeque::new() }
    }

    fn take_orders(&self, heard: bool) -> VecDeque<Order> {
        let (orders, spent) = {
            let mut desk = self.desk();
            (desk.orders(heard), std::mem::take(&mut desk.spent))
        };
        drop(spent);
        orders
    }

    /// One task that nobody took yet.
    #[must_use]
    pub fn job(&self) -> Option<Box<Job>> {
        if self.is_ours() { self.desk().job() } else { None }
    }

    /// Says how a task ended, and whether that counts: it does not if the task ended otherwise before, or
    /// is no longer this worker's. It is settled with the next turn, for which [`flush`](Agent::flush) asks.
    pub fn end(&self, ticket: Ticket, end: End) -> bool {
        if !self.is_ours() {
            return false;
        }
        let (counts, companion) = self.desk().end(ticket, end);
        drop(companion);
        counts
    }

    /// Says that one more process can run tasks.
    pub fn admit(&self) {
        if self.is_ours() {
            self.desk().admit();
            (self.waker)();
        }
    }

    /// Says where a task runs.
    pub fn place(&self, ticket: Ticket, place: Place) {
        if self.is_ours() {
            self.desk().place(ticket, place);
        }
    }

    /// Says that what ran a task is free again, where [`End::busy`] said that it was not.
    pub fn free(&self, ticket: Ticket) {
        if self.is_ours() {
            self.desk().free(ticket);
        }
    }

    /// Lets a task go without a word: its lease runs out.
    pub fn abandon(&self, ticket: Ticket) {
        if self.is_ours() {
            self.desk().abandon(ticket);
        }
    }

    /// Has what ended settled and more claimed by the agent's own thread, soon.
    pub fn flush(&self) {
        // Waking is a system call: once is enough.
        if self.is_ours() && !self.woken.swap(true, Ordering::AcqRel) {
            (self.waker)();
        }
    }

    /// The same by this thread and at once, unless somebody else is at it. There may be orders then for which
    /// the bell does not ring.
    pub fn flush_here(&self) {
        if self.is_ours() && !wait::unattended(|| self.try_turn()) {
            (self.waker)();
        }
    }

    /// The same if it is quickly done, for a thread that others wait for.
    pub fn flush_quickly(&self) {
        if self.is_ours() && !wait::unattended(|| self.try_quick_turn()) {
            (self.waker)();
        }
    }

    /// What was done so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        if self.is_ours() { self.desk().tally() } else { Tally::default() }
    }

    /// Rings the bell if there are orders.
    pub fn ring(&self) {
        if self.is_ours() && self.desk().must_ring() {
            self.bell.ring();
        }
    }

    /// Claims no more, gives back what nobody took yet, and ends when the rest is settled.
    pub fn drain(&self) {
        if self.is_ours() {
            self.desk().drain();
            (self.waker)();
        }
    }

    /// Ends at once: what is not settled yet never is. Waits for the thread if it is to be waited for.
    pub fn close(&self, wait: bool) {
        if !self.is_ours() {
            return;
        }
        self.desk().finish(None);
        (self.waker)();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if wait && let Some(thread) = thread {
            // A panic in it has been shown, and there is nobody else to be told.
            let _ = thread.join();
        }
    }

    /// Whether this process started it. In a forked child there is no thread, and locks may be held by
    /// threads that are not there either.
    fn is_ours(&self) -> bool {
        self.generation == fork::generation()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Now {
        Now::of(&*self.clock)
    }

    fn lease_ms(&self) -> u64 {
        u64::try_from(self.settings.lease.as_millis()).unwrap_or(u64::MAX)
    }

    fn is_at_work(&self) -> bool {
        self.desk().stage != Stage::Ended
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent").field("settings", &self.settings).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
