//! Behaviour that no other backend has. What needs another process runs this test binary again.

pub(in crate::sqlite) mod crash;
mod opening;
mod plans;
mod sides;
mod waits;

use std::path::Path;

use crate::Record;
use crate::jobs::{Change, Claim, Insert, Jobs, Now, State, Turn};
use crate::sqlite::tests::{NOW, folder};
use crate::sqlite::{Options, SqliteJobs};

const AT: Now = Now { wall: NOW, boot: 1_000, boot_id: 7 };

fn open(path: &Path) -> SqliteJobs {
    SqliteJobs::open(Options::new(path)).unwrap()
}

fn record(body: &[u8]) -> Record<'_> {
    Record { header: b"head", body, text: false, expires: None, tail: None }
}

fn task<'a>(id: &'a str, body: &'a [u8]) -> Insert<'a> {
    Insert {
        id,
        queue: "default",
        name: "module:function",
        priority: 0,
        due: None,
        expires: None,
        unique: None,
        options: None,
        after: &[],
        message: record(body),
    }
}

fn add(jobs: &SqliteJobs, id: &str, body: &[u8]) {
    jobs.insert(&[task(id, body)], None, AT).unwrap();
}

fn change<'a>(id: &'a str, from: (State, u32), to: State, result: Option<&'a [u8]>) -> Change<'a> {
    Change {
        id,
        created: None,
        from,
        lapsed: false,
        to,
        due: NOW,
        retried: 0,
        lost: 0,
        cancel: false,
        failure: None,
        result: result.map(record),
        forget: None,
    }
}

fn make(jobs: &SqliteJobs, change: Change<'_>) {
    assert_eq!(
        jobs.turn(&Turn { changes: &[change], claim: None, patience: None }, AT).unwrap().made,
        [true]
    );
}

const CLAIM: Claim<'static> = Claim { queues: &["default"], limit: 100, worker: "w", lease_ms: 1_000 };

/// Claims, and gives ids and messages.
fn claim(jobs: &SqliteJobs) -> Vec<(String, Vec<u8>)> {
    let claimed = jobs.turn(&Turn { changes: &[], claim: Some(CLAIM), patience: None }, AT).unwrap().claimed;
    claimed.into_iter().map(|claimed| (claimed.task.id, claimed.message.bytes.to_vec())).collect()
}
