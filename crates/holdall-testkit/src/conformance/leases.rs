//! Records of holdall's own, decided in one atomic step.

use std::thread;

use holdall_backend::Condition;
use holdall_backend::LeaseChange;

use super::Behaviour;
use super::subject::{NOW, Subject, key};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a record is set, kept and removed", changes),
    ("records and values do not meet", apart),
    ("records of any name", names),
    ("a decision is atomic among threads", threads),
];

fn step(subject: &Subject, name: &str, change: LeaseChange) -> Option<Vec<u8>> {
    let mut seen = None;
    let mut decide = |record: Option<&[u8]>| {
        seen = record.map(<[u8]>::to_vec);
        change.clone()
    };
    subject.store.lease(name, &mut decide).unwrap();
    seen
}

fn changes(subject: &Subject) {
    assert_eq!(step(subject, "a", LeaseChange::Keep), None, "no record at first");
    assert_eq!(step(subject, "a", LeaseChange::Remove), None, "removing nothing is fine");
    assert_eq!(step(subject, "a", LeaseChange::Set(b"one".to_vec())), None);
    assert_eq!(step(subject, "a", LeaseChange::Keep).unwrap(), b"one", "set");
    assert_eq!(step(subject, "a", LeaseChange::Set(Vec::new())).unwrap(), b"one", "kept");
    assert_eq!(step(subject, "a", LeaseChange::Remove).unwrap(), b"", "an empty record is a record");
    assert_eq!(step(subject, "a", LeaseChange::Keep), None, "removed");
}

fn apart(subject: &Subject) {
    step(subject, "key", LeaseChange::Set(b"record".to_vec()));
    assert_eq!((subject.get("key"), subject.count()), (None, 0), "a record is no key");
    assert_eq!(subject.listed(""), [""; 0]);
    subject.put("key", b"value");
    subject.store.clear().unwrap();
    assert_eq!(step(subject, "key", LeaseChange::Keep).unwrap(), b"record", "records outlive clear()");
    subject.store.delete(&key("key"), Condition::Any, NOW).unwrap();
    assert_eq!(step(subject, "key", LeaseChange::Keep).unwrap(), b"record", "and delete()");
}

fn names(subject: &Subject) {
    let long = "x".repeat(10_000);
    let names = ["", "/", "../../x", "a/b", "A/B", "a\0b", " ", "ü", "%", ".holdall", &long];
    for name in names {
        assert_eq!(step(subject, name, LeaseChange::Set(name.as_bytes().to_vec())), None, "{name:?} is new");
    }
    for name in names {
        assert_eq!(step(subject, name, LeaseChange::Keep).unwrap(), name.as_bytes(), "{name:?} has its own");
    }
}

fn threads(subject: &Subject) {
    const THREADS: usize = 4;
    const STEPS: usize = 100;
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..STEPS {
                    let mut add = |record: Option<&[u8]>| {
                        let count: usize =
                            record.map_or(0, |digits| std::str::from_utf8(digits).unwrap().parse().unwrap());
                        LeaseChange::Set((count + 1).to_string().into_bytes())
                    };
                    subject.store.lease("count", &mut add).unwrap();
                }
            });
        }
    });
    let count = step(subject, "count", LeaseChange::Keep).unwrap();
    assert_eq!(count, (THREADS * STEPS).to_string().as_bytes(), "no step is lost");
}
