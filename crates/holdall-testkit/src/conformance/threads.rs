//! Many threads, one store: every call is atomic by itself.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use holdall_backend::{Condition, Version};

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("of many that take a key one gets it", take),
    ("of many that create a key one does", create),
    ("a counter by compare-and-swap loses nothing", counter),
    ("no reader sees half a value, or none", torn),
    ("a key stays readable while keys below it come and go", parent),
    ("a folder that empties under a writer loses nothing", folder),
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

/// Tells the other threads that it is over, even if it ends by a failed assertion.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn take(subject: &Subject) {
    for round in 0..50 {
        subject.put("key", b"value");
        let winners = AtomicUsize::new(0);
        together(|_| {
            if subject.take("key").is_some() {
                winners.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(winners.into_inner(), 1, "round {round}: one taker");
    }
}

fn create(subject: &Subject) {
    for round in 0..50 {
        let winners = AtomicUsize::new(0);
        together(|at| {
            if subject.put_if("key", at.to_string().as_bytes(), Condition::Absent) {
                winners.fetch_add(1, Ordering::Relaxed);
            }
        });
        assert_eq!(winners.into_inner(), 1, "round {round}: one creator");
        assert!(subject.delete("key"));
    }
}

fn counter(subject: &Subject) {
    const STEPS: usize = 50;
    subject.put("count", b"0");
    together(|_| {
        for _ in 0..STEPS {
            loop {
                let digits = subject.get("count").unwrap();
                let count: usize = std::str::from_utf8(&digits).unwrap().parse().unwrap();
                let next = (count + 1).to_string();
                if subject.put_if("count", next.as_bytes(), Condition::Matches(Version::of(&digits))) {
                    break;
                }
            }
        }
    });
    assert_eq!(subject.get("count").unwrap(), (THREADS * STEPS).to_string().as_bytes(), "no step is lost");
}

fn torn(subject: &Subject) {
    let values = [vec![b'a'; 10], vec![b'b'; 100_000], vec![b'c'; 300_000]];
    subject.put("key", &values[0]);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(|| {
                // The key is always there.
                while !done.load(Ordering::Relaxed) {
                    let found = subject.get("key").unwrap();
                    assert!(values.contains(&found), "half a value: {} bytes", found.len());
                    let size = subject.head("key").unwrap().size;
                    assert!(values.iter().any(|value| value.len() as u64 == size), "half a value in head");
                }
            });
        }
        let _over = Over(&done);
        for at in 0..200 {
            subject.put("key", &values[at % 3]);
        }
    });
}

fn parent(subject: &Subject) {
    let done = AtomicBool::new(false);
    for round in 0..20 {
        subject.put("p", b"parent");
        done.store(false, Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    assert_eq!(subject.get("p").as_deref(), Some(&b"parent"[..]), "round {round}");
                }
            });
            let _over = Over(&done);
            for _ in 0..5 {
                subject.put("p/q", b"child");
                assert_eq!(subject.get("p/q").unwrap(), b"child", "round {round}");
                assert!(subject.delete("p/q"), "round {round}");
            }
        });
        assert!(subject.delete("p"), "round {round}: the parent is left");
    }
}

fn folder(subject: &Subject) {
    together(|at| {
        let name = format!("deep/er/{at}");
        for round in 0..100 {
            subject.put(&name, b"x");
            assert_eq!(subject.get(&name).unwrap(), b"x", "round {round}: just written");
            if at == 0 {
                subject.put("deep", b"parent");
                assert!(
                    subject.store.delete(&key("deep"), Condition::Any, NOW).unwrap(),
                    "round {round}: the parent was there"
                );
            }
            assert!(subject.delete(&name), "round {round}: still there");
        }
    });
    assert_eq!(subject.count(), 0);
}
