//! What nobody will come for by himself.

use holdall_backend::jobs::{Attention, Change, Claim, Insert, Now, State, Task};

use super::Behaviour;
use super::subject::{LEASE, NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("an empty queue needs no attention", nothing),
    ("what ran when the machine went down is lost", other_boot),
    ("unstarted tasks past their expiry are overdue", overdue),
    ("no more is told than was asked for", limit),
    ("the next time is that of what comes next", next),
    ("the next lease is the one that runs out next", next_lease),
    ("every queue is looked at", every_queue),
];

fn look(subject: &Subject, now: Now) -> Attention {
    subject.jobs().attention(100, now).unwrap()
}

fn ids(tasks: &[Task]) -> Vec<&str> {
    let mut ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn nothing(subject: &Subject) {
    let check = |text: &str| {
        let found = look(subject, at(0));
        assert!(found.lost.is_empty() && found.overdue.is_empty(), "{text}");
        assert_eq!((found.next, found.next_lease), (None, None), "{text}");
    };
    check("empty");
    subject.end("ended", State::Completed, at(0));
    check("ended");
    subject.add(task("available"));
    check("what is available is for the next claim");
}

fn other_boot(subject: &Subject) {
    subject.run("a");
    for boot_id in [-3, 6, 8, i64::MAX] {
        for boot in [0, at(0).boot, u64::MAX >> 2] {
            let found = look(subject, Now { boot, boot_id, ..at(0) });
            assert_eq!(ids(&found.lost), ["a"], "boot {boot_id}");
            assert_eq!(found.lost[0], subject.task("a"));
        }
    }
    assert!(look(subject, at(0)).lost.is_empty(), "the same boot");
}

fn overdue(subject: &Subject) {
    let expires = Some(NOW + 10);
    subject.run("parent");
    subject.add(Insert { expires, ..task("retryable") });
    subject.add(Insert { expires, ..task("running") });
    assert_eq!(subject.claim(9, at(0)).len(), 2);
    let retry = Change { due: NOW + 9, ..change("retryable", (State::Running, 1), State::Retryable) };
    subject.must(retry, at(0));
    subject.add(Insert { expires, ..task("available") });
    subject.add(Insert { expires, after: &["parent"], ..task("waiting") });
    subject.add(Insert { expires, due: Some(NOW + 99), ..task("scheduled") });
    subject.add(Insert { expires: Some(NOW + 11), ..task("later") });
    subject.add(Insert { expires, ..task("ended") });
    subject.must(change("ended", (State::Available, 0), State::Cancelled), at(0));
    assert!(look(subject, at(9)).overdue.is_empty());
    let found = look(subject, at(10));
    assert_eq!(ids(&found.overdue), ["available", "retryable", "scheduled", "waiting"]);
    let available = found.overdue.iter().find(|task| task.id == "available").unwrap();
    assert_eq!(*available, subject.task("available"));
    for found in &found.overdue {
        let gone = Change { due: found.due, ..change(&found.id, (found.state, found.start), State::Expired) };
        subject.must(gone, at(10));
    }
    assert_eq!(ids(&look(subject, at(11)).overdue), ["later"]);
}

fn limit(subject: &Subject) {
    let due = NOW + 100 * LEASE;
    for id in ["a", "b", "c"] {
        subject.run(id);
        let late = format!("late {id}");
        subject.add(Insert { expires: Some(NOW + 1), due: Some(due), ..task(&late) });
    }
    let now = Now { boot_id: 9, ..at(2 * LEASE) };
    let found = subject.jobs().attention(2, now).unwrap();
    assert_eq!((found.lost.len(), found.overdue.len()), (2, 2));
    assert!(found.next.is_some_and(|next| next <= now.wall), "there is more: look again at once");
    let found = subject.jobs().attention(9, now).unwrap();
    assert_eq!((found.lost.len(), found.overdue.len(), found.next), (3, 3, Some(due)));
}

fn next(subject: &Subject) {
    let next = |ms| look(subject, at(ms)).next;
    subject.add(Insert { due: Some(NOW + 50), ..task("scheduled") });
    assert_eq!(next(0), Some(NOW + 50), "due");
    assert_eq!(next(50), None, "what is due by now is for the next claim");
    subject.add(Insert { expires: Some(NOW + 40), ..task("expires") });
    assert_eq!(next(0), Some(NOW + 40), "expires");
    assert_eq!(next(40), Some(NOW + 50), "what has expired is told of");
    subject.run("retryable");
    subject
        .must(Change { due: NOW + 30, ..change("retryable", (State::Running, 1), State::Retryable) }, at(0));
    assert_eq!(next(0), Some(NOW + 30), "retryable");
    subject.end("ended", State::Completed, at(0));
    let forget =
        Change { forget: Some(NOW + 20), ..change("ended", (State::Completed, 1), State::Completed) };
    subject.must(forget, at(0));
    assert_eq!(next(0), Some(NOW + 20), "forgotten");
    assert_eq!(next(20), Some(NOW + 30), "what is to be forgotten by now is");
    subject.jobs().pause("default", true).unwrap();
    assert_eq!(next(0), Some(NOW + 20));
}

fn next_lease(subject: &Subject) {
    subject.run("a");
    subject.add(task("b"));
    let claim = Claim { queues: &["default"], limit: 1, worker: "w", lease_ms: 2 * LEASE };
    assert_eq!(subject.turn(&[], Some(claim), at(0)).claimed.len(), 1);
    let next = |ms| look(subject, at(ms)).next_lease;
    assert_eq!(next(0), Some(at(LEASE).boot));
    assert_eq!(next(LEASE), Some(at(2 * LEASE).boot), "the first one is lost");
    assert_eq!(next(2 * LEASE), None);
    assert_eq!(look(subject, at(0)).next, None, "a lease is no wall time");
    subject.must(change("a", (State::Running, 1), State::Completed), at(0));
    assert_eq!(next(0), Some(at(2 * LEASE).boot));
}

fn every_queue(subject: &Subject) {
    for queue in ["a", "b", "c"] {
        let ids = ["lost", "overdue", "next"].map(|what| format!("{queue} {what}"));
        subject.add(Insert { queue, ..task(&ids[0]) });
        assert_eq!(subject.claim_of(&[queue], 1, at(0)).len(), 1);
        subject.add(Insert { queue, expires: Some(NOW + 1), ..task(&ids[1]) });
        subject.add(Insert { queue, due: Some(NOW + LEASE + 1), ..task(&ids[2]) });
    }
    let found = look(subject, at(LEASE));
    assert_eq!(ids(&found.lost), ["a lost", "b lost", "c lost"]);
    assert_eq!(ids(&found.overdue), ["a overdue", "b overdue", "c overdue"]);
    assert_eq!(found.next, Some(NOW + LEASE + 1));
}
