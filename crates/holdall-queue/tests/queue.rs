//! Taking tasks in, and waiting for their ends, over tasks in memory.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use holdall_backend::Jobs;
use holdall_backend::jobs::{Insert, Inserted, Now, State};
use holdall_backend::memory::MemoryJobs;
use holdall_frame::Keyset;
use holdall_queue::Queue;
use holdall_queue::envelope::{Beside, Cargo, Function, Message};
use holdall_queue::lookout::{Awaited, Seen};
use holdall_queue::queue::Desk;
use holdall_queue::submit::Draft;
use holdall_store::Keyring;
use holdall_types::{Codec, Error, ErrorKind, Result, SystemClock};

const SOON: Duration = Duration::from_secs(30);

/// Tasks in memory, whose inserts can be held up, are counted, and may find others writing.
#[derive(Debug)]
struct Watched {
    jobs: MemoryJobs,
    inserts: AtomicUsize,
    busy: Mutex<bool>,
    held: Mutex<bool>,
    freed: Condvar,
}

impl Watched {
    fn new() -> Arc<Self> {
        let (busy, held, freed) = (Mutex::new(false), Mutex::new(false), Condvar::new());
        Arc::new(Self { jobs: MemoryJobs::open(), inserts: AtomicUsize::new(0), busy, held, freed })
    }

    fn hold(&self, held: bool) {
        *self.held.lock().unwrap() = held;
        self.freed.notify_all();
    }
}

impl Jobs for Watched {
    fn insert(&self, tasks: &[Insert<'_>], patience: Option<Duration>, now: Now) -> Result<Vec<Inserted>> {
        if patience.is_some() && *self.busy.lock().unwrap() {
            return Err(Error::new(ErrorKind::StoreBusy, "somebody else is writing"));
        }
        drop(self.freed.wait_while(self.held.lock().unwrap(), |held| *held).unwrap());
        self.inserts.fetch_add(1, Ordering::SeqCst);
        self.jobs.insert(tasks, patience, now)
    }

    holdall_testkit::pass_on! {
        name turn extend attention forget task message outcome tasks counts unfinished purge pause queues set_cron
        crons fire watch close
    }
}

fn queue(jobs: &Arc<Watched>, quick: bool) -> Queue {
    let keyring = Arc::new(Keyring::new(Some(Keyset::generate().unwrap().to_text())));
    let jobs: Arc<dyn Jobs> = Arc::clone(jobs) as _;
    Queue { desk: Arc::new(Desk::new(jobs, Arc::new(SystemClock), quick)), keyring }
}

fn draft(queue: &Queue, id: &str, after: &[&str]) -> Draft {
    let arguments = Cargo::Encoded(Codec::Json, b"[[],{}]");
    let message = Message { function: Function::Named("a:b"), after: after.to_vec(), arguments };
    let message = message.sign(Beside::default(), id, &queue.keyring.for_signing().unwrap()).unwrap();
    Draft {
        id: id.into(),
        queue: "default".into(),
        name: "a:b".into(),
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after: after.iter().map(|id| (*id).to_owned()).collect(),
        message,
    }
}

type Answers = mpsc::Receiver<Result<Vec<String>>>;

/// Submits, and gives what was answered at once and where other answers come.
fn soon(queue: &Queue, drafts: Vec<Draft>) -> (Option<Vec<String>>, Answers) {
    let (tell, told) = mpsc::channel();
    let done = Box::new(move |ids| drop(tell.send(ids)));
    (queue.desk.submit.soon(drafts, done).unwrap(), told)
}

#[test]
fn what_is_quick_is_done_at_once() {
    let queue = queue(&Watched::new(), true);
    let (ids, told) = soon(&queue, vec![draft(&queue, "a", &[])]);
    assert_eq!(ids.unwrap(), ["a"]);
    assert!(told.recv().is_err(), "and not told again");
    assert_eq!(queue.desk.submit.now(vec![draft(&queue, "a", &[])]).unwrap(), ["a"]);
}

#[test]
fn one_in_some_hundreds_has_patience() {
    let queue = queue(&Watched::new(), true);
    let mut later = 0;
    for number in 0..2000 {
        let (ids, told) = soon(&queue, vec![draft(&queue, &number.to_string(), &[])]);
        if ids.is_none() {
            told.recv_timeout(SOON).unwrap().unwrap();
            later += 1;
        }
    }
    // On a busy machine one more may find no room in its millisecond.
    assert!((4..20).contains(&later), "{later}: else nobody would ever write the log back");
}

#[test]
fn nobody_waits_for_another_writer() {
    let jobs = Watched::new();
    let queue = queue(&jobs, true);
    *jobs.busy.lock().unwrap() = true;
    jobs.hold(true);
    let began = Instant::now();
    let (ids, told) = soon(&queue, vec![draft(&queue, "a", &[])]);
    assert!(ids.is_none() && began.elapsed() < SOON);
    *jobs.busy.lock().unwrap() = false;
    // Others are waiting: this one does not go in front of them.
    let (ids, second) = soon(&queue, vec![draft(&queue, "b", &["a"])]);
    assert!(ids.is_none());
    jobs.hold(false);
    assert_eq!(told.recv_timeout(SOON).unwrap().unwrap(), ["a"]);
    assert_eq!(second.recv_timeout(SOON).unwrap().unwrap(), ["b"]);
}

#[test]
fn what_waits_is_taken_in_together() {
    let jobs = Watched::new();
    let queue = queue(&jobs, false);
    jobs.hold(true);
    let (_, first) = soon(&queue, vec![draft(&queue, "first", &[])]);
    let told: Vec<Answers> =
        (0..100).map(|number| soon(&queue, vec![draft(&queue, &number.to_string(), &[])]).1).collect();
    jobs.hold(false);
    assert_eq!(first.recv_timeout(SOON).unwrap().unwrap(), ["first"]);
    for (number, told) in told.iter().enumerate() {
        assert_eq!(told.recv_timeout(SOON).unwrap().unwrap(), [number.to_string()]);
    }
    let inserts = jobs.inserts.load(Ordering::SeqCst);
    assert!(inserts <= 3, "{inserts} inserts for 101 orders");
}

#[test]
fn one_is_not_refused_for_another() {
    let jobs = Watched::new();
    let queue = queue(&jobs, false);
    jobs.hold(true);
    let (_, first) = soon(&queue, vec![draft(&queue, "first", &[])]);
    let (_, fine) = soon(&queue, vec![draft(&queue, "a", &[]), draft(&queue, "b", &["a"])]);
    let (_, orphan) = soon(&queue, vec![draft(&queue, "c", &[]), draft(&queue, "d", &["nobody"])]);
    let (_, late) = soon(&queue, vec![draft(&queue, "e", &[])]);
    jobs.hold(false);
    assert!(first.recv_timeout(SOON).unwrap().is_ok());
    assert_eq!(fine.recv_timeout(SOON).unwrap().unwrap(), ["a", "b"]);
    assert_eq!(orphan.recv_timeout(SOON).unwrap().unwrap_err().kind(), ErrorKind::DoesNotExist);
    assert_eq!(late.recv_timeout(SOON).unwrap().unwrap(), ["e"]);
    assert!(jobs.jobs.task("c").unwrap().is_none(), "an order is taken in whole or not at all");
}

#[test]
fn a_close_takes_in_what_is_waiting() {
    let jobs = Watched::new();
    let queue = queue(&jobs, false);
    jobs.hold(true);
    let (_, told) = soon(&queue, vec![draft(&queue, "a", &[])]);
    thread::scope(|scope| {
        scope.spawn(|| queue.desk.submit.close());
        thread::sleep(Duration::from_millis(20));
        jobs.hold(false);
    });
    assert_eq!(told.try_recv().unwrap().unwrap(), ["a"]);
    // It begins again for whoever comes later.
    assert_eq!(queue.desk.submit.now(vec![draft(&queue, "b", &[])]).unwrap(), ["b"]);
}

#[test]
fn an_end_wakes_who_waits_for_it() {
    let queue = queue(&Watched::new(), true);
    let lookout = &queue.desk.lookout;
    queue.desk.submit.now(vec![draft(&queue, "a", &[]), draft(&queue, "b", &[])]).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| lookout.wait(Awaited::End("a".into()), Some(SOON)));
        let both = scope.spawn(|| lookout.wait(Awaited::Fewer(None, 1), Some(SOON)));
        thread::sleep(Duration::from_millis(20));
        let began = Instant::now();
        assert!(queue.cancel("a").unwrap());
        assert!(matches!(waiting.join().unwrap().unwrap(), Seen::Ended(outcome) if outcome.task.id == "a"));
        // The safety net alone would take a second.
        assert!(began.elapsed() < Duration::from_millis(900));
        assert!(queue.cancel("b").unwrap());
        assert!(matches!(both.join().unwrap().unwrap(), Seen::Unfinished(0)));
    });
    let at_once = lookout.wait(Awaited::End("a".into()), Some(Duration::ZERO)).unwrap();
    assert!(matches!(at_once, Seen::Ended(_)), "what is there is seen before the time is over");
}

#[test]
fn a_wait_ends_with_its_time() {
    let queue = queue(&Watched::new(), true);
    queue.desk.submit.now(vec![draft(&queue, "a", &[])]).unwrap();
    let wait = |what, ms| queue.desk.lookout.wait(what, Some(Duration::from_millis(ms)));
    assert!(matches!(wait(Awaited::End("a".into()), 0).unwrap(), Seen::Nothing));
    let began = Instant::now();
    assert!(matches!(wait(Awaited::Fewer(None, 1), 50).unwrap(), Seen::Nothing));
    assert!(began.elapsed() >= Duration::from_millis(50));
    let error = wait(Awaited::End("nobody".into()), 30_000).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert!(matches!(wait(Awaited::Fewer(Some(vec!["nobody".into()]), 1), 0).unwrap(), Seen::Unfinished(0)));
}

#[test]
fn a_close_tells_who_waits() {
    let queue = queue(&Watched::new(), true);
    queue.desk.submit.now(vec![draft(&queue, "a", &[])]).unwrap();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.desk.lookout.wait(Awaited::End("a".into()), None));
        thread::sleep(Duration::from_millis(20));
        queue.desk.close().unwrap();
        assert_eq!(waiting.join().unwrap().unwrap_err().kind(), ErrorKind::Validation);
    });
}

#[test]
fn a_wait_that_was_given_up_is_not_told() {
    let queue = queue(&Watched::new(), true);
    queue.desk.submit.now(vec![draft(&queue, "a", &[])]).unwrap();
    let (tell, told) = mpsc::channel();
    let ask = |tell: mpsc::Sender<Result<Seen>>| {
        let told = Box::new(move |seen| drop(tell.send(seen)));
        queue.desk.lookout.ask(Awaited::End("a".into()), None, told).unwrap()
    };
    let (given_up, kept) = (ask(tell.clone()), ask(tell));
    thread::sleep(Duration::from_millis(20));
    queue.desk.lookout.forget(given_up);
    queue.cancel("a").unwrap();
    assert!(told.recv_timeout(SOON).unwrap().is_ok());
    assert!(told.recv_timeout(SOON).is_err(), "one of two, and both are gone");
    assert_ne!(given_up, kept);
}

#[test]
fn cancel_and_retry_say_whether_there_was_something_to_do() {
    let queue = queue(&Watched::new(), true);
    queue.desk.submit.now(vec![draft(&queue, "a", &[])]).unwrap();
    assert!(!queue.retry("a").unwrap());
    assert!(queue.cancel("a").unwrap() && !queue.cancel("a").unwrap());
    assert!(queue.retry("a").unwrap() && !queue.retry("a").unwrap());
    assert!(!queue.cancel("nobody").unwrap() && !queue.retry("nobody").unwrap());
    assert_eq!(queue.purge(&[], Duration::ZERO).unwrap(), 0);
    queue.cancel("a").unwrap();
    assert_eq!(queue.purge(&[], Duration::from_secs(3600)).unwrap(), 0);
    assert_eq!(queue.purge(&[State::Failed], Duration::ZERO).unwrap(), 0);
    assert_eq!(queue.purge(&[], Duration::ZERO).unwrap(), 1);
}
