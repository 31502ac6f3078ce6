//! Tasks that come after others.

use holdall_backend::jobs::{Change, Insert, State};
use holdall_types::ErrorKind;

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a task waits for all that it comes after", all),
    ("a task that was let go is scheduled until it is due", due),
    ("how a task ends makes no difference to those that wait", however),
    ("what has ended is not waited for", ended),
    ("a chain is inserted by one call", chain),
    ("the same one twice is one", twice),
    ("a repeated insert needs not what it came after", repeated),
    ("a task does not come after itself, nor after a later one", itself),
    ("a waiting task that ended is not let go", cancelled),
    ("a task that begins again lets nobody go twice", again),
];

fn complete(subject: &Subject, id: &str, ms: u64) {
    let found = subject.task(id);
    subject.must(change(id, (found.state, found.start), State::Completed), at(ms));
}

fn all(subject: &Subject) {
    subject.add(task("a"));
    subject.add(task("b"));
    subject.add(Insert { after: &["a", "b"], ..task("c") });
    assert_eq!(subject.state("c"), State::Waiting);
    assert_eq!(subject.claim(9, at(0)), ["a", "b"], "it is not claimed");
    complete(subject, "b", 10);
    assert_eq!(subject.state("c"), State::Waiting);
    subject.must(Change { due: NOW + 20, ..change("a", (State::Running, 1), State::Retryable) }, at(10));
    assert_eq!(subject.state("c"), State::Waiting, "a retry is no end");
    complete(subject, "a", 20);
    assert_eq!((subject.state("c"), subject.task("c").due), (State::Available, NOW));
    assert_eq!(subject.claim(9, at(20)), ["c"]);
}

fn due(subject: &Subject) {
    subject.add(task("a"));
    subject.add(Insert { after: &["a"], due: Some(NOW + 100), ..task("later") });
    subject.add(Insert { after: &["a"], due: Some(NOW + 50), ..task("now") });
    complete(subject, "a", 50);
    assert_eq!((subject.state("later"), subject.state("now")), (State::Scheduled, State::Available));
    assert_eq!(subject.claim(9, at(99)), ["now"]);
    assert_eq!(subject.claim(9, at(100)), ["later"]);
}

fn however(subject: &Subject) {
    for to in State::ALL.into_iter().filter(|state| state.ended()) {
        let (parent, child) = (to.name(), format!("after {}", to.name()));
        subject.add(task(parent));
        subject.add(Insert { after: &[parent], ..task(&child) });
        subject.must(change(parent, (State::Available, 0), to), at(0));
        assert_eq!(subject.state(&child), State::Available, "{parent}");
    }
}

fn ended(subject: &Subject) {
    subject.end("a", State::Failed, at(0));
    subject.add(task("b"));
    subject.add(Insert { after: &["a"], ..task("c") });
    subject.add(Insert { after: &["b", "a"], ..task("d") });
    assert_eq!((subject.state("c"), subject.state("d")), (State::Available, State::Waiting));
    complete(subject, "b", 0);
    assert_eq!(subject.state("d"), State::Available);
}

fn chain(subject: &Subject) {
    let tasks =
        [task("a"), Insert { after: &["a"], ..task("b") }, Insert { after: &["b", "a"], ..task("c") }];
    subject.insert(&tasks, at(0));
    for id in ["a", "b", "c"] {
        assert_eq!(subject.claim(9, at(0)), [id]);
        complete(subject, id, 0);
    }
}

fn twice(subject: &Subject) {
    subject.add(task("a"));
    subject.add(Insert { after: &["a", "a"], ..task("b") });
    complete(subject, "a", 0);
    assert_eq!(subject.state("b"), State::Available);
}

fn repeated(subject: &Subject) {
    subject.add(task("a"));
    let child = Insert { after: &["a"], ..task("b") };
    subject.add(child.clone());
    complete(subject, "a", 0);
    assert_eq!(subject.jobs().purge(&[State::Completed], NOW + 1).unwrap(), 1);
    assert_eq!(subject.insert(&[child], at(9)), [holdall_backend::jobs::Inserted::Known]);
}

fn itself(subject: &Subject) {
    let own = Insert { after: &["a"], ..task("a") };
    let error = subject.jobs().insert(&[own.clone(), task("b")], None, at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    let later = [Insert { after: &["b"], ..task("a") }, task("b")];
    let error = subject.jobs().insert(&later, None, at(0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DoesNotExist);
    assert_eq!(subject.jobs().unfinished(None).unwrap(), 0);
}

fn cancelled(subject: &Subject) {
    subject.add(task("a"));
    subject.add(Insert { after: &["a"], ..task("b") });
    subject.add(Insert { after: &["b"], ..task("c") });
    subject.must(change("b", (State::Waiting, 0), State::Cancelled), at(0));
    assert_eq!(subject.state("c"), State::Available);
    complete(subject, "a", 0);
    assert_eq!(subject.state("b"), State::Cancelled);
    // Nor is one that has its place by now.
    subject.add(task("d"));
    subject.add(task("other"));
    subject.add(Insert { after: &["d"], ..task("e") });
    subject.must(change("e", (State::Waiting, 0), State::Cancelled), at(0));
    subject.jobs().purge(&[State::Cancelled], u64::MAX).unwrap();
    subject.add(Insert { after: &["other"], ..task("f") });
    complete(subject, "d", 0);
    assert_eq!(subject.state("f"), State::Waiting);
}

fn again(subject: &Subject) {
    subject.add(task("a"));
    subject.add(task("b"));
    subject.add(Insert { after: &["a", "b"], ..task("c") });
    complete(subject, "a", 0);
    subject.must(change("a", (State::Completed, 0), State::Available), at(0));
    complete(subject, "a", 0);
    assert_eq!(subject.state("c"), State::Waiting, "it still waits for b");
    complete(subject, "b", 0);
    assert_eq!(subject.state("c"), State::Available);
}
