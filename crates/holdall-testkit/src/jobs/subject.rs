//! The queue under test, with short words for what the behaviours do all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use holdall_backend::Record;
use holdall_backend::jobs::{Change, Claim, Claimed, Insert, Inserted, Jobs, Now, State, Task, Turn, Turned};

/// Wall time at which the behaviours begin: a day in 2023.
pub const NOW: u64 = 1_700_000_000_000;
/// Boot time at the same moment.
const BOOT: u64 = 5_000_000;
/// How long the claims of the behaviours hold.
pub(super) const LEASE: u64 = 60_000;

/// So many milliseconds after the beginning.
#[must_use]
pub fn at(ms: u64) -> Now {
    Now { wall: NOW + ms, boot: BOOT + ms, boot_id: 7 }
}

/// A message or result.
#[must_use]
pub fn record(body: &[u8]) -> Record<'_> {
    Record { header: b"head", body, text: false, expires: None, tail: None }
}

/// A task without anything special; its message is its id.
#[must_use]
pub fn task(id: &str) -> Insert<'_> {
    Insert {
        id,
        queue: "default",
        name: "module:function",
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after: &[],
        message: record(id.as_bytes()),
    }
}

/// A change that says nothing but where a task goes.
#[must_use]
pub fn change(id: &str, from: (State, u32), to: State) -> Change<'_> {
    Change {
        id,
        from,
        created: None,
        lapsed: false,
        to,
        due: NOW,
        retried: 0,
        lost: 0,
        cancel: false,
        failure: None,
        result: None,
        forget: None,
    }
}

/// A queue under test.
#[derive(Debug)]
pub struct Subject {
    handles: Vec<Arc<dyn Jobs>>,
    next: AtomicUsize,
}

impl Subject {
    /// Takes the handles of an empty queue.
    #[must_use]
    pub fn new(handles: Vec<Arc<dyn Jobs>>) -> Self {
        Self { handles, next: AtomicUsize::new(0) }
    }

    /// The next handle.
    #[must_use]
    pub fn jobs(&self) -> &dyn Jobs {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        &*self.handles[at % self.handles.len()]
    }

    pub(super) fn insert(&self, tasks: &[Insert<'_>], now: Now) -> Vec<Inserted> {
        self.jobs().insert(tasks, None, now).unwrap()
    }

    /// Inserts one task, which is new.
    pub(super) fn add(&self, task: Insert<'_>) {
        self.add_at(task, at(0));
    }

    pub(super) fn add_at(&self, task: Insert<'_>, now: Now) {
        assert_eq!(self.insert(&[task], now), [Inserted::New]);
    }

    pub(super) fn turn(&self, changes: &[Change<'_>], claim: Option<Claim<'_>>, now: Now) -> Turned {
        self.jobs().turn(&Turn { changes, claim, patience: None }, now).unwrap()
    }

    /// Claims of these queues.
    pub(super) fn claim_of(&self, queues: &[&str], limit: usize, now: Now) -> Vec<Claimed> {
        let claim = Claim { queues, limit, worker: "worker", lease_ms: LEASE };
        self.turn(&[], Some(claim), now).claimed
    }

    /// Claims of the default queue, and gives the ids.
    pub(super) fn claim(&self, limit: usize, now: Now) -> Vec<String> {
        self.claim_of(&["default"], limit, now).into_iter().map(|claimed| claimed.task.id).collect()
    }

    /// Makes one change, and says whether it was made.
    pub(super) fn change(&self, change: Change<'_>, now: Now) -> bool {
        let made = self.turn(&[change], None, now).made;
        assert_eq!(made.len(), 1, "one answer for one change");
        made[0]
    }

    /// Makes one change, which must be possible.
    pub(super) fn must(&self, change: Change<'_>, now: Now) {
        assert!(self.change(change, now), "{change:?}");
    }

    /// Inserts one task, before all others, and claims it.
    pub(super) fn run(&self, id: &str) {
        self.add(Insert { priority: i16::MAX, ..task(id) });
        assert_eq!(self.claim(1, at(0)), [id]);
    }

    /// Inserts one task, claims it and ends it.
    pub(super) fn end(&self, id: &str, to: State, ended: Now) {
        self.run(id);
        self.must(change(id, (State::Running, 1), to), ended);
    }

    pub(super) fn task(&self, id: &str) -> Task {
        let found = self.jobs().task(id).unwrap();
        assert!(found.is_some(), "the task {id} is gone");
        found.unwrap()
    }

    pub(super) fn state(&self, id: &str) -> State {
        self.task(id).state
    }

    /// The result as bytes.
    pub(super) fn result(&self, id: &str) -> Option<Vec<u8>> {
        self.jobs().outcome(id).unwrap().unwrap().result.map(|stored| stored.bytes.to_vec())
    }
}
