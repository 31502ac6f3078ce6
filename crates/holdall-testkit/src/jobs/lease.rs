//! Leases, by the boot clock.

use holdall_backend::jobs::{Change, Held, Hold, Now, State};

use super::Behaviour;
use super::subject::{LEASE, Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a lease runs on while it is extended", runs_on),
    ("only who runs a task extends its lease", only_its_own),
    ("a heartbeat learns that the task is to stop", told_to_stop),
    ("a worker that lives after all keeps its task", lives),
    ("the wall clock has nothing to do with it", not_wall),
];

fn lost(subject: &Subject, now: Now) -> Vec<String> {
    let mut ids: Vec<String> =
        subject.jobs().attention(100, now).unwrap().lost.into_iter().map(|task| task.id).collect();
    ids.sort();
    ids
}

fn runs_on(subject: &Subject) {
    subject.run("a");
    subject.run("b");
    assert!(lost(subject, at(LEASE - 1)).is_empty());
    let holds = [Hold { id: "a", start: 1 }];
    assert_eq!(subject.jobs().extend(&holds, LEASE, at(LEASE - 1)).unwrap(), [Held::Kept]);
    assert_eq!(lost(subject, at(LEASE)), ["b"], "at its very millisecond it is over");
    assert_eq!(lost(subject, at(2 * LEASE - 2)), ["b"]);
    assert_eq!(lost(subject, at(2 * LEASE - 1)), ["a", "b"]);
    // Nobody has come for it: it is still its worker's.
    assert_eq!(subject.jobs().extend(&holds, LEASE, at(5 * LEASE)).unwrap(), [Held::Kept]);
    assert_eq!(lost(subject, at(5 * LEASE)), ["b"]);
    assert_eq!(subject.state("b"), State::Running, "to look is not to decide");
}

fn only_its_own(subject: &Subject) {
    subject.run("a");
    subject.must(change("a", (State::Running, 1), State::Available), at(0));
    let hold = |start| [Hold { id: "a", start }, Hold { id: "unknown", start: 1 }];
    let extend = |start| subject.jobs().extend(&hold(start), LEASE, at(1)).unwrap();
    assert_eq!(extend(1), [Held::Lost, Held::Lost], "it is available");
    assert_eq!(subject.claim(1, at(0)), ["a"]);
    assert_eq!(extend(1), [Held::Lost, Held::Lost], "another start has it");
    assert_eq!(extend(2), [Held::Kept, Held::Lost]);
    subject.must(change("a", (State::Running, 2), State::Completed), at(2));
    assert_eq!(extend(2), [Held::Lost, Held::Lost], "it has ended");
}

fn told_to_stop(subject: &Subject) {
    subject.run("a");
    subject.run("b");
    let ask = Change { cancel: true, ..change("b", (State::Running, 1), State::Running) };
    subject.must(ask, at(0));
    let holds = [Hold { id: "a", start: 1 }, Hold { id: "b", start: 1 }];
    assert_eq!(subject.jobs().extend(&holds, LEASE, at(1)).unwrap(), [Held::Kept, Held::Cancel]);
    assert!(lost(subject, at(LEASE)).is_empty(), "the lease of both runs on");
}

fn lives(subject: &Subject) {
    subject.run("a");
    let comes = Change { lapsed: true, lost: 1, ..change("a", (State::Running, 1), State::Available) };
    assert!(!subject.change(comes, at(LEASE - 1)), "its lease runs");
    assert_eq!(lost(subject, at(LEASE)), ["a"]);
    let holds = [Hold { id: "a", start: 1 }];
    assert_eq!(subject.jobs().extend(&holds, LEASE, at(LEASE)).unwrap(), [Held::Kept]);
    assert!(!subject.change(comes, at(LEASE + 1)), "it was extended since anyone looked");
    let other = |boot_id| Now { boot_id, ..at(0) };
    assert!(subject.change(comes, other(8)), "no lease outlives a boot");
    assert_eq!(subject.claim_of(&["default"], 1, other(8)).len(), 1);
    let comes = Change { from: (State::Running, 2), ..comes };
    assert!(!subject.change(comes, other(8)));
    assert!(subject.change(comes, Now { boot_id: 8, ..at(LEASE) }));
}

fn not_wall(subject: &Subject) {
    subject.run("a");
    let hours = 3_600_000 * 100;
    let late = Now { wall: at(0).wall + hours, ..at(0) };
    assert!(lost(subject, late).is_empty(), "it was set forward");
    let early = Now { wall: at(0).wall - hours, ..at(LEASE) };
    assert_eq!(lost(subject, early), ["a"], "it was set back");
    subject.add(task("b"));
}
