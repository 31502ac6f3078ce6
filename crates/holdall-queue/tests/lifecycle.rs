//! The tables of `docs/queue-lifecycle.md` are what the code does, no more and no less.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "all of it is tests")]

use std::collections::BTreeSet;

use holdall_backend::jobs::{Claim, Insert, Now, State, Task, Turn};
use holdall_backend::memory::MemoryJobs;
use holdall_backend::{Jobs, Record};
use holdall_queue::failure::Failure;
use holdall_queue::machine::{Event, decide};
use holdall_queue::policy::Policy;

const PAGE: &str = include_str!("../../../docs/queue-lifecycle.md");
const DRAWING: &str = include_str!("../../../docs/queue-lifecycle.svg");
const NOW: Now = Now { wall: 1_700_000_000_000, boot: 1_000_000, boot_id: 7 };

/// From, event, to.
type Arrow = (String, String, String);

fn arrow(from: &str, event: &str, to: &str) -> Arrow {
    (from.into(), event.into(), to.into())
}

/// The rows of the table below a heading.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let section = PAGE.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

fn arrows(heading: &str) -> BTreeSet<Arrow> {
    let mut arrows = BTreeSet::new();
    for row in rows(heading) {
        for from in row[0].split(", ") {
            assert!(arrows.insert(arrow(from, row[1], row[2])), "{row:?} is there twice");
        }
    }
    arrows
}

fn task(state: State, cancel: bool, often: u32, expires: Option<u64>) -> Task {
    Task {
        id: "t".into(),
        queue: "default".into(),
        name: "app:work".into(),
        state,
        priority: 0,
        start: 1,
        retried: often,
        lost: often,
        cancel,
        options: None,
        unique: None,
        created: 1,
        due: 1,
        started: None,
        ended: None,
        expires,
        worker: None,
        failure: None,
    }
}

fn events() -> Vec<(&'static str, Event)> {
    let raised =
        |kind: &str, fatal| Event::Raised(Failure { kind: kind.into(), fatal, ..Failure::plain("boom") });
    let orphaned = |state| Event::Orphaned { parent: "p".into(), state };
    vec![
        ("completed", Event::Completed),
        ("raised", raised("app.Flaky", false)),
        ("raised", raised("app.Flaky", true)),
        ("raised", raised("app.Wrong", false)),
        ("timed out", Event::TimedOut),
        ("lost", Event::Lost),
        ("returned", Event::Returned),
        ("cancelled", Event::Cancelled),
        ("orphaned", orphaned(Some(State::Failed))),
        ("orphaned", orphaned(None)),
        ("cancel asked", Event::CancelAsked),
        ("retry asked", Event::RetryAsked),
        ("expired", Event::Expired),
    ]
}

#[test]
fn the_page_says_what_is_decided() {
    let policy = Policy { retries: 1, max_lost: 1, fail_on: vec!["app.Wrong".into()], ..Policy::default() };
    let mut decided = BTreeSet::new();
    for state in State::ALL {
        for (name, event) in events() {
            for cancel in [false, true] {
                for often in [0, 1] {
                    for expires in [None, Some(NOW.wall - 1), Some(NOW.wall + 1)] {
                        let task = task(state, cancel, often, expires);
                        if let Some(moved) = decide(&task, &policy, &event, NOW) {
                            decided.insert(arrow(state.name(), name, moved.to.name()));
                        }
                    }
                }
            }
        }
    }
    assert_eq!(arrows("Arrows that are decided"), decided);
}

#[test]
fn the_page_names_every_state_and_what_it_counts_as() {
    let told: Vec<(&str, &str)> = rows("States").iter().map(|row| (row[0], row[2])).collect();
    let status = |state: State| match state {
        State::Completed => "`success`",
        state if state.ended() => "`failed`",
        _ => "`pending`",
    };
    let states: Vec<_> = State::ALL.into_iter().map(|state| (state.name(), status(state))).collect();
    assert_eq!(told, states);
    for state in State::ALL {
        assert!(DRAWING.contains(&format!(">{}<", state.name())), "{} is not drawn", state.name());
    }
}

fn work<'a>(id: &'a str, after: &'a [&'a str], due: Option<u64>) -> Insert<'a> {
    Insert {
        id,
        queue: "default",
        name: "app:work",
        priority: 0,
        due,
        expires: None,
        unique: None,
        options: None,
        after,
        message: Record { header: &[], body: b"", text: false, expires: None, tail: None },
    }
}

/// What happened to every task, by what was just done.
struct Seen {
    jobs: MemoryJobs,
    before: Vec<Task>,
    arrows: BTreeSet<Arrow>,
}

impl Seen {
    fn look(&mut self, event: &str, but: &[&str]) {
        let filter = holdall_backend::jobs::Filter { states: &[], queue: None, limit: 99 };
        let now = self.jobs.tasks(&filter).unwrap();
        for task in &now {
            let before = self.before.iter().find(|before| before.id == task.id);
            let from = before.map_or("none", |before| before.state.name());
            if from != task.state.name() && !but.contains(&task.id.as_str()) {
                self.arrows.insert(arrow(from, event, task.state.name()));
            }
        }
        self.before = now;
    }

    fn go(&self, id: &str, event: &Event) {
        let task = self.jobs.task(id).unwrap().unwrap();
        let policy = Policy { retries: 9, ..Policy::default() };
        let moved = decide(&task, &policy, event, NOW).unwrap();
        let turned = self
            .jobs
            .turn(&Turn { changes: &[moved.change(None)], claim: None, patience: None }, NOW)
            .unwrap();
        assert_eq!(turned.made, [true]);
    }

    fn claim(&self, limit: usize, now: Now) {
        let claim = Claim { queues: &["default"], limit, worker: "w", lease_ms: 60_000 };
        self.jobs.turn(&Turn { changes: &[], claim: Some(claim), patience: None }, now).unwrap();
    }
}

#[test]
fn the_page_says_what_the_backend_does() {
    let mut seen = Seen { jobs: MemoryJobs::open(), before: vec![], arrows: BTreeSet::new() };
    let later = Some(NOW.wall + 60_000);
    let tasks = [
        work("parent", &[], None),
        work("child", &["parent"], None),
        work("late child", &["parent"], later),
        work("late", &[], Some(NOW.wall + 1)),
    ];
    seen.jobs.insert(&tasks, None, NOW).unwrap();
    seen.look("enqueue", &[]);
    seen.claim(1, NOW);
    seen.look("claim", &[]);
    seen.go("parent", &Event::Raised(Failure { fatal: true, ..Failure::plain("boom") }));
    seen.look("all before it ended", &["parent"]);
    seen.go("parent", &Event::RetryAsked);
    seen.look("one before it runs again", &["parent"]);
    seen.claim(1, NOW);
    seen.go("parent", &Event::Raised(Failure::plain("boom")));
    seen.look("", &["parent"]);
    // A claim that takes nothing else, so that what is due can be seen.
    let due = Now { wall: NOW.wall + 10_000, ..NOW };
    seen.jobs.pause("default", true).unwrap();
    seen.claim(1, due);
    seen.look("due", &[]);
    assert_eq!(seen.arrows, arrows("Arrows that the backend takes"));
}
