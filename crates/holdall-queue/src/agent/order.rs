//! What the agent tells those who run tasks, and what they tell it.

use holdall_backend::jobs::{Claimed, State, Task};
use holdall_store::Signed;
use holdall_types::Error;

use crate::machine::Event;

/// A claimed task by the number that the agent gave it: no two of one agent are the same.
pub type Ticket = u64;

/// A task to be run.
#[derive(Debug)]
pub struct Job {
    /// How both sides call it.
    pub ticket: Ticket,
    /// The task and its message.
    pub claimed: Claimed,
}

/// What the agent wants done, or known.
#[derive(Debug)]
pub enum Order {
    /// Run this.
    Run(Box<Job>),
    /// Somebody wants this stopped. How it then ends is to be told as any end.
    Cancel(Ticket),
    /// Another worker may run this now: stop it, for whatever comes of it counts no more.
    Lost(Ticket, Stale),
    /// What a task came to was refused, for it is no longer this worker's.
    Refused(Stale),
    /// A dead worker's task was come for, and went there.
    Rescued(String, State),
    /// A schedule could not be fired.
    Misfired(String, Error),
    /// The backend fails. Nothing is lost yet; it is tried again until it works.
    Trouble(Error),
    /// It works again.
    Recovered,
    /// The last order: all is settled, or the backend cannot be used any more.
    Ended(Option<Error>),
}

/// A task that is no longer this worker's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Which start of it this worker had.
    pub start: u32,
}

impl Stale {
    pub(super) fn of(task: &Task) -> Self {
        Self { id: task.id.clone(), name: task.name.clone(), start: task.start }
    }
}

/// Where a task runs, which is not known before its message was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the loop, and in threads where there are no processes.
    Here,
    /// In a process of its own.
    Process,
}

/// How a run ended.
#[derive(Debug)]
pub struct End {
    /// What happened.
    pub event: Event,
    /// What it gave back, or an exception's arguments.
    pub result: Option<Signed>,
    /// Whether what runs it is still busy, as a thread is that nobody can stop. The slot is free only when
    /// [`Agent::free`](super::Agent::free) says so.
    pub busy: bool,
}

impl From<Event> for End {
    fn from(event: Event) -> Self {
        Self { event, result: None, busy: false }
    }
}

/// What a worker did so far, to be shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tasks that run now.
    pub running: usize,
    /// Runs that gave a result.
    pub completed: u64,
    /// Runs that raised, or took too long.
    pub failed: u64,
}
