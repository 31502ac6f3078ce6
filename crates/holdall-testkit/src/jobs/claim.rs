//! What a claim takes.

use holdall_backend::jobs::{Change, Claim, Insert, State};

use super::Behaviour;
use super::subject::{LEASE, NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a claimed task runs", runs),
    ("a claim takes no more than its limit", limit),
    ("a claim takes only of its queues, in their order", queues),
    ("what is due becomes available", due),
    ("changes come before the claim", changes_first),
    ("only available tasks are claimed", only_available),
    ("a task past its expiry is not started", expired),
];

fn runs(subject: &Subject) {
    subject.add(task("id"));
    let claim = Claim { queues: &["default"], limit: 1, worker: "me", lease_ms: LEASE };
    let claimed = subject.turn(&[], Some(claim), at(5)).claimed;
    let found = subject.task("id");
    assert_eq!(claimed[0].task, found, "the task as it stands now");
    assert_eq!((found.state, found.start, found.started), (State::Running, 1, Some(NOW + 5)));
    assert_eq!((found.worker.as_deref(), found.ended), (Some("me"), None));
    assert!(subject.claim(9, at(5)).is_empty(), "once");
    subject.must(change("id", (State::Running, 1), State::Available), at(6));
    let claim = Claim { worker: "you", ..claim };
    let claimed = subject.turn(&[], Some(claim), at(7)).claimed;
    assert_eq!((claimed[0].task.start, claimed[0].task.started), (2, Some(NOW + 7)));
    assert_eq!(claimed[0].task.worker.as_deref(), Some("you"));
}

fn limit(subject: &Subject) {
    let ids: Vec<String> = (0..10).map(|at| at.to_string()).collect();
    subject.insert(&ids.iter().map(|id| task(id)).collect::<Vec<_>>(), at(0));
    assert!(subject.claim(0, at(0)).is_empty());
    assert_eq!(subject.claim(1, at(0)), ["0"]);
    assert_eq!(subject.claim(3, at(0)), ["1", "2", "3"]);
    assert_eq!(subject.claim(100, at(0)).len(), 6);
    assert!(subject.claim(100, at(0)).is_empty());
}

fn queues(subject: &Subject) {
    for (id, queue) in [("a1", "a"), ("b1", "b"), ("c1", "c"), ("a2", "a"), ("b2", "b")] {
        subject.add(Insert { queue, priority: i16::from(queue == "b"), ..task(id) });
    }
    let claim = |queues: &[&str], limit| {
        let claimed = subject.claim_of(queues, limit, at(0));
        claimed.into_iter().map(|claimed| claimed.task.id).collect::<Vec<_>>()
    };
    assert!(claim(&[], 9).is_empty());
    assert!(claim(&["unknown", "A"], 9).is_empty());
    assert_eq!(claim(&["a", "b"], 3), ["a1", "a2", "b1"], "of the first as many as there are");
    assert_eq!(claim(&["b", "b", "a"], 9), ["b2"], "a queue named twice is one");
    assert_eq!(claim(&["c"], 9), ["c1"]);
}

fn due(subject: &Subject) {
    subject.add(Insert { due: Some(NOW + 10), ..task("scheduled") });
    subject.run("retryable");
    let retry = Change { due: NOW + 20, ..change("retryable", (State::Running, 1), State::Retryable) };
    subject.must(retry, at(0));
    assert!(subject.claim(9, at(9)).is_empty());
    assert_eq!(subject.claim(9, at(10)), ["scheduled"]);
    assert!(subject.claim(9, at(19)).is_empty());
    assert_eq!(subject.claim(9, at(20)), ["retryable"]);
    assert_eq!(subject.task("retryable").start, 2);
    // Many at once, and more than the claim takes.
    let ids: Vec<String> = (0..50).map(|at| at.to_string()).collect();
    let soon: Vec<_> = ids.iter().map(|id| Insert { due: Some(NOW + 30), ..task(id) }).collect();
    subject.insert(&soon, at(20));
    assert_eq!(subject.claim(3, at(30)).len(), 3);
    assert_eq!(subject.claim(99, at(30)).len(), 47);
}

fn changes_first(subject: &Subject) {
    subject.run("a");
    subject.add(Insert { after: &["a"], ..task("b") });
    let claim = Claim { queues: &["default"], limit: 9, worker: "me", lease_ms: LEASE };
    let turned = subject.turn(&[change("a", (State::Running, 1), State::Completed)], Some(claim), at(0));
    assert_eq!(turned.made, [true]);
    assert_eq!(turned.claimed.len(), 1);
    assert_eq!(turned.claimed[0].task.id, "b");
}

fn only_available(subject: &Subject) {
    for to in State::ALL.into_iter().filter(|state| state.ended()) {
        subject.end(to.name(), to, at(0));
    }
    subject.run("running");
    subject.add(Insert { after: &["running"], ..task("waiting") });
    subject.add(Insert { due: Some(u64::MAX >> 2), ..task("scheduled") });
    assert!(subject.claim(99, at(1)).is_empty());
}

fn expired(subject: &Subject) {
    subject.add(Insert { expires: Some(NOW + 10), ..task("a") });
    subject.add(Insert { expires: Some(NOW + 11), ..task("b") });
    subject.add(Insert { expires: Some(NOW + 10), due: Some(NOW + 5), ..task("c") });
    subject.add(task("d"));
    assert_eq!(subject.claim(9, at(10)), ["b", "d"], "at its very millisecond it is over");
    assert!(!subject.state("a").ended() && !subject.state("c").ended(), "others decide what becomes of them");
    subject.add_at(Insert { expires: Some(NOW + 30), ..task("e") }, at(20));
    assert_eq!(subject.claim(9, at(20)), ["e"]);
}
