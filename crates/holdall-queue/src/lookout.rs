//! Waiting for tasks to end: one thread a process sleeps until the backend changes, for all who wait.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use holdall_backend::Jobs;
use holdall_backend::jobs::{Outcome, Waker};
use holdall_backend::os::fork::PerProcess;
use holdall_backend::os::wait;
use holdall_types::{Error, ErrorKind, Result};

use crate::answer::Answer;

/// So long at most it sleeps without looking, whatever the backend says: the safety net.
const LONGEST: Duration = Duration::from_secs(1);

/// A look that is not worth a rest after it.
const SHORT: Duration = Duration::from_millis(1);

/// The rests between looks in vain that follow each other closely, while workers are busy: the first few
/// cost whoever waits for one task nothing, and the last no more than these milliseconds.
const IN_VAIN: [u64; 8] = [0, 0, 0, 100, 200, 500, 1_000, 2_000];
const CLOSELY: Duration = Duration::from_millis(10);

/// What is waited for.
#[derive(Clone, Debug)]
pub enum Awaited {
    /// This task has ended.
    End(String),
    /// Fewer than so many of these tasks, or of all, have not ended.
    Fewer(Option<Vec<String>>, u64),
}

/// What came of a wait.
#[derive(Debug)]
pub enum Seen {
    /// A task has ended.
    Ended(Box<Outcome>),
    /// So many have not ended.
    Unfinished(u64),
    /// The time was over first.
    Nothing,
}

/// What is done with the answer. Called once, from any thread, unless the wait was given up.
pub type Told = Box<dyn FnOnce(Result<Seen>) + Send>;

/// Waits for many.
pub struct Lookout {
    jobs: Arc<dyn Jobs>,
    tower: PerProcess<Arc<Tower>>,
}

struct Tower {
    jobs: Arc<dyn Jobs>,
    desk: Mutex<Desk>,
    changed: Condvar,
}

#[derive(Default)]
struct Desk {
    next: u64,
    /// Nobody has looked for these yet.
    fresh: HashMap<u64, Waiting>,
    /// Those that were not there when it was last looked.
    known: HashMap<u64, Waiting>,
    waker: Option<Waker>,
    open: bool,
    closing: bool,
}

struct Waiting {
    what: Awaited,
    until: Option<Instant>,
    told: Told,
}

impl Lookout {
    /// For a backend.
    #[must_use]
    pub fn new(jobs: Arc<dyn Jobs>) -> Self {
        Self { jobs, tower: PerProcess::new() }
    }

    /// Has `told` called when something is there or the time is over, and gives the number to
    /// [give the wait up](Lookout::forget) by.
    ///
    /// # Errors
    /// `Backend` if there can be no thread. Told are `DoesNotExist` for a task that is not there, and the
    /// backend's.
    pub fn ask(&self, what: Awaited, timeout: Option<Duration>, told: Told) -> Result<u64> {
        let make = || {
            let jobs = Arc::clone(&self.jobs);
            Ok(Arc::new(Tower { jobs, desk: Mutex::default(), changed: Condvar::new() }))
        };
        // So long that no clock gets there is for ever.
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.tower.get_or_try_init(make)?.take(Waiting { what, until, told })
    }

    /// Gives a wait up. The answer may be under way all the same.
    pub fn forget(&self, number: u64) {
        if let Some(tower) = self.tower.get() {
            let mut desk = tower.desk();
            let gone = (desk.fresh.remove(&number), desk.known.remove(&number));
            drop(desk);
            drop(gone);
        }
    }

    /// Waits here and now.
    ///
    /// # Errors
    /// As [`ask`](Lookout::ask), and `Interrupted`.
    pub fn wait(&self, what: Awaited, timeout: Option<Duration>) -> Result<Seen> {
        let answer = Arc::new(Answer::default());
        let told = Arc::clone(&answer);
        let number = self.ask(what, timeout, Box::new(move |seen| told.set(seen)))?;
        let seen = answer.wait();
        if seen.is_err() {
            self.forget(number);
        }
        seen
    }

    /// Ends the thread; whoever still waits is told that it was closed.
    pub fn close(&self) {
        if let Some(tower) = self.tower.get() {
            tower.close();
        }
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.close();
    }
}

impl Tower {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(self: &Arc<Self>, waiting: Waiting) -> Result<u64> {
        let mut desk = self.desk();
        let number = desk.next;
        desk.next += 1;
        desk.fresh.insert(number, waiting);
        let start = !std::mem::replace(&mut desk.open, true);
        let waker = desk.waker.clone();
        drop(desk);
        self.changed.notify_all();
        if let Some(waker) = waker {
            waker();
        }
        if start {
            let tower = Arc::clone(self);
            let started = thread::Builder::new().name("holdall-lookout".into()).spawn(move || tower.work());
            if let Err(error) = started {
                let mut desk = self.desk();
                desk.open = false;
                desk.fresh.remove(&number);
                return Err(Error::io(error, "cannot start the thread that waits for tasks"));
            }
        }
        Ok(number)
    }

    fn work(&self) {
        let failed = wait::unattended(|| self.watch()).err();
        let mut desk = self.desk();
        (desk.open, desk.closing, desk.waker) = (false, false, None);
        let left: Vec<Waiting> = take_all(&mut desk);
        drop(desk);
        self.changed.notify_all();
        for waiting in left {
            (waiting.told)(Err(failed.as_ref().map_or_else(
                || {
                    Error::new(
                        ErrorKind::Validation,
                        "the backend was closed while this call waited for a task",
                    )
                },
                |error| Error::new(error.kind(), error.message()),
            )));
        }
    }

    /// Until it is closed.
    fn watch(&self) -> Result<()> {
        // Before anything is looked at: what changes after that ends a wait.
        let mut watch = self.jobs.watch()?;
        self.desk().waker = Some(watch.waker());
        let mut changed = true;
        let (mut vain, mut last) = (0, Instant::now());
        loop {
            let mut desk = self.desk();
            while desk.fresh.is_empty() && desk.known.is_empty() && !desk.closing {
                // While nobody waits nothing is watched.
                desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
                changed = true;
            }
            if desk.closing {
                return Ok(());
            }
            let fresh = std::mem::take(&mut desk.fresh);
            let known = if changed { std::mem::take(&mut desk.known) } else { HashMap::new() };
            drop(desk);
            let began = Instant::now();
            let asked = fresh.len() + known.len();
            let waiting = self.look(fresh.into_iter().chain(known));
            let in_vain = waiting.len() == asked && last.elapsed() < CLOSELY;
            vain = if in_vain { vain + 1 } else { 0 };
            last = began;
            let mut desk = self.desk();
            desk.known.extend(waiting);
            let soonest = desk.known.values().filter_map(|waiting| waiting.until).min();
            let sooner = !desk.fresh.is_empty() || desk.closing;
            drop(desk);
            if sooner {
                changed = false;
                continue;
            }
            // However often the backend changes, no more than a quarter of the time goes into looking, when
            // others may wait for the connection: ten thousand who wait cost ten thousand looks each time,
            // and a million tasks take long to count.
            let took = began.elapsed();
            if took > SHORT {
                thread::sleep((took * 3).min(LONGEST / 4));
            } else if let Some(rest) = IN_VAIN.get(vain.min(IN_VAIN.len() - 1)).filter(|rest| **rest > 0) {
                thread::sleep(Duration::from_micros(*rest));
            }
            let until = soonest.map_or(LONGEST, |until| until.saturating_duration_since(Instant::now()));
            watch.wait(until.min(LONGEST))?;
            changed = true;
        }
    }

    /// Answers those who can be, and gives back the others.
    fn look(&self, all: impl Iterator<Item = (u64, Waiting)>) -> Vec<(u64, Waiting)> {
        let mut left = Vec::new();
        for (number, waiting) in all {
            let over = waiting.until.is_some_and(|until| until <= Instant::now());
            match self.see(&waiting.what).transpose() {
                Some(answer) => (waiting.told)(answer),
                None if over => (waiting.told)(Ok(Seen::Nothing)),
                None => left.push((number, waiting)),
            }
        }
        left
    }

    fn see(&self, what: &Awaited) -> Result<Option<Seen>> {
        match what {
            Awaited::End(id) => {
                let task = self.jobs.task(id)?.ok_or_else(|| unknown(id))?;
                if !task.state.ended() {
                    return Ok(None);
                }
                let outcome = self.jobs.outcome(id)?.ok_or_else(|| unknown(id))?;
                // Somebody may have had it run again in between.
                Ok(outcome.task.state.ended().then(|| Seen::Ended(Box::new(outcome))))
            }
            Awaited::Fewer(ids, than) => {
                let ids: Option<Vec<&str>> = ids.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
                let left = self.jobs.unfinished(ids.as_deref())?;
                Ok((left < *than).then_some(Seen::Unfinished(left)))
            }
        }
    }

    fn close(&self) {
        let mut desk = self.desk();
        if !desk.open {
            return;
        }
        desk.closing = true;
        let waker = desk.waker.clone();
        self.changed.notify_all();
        drop(desk);
        if let Some(waker) = waker {
            waker();
        }
        let mut desk = self.desk();
        while desk.open && desk.closing {
            desk = self.changed.wait(desk).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn take_all(desk: &mut Desk) -> Vec<Waiting> {
    let (fresh, known) = (std::mem::take(&mut desk.fresh), std::mem::take(&mut desk.known));
    fresh.into_values().chain(known.into_values()).collect()
}

/// The error of an id that no task has.
#[must_use]
pub fn unknown(id: &str) -> Error {
    let message = format!(
        "there is no task {id:?} here: it was never enqueued in this database, or was purged, or its result_ttl \
         is over"
    );
    Error::new(ErrorKind::DoesNotExist, message)
}

impl fmt::Debug for Lookout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookout").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}
