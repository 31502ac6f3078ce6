//! Sleeping until something changes.

use std::time::{Duration, Instant};

use holdall_backend::jobs::{Change, Cron, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("every change that others wait for wakes all watchers", wakes),
    ("what happened before the wait ends it", before),
    ("a waker ends the wait under way or the next", waker),
    ("a watcher sleeps while nothing happens", sleeps),
];

/// Long enough for the slowest machine; a watcher that sleeps so long was not woken.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(200);

fn cron(name: &str) -> Cron {
    Cron { name: name.into(), expression: String::new(), next: NOW, template: String::new(), message: vec![] }
}

type Act = fn(&Subject);

const ACTS: [(&str, Act); 6] = [
    ("insert", |subject| subject.add(task("a"))),
    ("set_cron", |subject| subject.jobs().set_cron("a", Some(&cron("a"))).unwrap()),
    ("fire", |subject| assert!(subject.jobs().fire("a", NOW, NOW + 1, &task("b"), at(0)).unwrap())),
    ("pause", |subject| subject.jobs().pause("default", true).unwrap()),
    ("cancel", |subject| {
        subject.must(Change { cancel: true, ..change("a", (State::Available, 0), State::Cancelled) }, at(0));
    }),
    ("remove cron", |subject| subject.jobs().set_cron("a", None).unwrap()),
];

fn wakes(subject: &Subject) {
    let mut watches = [subject.jobs().watch().unwrap(), subject.jobs().watch().unwrap()];
    for (name, act) in ACTS {
        std::thread::scope(|scope| {
            let sleepers: Vec<_> = watches
                .iter_mut()
                .map(|watch| {
                    scope.spawn(move || {
                        // It may wake for no reason; it must not sleep through.
                        let began = Instant::now();
                        watch.wait(LONG).unwrap();
                        began.elapsed()
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_millis(30));
            act(subject);
            for sleeper in sleepers {
                assert!(sleeper.join().unwrap() < LONG, "{name} woke nobody");
            }
        });
    }
}

fn before(subject: &Subject) {
    let mut watch = subject.jobs().watch().unwrap();
    for (name, act) in ACTS {
        act(subject);
        let began = Instant::now();
        watch.wait(LONG).unwrap();
        assert!(began.elapsed() < LONG, "{name} was missed");
    }
}

fn waker(subject: &Subject) {
    let mut watch = subject.jobs().watch().unwrap();
    let waker = watch.waker();
    let began = Instant::now();
    waker();
    watch.wait(LONG).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(SHORT);
            waker();
        });
        watch.wait(LONG).unwrap();
    });
    assert!(began.elapsed() < LONG);
}

fn sleeps(subject: &Subject) {
    subject.add(task("a"));
    let mut watch = subject.jobs().watch().unwrap();
    let rests = (0..5).any(|_| {
        let began = Instant::now();
        watch.wait(SHORT).unwrap();
        began.elapsed() >= SHORT
    });
    assert!(rests, "it wakes again and again for nothing");
    assert_eq!(subject.claim(1, at(0)), ["a"], "and a claim alone is no news");
    assert!(subject.claim(1, at(0)).is_empty());
    let began = Instant::now();
    watch.wait(SHORT).unwrap();
    watch.wait(SHORT).unwrap();
    assert!(began.elapsed() >= SHORT);
}
