//! The narrow waist of the queue: all that it asks of a backend.
//!
//! A backend keeps tasks and moves them from state to state, each move fenced by what its decider
//! saw. It never decides where a task goes: that is the queue's state machine, which is pure. The
//! one move that a backend makes by itself is the one that cannot be decided apart from its doing:
//! which tasks are claimed ([`Jobs::turn`]).

mod nouns;
mod watch;

use std::fmt::Debug;
use std::path::PathBuf;
use std::time::Duration;

use holdall_types::Result;

pub use nouns::{
    Attention, Change, Claim, Claimed, Cron, Filter, Held, Hold, Insert, Inserted, Now, Outcome, QueueState,
    State, Task, Turn, Turned,
};
pub use watch::{Waker, Watch};

/// Tasks and their states. Every call is atomic by itself against every other caller, in this
/// process and in others. All calls may come from any thread, and from a forked child.
///
/// Every call fails with `Validation` once [`close`](Jobs::close) was called, and otherwise as its own
/// text says; `StoreBusy`, `StoreFull`, `StoreReadOnly`, `StorePoisoned` and `Backend` are possible
/// everywhere. A failed call changes nothing.
pub trait Jobs: Send + Sync + Debug {
    /// What the backend is called in messages: its path.
    fn name(&self) -> String;

    /// The folder for what is kept beside the results, where the backend has one on this machine. It is
    /// not made, and nothing else of the backend's is in it.
    fn beside(&self) -> Option<PathBuf> {
        None
    }

    /// Takes tasks in, all or none. A task whose id is there already is left as it is, so that a call
    /// whose outcome is unknown may be repeated; one whose unique key is held by an unfinished task is
    /// not taken in. With `patience` it waits no longer than that for other writers, and leaves to others
    /// what the backend does now and then and takes time; so one call in some hundreds should be made
    /// without. A task is `Waiting` while one that it comes after is unfinished, else `Scheduled`
    /// until it is due, else `Available`.
    ///
    /// # Errors
    /// As for the trait; `DoesNotExist` for a task that is to come after an unknown one.
    fn insert(&self, tasks: &[Insert<'_>], patience: Option<Duration>, now: Now) -> Result<Vec<Inserted>>;

    /// A worker's turn, in one transaction: makes changes, then claims.
    ///
    /// A change whose fence no longer holds is not made, and the answer says so. Nor is one that would run
    /// a task again which somebody asked to stop after it was decided, or whose unique key an unfinished
    /// task has by now. A change to an ended
    /// state lets go of what waited for this task: what waits for nothing else is `Scheduled` or
    /// `Available` then.
    ///
    /// Before a claim, what is scheduled or retryable and due by now becomes available. Claimed are the
    /// available tasks of the queues that are not paused, by priority, then by the time since which they
    /// are available; each is `Running` then, its start number one higher, its lease run by the boot
    /// clock. The cost of a claim depends neither on how many tasks wait nor on how many have ended.
    ///
    /// # Errors
    /// As for the trait.
    fn turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned>;

    /// Runs the leases of running tasks on, each fenced by its start number.
    ///
    /// # Errors
    /// As for the trait.
    fn extend(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>>;

    /// What nobody will come for by himself: running tasks whose lease has run out (by the boot clock,
    /// or because it is of another boot) and unstarted ones past their expiry, at most `limit` of each;
    /// and when to look again.
    ///
    /// # Errors
    /// As for the trait.
    fn attention(&self, limit: usize, now: Now) -> Result<Attention>;

    /// Removes ended tasks whose time to be forgotten has come, at most `limit`, and says how many.
    ///
    /// # Errors
    /// As for the trait.
    fn forget(&self, limit: usize, now: Now) -> Result<u64>;

    /// A task without its message and result.
    ///
    /// # Errors
    /// As for the trait.
    fn task(&self, id: &str) -> Result<Option<Task>>;

    /// A task and what it was asked to do, as it was inserted.
    ///
    /// # Errors
    /// As for the trait.
    fn message(&self, id: &str) -> Result<Option<Claimed>>;

    /// A task and what came of it.
    ///
    /// # Errors
    /// As for the trait.
    fn outcome(&self, id: &str) -> Result<Option<Outcome>>;

    /// Tasks, the newest first.
    ///
    /// # Errors
    /// As for the trait.
    fn tasks(&self, filter: &Filter<'_>) -> Result<Vec<Task>>;

    /// How many tasks of each queue are in each state; what there is none of may be left out.
    ///
    /// # Errors
    /// As for the trait.
    fn counts(&self) -> Result<Vec<(String, State, u64)>>;

    /// How many of these tasks have not ended, or of all. Unknown ones have.
    ///
    /// # Errors
    /// As for the trait.
    fn unfinished(&self, ids: Option<&[&str]>) -> Result<u64>;

    /// Removes ended tasks in these states that ended before a time (wall, in milliseconds), with all
    /// that belongs to them, and says how many.
    ///
    /// # Errors
    /// As for the trait.
    fn purge(&self, states: &[State], before: u64) -> Result<u64>;

    /// Stops or resumes the claims of a queue, which need not exist yet.
    ///
    /// # Errors
    /// As for the trait.
    fn pause(&self, queue: &str, paused: bool) -> Result<()>;

    /// The queues that were ever named.
    ///
    /// # Errors
    /// As for the trait.
    fn queues(&self) -> Result<Vec<QueueState>>;

    /// Writes a schedule under its name, or removes it.
    ///
    /// # Errors
    /// As for the trait.
    fn set_cron(&self, name: &str, cron: Option<&Cron>) -> Result<()>;

    /// All schedules.
    ///
    /// # Errors
    /// As for the trait.
    fn crons(&self) -> Result<Vec<Cron>>;

    /// If the schedule's next time still is `due`: inserts the task and sets its next time, in one
    /// step, and says so.
    ///
    /// # Errors
    /// As for the trait.
    fn fire(&self, name: &str, due: u64, next: u64, task: &Insert<'_>, now: Now) -> Result<bool>;

    /// A way to sleep until something changes. Woken are, in all processes, watchers of this backend
    /// after: `insert`, a `turn` with changes, `pause`, `set_cron`, `fire`.
    ///
    /// # Errors
    /// As for the trait.
    fn watch(&self) -> Result<Box<dyn Watch>>;

    /// Lets go of files and memory. Closing twice is fine.
    ///
    /// # Errors
    /// As for the trait.
    fn close(&self) -> Result<()>;
}
