//! Changes, each fenced by what its decider saw.

use holdall_backend::jobs::{Change, State};
use holdall_types::ErrorKind;

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a change writes all its fields", all_fields),
    ("a change whose fence does not hold is not made", fence),
    ("who ran a task that was removed does not settle another of its id", former),
    ("each change of a turn has its own fence", apart),
    ("a task may go from any state to any other that is not run or waited in", any_to_any),
    ("a running task is asked to stop and goes on", asked_to_stop),
    ("a task that was asked to stop meanwhile does not run again", stopped),
    ("a task neither runs nor waits by a change", not_by_change),
    ("one task changes twice in one turn", twice),
    ("an ended task begins again afresh", again),
];

fn all_fields(subject: &Subject) {
    subject.run("id");
    let before = subject.task("id");
    let retry = Change {
        due: NOW + 50,
        retried: 3,
        lost: 2,
        cancel: true,
        failure: Some(r#"{"type":"ValueError"}"#),
        forget: Some(NOW + 99),
        ..change("id", (State::Running, 1), State::Retryable)
    };
    subject.must(retry, at(7));
    let mut expected = before;
    expected.state = State::Retryable;
    expected.due = NOW + 50;
    (expected.retried, expected.lost, expected.cancel) = (3, 2, true);
    expected.failure = Some(r#"{"type":"ValueError"}"#.into());
    assert_eq!(subject.task("id"), expected);
    subject.must(change("id", (State::Retryable, 1), State::Dead), at(8));
    expected.state = State::Dead;
    expected.due = NOW;
    (expected.retried, expected.lost, expected.cancel) = (0, 0, false);
    (expected.failure, expected.ended) = (None, Some(NOW + 8));
    assert_eq!(subject.task("id"), expected);
}

fn fence(subject: &Subject) {
    subject.run("id");
    let before = subject.task("id");
    let wrong = [
        change("id", (State::Running, 0), State::Completed),
        change("id", (State::Running, 2), State::Completed),
        change("id", (State::Available, 1), State::Completed),
        change("unknown", (State::Running, 1), State::Completed),
    ];
    assert_eq!(subject.turn(&wrong, None, at(0)).made, [false; 4]);
    assert_eq!(subject.task("id"), before);
    assert!(subject.jobs().task("unknown").unwrap().is_none());
    subject.must(change("id", (State::Running, 1), State::Completed), at(0));
    assert!(!subject.change(change("id", (State::Running, 1), State::Failed), at(0)), "it ended once");
    assert_eq!(subject.state("id"), State::Completed);
}

fn former(subject: &Subject) {
    subject.end("id", State::Dead, at(0));
    let created = Some(subject.task("id").created);
    subject.jobs().purge(&[State::Dead], u64::MAX >> 1).unwrap();
    subject.add_at(task("id"), at(5));
    let ended = |created| Change { created, ..change("id", (State::Available, 0), State::Cancelled) };
    assert!(!subject.change(ended(created), at(6)));
    assert_eq!(subject.claim(1, at(6)), ["id"]);
    let done = |created, to| Change { created, ..change("id", (State::Running, 1), to) };
    assert!(!subject.change(done(created, State::Completed), at(7)));
    assert!(!subject.change(done(created, State::Running), at(7)));
    assert_eq!(subject.state("id"), State::Running);
    let created = Some(subject.task("id").created);
    subject.must(done(created, State::Running), at(7));
    subject.must(done(created, State::Completed), at(7));
}

fn apart(subject: &Subject) {
    for id in ["a", "b", "c"] {
        subject.run(id);
    }
    let changes = [
        change("a", (State::Running, 1), State::Completed),
        change("b", (State::Running, 9), State::Completed),
        change("c", (State::Running, 1), State::Failed),
    ];
    assert_eq!(subject.turn(&changes, None, at(0)).made, [true, false, true]);
    let states = ["a", "b", "c"].map(|id| subject.state(id));
    assert_eq!(states, [State::Completed, State::Running, State::Failed]);
}

fn any_to_any(subject: &Subject) {
    let reachable = |state: &State| !matches!(state, State::Waiting | State::Running);
    let states: Vec<State> = State::ALL.into_iter().filter(reachable).collect();
    subject.add(task("id"));
    let mut from = State::Available;
    for first in &states {
        for to in &states {
            for next in [*first, *to] {
                subject.must(change("id", (from, 0), next), at(3));
                from = next;
                let found = subject.task("id");
                assert_eq!((found.state, found.ended), (next, next.ended().then_some(NOW + 3)));
            }
        }
    }
}

fn asked_to_stop(subject: &Subject) {
    subject.run("id");
    let ask = Change { cancel: true, ..change("id", (State::Running, 1), State::Running) };
    subject.must(ask, at(5));
    let found = subject.task("id");
    assert_eq!((found.state, found.start, found.cancel), (State::Running, 1, true));
    assert_eq!((found.started, found.worker.as_deref()), (Some(NOW), Some("worker")));
    subject.must(change("id", (State::Running, 1), State::Cancelled), at(6));
}

fn stopped(subject: &Subject) {
    for (at_once, to) in [State::Available, State::Scheduled, State::Retryable].into_iter().enumerate() {
        let id = at_once.to_string();
        subject.run(&id);
        let running = (State::Running, 1);
        subject.must(Change { cancel: true, ..change(&id, running, State::Running) }, at(0));
        assert!(!subject.change(change(&id, running, to), at(1)), "it was decided before");
        assert_eq!(subject.state(&id), State::Running);
        subject.must(change(&id, running, State::Failed), at(1));
        subject.must(change(&id, (State::Failed, 1), State::Available), at(2));
        subject.must(change(&id, (State::Available, 1), State::Cancelled), at(2));
    }
}

fn not_by_change(subject: &Subject) {
    subject.add(task("id"));
    for to in [State::Running, State::Waiting] {
        let turn = holdall_backend::jobs::Turn {
            changes: &[change("id", (State::Available, 0), to)],
            claim: None,
            patience: None,
        };
        assert_eq!(subject.jobs().turn(&turn, at(0)).unwrap_err().kind(), ErrorKind::Validation);
    }
    assert_eq!(subject.state("id"), State::Available);
}

fn twice(subject: &Subject) {
    subject.run("id");
    let changes = [
        change("id", (State::Running, 1), State::Available),
        change("id", (State::Running, 1), State::Completed),
        change("id", (State::Available, 1), State::Cancelled),
    ];
    assert_eq!(subject.turn(&changes, None, at(0)).made, [true, false, true]);
    assert_eq!(subject.state("id"), State::Cancelled);
}

fn again(subject: &Subject) {
    subject.run("id");
    let dead = Change { forget: Some(NOW + 10), ..change("id", (State::Running, 1), State::Dead) };
    subject.must(dead, at(5));
    subject.must(change("id", (State::Dead, 1), State::Available), at(6));
    let found = subject.task("id");
    assert_eq!((found.state, found.ended, found.start), (State::Available, None, 1));
    assert_eq!(subject.jobs().forget(9, at(99)).unwrap(), 0, "what is to run is not forgotten");
    assert_eq!(subject.jobs().unfinished(None).unwrap(), 1);
    let claimed = subject.claim_of(&["default"], 9, at(100));
    assert_eq!((claimed[0].task.start, &claimed[0].message.bytes[..]), (2, &b"headid"[..]));
}
