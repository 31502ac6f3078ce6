//! What has ended is forgotten, or purged.

use holdall_backend::jobs::{Change, Insert, Inserted, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, record, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a task is forgotten when its time has come", forgotten),
    ("no more is forgotten than was asked for", limit),
    ("a purge takes what ended in these states before a time", purged),
    ("a purge takes many, and all that belongs to them", many),
    ("an id that was forgotten may be used again", used_again),
];

fn forgotten(subject: &Subject) {
    for (id, forget) in [("a", Some(NOW + 10)), ("b", Some(NOW + 20)), ("never", None)] {
        subject.run(id);
        let large = vec![b'x'; 50_000];
        let done = Change {
            forget,
            result: Some(record(&large)),
            ..change(id, (State::Running, 1), State::Completed)
        };
        subject.must(done, at(0));
    }
    assert_eq!(subject.jobs().forget(9, at(9)).unwrap(), 0);
    assert_eq!(subject.jobs().forget(9, at(10)).unwrap(), 1, "at its very millisecond");
    assert!(subject.jobs().task("a").unwrap().is_none());
    assert!(subject.jobs().outcome("a").unwrap().is_none());
    assert_eq!(subject.result("b").unwrap().len(), 50_004);
    assert_eq!(subject.jobs().forget(9, at(u64::MAX >> 2)).unwrap(), 1);
    assert_eq!(subject.state("never"), State::Completed);
}

fn limit(subject: &Subject) {
    for at_once in 0..5 {
        let id = at_once.to_string();
        subject.run(&id);
        subject.must(Change { forget: Some(NOW), ..change(&id, (State::Running, 1), State::Dead) }, at(0));
    }
    assert_eq!(subject.jobs().forget(0, at(1)).unwrap(), 0);
    assert_eq!(subject.jobs().forget(2, at(1)).unwrap(), 2);
    assert_eq!(subject.jobs().forget(9, at(1)).unwrap(), 3);
    assert_eq!(subject.jobs().forget(9, at(1)).unwrap(), 0);
}

fn purged(subject: &Subject) {
    let ended = State::ALL.into_iter().filter(|state| state.ended());
    for (at_once, state) in ended.enumerate() {
        subject.end(&format!("{} early", state.name()), state, at(at_once as u64));
        subject.end(&format!("{} late", state.name()), state, at(1_000));
    }
    subject.add(task("available"));
    let purge = |states: &[State], before| subject.jobs().purge(states, NOW + before).unwrap();
    assert_eq!(purge(&[], 9_999), 0, "no states, no tasks");
    assert_eq!(purge(&[State::Completed], 0), 0, "it ended at that time, not before it");
    assert_eq!(purge(&[State::Completed], 1), 1);
    assert_eq!(purge(&[State::Failed, State::Dead, State::Available], 1_000), 2);
    assert_eq!(purge(&State::ALL, 1_000), 2);
    assert_eq!(purge(&State::ALL, 1_001), 5);
    assert_eq!(subject.state("available"), State::Available, "what has not ended stays");
}

fn many(subject: &Subject) {
    let ids: Vec<String> = (0..1_200).map(|at| at.to_string()).collect();
    let large = vec![b'x'; 40_000];
    let tasks: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let message = if at % 400 == 0 { record(&large) } else { record(b"small") };
            Insert { queue: ["a", "b"][at % 2], message, ..task(id) }
        })
        .collect();
    subject.insert(&tasks, at(0));
    assert_eq!(subject.claim_of(&["a", "b"], 1_150, at(0)).len(), 1_150);
    let claimed: Vec<_> =
        ids.iter().filter(|id| subject.state(id) == State::Running).map(String::as_str).collect();
    let changes: Vec<_> =
        claimed.iter().map(|id| change(id, (State::Running, 1), State::Completed)).collect();
    assert_eq!(subject.turn(&changes, None, at(0)).made, vec![true; 1_150]);
    assert_eq!(subject.jobs().purge(&[State::Completed], NOW + 1).unwrap(), 1_150);
    assert_eq!(subject.jobs().unfinished(None).unwrap(), 50);
    assert_eq!(subject.jobs().counts().unwrap(), [("b".to_owned(), State::Available, 50)]);
}

fn used_again(subject: &Subject) {
    subject.end("id", State::Completed, at(0));
    assert_eq!(subject.insert(&[task("id")], at(1)), [Inserted::Known]);
    assert_eq!(subject.jobs().purge(&[State::Completed], NOW + 1).unwrap(), 1);
    subject.add_at(Insert { message: record(b"new"), ..task("id") }, at(2));
    let found = subject.task("id");
    assert_eq!((found.start, found.created, found.started), (0, NOW + 2, None));
}
