//! What the queue and its backends speak of.

use std::time::Duration;

use holdall_types::Clock;

use crate::{Record, Stored};

/// Where a task stands (`docs/queue-lifecycle.md`). The numbers are a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum State {
    /// It comes after tasks that have not ended.
    Waiting = 0,
    /// Not before its time.
    Scheduled = 1,
    /// To be claimed.
    Available = 2,
    /// Claimed, under a lease.
    Running = 3,
    /// It failed, and will run again when its time has come.
    Retryable = 4,
    /// It ran, and its result is there.
    Completed = 5,
    /// It raised, as often as it might.
    Failed = 6,
    /// Its workers died, as often as they might.
    Dead = 7,
    /// Someone cancelled it, or one that it comes after did not complete.
    Cancelled = 8,
    /// Its time was over before it was started.
    Expired = 9,
}

impl State {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Scheduled,
        Self::Available,
        Self::Running,
        Self::Retryable,
        Self::Completed,
        Self::Failed,
        Self::Dead,
        Self::Cancelled,
        Self::Expired,
    ];

    /// The lifecycle's own name, in small letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scheduled => "scheduled",
            Self::Available => "available",
            Self::Running => "running",
            Self::Retryable => "retryable",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }

    /// The state of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// The state of a number.
    #[must_use]
    pub fn of_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|state| *state as u8 == number)
    }

    /// Whether nothing more happens to a task in it by itself.
    #[must_use]
    pub const fn ended(self) -> bool {
        self as u8 >= Self::Completed as u8
    }
}

/// One reading of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the Unix epoch: schedules, expiry, timestamps.
    pub wall: u64,
    /// Milliseconds since the machine booted: leases.
    pub boot: u64,
    /// Which boot that is.
    pub boot_id: i64,
}

impl Now {
    /// Reads a clock.
    #[must_use]
    pub fn of(clock: &dyn Clock) -> Self {
        let boot = u64::try_from(clock.boot().as_millis()).unwrap_or(u64::MAX);
        Self { wall: clock.wall_ms(), boot, boot_id: clock.boot_id() }
    }
}

/// A task to be taken in.
#[derive(Clone, Debug)]
pub struct Insert<'a> {
    /// Made by the client; any text of up to 255 bytes.
    pub id: &'a str,
    /// The queue's name.
    pub queue: &'a str,
    /// The function's name, to be shown.
    pub name: &'a str,
    /// Higher is claimed sooner.
    pub priority: i16,
    /// Wall time before which it is not run; `None` is now.
    pub due: Option<u64>,
    /// Wall time after which it is not started any more.
    pub expires: Option<u64>,
    /// At most one unfinished task has this key.
    pub unique: Option<&'a str>,
    /// The queue's policy for it, as the queue writes it; `None` is the default.
    pub options: Option<&'a str>,
    /// The tasks that it comes after.
    pub after: &'a [&'a str],
    /// What it is to do.
    pub message: Record<'a>,
}

/// What became of an insert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It was taken in.
    New,
    /// A task of this id was there already.
    Known,
    /// The unfinished task of this id has the same unique key.
    Twin(String),
}

/// All that is known of a task but its message and its result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// As inserted.
    pub id: String,
    /// As inserted.
    pub queue: String,
    /// As inserted.
    pub name: String,
    /// Where it stands.
    pub state: State,
    /// As inserted.
    pub priority: i16,
    /// How often it was claimed: the fencing token.
    pub start: u32,
    /// How many reruns it had after an exception or a timeout.
    pub retried: u32,
    /// How often its worker was lost.
    pub lost: u32,
    /// Whether whoever runs it is asked to stop.
    pub cancel: bool,
    /// As inserted.
    pub options: Option<String>,
    /// As inserted.
    pub unique: Option<String>,
    /// When it was inserted, in wall milliseconds, as are the other times.
    pub created: u64,
    /// When it is or was to run at the earliest.
    pub due: u64,
    /// When it was last claimed.
    pub started: Option<u64>,
    /// When it ended.
    pub ended: Option<u64>,
    /// As inserted.
    pub expires: Option<u64>,
    /// Who last claimed it.
    pub worker: Option<String>,
    /// Why it failed, as the queue writes it.
    pub failure: Option<String>,
}

/// A claimed task with what it is to do.
#[derive(Debug)]
pub struct Claimed {
    /// The task as it stands now.
    pub task: Task,
    /// What it is to do.
    pub message: Stored,
}

/// An ended or unended task with its result, if it has one.
#[derive(Debug)]
pub struct Outcome {
    /// The task.
    pub task: Task,
    /// What it gave back.
    pub result: Option<Stored>,
}

/// One move of one task.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The task.
    pub id: &'a str,
    /// The fence: the state and the start number that the decider saw.
    pub from: (State, u32),
    /// Fenced by when it was inserted, too: a task that was removed and inserted anew under its old id counts
    /// its starts anew, and whoever ran the old one must not settle the new one.
    pub created: Option<u64>,
    /// Fenced by its lease, too: made only if that has run out. For who comes for the task of a worker that
    /// seems to be dead, and may extend the lease meanwhile.
    pub lapsed: bool,
    /// Where it goes; `Running` leaves it there, and changes the rest.
    pub to: State,
    /// The new value of the field of this name; when it is due in the new state.
    pub due: u64,
    /// The new value of the field of this name.
    pub retried: u32,
    /// The new value of the field of this name.
    pub lost: u32,
    /// The new value of the field of this name.
    pub cancel: bool,
    /// The new value of the field of this name.
    pub failure: Option<&'a str>,
    /// What it gave back; replaces a former one, also by none.
    pub result: Option<Record<'a>>,
    /// When an ended task may be forgotten, in wall milliseconds.
    pub forget: Option<u64>,
}

/// Which tasks a worker takes.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Of these queues; of the first as many as there are, and so on.
    pub queues: &'a [&'a str],
    /// At most so many.
    pub limit: usize,
    /// Who takes them, to be shown.
    pub worker: &'a str,
    /// For how long, by the boot clock.
    pub lease_ms: u64,
}

/// What a worker does in one transaction.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// What it says of tasks.
    pub changes: &'a [Change<'a>],
    /// What it takes.
    pub claim: Option<Claim<'a>>,
    /// With it, no longer than so it waits for other writers.
    pub patience: Option<Duration>,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub struct Turned {
    /// For each change whether its fence held.
    pub made: Vec<bool>,
    /// What was claimed.
    pub claimed: Vec<Claimed>,
}

/// A running task by its fencing token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold<'a> {
    /// The task.
    pub id: &'a str,
    /// Its start number when it was claimed.
    pub start: u32,
}

/// What a heartbeat learns of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The lease runs on.
    Kept,
    /// The lease runs on, and the task is asked to stop.
    Cancel,
    /// It is no longer ours.
    Lost,
}

/// What nobody will come for by himself.
#[derive(Debug, Default)]
pub struct Attention {
    /// Running tasks whose lease has run out.
    pub lost: Vec<Task>,
    /// Tasks past their expiry that were never started or are to be started again.
    pub overdue: Vec<Task>,
    /// The wall time at which the next scheduled or retryable task is due, expires or is forgotten.
    pub next: Option<u64>,
    /// The boot time at which the next lease runs out.
    pub next_lease: Option<u64>,
}

/// Which tasks are listed.
#[derive(Clone, Copy, Debug)]
pub struct Filter<'a> {
    /// In these states; empty is all.
    pub states: &'a [State],
    /// Of this queue; `None` is all.
    pub queue: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

/// A queue by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueState {
    /// The name.
    pub name: String,
    /// Whether nothing of it is claimed.
    pub paused: bool,
}

/// A schedule. The backend keeps it and compares `next`; the rest is the queue's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    /// Its name.
    pub name: String,
    /// The expression, with its zone, as the queue writes it.
    pub expression: String,
    /// When it fires next, in wall milliseconds.
    pub next: u64,
    /// The task it makes: queue, priority and policy, as the queue writes them.
    pub template: String,
    /// The message of that task, a whole frame.
    pub message: Vec<u8>,
}
