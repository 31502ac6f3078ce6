//! Tasks, the newest first.

use holdall_backend::jobs::{Filter, Insert, State};

use super::Behaviour;
use super::subject::{Subject, at, change, task};

pub(super) const BEHAVIOURS: &[Behaviour] =
    &[("the newest comes first", newest), ("a list is of these states and of this queue", filtered)];

const ALL: Filter<'_> = Filter { states: &[], queue: None, limit: 100 };

fn listed(subject: &Subject, filter: Filter<'_>) -> Vec<String> {
    subject.jobs().tasks(&filter).unwrap().into_iter().map(|task| task.id).collect()
}

fn newest(subject: &Subject) {
    assert!(listed(subject, ALL).is_empty());
    for (at_once, id) in ["c", "a", "b"].into_iter().enumerate() {
        subject.add_at(Insert { priority: i16::from(id == "a"), ..task(id) }, at(at_once as u64));
    }
    assert_eq!(listed(subject, ALL), ["b", "a", "c"], "by insertion, neither by id nor by priority");
    assert_eq!(listed(subject, Filter { limit: 2, ..ALL }), ["b", "a"]);
    assert!(listed(subject, Filter { limit: 0, ..ALL }).is_empty());
    let found = subject.jobs().tasks(&ALL).unwrap();
    assert_eq!(found[0], subject.task("b"));
}

fn filtered(subject: &Subject) {
    for at_once in 0..12 {
        let id = format!("{at_once:02}");
        subject.add_at(Insert { queue: ["a", "b", "c"][at_once % 3], ..task(&id) }, at(at_once as u64));
        let to = [State::Available, State::Failed, State::Completed, State::Scheduled][at_once / 3];
        if to != State::Available {
            subject.must(change(&id, (State::Available, 0), to), at(20 - at_once as u64));
        }
    }
    let list = |states: &[State], queue, limit| listed(subject, Filter { states, queue, limit });
    assert_eq!(list(&[State::Failed], None, 9), ["05", "04", "03"]);
    assert_eq!(list(&[State::Available, State::Completed], None, 4), ["08", "07", "06", "02"]);
    assert_eq!(list(&[State::Failed], Some("b"), 9), ["04"]);
    assert_eq!(list(&[], Some("a"), 9), ["09", "06", "03", "00"]);
    assert_eq!(list(&[], Some("a"), 2), ["09", "06"]);
    assert_eq!(list(&State::ALL, None, 99).len(), 12);
    assert!(list(&[], Some("unknown"), 9).is_empty());
    assert!(list(&[State::Dead], None, 9).is_empty());
}
