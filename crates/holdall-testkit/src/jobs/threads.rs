//! Many threads, one queue: every call is atomic by itself.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use holdall_backend::jobs::{Claim, Insert, Inserted, State};

use super::Behaviour;
use super::subject::{LEASE, NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("each task is claimed by one", claimed_once),
    ("of many that end one task one does", ended_once),
    ("of many that insert one key one does", inserted_once),
    ("of many that fire one schedule one does", fired_once),
    ("children are let go once, whoever ends their parents", released_once),
];

const THREADS: usize = 4;

fn together(run: impl Fn(usize) + Sync) {
    thread::scope(|scope| {
        for at in 0..THREADS {
            let run = &run;
            scope.spawn(move || run(at));
        }
    });
}

fn claimed_once(subject: &Subject) {
    const TASKS: usize = 400;
    let seen = Mutex::new(HashSet::new());
    let count = AtomicUsize::new(0);
    together(|thread| {
        for number in 0..TASKS / THREADS {
            subject.add(task(&format!("{thread} {number}")));
        }
        while count.load(Ordering::Relaxed) < TASKS {
            let claim = Claim { queues: &["default"], limit: 1 + thread, worker: "w", lease_ms: LEASE };
            let claimed = subject.turn(&[], Some(claim), at(0)).claimed;
            let changes: Vec<_> = claimed
                .iter()
                .map(|claimed| change(&claimed.task.id, (State::Running, 1), State::Completed))
                .collect();
            let made = subject.turn(&changes, None, at(0)).made;
            assert!(made.iter().all(|made| *made), "nobody else has it");
            let mut seen = seen.lock().unwrap();
            for claimed in &claimed {
                assert_eq!(&claimed.message.bytes[4..], claimed.task.id.as_bytes());
                assert!(seen.insert(claimed.task.id.clone()), "{} twice", claimed.task.id);
            }
            count.fetch_add(claimed.len(), Ordering::Relaxed);
        }
    });
    assert_eq!(seen.into_inner().unwrap().len(), TASKS);
    assert_eq!(subject.jobs().unfinished(None).unwrap(), 0);
}

fn ended_once(subject: &Subject) {
    for round in 0..30 {
        let id = round.to_string();
        subject.run(&id);
        let winners = AtomicUsize::new(0);
        together(|thread| {
            let to = [State::Completed, State::Failed][thread % 2];
            if subject.change(change(&id, (State::Running, 1), to), at(0)) {
                winners.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(winners.into_inner(), 1, "round {round}");
    }
}

fn inserted_once(subject: &Subject) {
    for round in 0..30 {
        let key = format!("key {round}");
        let winners = AtomicUsize::new(0);
        together(|thread| {
            let id = format!("{round} {thread}");
            let inserted = subject.insert(&[Insert { unique: Some(&key), ..task(&id) }], at(0));
            if inserted == [Inserted::New] {
                winners.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(winners.into_inner(), 1, "round {round}");
    }
}

fn fired_once(subject: &Subject) {
    let cron = holdall_backend::jobs::Cron {
        name: "a".into(),
        expression: String::new(),
        next: NOW,
        template: String::new(),
        message: Vec::new(),
    };
    subject.jobs().set_cron("a", Some(&cron)).unwrap();
    let fired = AtomicUsize::new(0);
    together(|thread| {
        for round in 0..20 {
            let id = format!("{thread} {round}");
            if subject.jobs().fire("a", NOW + round, NOW + round + 1, &task(&id), at(0)).unwrap() {
                fired.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let (fired, next) = (fired.into_inner(), subject.jobs().crons().unwrap()[0].next);
    assert_eq!(fired as u64, next - NOW, "each time once");
    assert_eq!(subject.jobs().unfinished(None).unwrap(), fired as u64);
    assert!(fired > 0);
}

fn released_once(subject: &Subject) {
    let parents: Vec<String> = (0..THREADS).map(|at| format!("parent {at}")).collect();
    let after: Vec<&str> = parents.iter().map(String::as_str).collect();
    for round in 0..10 {
        for parent in &after {
            subject.add(task(parent));
        }
        let child = format!("child {round}");
        subject.add(Insert { after: &after, ..task(&child) });
        together(|thread| {
            subject.must(change(&parents[thread], (State::Available, 0), State::Completed), at(0));
        });
        assert_eq!(subject.claim(9, at(0)), [child]);
        subject.jobs().purge(&[State::Completed], u64::MAX).unwrap();
    }
}
