//! What the calls of a queue in SQLite cost, in microseconds: medians.
//!
//! `cargo bench -p holdall-backend --bench jobs [-- TASKS]`: with so many waiting and as many ended
//! besides (a million if it is not said), where the cost of a claim must be what it is without.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    reason = "a program for developers"
)]

use std::time::{Duration, Instant};

use holdall_backend::jobs::{Change, Claim, Insert, Inserted, Now, State, Turn};
use holdall_backend::sqlite::{Options, SqliteJobs};
use holdall_backend::{Durability, Jobs, Record};

const WALL: u64 = 1_700_000_000_000;

fn now(ms: u64) -> Now {
    Now { wall: WALL + ms, boot: 1_000 + ms, boot_id: 7 }
}

fn record(body: &[u8]) -> Record<'_> {
    Record { header: &[7; 60], body, text: false, expires: None, tail: None }
}

fn task<'a>(id: &'a str, body: &'a [u8]) -> Insert<'a> {
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
        message: record(body),
    }
}

/// Ids as they are: text of 26 characters that grows.
struct Ids(u64);

impl Ids {
    fn next(&mut self) -> String {
        self.0 += 1;
        format!("01JD{:022}", self.0)
    }
}

/// The median of what some runs took, each divided by its items.
fn median(mut runs: Vec<Duration>, items: usize) -> f64 {
    runs.sort();
    runs[runs.len() / 2].as_secs_f64() * 1e6 / items as f64
}

fn timed<T>(runs: &mut Vec<Duration>, work: impl FnOnce() -> T) -> T {
    let began = Instant::now();
    let done = work();
    runs.push(began.elapsed());
    done
}

fn insert(jobs: &SqliteJobs, ids: &mut Ids, rows: usize, size: usize, runs: usize) -> f64 {
    let body = vec![8; size];
    let mut times = Vec::new();
    for _ in 0..runs {
        let names: Vec<String> = (0..rows).map(|_| ids.next()).collect();
        let tasks: Vec<_> = names.iter().map(|id| task(id, &body)).collect();
        let inserted = timed(&mut times, || jobs.insert(&tasks, None, now(ids.0)).unwrap());
        assert_eq!(inserted, vec![Inserted::New; rows]);
    }
    median(times, rows)
}

/// Claims, and completes in the same transaction what was claimed before: a task each.
fn turn(jobs: &SqliteJobs, limit: usize, runs: usize) -> f64 {
    let mut times = Vec::new();
    let mut running: Vec<(String, u32)> = Vec::new();
    for run in 0..runs {
        let change = |(id, start): &(String, u32)| {
            // A leak of a few bytes a task keeps the program simple.
            let id: &'static str = id.clone().leak();
            Change {
                id,
                from: (State::Running, *start),
                created: None,
                lapsed: false,
                to: State::Completed,
                due: WALL,
                retried: 0,
                lost: 0,
                cancel: false,
                failure: None,
                result: Some(record(b"result")),
                forget: None,
            }
        };
        let changes: Vec<_> = running.iter().map(change).collect();
        let claim = Claim { queues: &["default"], limit, worker: "host:1234:worker", lease_ms: 60_000 };
        let turned = timed(&mut times, || {
            jobs.turn(
                &Turn { changes: &changes, claim: Some(claim), patience: None },
                now(1_000_000_000 + run as u64),
            )
            .unwrap()
        });
        assert_eq!(turned.claimed.len(), limit);
        assert!(turned.made.iter().all(|made| *made));
        running = turned.claimed.into_iter().map(|claimed| (claimed.task.id, claimed.task.start)).collect();
    }
    median(times, limit)
}

/// Only claims, one transaction each.
fn claim(jobs: &SqliteJobs, limit: usize, runs: usize) -> f64 {
    let mut times = Vec::new();
    for run in 0..runs {
        let claim = Claim { queues: &["default"], limit, worker: "host:1234:worker", lease_ms: 60_000 };
        let turned = timed(&mut times, || {
            jobs.turn(
                &Turn { changes: &[], claim: Some(claim), patience: None },
                now(1_000_000_000 + run as u64),
            )
            .unwrap()
        });
        assert_eq!(turned.claimed.len(), limit);
    }
    median(times, limit)
}

fn calls(jobs: &SqliteJobs) {
    let mut times = [const { Vec::new() }; 6];
    for _ in 0..21 {
        timed(&mut times[0], || jobs.attention(100, now(0)).unwrap());
        timed(&mut times[1], || jobs.unfinished(None).unwrap());
        timed(&mut times[2], || jobs.counts().unwrap());
        let filter = holdall_backend::jobs::Filter { states: &[], queue: None, limit: 100 };
        timed(&mut times[3], || jobs.tasks(&filter).unwrap());
        let failed = holdall_backend::jobs::Filter { states: &[State::Failed], ..filter };
        timed(&mut times[4], || jobs.tasks(&failed).unwrap());
        timed(&mut times[5], || jobs.forget(100, now(0)).unwrap());
    }
    let names = ["attention", "unfinished", "counts", "tasks", "tasks(failed)", "forget"];
    for (name, times) in names.into_iter().zip(times) {
        print!("{name} {:.0}  ", median(times, 1));
    }
    println!();
}

fn wake(path: &std::path::Path, jobs: &SqliteJobs, ids: &mut Ids) {
    let other = SqliteJobs::open(Options::new(path)).unwrap();
    let (send, receive) = std::sync::mpsc::channel();
    let mut watch = other.watch().unwrap();
    let sleeper = std::thread::spawn(move || {
        for _ in 0..200 {
            watch.wait(Duration::from_secs(10)).unwrap();
            send.send(Instant::now()).unwrap();
        }
    });
    let mut times = Vec::new();
    for _ in 0..200 {
        std::thread::sleep(Duration::from_millis(3));
        let id = ids.next();
        jobs.insert(&[task(&id, b"x")], None, now(0)).unwrap();
        let done = Instant::now();
        times.push(receive.recv().unwrap().saturating_duration_since(done));
    }
    sleeper.join().unwrap();
    println!("wake-up after the insert returned: {:.0}", median(times, 1));
}

fn measure(durability: Durability, tasks: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.db");
    let jobs = SqliteJobs::open(Options { durability, ..Options::new(&path) }).unwrap();
    let mut ids = Ids(0);
    let runs = if durability == Durability::Full { 200 } else { 3_000 };
    println!("{durability:?}");
    println!("insert 1: {:.1}", insert(&jobs, &mut ids, 1, 200, runs));
    println!("insert 1,000, a row: {:.2}", insert(&jobs, &mut ids, 1_000, 200, 30));
    for size in [2_000, 8_000, 16_000, 31_000, 33_000, 64_000] {
        println!("insert 1 of {size} bytes: {:.1}", insert(&jobs, &mut ids, 1, size, 200));
    }
    for limit in [1, 10, 100] {
        let (claim, turn) = (claim(&jobs, limit, 60), turn(&jobs, limit, 60));
        println!("a task of {limit}: claim {claim:.1}  claim and complete {turn:.1}");
    }
    wake(&path, &jobs, &mut ids);
    if durability == Durability::Full {
        return;
    }
    calls(&jobs);
    let began = Instant::now();
    for _ in 0..tasks / 10_000 {
        insert(&jobs, &mut ids, 10_000, 200, 1);
        turn(&jobs, 5_000, 2);
        insert(&jobs, &mut ids, 10_000, 200, 1);
    }
    let counts = jobs.counts().unwrap();
    println!("{counts:?} after {:.0} s", began.elapsed().as_secs_f64());
    println!("insert 1: {:.1}", insert(&jobs, &mut ids, 1, 200, 1_000));
    println!("insert 1,000, a row: {:.2}", insert(&jobs, &mut ids, 1_000, 200, 10));
    for limit in [1, 10, 100] {
        let (claim, turn) = (claim(&jobs, limit, 200), turn(&jobs, limit, 200));
        println!("a task of {limit}: claim {claim:.1}  claim and complete {turn:.1}");
    }
    calls(&jobs);
}

fn main() {
    let said = std::env::args().filter_map(|word| word.parse().ok()).next_back();
    measure(Durability::Normal, said.unwrap_or(1_000_000));
    measure(Durability::Full, 0);
}
