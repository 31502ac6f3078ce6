//! How many tasks there are.

use holdall_backend::jobs::{Insert, State};

use super::Behaviour;
use super::subject::{Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[("every queue is counted by state", counts), ("what has not ended is counted", unfinished)];

fn counts(subject: &Subject) {
    let counts = || {
        let mut counts = subject.jobs().counts().unwrap();
        counts.retain(|(.., count)| *count > 0);
        counts.sort();
        counts
    };
    assert!(counts().is_empty());
    for id in ["1", "2", "3"] {
        subject.add(task(id));
    }
    subject.add(Insert { queue: "other", ..task("4") });
    subject.add(Insert { due: Some(u64::MAX >> 2), ..task("5") });
    subject.must(change("1", (State::Available, 0), State::Failed), at(0));
    assert_eq!(subject.claim(1, at(0)), ["2"]);
    let expected = [
        ("default".to_owned(), State::Scheduled, 1),
        ("default".to_owned(), State::Available, 1),
        ("default".to_owned(), State::Running, 1),
        ("default".to_owned(), State::Failed, 1),
        ("other".to_owned(), State::Available, 1),
    ];
    assert_eq!(counts(), expected);
}

fn unfinished(subject: &Subject) {
    let count = |ids: Option<&[&str]>| subject.jobs().unfinished(ids).unwrap();
    assert_eq!((count(None), count(Some(&[])), count(Some(&["x"]))), (0, 0, 0), "unknown ones have ended");
    for id in ["a", "b", "c"] {
        subject.add(task(id));
    }
    subject.add(Insert { after: &["a"], ..task("d") });
    assert_eq!((count(None), count(Some(&["a", "d", "x"]))), (4, 2));
    assert_eq!(subject.claim(1, at(0)), ["a"]);
    assert_eq!(count(Some(&["a"])), 1, "it runs");
    subject.must(change("a", (State::Running, 1), State::Cancelled), at(0));
    assert_eq!((count(None), count(Some(&["a"])), count(Some(&["a", "b", "c", "d"]))), (3, 0, 3));
}
