//! Who waits for whom, and how long.

use std::process::Stdio;
use std::time::{Duration, Instant};

use holdall_types::ErrorKind;

use super::{AT, add, claim, folder, open, task};
use crate::jobs::{Jobs, Turn};
use crate::sqlite::tests::child::command;

#[test]
fn patience_bounds_the_wait_for_other_writers() {
    let (_folder, path) = folder();
    let (jobs, other) = (open(&path), open(&path));
    let ours = jobs.writer().unwrap();
    for by in [&jobs, &other] {
        for patience in [Duration::ZERO, Duration::from_millis(2)] {
            let waits = (0..30).map(|_| {
                let began = Instant::now();
                let error = by.insert(&[task("a", b"x")], Some(patience), AT).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::StoreBusy);
                began.elapsed()
            });
            // The shortest, since a busy machine makes others longer.
            let waited = waits.min().unwrap();
            assert!(waited >= patience && waited < patience + Duration::from_millis(10), "{waited:?}");
        }
    }
    drop(ours);
    add(&jobs, "a", b"x");
    assert_eq!(claim(&jobs).len(), 1, "a call that gave up took nothing in");
}

#[test]
fn who_would_find_nothing_waits_for_nobody() {
    let (_folder, path) = folder();
    let (jobs, other) = (open(&path), open(&path));
    add(&jobs, "a", b"x");
    assert_eq!(claim(&jobs).len(), 1);
    let held = other.writer().unwrap();
    let began = Instant::now();
    assert!(claim(&jobs).is_empty());
    assert!(jobs.turn(&Turn { changes: &[], claim: None, patience: None }, AT).unwrap().claimed.is_empty());
    assert!(jobs.attention(9, AT).unwrap().lost.is_empty());
    assert!(began.elapsed() < Duration::from_secs(30), "it waited for the writer");
    drop(held);
}

/// The median of how long a watcher sleeps on after a change was acknowledged.
fn wake_up(mut act: impl FnMut(usize), mut watch: Box<dyn crate::jobs::Watch>) -> Duration {
    const ROUNDS: usize = 41;
    const LONG: Duration = Duration::from_secs(10);
    let (send, receive) = std::sync::mpsc::channel();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..ROUNDS {
                watch.wait(LONG).unwrap();
                send.send(Instant::now()).unwrap();
            }
        });
        // Dropped by a failure, which ends the sleeper.
        let receive = receive;
        let one = |round| {
            std::thread::sleep(Duration::from_millis(2));
            let began = Instant::now();
            act(round);
            let slept = receive.recv().unwrap().duration_since(began);
            assert!(slept < LONG, "nobody woke it");
            slept
        };
        (0..ROUNDS).map(one).collect()
    });
    times.sort();
    times[ROUNDS / 2]
}

#[test]
fn a_change_wakes_others_at_once() {
    let (_folder, path) = folder();
    let (jobs, other) = (open(&path), open(&path));
    for (whose, by) in [("same", &jobs), ("other", &other)] {
        let watch = by.watch().unwrap();
        let median = wake_up(|round| add(&jobs, &format!("{whose} {round}"), b"x"), watch);
        println!("from the insert's call to a watcher of the {whose} handle: {median:?}");
        // Well below a millisecond on an idle machine, which this one need not be.
        assert!(median < Duration::from_millis(10), "{median:?}");
    }
}

#[test]
fn a_change_of_another_process_wakes_at_once() {
    use std::io::{BufRead, BufReader, Write};
    let (_folder, path) = folder();
    let jobs = open(&path);
    let mut child =
        command("inserts when told", &path).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("<<ready>>")));
    let median = wake_up(|_| input.write_all(b"\n").unwrap(), jobs.watch().unwrap());
    println!("from telling another process to insert to the watcher: {median:?}");
    assert!(median < Duration::from_millis(10), "{median:?}");
    drop(input);
    assert!(said.count() > 0);
    assert!(child.wait().unwrap().success());
    assert_eq!(jobs.unfinished(None).unwrap(), 41);
}
