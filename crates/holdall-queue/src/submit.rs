//! Tasks on their way into a backend, so that nobody waits for longer than he must.
//!
//! Who may not be kept waiting, the loop of an asyncio program, tries for a millisecond at most; what was not
//! taken in by then, or would be taken in with an fsync, goes to a thread. It takes in all that has come
//! meanwhile by one insert: many callers share one fsync.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use holdall_backend::Jobs;
use holdall_backend::jobs::{Insert, Inserted, Now};
use holdall_backend::os::fork::PerProcess;
use holdall_backend::os::wait;
use holdall_store::Signed;
use holdall_types::{Clock, Error, ErrorKind, Result};

use crate::answer::Answer;

/// For so long a loop may wait for another writer.
const PATIENCE: Duration = Duration::from_millis(1);

/// One order in so many goes to the thread in any case: it writes the log back, which nobody else may.
const TURN: u64 = 500;

/// So many tasks go into one insert, if no single order has more: other writers get their turn in between.
const MANY: usize = 1000;

/// A task that is to be taken in, with all that belongs to it.
#[derive(Debug)]
pub struct Draft {
    /// As in [`Insert`].
    pub id: String,
    /// As in [`Insert`].
    pub queue: Arc<str>,
    /// As in [`Insert`].
    pub name: Arc<str>,
    /// As in [`Insert`].
    pub priority: i16,
    /// As in [`Insert`].
    pub due: Option<u64>,
    /// As in [`Insert`].
    pub expires: Option<u64>,
    /// As in [`Insert`].
    pub unique: Option<String>,
    /// As in [`Insert`].
    pub options: Option<Arc<str>>,
    /// As in [`Insert`].
    pub after: Arc<[String]>,
    /// As in [`Insert`].
    pub message: Signed,
}

impl Draft {
    fn insert<'a>(&'a self, after: &'a [&'a str]) -> Insert<'a> {
        Insert {
            id: &self.id,
            queue: &self.queue,
            name: &self.name,
            priority: self.priority,
            due: self.due,
            expires: self.expires,
            unique: self.unique.as_deref(),
            options: self.options.as_deref(),
            after,
            message: self.message.record(),
        }
    }
}

/// What is done with the ids that came of an order. Called once, from any thread.
pub type Done = Box<dyn FnOnce(Result<Vec<String>>) + Send>;

/// Takes tasks in, at once or by a thread of its own, one in each process.
pub struct Submit {
    jobs: Arc<dyn Jobs>,
    clock: Arc<dyn Clock>,
    /// Whether a commit is quick if nobody else is writing.
    quick: bool,
    orders: AtomicU64,
    office: PerProcess<Arc<Office>>,
}

struct Office {
    jobs: Arc<dyn Jobs>,
    clock: Arc<dyn Clock>,
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    orders: Vec<Order>,
    /// Whether the thread runs.
    open: bool,
    /// Whether the thread is at work with orders that are not in the list any more.
    busy: bool,
    closing: bool,
}

struct Order {
    drafts: Vec<Draft>,
    done: Done,
}

impl Submit {
    /// For a backend whose commits are `quick` (not followed by an fsync).
    #[must_use]
    pub fn new(jobs: Arc<dyn Jobs>, clock: Arc<dyn Clock>, quick: bool) -> Self {
        Self { jobs, clock, quick, orders: AtomicU64::new(0), office: PerProcess::new() }
    }

    /// Takes tasks in before it returns, and gives their ids: that of the unfinished task where there is one
    /// of the same unique key. For callers that may be kept waiting, which share fsyncs all the same.
    ///
    /// # Errors
    /// Those of [`Jobs::insert`]; then none was taken in, unless `Interrupted` ended the wait for others.
    pub fn now(&self, drafts: Vec<Draft>) -> Result<Vec<String>> {
        if self.quick {
            return insert(&*self.jobs, &drafts, None, Now::of(&*self.clock));
        }
        let answer = Arc::new(Answer::default());
        let done = Arc::clone(&answer);
        self.later(drafts, Box::new(move |ids| done.set(ids)));
        answer.wait()
    }

    /// Takes tasks in if that can be done at once, and gives their ids; or says nothing, and calls `done`
    /// from another thread. For callers that must not be kept waiting.
    ///
    /// # Errors
    /// As [`now`](Submit::now).
    pub fn soon(&self, drafts: Vec<Draft>, done: Done) -> Result<Option<Vec<String>>> {
        let large =
            drafts.len() > MANY || drafts.iter().map(|draft| draft.message.size()).sum::<u64>() > LARGE;
        let turn = self.orders.fetch_add(1, Ordering::Relaxed) % TURN == TURN - 1;
        if self.quick && !large && !turn && !self.waiting() {
            match insert(&*self.jobs, &drafts, Some(PATIENCE), Now::of(&*self.clock)) {
                Err(error) if error.kind() == ErrorKind::StoreBusy => {}
                other => return other.map(Some),
            }
        }
        self.later(drafts, done);
        Ok(None)
    }

    /// Whether others wait to be taken in: they come first.
    fn waiting(&self) -> bool {
        self.office.get().is_some_and(|office| {
            let desk = office.desk();
            desk.busy || !desk.orders.is_empty()
        })
    }

    fn later(&self, drafts: Vec<Draft>, done: Done) {
        let order = Order { drafts, done };
        match self.office.get_or_try_init(|| Ok(Arc::new(Office::new(&self.jobs, &self.clock)))) {
            Ok(office) => office.take(order),
            Err(error) => (order.done)(Err(error)),
        }
    }

    /// Takes in what is waiting, and ends the thread.
    pub fn close(&self) {
        if let Some(office) = self.office.get() {
            office.close();
        }
    }
}

/// More bytes than these take longer to write than a loop may stand still.
const LARGE: u64 = 1 << 20;

impl Drop for Submit {
    fn drop(&mut self) {
        self.close();
    }
}

impl Office {
    fn new(jobs: &Arc<dyn Jobs>, clock: &Arc<dyn Clock>) -> Self {
        let (jobs, clock) = (Arc::clone(jobs), Arc::clone(clock));
        Self { jobs, clock, desk: Mutex::default(), changed: Condvar::new() }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, order: Order) {
        let mut desk = self.desk();
        desk.orders.push(order);
        let start = !std::mem::replace(&mut desk.open, true);
        drop(desk);
        self.changed.notify_all();
        if !start {
            return;
        }
        let office = Arc::clone(self);
        let started = thread::Builder::new()
            .name("holdall-submit".into())
            .spawn(move || wait::unattended(|| office.work()));
        if let Err(error) = started {
            let mut desk = self.desk();
            desk.open = false;
            let orders = std::mem::take(&mut desk.orders);
            drop(desk);
            let message = format!("cannot start the thread that takes tasks in: {error}");
            fail(orders, &Error::new(ErrorKind::Backend, message));
        }
    }

    fn work(&self) {
        loop {
            let mut desk = self.desk();
            desk.busy = false;
            while desk.orders.is_empty() {
                if desk.closing {
                    (desk.open, desk.closing) = (false, false);
                    self.changed.notify_all();
                    return;
                }
                desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
            }
            desk.busy = true;
            let mut count = 0;
            let together = desk.orders.iter().take_while(|order| {
                let before = count;
                count += order.drafts.len();
                before == 0 || count <= MANY
            });
            let together = together.count();
            let orders: Vec<Order> = desk.orders.drain(..together).collect();
            drop(desk);
            self.commit(orders);
        }
    }

    fn commit(&self, mut orders: Vec<Order>) {
        let now = Now::of(&*self.clock);
        if let [_, _, ..] = &orders[..] {
            let counts: Vec<usize> = orders.iter().map(|order| order.drafts.len()).collect();
            let mut all: Vec<Draft> = orders.iter_mut().flat_map(|order| order.drafts.drain(..)).collect();
            match insert(&*self.jobs, &all, None, now) {
                Ok(mut ids) => {
                    for (order, count) in orders.into_iter().zip(counts) {
                        let rest = ids.split_off(count.min(ids.len()));
                        (order.done)(Ok(std::mem::replace(&mut ids, rest)));
                    }
                    return;
                }
                Err(error) if !of_one(error.kind()) => return fail(orders, &error),
                // One of them is at fault, and the others are not to suffer for it.
                Err(_) => {
                    for (order, count) in orders.iter_mut().zip(counts) {
                        order.drafts = all.drain(..count.min(all.len())).collect();
                    }
                }
            }
        }
        for order in orders {
            let ids = insert(&*self.jobs, &order.drafts, None, now);
            (order.done)(ids);
        }
    }

    fn close(&self) {
        let mut desk = self.desk();
        if !desk.open {
            return;
        }
        desk.closing = true;
        self.changed.notify_all();
        while desk.open {
            desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl fmt::Debug for Submit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submit").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

/// Whether such an error says something of one order rather than of the backend.
const fn of_one(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DoesNotExist | ErrorKind::Validation | ErrorKind::LimitExceeded)
}

fn fail(orders: Vec<Order>, error: &Error) {
    for order in orders {
        (order.done)(Err(Error::new(error.kind(), error.message())));
    }
}

fn insert(jobs: &dyn Jobs, drafts: &[Draft], patience: Option<Duration>, now: Now) -> Result<Vec<String>> {
    let afters: Vec<Vec<&str>> =
        drafts.iter().map(|draft| draft.after.iter().map(String::as_str).collect()).collect();
    let inserts: Vec<Insert<'_>> =
        drafts.iter().zip(&afters).map(|(draft, after)| draft.insert(after)).collect();
    let inserted = jobs.insert(&inserts, patience, now)?;
    let id = |(draft, inserted): (&Draft, Inserted)| match inserted {
        Inserted::New | Inserted::Known => draft.id.clone(),
        Inserted::Twin(id) => id,
    };
    Ok(drafts.iter().zip(inserted).map(id).collect())
}
