//! Queues that are stopped and resumed.

use holdall_backend::jobs::{Insert, QueueState, State};

use super::Behaviour;
use super::subject::{NOW, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[("nothing of a paused queue is claimed", paused), ("queues are known once they were named", named)];

fn paused(subject: &Subject) {
    subject.run("running");
    subject.add(task("a"));
    subject.add(Insert { due: Some(NOW + 5), ..task("b") });
    subject.add(Insert { queue: "other", ..task("c") });
    let pause = |paused| subject.jobs().pause("default", paused).unwrap();
    pause(true);
    pause(true);
    assert!(subject.claim(9, at(9)).is_empty());
    let claimed = subject.claim_of(&["default", "other"], 9, at(9));
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].task.id, "c", "the others go on");
    subject.add(task("d"));
    subject.must(change("running", (State::Running, 1), State::Completed), at(9));
    pause(false);
    let mut ids = subject.claim(9, at(9));
    ids.sort();
    assert_eq!(ids, ["a", "b", "d"]);
}

fn named(subject: &Subject) {
    let queues = || {
        let mut queues = subject.jobs().queues().unwrap();
        queues.sort_by(|a, b| a.name.cmp(&b.name));
        queues
    };
    assert!(queues().is_empty());
    subject.jobs().pause("b", true).unwrap();
    subject.add(Insert { queue: "a", ..task("1") });
    subject.add(Insert { queue: "b", ..task("2") });
    assert!(subject.claim_of(&["b"], 9, at(0)).is_empty(), "paused before it had a task");
    let state = |name: &str, paused| QueueState { name: name.into(), paused };
    assert_eq!(queues(), [state("a", false), state("b", true)]);
    subject.jobs().pause("b", false).unwrap();
    subject.must(change("1", (State::Available, 0), State::Cancelled), at(0));
    subject.jobs().purge(&[State::Cancelled], u64::MAX).unwrap();
    assert_eq!(queues(), [state("a", false), state("b", false)]);
}
