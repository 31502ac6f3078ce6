//! What tasks gave back.

use holdall_backend::jobs::{Change, State};

use super::Behaviour;
use super::subject::{Subject, at, change, record};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a result of any size comes back as it went in", sizes),
    ("a result replaces the former one", replaced),
    ("the result of a change that is not made is not there", not_made),
];

fn with<'a>(change: Change<'a>, body: &'a [u8]) -> Change<'a> {
    Change { result: Some(record(body)), ..change }
}

fn sizes(subject: &Subject) {
    for size in [0, 1, 1_000, 4_096, 32_767, 32_768, 100_000, 1 << 20] {
        let (id, body) = (size.to_string(), vec![b'x'; size]);
        subject.run(&id);
        assert_eq!(subject.result(&id), None);
        subject.must(with(change(&id, (State::Running, 1), State::Completed), &body), at(0));
        assert!(subject.result(&id).unwrap() == [b"head".to_vec(), body].concat(), "{size} bytes");
    }
}

fn replaced(subject: &Subject) {
    subject.run("id");
    let bodies = [vec![b'1'; 100_000], vec![b'2'; 10], vec![b'3'; 100_000], vec![b'4'; 100_000], vec![]];
    let mut from = State::Running;
    for body in &bodies {
        for to in [State::Completed, State::Failed] {
            subject.must(with(change("id", (from, 1), to), body), at(0));
            assert!(subject.result("id").unwrap()[4..] == body[..], "{} bytes", body.len());
            from = to;
        }
    }
    subject.must(with(change("id", (from, 1), State::Completed), &bodies[0]), at(0));
    subject.must(change("id", (State::Completed, 1), State::Available), at(0));
    assert_eq!(subject.result("id"), None, "by none, too");
    assert_eq!(subject.claim(1, at(0)), ["id"]);
    // One that runs may tell how far it is.
    subject.must(with(change("id", (State::Running, 2), State::Running), &bodies[0]), at(0));
    assert_eq!(subject.result("id").unwrap().len(), 100_004);
    subject.must(with(change("id", (State::Running, 2), State::Running), b"more"), at(0));
    assert_eq!(subject.result("id").unwrap(), b"headmore");
    subject.must(change("id", (State::Running, 2), State::Completed), at(0));
    assert_eq!(subject.result("id"), None);
}

fn not_made(subject: &Subject) {
    for size in [10, 100_000] {
        let (id, body) = (size.to_string(), vec![b'x'; size]);
        subject.run(&id);
        let late = with(change(&id, (State::Running, 0), State::Completed), &body);
        assert!(!subject.change(late, at(0)));
        assert_eq!(subject.result(&id), None);
        subject.must(with(change(&id, (State::Running, 1), State::Completed), b"first"), at(0));
        assert!(!subject.change(late, at(0)));
        assert_eq!(subject.result(&id).unwrap(), b"headfirst");
    }
}
