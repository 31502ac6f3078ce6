//! Schedules.

use holdall_backend::jobs::{Cron, Insert};
use holdall_types::ErrorKind;

use super::Behaviour;
use super::subject::{NOW, Subject, at, record, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("schedules are written, replaced and removed", written),
    ("a schedule fires once", fires),
    ("a task that is there already is not fired twice", known),
    ("a task that cannot be inserted leaves the schedule as it was", all_or_none),
];

fn cron(name: &str, next: u64) -> Cron {
    Cron {
        name: name.into(),
        expression: "0 * * * *".into(),
        next,
        template: "{}".into(),
        message: vec![1, 0, 255],
    }
}

fn crons(subject: &Subject) -> Vec<Cron> {
    let mut crons = subject.jobs().crons().unwrap();
    crons.sort_by(|a, b| a.name.cmp(&b.name));
    crons
}

fn written(subject: &Subject) {
    let set = |name: &str, cron: Option<&Cron>| subject.jobs().set_cron(name, cron).unwrap();
    assert!(crons(subject).is_empty());
    set("b", Some(&cron("b", 5)));
    set("a", Some(&cron("a", 7)));
    assert_eq!(crons(subject), [cron("a", 7), cron("b", 5)]);
    let other =
        Cron { message: vec![9; 100_000], expression: "x".into(), template: "y".into(), ..cron("a", 8) };
    set("a", Some(&other));
    set("b", None);
    set("unknown", None);
    assert_eq!(crons(subject), [other]);
}

fn fires(subject: &Subject) {
    subject.jobs().set_cron("a", Some(&cron("a", NOW))).unwrap();
    let fire = |name: &str, due, next, id| subject.jobs().fire(name, due, next, &task(id), at(0)).unwrap();
    assert!(!fire("a", NOW - 1, NOW + 10, "early"));
    assert!(!fire("b", NOW, NOW + 10, "unknown"));
    assert!(fire("a", NOW, NOW + 10, "one"));
    assert!(!fire("a", NOW, NOW + 10, "two"));
    assert_eq!(crons(subject), [cron("a", NOW + 10)]);
    assert_eq!(subject.claim(9, at(0)), ["one"]);
    assert!(fire("a", NOW + 10, NOW + 20, "three"));
    let large = vec![b'x'; 50_000];
    let large = Insert { message: record(&large), ..task("large") };
    assert!(subject.jobs().fire("a", NOW + 20, NOW + 30, &large, at(0)).unwrap());
    assert_eq!(subject.claim(9, at(0)), ["three", "large"]);
    assert_eq!(subject.jobs().message("large").unwrap().unwrap().message.bytes.len(), 50_004);
}

fn known(subject: &Subject) {
    subject.jobs().set_cron("a", Some(&cron("a", NOW))).unwrap();
    subject.add(task("id"));
    assert!(subject.jobs().fire("a", NOW, NOW + 10, &task("id"), at(0)).unwrap(), "its time is set anew");
    assert_eq!(crons(subject)[0].next, NOW + 10);
    assert_eq!(subject.claim(9, at(0)), ["id"]);
}

fn all_or_none(subject: &Subject) {
    subject.jobs().set_cron("a", Some(&cron("a", NOW))).unwrap();
    let orphan = Insert { after: &["unknown"], ..task("id") };
    let error = subject.jobs().fire("a", NOW, NOW + 10, &orphan, at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert_eq!(crons(subject)[0].next, NOW);
}
