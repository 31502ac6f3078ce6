//! The queue in memory: the suite that every queue passes, and what only its own structures could get wrong.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "all of it is tests")]

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use holdall_backend::jobs::{Change, Claim, Claimed, Cron, Filter, Insert, Inserted, Now, State, Turn};
use holdall_backend::memory::MemoryJobs;
use holdall_backend::{Jobs, Record};
use holdall_testkit::jobs;
use holdall_types::ErrorKind;

const NOW: Now = Now { wall: 1_700_000_000_000, boot: 1_000_000, boot_id: 7 };
const LEASE: u64 = 60_000;

fn record(body: &[u8]) -> Record<'_> {
    Record { header: &[], body, text: false, expires: None, tail: None }
}

fn work(id: &str) -> Insert<'_> {
    Insert {
        id,
        queue: "default",
        name: "app:work",
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after: &[],
        message: record(b"do it"),
    }
}

fn at(wall: i64, boot: i64) -> Now {
    Now { wall: NOW.wall.saturating_add_signed(wall), boot: NOW.boot.saturating_add_signed(boot), ..NOW }
}

fn put(jobs: &dyn Jobs, tasks: &[Insert<'_>]) -> Vec<Inserted> {
    jobs.insert(tasks, None, NOW).unwrap()
}

fn claim_at(jobs: &dyn Jobs, limit: usize, now: Now) -> Vec<Claimed> {
    let claim = Claim { queues: &["default"], limit, worker: "w", lease_ms: LEASE };
    jobs.turn(&Turn { changes: &[], claim: Some(claim), patience: None }, now).unwrap().claimed
}

fn ids(claimed: &[Claimed]) -> Vec<&str> {
    claimed.iter().map(|claimed| claimed.task.id.as_str()).collect()
}

fn change(id: &str) -> Change<'_> {
    Change {
        id,
        from: (State::Available, 0),
        created: None,
        lapsed: false,
        to: State::Available,
        due: 0,
        retried: 0,
        lost: 0,
        cancel: false,
        failure: None,
        result: None,
        forget: None,
    }
}

fn settle_at(jobs: &dyn Jobs, id: &str, from: (State, u32), to: State, now: Now) -> bool {
    let due = jobs.task(id).unwrap().map_or(0, |task| task.due);
    let change = Change { from, to, due, ..change(id) };
    jobs.turn(&Turn { changes: &[change], claim: None, patience: None }, now).unwrap().made[0]
}

fn settle(jobs: &dyn Jobs, id: &str, from: (State, u32), to: State) -> bool {
    settle_at(jobs, id, from, to, NOW)
}

fn state(jobs: &dyn Jobs, id: &str) -> State {
    jobs.task(id).unwrap().unwrap().state
}

#[test]
fn conforms() {
    jobs::all(&|| vec![Arc::new(MemoryJobs::open())]);
}

#[test]
fn a_clock_that_goes_back_brings_back_what_had_expired() {
    let jobs = MemoryJobs::open();
    let soon = Some(NOW.wall + 1000);
    put(&jobs, &[Insert { expires: soon, ..work("a") }, Insert { expires: soon, priority: 1, ..work("b") }]);
    assert_eq!(ids(&claim_at(&jobs, 9, at(1000, 0))), [] as [&str; 0]);
    assert_eq!(jobs.attention(9, at(1000, 0)).unwrap().overdue.len(), 2);
    assert_eq!(jobs.attention(1, at(1000, 0)).unwrap().next, soon, "there is more");
    assert_eq!(ids(&claim_at(&jobs, 9, at(999, 0))), ["b", "a"]);
}

#[test]
fn what_comes_after_a_task_waits_again_when_that_runs_again() {
    let jobs = MemoryJobs::open();
    let after: &[&str] = &["a", "b", "a"];
    put(&jobs, &[work("a"), work("b"), Insert { after, ..work("c") }]);
    claim_at(&jobs, 2, NOW);
    assert!(settle(&jobs, "a", (State::Running, 1), State::Failed));
    assert_eq!(state(&jobs, "c"), State::Waiting);
    assert!(settle(&jobs, "a", (State::Failed, 1), State::Available));
    assert!(settle(&jobs, "b", (State::Running, 1), State::Completed));
    assert_eq!(state(&jobs, "c"), State::Waiting, "the first has not ended any more");
    assert_eq!(ids(&claim_at(&jobs, 9, NOW)), ["a"]);
    assert!(settle(&jobs, "a", (State::Running, 2), State::Dead));
    assert_eq!(state(&jobs, "c"), State::Available);
    assert!(settle(&jobs, "a", (State::Dead, 2), State::Available));
    assert_eq!(state(&jobs, "c"), State::Waiting);
    assert!(settle(&jobs, "c", (State::Waiting, 0), State::Cancelled));
    assert!(settle(&jobs, "c", (State::Cancelled, 0), State::Available));
    assert_eq!(
        state(&jobs, "c"),
        State::Waiting,
        "it is not run before them, though somebody wants it to run"
    );
    let unknown = Insert { after: &["nobody"], ..work("e") };
    let error = jobs.insert(&[work("d"), unknown], None, NOW).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert_eq!(jobs.task("d").unwrap(), None, "all or none");
}

#[test]
fn what_is_removed_leaves_nothing_behind() {
    let jobs = MemoryJobs::open();
    put(&jobs, &[work("a"), Insert { after: &["a"], unique: Some("k"), ..work("b") }]);
    claim_at(&jobs, 1, NOW);
    assert!(settle(&jobs, "a", (State::Running, 1), State::Completed));
    assert_eq!(jobs.purge(&[State::Completed, State::Available], NOW.wall).unwrap(), 0);
    assert_eq!(jobs.purge(&[State::Completed, State::Available], NOW.wall + 1).unwrap(), 1);
    assert_eq!(jobs.counts().unwrap(), [("default".to_owned(), State::Available, 1)]);
    claim_at(&jobs, 1, NOW);
    assert!(settle(&jobs, "b", (State::Running, 1), State::Completed));
    assert_eq!(jobs.unfinished(None).unwrap(), 0);
    assert_eq!(jobs.purge(&State::ALL, u64::MAX).unwrap(), 1);
    assert_eq!(jobs.counts().unwrap(), []);
    assert_eq!(put(&jobs, &[Insert { unique: Some("k"), ..work("a") }]), [Inserted::New]);
}

#[test]
fn a_schedule_fires_once_for_each_time() {
    let jobs = MemoryJobs::open();
    let cron = Cron {
        name: "c".into(),
        expression: "* * * * *".into(),
        next: 100,
        template: String::new(),
        message: vec![],
    };
    jobs.set_cron("c", Some(&cron)).unwrap();
    assert!(jobs.fire("c", 100, 200, &work("cron:c:100"), NOW).unwrap());
    assert!(!jobs.fire("c", 100, 200, &work("cron:c:100"), NOW).unwrap());
    assert!(!jobs.fire("d", 100, 200, &work("cron:d:100"), NOW).unwrap());
    assert_eq!(jobs.crons().unwrap(), [Cron { next: 200, ..cron }]);
    let filter = Filter { states: &[], queue: None, limit: 9 };
    assert_eq!(jobs.tasks(&filter).unwrap().len(), 1);
    let orphan = Insert { after: &["nobody"], ..work("x") };
    jobs.fire("c", 200, 300, &orphan, NOW).unwrap_err();
    assert_eq!(jobs.crons().unwrap()[0].next, 200, "both or neither");
    jobs.set_cron("c", None).unwrap();
    assert_eq!(jobs.crons().unwrap(), []);
}

#[test]
fn sleepers_wake() {
    let jobs = Arc::new(MemoryJobs::open());
    let mut watch = jobs.watch().unwrap();
    let waker = watch.waker();
    let long = Duration::from_secs(60);
    let began = Instant::now();
    for wake in [
        Box::new(|| drop(put(&*jobs, &[work("a")]))) as Box<dyn Fn() + Send>,
        Box::new(|| jobs.pause("q", true).unwrap()),
        Box::new(|| jobs.set_cron("c", None).unwrap()),
        Box::new(|| assert!(settle(&*jobs, "a", (State::Available, 0), State::Cancelled))),
        Box::new(move || waker()),
        Box::new(|| jobs.close().unwrap()),
    ] {
        thread::scope(|scope| {
            scope.spawn(|| watch.wait(long).unwrap());
            // Before it sleeps or while it does: it must not matter.
            wake();
        });
    }
    assert!(began.elapsed() < long);
    let nothing = Instant::now();
    watch.wait(Duration::from_millis(20)).unwrap();
    assert!(nothing.elapsed() >= Duration::from_millis(20));
    assert_eq!(jobs.counts().unwrap_err().kind(), ErrorKind::Validation);
    jobs.close().unwrap();
}

#[test]
fn many_threads_take_each_task_once() {
    const TASKS: usize = 2000;
    let jobs = MemoryJobs::open();
    let names: Vec<_> = (0..TASKS).map(|number| number.to_string()).collect();
    put(&jobs, &names.iter().map(|name| work(name)).collect::<Vec<_>>());
    let mut taken: Vec<String> = thread::scope(|scope| {
        let worker = || {
            let mut taken = Vec::new();
            loop {
                let claimed = claim_at(&jobs, 7, NOW);
                if claimed.is_empty() {
                    return taken;
                }
                for claimed in claimed {
                    assert_eq!(&claimed.message.bytes[..], b"do it");
                    assert!(settle(&jobs, &claimed.task.id, (State::Running, 1), State::Completed));
                    taken.push(claimed.task.id);
                }
            }
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(worker)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    taken.sort_by_key(|name| name.parse::<usize>().unwrap());
    assert_eq!(taken, names);
}

#[test]
fn a_claim_costs_the_same_however_many_there_are() {
    let time = |backlog: u32| {
        let jobs = MemoryJobs::open();
        let names: Vec<_> = (0..backlog + 2000).map(|number| number.to_string()).collect();
        put(&jobs, &names.iter().map(|name| work(name)).collect::<Vec<_>>());
        let mut times: Vec<_> = (0..2000)
            .map(|_| {
                let began = Instant::now();
                claim_at(&jobs, 1, NOW);
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        times[1000]
    };
    let (few, many) = (time(0), time(200_000));
    // A scan would cost hundreds of times as much; a deeper tree and a colder cache a few times.
    assert!(many < few * 10, "{few:?}, {many:?}");
}
