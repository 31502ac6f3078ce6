//! The lifecycle of a task: every decision about where it goes, in one place and pure.
//!
//! Drawn in `docs/queue-lifecycle.md`, whose table a test compares with [`decide`]. The arrows that are
//! not here are those that only a backend can take, because they are decided by what else is there:
//! `Waiting` and `Scheduled` and `Retryable` to `Available`, and the claim of what is `Available`
//! ([`Jobs::turn`](holdall_backend::Jobs::turn)).

use holdall_backend::Record;
use holdall_backend::jobs::{Change, Now, State, Task};

use crate::failure::Failure;
use crate::policy::Policy;

/// Databases keep times as signed numbers.
const LAST: u64 = i64::MAX as u64;

/// What happened to a task, or what somebody wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It ran, and gave something back.
    Completed,
    /// It raised, or its message could not be opened.
    Raised(Failure),
    /// It ran for longer than its policy allows.
    TimedOut,
    /// Its worker died, or did not say for a lease's time that it lives.
    Lost,
    /// Its worker gives it back without having started it.
    Returned,
    /// Its worker stopped it, having been asked to.
    Cancelled,
    /// It was not started while there was time.
    Expired,
    /// It cannot run, because a task that it comes after did not complete.
    Orphaned {
        /// That task.
        parent: String,
        /// Where that stands; `None` if it was removed.
        state: Option<State>,
    },
    /// Somebody wants it not to run, or to stop.
    CancelAsked,
    /// Somebody wants it to run again.
    RetryAsked,
}

/// A [`Change`] that owns what it says, without the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The task.
    pub id: String,
    /// The fence: the state and the start number that were decided upon.
    pub from: (State, u32),
    /// When the task was inserted: see [`Change::created`].
    pub created: u64,
    /// Fenced by its lease, too: see [`Change::lapsed`].
    pub lapsed: bool,
    /// Where it goes.
    pub to: State,
    /// When it is due there.
    pub due: u64,
    /// How many retries it has had.
    pub retried: u32,
    /// How often its worker was lost.
    pub lost: u32,
    /// Whether whoever runs it is asked to stop.
    pub cancel: bool,
    /// Why, as the row keeps it.
    pub failure: Option<String>,
    /// When it may be forgotten.
    pub forget: Option<u64>,
}

impl Move {
    /// What the backend is told.
    #[must_use]
    pub fn change<'a>(&'a self, result: Option<Record<'a>>) -> Change<'a> {
        Change {
            id: &self.id,
            from: self.from,
            created: Some(self.created),
            lapsed: self.lapsed,
            to: self.to,
            due: self.due,
            retried: self.retried,
            lost: self.lost,
            cancel: self.cancel,
            failure: self.failure.as_deref(),
            result,
            forget: self.forget,
        }
    }

    fn because(self, failure: &Failure) -> Self {
        Self { failure: Some(failure.write()), ..self }
    }
}

/// Where a task goes because of an event; `None` if that event does not concern a task that stands where
/// it stands.
///
/// What completed is never run again: its result was handed out, perhaps to tasks that came after it.
/// Enqueue it anew for that. Nor is what is past its expiry: it would only expire again.
#[must_use]
pub fn decide(task: &Task, policy: &Policy, event: &Event, now: Now) -> Option<Move> {
    use State::{Available, Cancelled, Completed, Dead, Expired, Failed, Running};
    let state = task.state;
    let going = Going { task, policy, now };
    let overdue = task.expires.is_some_and(|expires| expires <= now.wall);
    Some(match (event, state) {
        (Event::Completed, Running) => Move { failure: None, ..going.to(Completed) },
        (Event::Raised(failure), Running) => going.raised(failure),
        (Event::TimedOut, Running) => going.raised(&Failure::timeout(policy.timeout_ms)),
        (Event::Lost, Running) => {
            let lost = task.lost.saturating_add(1);
            let to = match () {
                () if task.cancel => Cancelled,
                () if lost > policy.max_lost => Dead,
                () => Available,
            };
            let gone = Move { lost, ..going.to(to) };
            if to == Dead { gone.because(&dead(&task.id, lost)) } else { gone }
        }
        (Event::Returned, Running) if task.cancel => going.to(Cancelled),
        // It keeps its place among those that are available.
        (Event::Returned, Running) => Move { due: task.due, ..going.to(Available) },
        (Event::Cancelled, Running) => going.to(Cancelled),
        (Event::Orphaned { parent, state }, Running) => going.to(Cancelled).because(&orphan(parent, *state)),
        (Event::Expired, _) if !state.ended() && state != Running && overdue => {
            going.to(Expired).because(&Failure::plain(
                "it was not started before its time was over; enqueue it again with more time, or run more workers",
            ))
        }
        // It is the worker's to stop, and to say that it has stopped.
        (Event::CancelAsked, Running) => Move { cancel: true, due: task.due, ..going.to(Running) },
        (Event::CancelAsked, _) if !state.ended() => going.to(Cancelled),
        (Event::RetryAsked, Failed | Dead | Cancelled | Expired) if !overdue => {
            Move { retried: 0, lost: 0, failure: None, ..going.to(Available) }
        }
        _ => return None,
    })
}

struct Going<'a> {
    task: &'a Task,
    policy: &'a Policy,
    now: Now,
}

impl Going<'_> {
    fn to(&self, to: State) -> Move {
        let (task, wall) = (self.task, self.now.wall);
        let keep = self.policy.result_ttl_ms.filter(|_| to.ended());
        Move {
            id: task.id.clone(),
            from: (task.state, task.start),
            created: task.created,
            lapsed: false,
            to,
            due: if to.ended() { task.due } else { wall },
            retried: task.retried,
            lost: task.lost,
            cancel: false,
            failure: task.failure.clone(),
            forget: keep.map(|keep| wall.saturating_add(keep).min(LAST)),
        }
    }

    fn raised(&self, failure: &Failure) -> Move {
        let (task, policy) = (self.task, self.policy);
        let moved = match () {
            () if task.retried >= policy.retries || !policy.retries(failure) => self.to(State::Failed),
            // What somebody wants stopped is not begun again.
            () if task.cancel => self.to(State::Cancelled),
            () => {
                let delay = policy.backoff.delay(&task.id, task.retried);
                Move {
                    due: self.now.wall.saturating_add(delay).min(LAST),
                    retried: task.retried.saturating_add(1),
                    ..self.to(State::Retryable)
                }
            }
        };
        moved.because(failure)
    }
}

fn dead(id: &str, lost: u32) -> Failure {
    let times = if lost == 1 { "once".to_owned() } else { format!("{lost} times") };
    Failure::plain(format!(
        "its worker was lost {times}: killed, out of memory, or without a sign of life for a whole lease; look \
         what it does to its worker, then run it again with retry({id:?})"
    ))
}

fn orphan(parent: &str, state: Option<State>) -> Failure {
    let what = state.map_or("was removed", |state| match state {
        State::Completed => "completed",
        State::Failed => "failed",
        State::Dead => "is dead",
        State::Cancelled => "was cancelled",
        State::Expired => "expired",
        _ => "has not ended",
    });
    Failure::plain(format!(
        "the task {parent:?}, which it comes after, {what}; run that again with retry({parent:?}), then this"
    ))
}

#[cfg(test)]
mod tests;
