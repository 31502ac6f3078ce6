//! Which task comes first.

use holdall_backend::jobs::{Change, Insert, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a higher priority comes first", priority),
    ("among equals the one that is available longest comes first", longest),
    ("what was given back keeps its place", given_back),
    ("the order of a claim is that of what it claimed", of_a_claim),
];

fn priority(subject: &Subject) {
    for (id, priority) in [("0", 0), ("min", i16::MIN), ("-1", -1), ("max", i16::MAX), ("1", 1)] {
        subject.add(Insert { priority, ..task(id) });
    }
    subject.add_at(Insert { priority: i16::MAX, ..task("max later") }, at(1));
    assert_eq!(subject.claim(9, at(9)), ["max", "max later", "1", "0", "-1", "min"]);
}

fn longest(subject: &Subject) {
    subject.add_at(task("third"), at(30));
    subject.add_at(Insert { due: Some(NOW + 10), ..task("first") }, at(0));
    subject.add_at(task("parent"), at(0));
    subject.add_at(Insert { after: &["parent"], ..task("fourth") }, at(0));
    subject.add_at(Insert { due: Some(NOW + 20), ..task("second") }, at(0));
    subject.must(change("parent", (State::Available, 0), State::Completed), at(40));
    assert_eq!(subject.claim(9, at(50)), ["first", "second", "third", "fourth"]);
}

fn given_back(subject: &Subject) {
    subject.add(task("first"));
    assert_eq!(subject.claim(1, at(0)), ["first"]);
    subject.add_at(task("second"), at(10));
    let due = subject.task("first").due;
    subject.must(Change { due, ..change("first", (State::Running, 1), State::Available) }, at(20));
    assert_eq!(subject.claim(9, at(30)), ["first", "second"]);
}

fn of_a_claim(subject: &Subject) {
    for at_once in 0..40_i16 {
        subject.add(Insert { priority: at_once * 7 % 40, ..task(&at_once.to_string()) });
    }
    let claimed = subject.claim_of(&["default"], 40, at(0));
    let priorities: Vec<i16> = claimed.iter().map(|claimed| claimed.task.priority).collect();
    assert_eq!(priorities, (0..40).rev().collect::<Vec<_>>());
}
