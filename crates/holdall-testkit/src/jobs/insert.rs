//! Taking tasks in.

use std::time::Duration;

use holdall_backend::jobs::{Insert, Inserted, State, Task};
use holdall_types::ErrorKind;

use super::Behaviour;
use super::subject::{NOW, Subject, at, record, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a task is as it was inserted", as_inserted),
    ("a task without anything special has nothing special", plain),
    ("a task is scheduled until it is due", due),
    ("an insert may be repeated", repeated),
    ("one call takes in all or none", all_or_none),
    ("many tasks are taken in at once", many),
    ("no tasks are taken in", none),
    ("patience does no harm where nobody is in the way", patience),
    ("any text is an id and a queue", names),
    ("an unknown task is none", unknown),
];

fn as_inserted(subject: &Subject) {
    let insert = Insert {
        queue: "mail",
        name: "shop.mail:send",
        priority: -5,
        due: Some(NOW + 500),
        expires: Some(NOW + 1000),
        unique: Some("key"),
        options: Some(r#"{"retries":3}"#),
        ..task("id")
    };
    subject.add(insert);
    let expected = Task {
        id: "id".into(),
        queue: "mail".into(),
        name: "shop.mail:send".into(),
        state: State::Scheduled,
        priority: -5,
        start: 0,
        retried: 0,
        lost: 0,
        cancel: false,
        options: Some(r#"{"retries":3}"#.into()),
        unique: Some("key".into()),
        created: NOW,
        due: NOW + 500,
        started: None,
        ended: None,
        expires: Some(NOW + 1000),
        worker: None,
        failure: None,
    };
    assert_eq!(subject.task("id"), expected);
    let message = subject.jobs().message("id").unwrap().unwrap();
    assert_eq!(message.task, expected);
    assert_eq!(&message.message.bytes[..], b"headid");
    let outcome = subject.jobs().outcome("id").unwrap().unwrap();
    assert_eq!(outcome.task, expected);
    assert!(outcome.result.is_none());
}

fn plain(subject: &Subject) {
    subject.add(task("id"));
    let found = subject.task("id");
    assert_eq!((found.state, found.due, found.created), (State::Available, NOW, NOW));
    assert_eq!((found.expires, found.unique, found.options), (None, None, None));
}

fn due(subject: &Subject) {
    let due = |ms| Some(NOW + ms);
    subject.add(Insert { due: due(1), ..task("later") });
    subject.add(Insert { due: due(0), ..task("now") });
    subject.add(Insert { due: Some(0), ..task("past") });
    assert_eq!(subject.state("later"), State::Scheduled);
    assert_eq!(subject.state("now"), State::Available);
    assert_eq!((subject.state("past"), subject.task("past").due), (State::Available, 0));
}

fn repeated(subject: &Subject) {
    let first = Insert { unique: Some("key"), ..task("id") };
    subject.add(first.clone());
    assert_eq!(subject.insert(std::slice::from_ref(&first), at(5)), [Inserted::Known]);
    let other = Insert { priority: 7, queue: "other", message: record(b"other"), ..task("id") };
    assert_eq!(subject.insert(&[other.clone(), other], at(5)), [Inserted::Known, Inserted::Known]);
    let found = subject.task("id");
    assert_eq!((found.priority, found.queue.as_str(), found.created), (0, "default", NOW), "left as it was");
    assert_eq!(subject.claim(9, at(5)), ["id"], "it is there once");
    assert_eq!(subject.insert(&[first], at(9)), [Inserted::Known], "while it runs");
    assert_eq!(subject.insert(&[task("a"), task("a")], at(9)), [Inserted::New, Inserted::Known]);
}

fn all_or_none(subject: &Subject) {
    let orphan = Insert { after: &["unknown"], ..task("b") };
    let error = subject.jobs().insert(&[task("a"), orphan], None, at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert!(error.message().contains("unknown"), "{error}");
    assert!(subject.jobs().task("a").unwrap().is_none(), "nothing was taken in");
    assert!(subject.claim(9, at(0)).is_empty());
}

fn many(subject: &Subject) {
    let ids: Vec<String> = (0..1_500).map(|at| format!("{at:05}")).collect();
    let tasks: Vec<_> = ids.iter().map(|id| task(id)).collect();
    assert_eq!(subject.insert(&tasks, at(0)), vec![Inserted::New; 1_500]);
    assert_eq!(subject.jobs().unfinished(None).unwrap(), 1_500);
    assert_eq!(subject.claim(2_000, at(0)), ids, "in the order of their insertion");
}

fn none(subject: &Subject) {
    assert!(subject.insert(&[], at(0)).is_empty());
    let turned = subject.turn(&[], None, at(0));
    assert!(turned.made.is_empty() && turned.claimed.is_empty());
    assert!(subject.jobs().extend(&[], 1, at(0)).unwrap().is_empty());
}

fn patience(subject: &Subject) {
    for (id, patience) in [("a", Duration::ZERO), ("b", Duration::from_millis(1)), ("c", Duration::MAX)] {
        let inserted = subject.jobs().insert(&[task(id)], Some(patience), at(0)).unwrap();
        assert_eq!(inserted, [Inserted::New]);
    }
}

fn names(subject: &Subject) {
    let long = "x".repeat(255);
    for name in ["a", "with space", "quote'\"", "ünïcödé/../x", "%_*", &long] {
        subject.add(Insert { id: name, queue: name, ..task(name) });
        let claimed = subject.claim_of(&[name], 9, at(0));
        assert_eq!(claimed.len(), 1, "{name}");
        assert_eq!((claimed[0].task.id.as_str(), claimed[0].task.queue.as_str()), (name, name));
    }
}

fn unknown(subject: &Subject) {
    assert!(subject.jobs().task("id").unwrap().is_none());
    assert!(subject.jobs().message("id").unwrap().is_none());
    assert!(subject.jobs().outcome("id").unwrap().is_none());
}
