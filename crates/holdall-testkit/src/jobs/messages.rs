//! What tasks are to do, whatever its size.

use holdall_backend::jobs::{Insert, Inserted, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, record, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a message of any size comes back as it went in", sizes),
    ("a message stays what it is", stays),
    ("a refused task leaves the message of another alone", refused),
];

fn sizes(subject: &Subject) {
    for size in [0, 1, 1_000, 4_096, 32_767, 32_768, 100_000, 1 << 20] {
        let (id, body) = (size.to_string(), vec![b'x'; size]);
        subject.add(Insert { message: record(&body), ..task(&id) });
        let claimed = subject.claim_of(&["default"], 1, at(0));
        let expected = [b"head".to_vec(), body].concat();
        assert!(claimed[0].message.bytes == expected, "{size} bytes, claimed");
        let message = subject.jobs().message(&id).unwrap().unwrap();
        assert!(message.message.bytes == expected, "{size} bytes, asked for");
        assert_eq!(message.task.state, State::Running);
        assert_eq!(message.message.segments.count(), 0);
    }
}

fn stays(subject: &Subject) {
    let body = vec![b'x'; 100_000];
    subject.add(Insert { message: record(&body), ..task("id") });
    let message = || subject.jobs().message("id").unwrap().unwrap().message.bytes.len();
    for start in 1..4 {
        let claimed = subject.claim_of(&["default"], 1, at(0));
        assert_eq!((claimed[0].task.start, claimed[0].message.bytes.len()), (start, 100_004));
        subject.must(change("id", (State::Running, start), State::Available), at(0));
        assert_eq!(message(), 100_004);
    }
    subject.must(change("id", (State::Available, 3), State::Cancelled), at(0));
    assert_eq!(message(), 100_004, "until it is forgotten");
    assert_eq!(subject.jobs().purge(&[State::Cancelled], NOW + 1).unwrap(), 1);
    assert!(subject.jobs().message("id").unwrap().is_none());
}

fn refused(subject: &Subject) {
    let (one, two) = (vec![b'1'; 50_000], vec![b'2'; 50_000]);
    subject.add(Insert { unique: Some("key"), message: record(&one), ..task("one") });
    let known = Insert { message: record(&two), ..task("one") };
    let twin = Insert { unique: Some("key"), message: record(&two), ..task("two") };
    assert_eq!(subject.insert(&[known, twin], at(0)), [Inserted::Known, Inserted::Twin("one".into())]);
    let claimed = subject.claim_of(&["default"], 9, at(0));
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].message.bytes[4..], one);
}
