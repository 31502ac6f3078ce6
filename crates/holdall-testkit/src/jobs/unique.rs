//! At most one unfinished task has a unique key.

use holdall_backend::jobs::{Change, Insert, Inserted, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, record, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("of two tasks with one key the second is not taken in", twin),
    ("a key is held in every unfinished state, and in no other", held),
    ("an ended task whose key another has does not begin again", again),
];

fn keyed(id: &str) -> Insert<'_> {
    Insert { unique: Some("key"), ..task(id) }
}

fn twin(subject: &Subject) {
    subject.add(keyed("one"));
    assert_eq!(subject.insert(&[keyed("two")], at(0)), [Inserted::Twin("one".into())]);
    assert!(subject.jobs().task("two").unwrap().is_none());
    assert_eq!(subject.insert(&[keyed("one")], at(0)), [Inserted::Known], "known comes first");
    let other = Insert { unique: Some("other"), ..task("b") };
    let queue = Insert { queue: "elsewhere", ..keyed("c") };
    assert_eq!(
        subject.insert(&[task("a"), other, queue], at(0)),
        [Inserted::New, Inserted::New, Inserted::Twin("one".into())],
        "the queue makes no difference"
    );
}

fn held(subject: &Subject) {
    let free =
        |id: &str, text: &str| assert_eq!(subject.insert(&[keyed(id)], at(0)), [Inserted::New], "{text}");
    let taken = |by: &str, text: &str| {
        assert_eq!(subject.insert(&[keyed("x")], at(0)), [Inserted::Twin(by.into())], "{text}");
    };
    subject.add(task("parent"));
    subject.add(Insert { after: &["parent"], ..keyed("one") });
    taken("one", "waiting");
    assert_eq!(subject.claim(1, at(0)), ["parent"]);
    subject.must(change("parent", (State::Running, 1), State::Completed), at(0));
    taken("one", "available");
    assert_eq!(subject.claim(1, at(0)), ["one"]);
    taken("one", "running");
    let retry = |to, due| Change { due, ..change("one", (State::Running, 1), to) };
    subject.must(retry(State::Retryable, NOW + 5), at(0));
    taken("one", "retryable");
    subject.must(change("one", (State::Retryable, 1), State::Failed), at(0));
    free("two", "failed");
    for (at_once, to) in [State::Completed, State::Dead, State::Cancelled, State::Expired].iter().enumerate()
    {
        let before = if at_once == 0 { "two".to_owned() } else { format!("{at_once}") };
        subject.must(change(&before, (State::Available, 0), *to), at(0));
        free(&format!("{}", at_once + 1), to.name());
    }
}

fn again(subject: &Subject) {
    subject.add(keyed("one"));
    let result = vec![b'x'; 100_000];
    let ends = change("one", (State::Available, 0), State::Cancelled);
    subject.must(Change { result: Some(record(&result)), ..ends }, at(0));
    subject.add(keyed("two"));
    subject.add(task("other"));
    let changes = [
        change("one", (State::Cancelled, 0), State::Available),
        change("other", (State::Available, 0), State::Cancelled),
    ];
    assert_eq!(subject.turn(&changes, None, at(0)).made, [false, true], "and the other change is made");
    assert_eq!(subject.state("one"), State::Cancelled);
    assert_eq!(subject.result("one").unwrap().len(), 100_004, "and keeps its result");
    subject.must(change("two", (State::Available, 0), State::Cancelled), at(0));
    subject.must(changes[0], at(0));
    assert_eq!(subject.insert(&[keyed("three")], at(0)), [Inserted::Twin("one".into())]);
}
