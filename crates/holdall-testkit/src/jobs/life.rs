//! Closing.

use holdall_backend::jobs::{Filter, Hold, Turn};
use holdall_types::{ErrorKind, Result};

use super::Behaviour;
use super::subject::{Subject, at, task};

pub(super) const BEHAVIOURS: &[Behaviour] = &[("a closed queue says so to every call", closed)];

fn closed(subject: &Subject) {
    let jobs = subject.jobs();
    subject.add(task("a"));
    jobs.close().unwrap();
    jobs.close().unwrap();
    let check = |call: &str, result: Result<()>| {
        assert!(result.is_err(), "{call} works on");
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation, "{call}: {error}");
        assert!(error.message().contains("closed"), "{call}: {error}");
    };
    let turn = Turn { changes: &[], claim: None, patience: None };
    let filter = Filter { states: &[], queue: None, limit: 1 };
    check("insert", jobs.insert(&[task("b")], None, at(0)).map(drop));
    check("turn", jobs.turn(&turn, at(0)).map(drop));
    check("extend", jobs.extend(&[Hold { id: "a", start: 1 }], 1, at(0)).map(drop));
    check("attention", jobs.attention(1, at(0)).map(drop));
    check("forget", jobs.forget(1, at(0)).map(drop));
    check("task", jobs.task("a").map(drop));
    check("message", jobs.message("a").map(drop));
    check("outcome", jobs.outcome("a").map(drop));
    check("tasks", jobs.tasks(&filter).map(drop));
    check("counts", jobs.counts().map(drop));
    check("unfinished", jobs.unfinished(None).map(drop));
    check("purge", jobs.purge(&[], 0).map(drop));
    check("pause", jobs.pause("a", true));
    check("queues", jobs.queues().map(drop));
    check("set_cron", jobs.set_cron("a", None));
    check("crons", jobs.crons().map(drop));
    check("fire", jobs.fire("a", 0, 1, &task("c"), at(0)).map(drop));
    check("watch", jobs.watch().map(drop));
}
