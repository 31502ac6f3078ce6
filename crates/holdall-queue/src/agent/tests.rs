//! An agent over a backend that fails as the tests say.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use holdall_backend::jobs::{Held, Hold, Insert, State, Task, Turn, Turned};
use holdall_backend::memory::MemoryJobs;
use holdall_backend::{Jobs, Record};
use holdall_types::{ErrorKind, SystemClock};

use super::*;
use crate::failure::Failure;
use crate::machine::Event;

/// Enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A backend that fails on demand, and counts what is asked of it.
#[derive(Debug)]
struct Moody {
    jobs: MemoryJobs,
    /// What each turn fails with, and whether only those that say something do.
    turns: Mutex<Option<(ErrorKind, bool)>>,
    extends: Mutex<Option<ErrorKind>>,
    asked: AtomicU64,
}

impl Moody {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            jobs: MemoryJobs::open(),
            turns: Mutex::default(),
            extends: Mutex::default(),
            asked: AtomicU64::new(0),
        })
    }

    fn fail(&self, kind: Option<ErrorKind>, only_changes: bool) {
        *self.turns.lock().unwrap() = kind.map(|kind| (kind, only_changes));
    }

    fn enqueue(&self, id: &str, options: Option<&str>) {
        let task = Insert {
            id,
            queue: "default",
            name: "a:f",
            priority: 0,
            due: None,
            expires: None,
            unique: None,
            options,
            after: &[],
            message: Record { header: b"h", body: b"b", text: false, expires: None, tail: None },
        };
        self.jobs.insert(&[task], None, Now::of(&SystemClock)).unwrap();
    }

    fn task(&self, id: &str) -> Task {
        self.jobs.task(id).unwrap().unwrap()
    }
}

impl Jobs for Moody {
    fn turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match *self.turns.lock().unwrap() {
            Some((kind, only_changes)) if !only_changes || !turn.changes.is_empty() => {
                Err(Error::new(kind, "as told"))
            }
            _ => self.jobs.turn(turn, now),
        }
    }

    fn extend(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>> {
        match *self.extends.lock().unwrap() {
            Some(kind) => Err(Error::new(kind, "as told")),
            None => self.jobs.extend(holds, lease_ms, now),
        }
    }

    holdall_testkit::pass_on! {
        name insert attention forget task message outcome tasks counts unfinished purge pause queues set_cron crons
        fire watch close
    }
}

/// A clock whose wall time is set by hand.
#[derive(Debug, Default)]
struct Hand(AtomicU64);

impl Clock for Hand {
    fn wall_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn boot(&self) -> Duration {
        SystemClock.boot()
    }
}

fn settings(lease: Duration) -> Settings {
    let poll = Duration::from_millis(50);
    Settings { queues: vec!["default".into()], worker: "w".into(), here: 2, processes: false, lease, poll }
}

fn agent(jobs: &Arc<Moody>, lease: Duration) -> Arc<Agent> {
    agent_by(jobs, lease, Arc::new(SystemClock))
}

fn agent_by(jobs: &Arc<Moody>, lease: Duration, clock: Arc<dyn Clock>) -> Arc<Agent> {
    let jobs: Arc<dyn Jobs> = Arc::clone(jobs) as Arc<dyn Jobs>;
    Agent::start(jobs, clock, Arc::new(Keyring::default()), settings(lease)).unwrap()
}

/// The first order that is wanted; what comes before it is dropped.
fn order<T>(agent: &Agent, wanted: impl Fn(Order) -> Option<T>) -> T {
    until(|| agent.orders().into_iter().find_map(&wanted))
}

fn job(agent: &Agent) -> Box<Job> {
    order(agent, |order| if let Order::Run(job) = order { Some(job) } else { None })
}

fn until<T>(mut found: impl FnMut() -> Option<T>) -> T {
    let limit = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(Instant::now() < limit, "it never came");
        thread::sleep(Duration::from_millis(1));
    }
}

fn raised() -> Event {
    Event::Raised(Failure::plain("boom"))
}

const LONG: Duration = Duration::from_secs(60);

#[test]
fn an_outcome_outlives_a_backend_that_fails() {
    let jobs = Moody::new();
    jobs.enqueue("a", None);
    let agent = agent(&jobs, LONG);
    let job = job(&agent);
    for kind in [ErrorKind::StoreBusy, ErrorKind::StoreFull, ErrorKind::Backend] {
        jobs.fail(Some(kind), false);
        let asked = jobs.asked.load(Ordering::Relaxed);
        if kind == ErrorKind::StoreBusy {
            assert!(agent.end(job.ticket, Event::Completed.into()));
        }
        agent.flush_here();
        until(|| (jobs.asked.load(Ordering::Relaxed) > asked + 1).then_some(()));
    }
    assert_eq!(jobs.task("a").state, State::Running);
    let mut told = 0;
    until(|| {
        told += agent.orders().iter().filter(|order| matches!(order, Order::Trouble(_))).count();
        (told > 0).then_some(())
    });
    jobs.fail(None, false);
    order(&agent, |order| matches!(order, Order::Recovered).then_some(()));
    assert_eq!(told, 1, "once is enough");
    until(|| (jobs.task("a").state == State::Completed).then_some(()));
    agent.close(true);
}

#[test]
fn what_no_backend_takes_fails_its_task_and_holds_up_no_other() {
    let jobs = Moody::new();
    jobs.enqueue("a", Some(r#"{"retries":5}"#));
    let agent = agent(&jobs, LONG);
    let job = job(&agent);
    // It refuses the result, so what is said without one is taken.
    *jobs.turns.lock().unwrap() = Some((ErrorKind::LimitExceeded, true));
    agent.end(job.ticket, Event::Completed.into());
    agent.flush_here();
    until(|| (jobs.asked.load(Ordering::Relaxed) > 3).then_some(()));
    jobs.fail(None, false);
    until(|| (jobs.task("a").state == State::Failed).then_some(()));
    agent.close(true);
}

#[test]
fn what_is_of_no_use_any_more_is_the_end() {
    for kind in [ErrorKind::StorePoisoned, ErrorKind::Validation] {
        let jobs = Moody::new();
        let agent = agent(&jobs, LONG);
        jobs.fail(Some(kind), false);
        let error = order(&agent, |order| if let Order::Ended(error) = order { Some(error) } else { None });
        assert_eq!(error.unwrap().kind(), kind);
        agent.close(true);
    }
}

#[test]
fn an_outcome_that_nobody_takes_is_dropped_with_its_lease() {
    let jobs = Moody::new();
    jobs.enqueue("a", None);
    let agent = agent(&jobs, Duration::from_millis(300));
    let job = job(&agent);
    jobs.fail(Some(ErrorKind::StoreBusy), false);
    *jobs.extends.lock().unwrap() = Some(ErrorKind::StoreBusy);
    agent.end(job.ticket, Event::Completed.into());
    agent.drain();
    let mut orders = Vec::new();
    until(|| {
        orders.extend(agent.orders());
        orders.iter().any(|order| matches!(order, Order::Ended(None))).then_some(())
    });
    let refused =
        |order: &&Order| matches!(order, Order::Refused(stale) if (&*stale.id, stale.start) == ("a", 1));
    assert_eq!(orders.iter().filter(refused).count(), 1);
    agent.close(true);
}

#[test]
fn what_another_worker_has_is_refused() {
    let jobs = Moody::new();
    jobs.enqueue("a", None);
    let agent = agent(&jobs, LONG);
    let first = job(&agent);
    // As a keeper does that takes it for lost, and a worker that claims it.
    let row = jobs.task("a");
    let moved =
        crate::machine::decide(&row, &Default::default(), &Event::Returned, Now::of(&SystemClock)).unwrap();
    jobs.jobs
        .turn(&Turn { changes: &[moved.change(None)], claim: None, patience: None }, Now::of(&SystemClock))
        .unwrap();
    let second = job(&agent);
    assert_eq!(second.claimed.task.start, 2);
    agent.end(first.ticket, Event::Completed.into());
    agent.flush_here();
    thread::sleep(Duration::from_millis(100));
    assert_eq!((jobs.task("a").state, jobs.task("a").start), (State::Running, 2));
    agent.end(second.ticket, Event::Completed.into());
    agent.flush_here();
    until(|| (jobs.task("a").state == State::Completed).then_some(()));
    agent.close(true);
}

#[test]
fn turning_the_wall_clock_loses_no_lease() {
    let (jobs, clock) = (Moody::new(), Arc::new(Hand::default()));
    let noon = SystemClock.wall_ms();
    clock.0.store(noon, Ordering::Relaxed);
    jobs.enqueue("a", None);
    let agent = agent_by(&jobs, Duration::from_millis(200), Arc::clone(&clock) as Arc<dyn Clock>);
    let job = job(&agent);
    const HOUR: u64 = 3_600_000;
    for wall in [noon + 5 * HOUR, noon - 5 * HOUR, 0, noon + 24 * HOUR] {
        clock.0.store(wall, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(250));
        let row = jobs.task("a");
        assert_eq!((row.state, row.start, row.lost), (State::Running, 1, 0));
    }
    agent.end(job.ticket, Event::Completed.into());
    agent.flush_here();
    until(|| (jobs.task("a").state == State::Completed).then_some(()));
    agent.close(true);
}

#[test]
fn a_task_that_was_cancelled_while_it_failed_is_not_run_again() {
    let jobs = Moody::new();
    jobs.enqueue("a", Some(r#"{"retries":5}"#));
    let agent = agent(&jobs, LONG);
    let job = job(&agent);
    // Between the last look and the turn.
    jobs.fail(Some(ErrorKind::StoreBusy), false);
    agent.end(job.ticket, raised().into());
    let row = jobs.task("a");
    let asked = crate::machine::decide(&row, &Default::default(), &Event::CancelAsked, Now::of(&SystemClock));
    let asked = asked.unwrap();
    jobs.jobs
        .turn(&Turn { changes: &[asked.change(None)], claim: None, patience: None }, Now::of(&SystemClock))
        .unwrap();
    jobs.fail(None, false);
    agent.flush_here();
    until(|| (jobs.task("a").state == State::Cancelled).then_some(()));
    agent.close(true);
}

#[test]
fn draining_gives_back_what_nobody_took_and_waits_for_the_rest() {
    let jobs = Moody::new();
    jobs.enqueue("a", None);
    let agent = agent(&jobs, LONG);
    let first = job(&agent);
    jobs.enqueue("b", None);
    until(|| (jobs.task("b").state == State::Running).then_some(()));
    agent.drain();
    until(|| (jobs.task("b").state == State::Available).then_some(()));
    assert_eq!(jobs.task("b").lost, 0);
    jobs.enqueue("c", None);
    thread::sleep(Duration::from_millis(100));
    assert_eq!((jobs.task("a").state, jobs.task("c").state), (State::Running, State::Available));
    agent.end(first.ticket, Event::Completed.into());
    agent.flush_here();
    order(&agent, |order| matches!(order, Order::Ended(None)).then_some(()));
    assert_eq!(jobs.task("a").state, State::Completed);
    agent.close(true);
}
