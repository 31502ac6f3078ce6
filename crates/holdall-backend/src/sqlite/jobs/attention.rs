//! What nobody will come for by himself, by the indexes alone.

use holdall_types::Result;
use rusqlite::{Connection, Params, params};

use crate::jobs::{Attention, Now, Task};
use crate::sqlite::fault::Outcome;
use crate::sqlite::write::integer;

use super::SqliteJobs;
use super::queues;
use super::row::{self, columns, maybe};

pub(super) const LOST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tasks WHERE state=3 AND state<5 AND queue=?1 AND boot=?2 AND turn<=?3 LIMIT ?4"
);
// Two ranges of the index: "not equal" would be a walk over all that run.
pub(super) const OTHER_BOOT: [&str; 2] = [
    concat!("SELECT ", columns!(), " FROM tasks WHERE state=3 AND state<5 AND queue=?1 AND boot<?2 LIMIT ?3"),
    concat!("SELECT ", columns!(), " FROM tasks WHERE state=3 AND state<5 AND queue=?1 AND boot>?2 LIMIT ?3"),
];
pub(super) const OVERDUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM tasks WHERE expires<=?1 AND expires IS NOT NULL AND state<5 AND state<>3 ORDER BY expires LIMIT ?2"
);
pub(super) const NEXT_OF_QUEUE: &str = "SELECT \
    (SELECT min(turn) FROM tasks WHERE state=1 AND state<5 AND queue=?1 AND boot IS NULL AND turn>?2),\
    (SELECT min(turn) FROM tasks WHERE state=4 AND state<5 AND queue=?1 AND boot IS NULL AND turn>?2),\
    (SELECT min(turn) FROM tasks WHERE state=3 AND state<5 AND queue=?1 AND boot=?3 AND turn>?4)";
pub(super) const NEXT_OF_ALL: &str = "SELECT \
    (SELECT min(expires) FROM tasks WHERE expires>?1 AND expires IS NOT NULL AND state<5 AND state<>3),\
    (SELECT min(forget) FROM tasks WHERE forget>?1 AND forget IS NOT NULL)";

fn tasks(connection: &Connection, sql: &str, values: impl Params, found: &mut Vec<Task>) -> Outcome<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        found.push(row::task(row)?);
    }
    Ok(())
}

/// The earlier of two times, of which there may be none.
fn earlier(next: &mut Option<u64>, other: Option<u64>) {
    *next = match (*next, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

impl SqliteJobs {
    /// What is due by `now` already is left out of the next times, since this call or the next turn
    /// tells of it, unless a list was cut off: then it is time to look again at once.
    pub(super) fn find_attention(&self, limit: usize, now: Now) -> Result<Attention> {
        let (wall, boot) = (integer(now.wall), integer(now.boot));
        self.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut attention = Attention::default();
            let Attention { lost, overdue, next, next_lease } = &mut attention;
            for queue in queues::all(connection)? {
                let left = |lost: &Vec<Task>| integer(limit.saturating_sub(lost.len()) as u64);
                tasks(connection, LOST, params![queue, now.boot_id, boot, left(lost)], lost)?;
                for sql in OTHER_BOOT {
                    tasks(connection, sql, params![queue, now.boot_id, left(lost)], lost)?;
                }
                let mut statement = connection.prepare_cached(NEXT_OF_QUEUE)?;
                let mut rows = statement.query(params![queue, wall, now.boot_id, boot])?;
                if let Some(row) = rows.next()? {
                    earlier(next, maybe(row, 0)?);
                    earlier(next, maybe(row, 1)?);
                    earlier(next_lease, maybe(row, 2)?);
                }
            }
            tasks(connection, OVERDUE, params![wall, integer(limit as u64)], overdue)?;
            {
                let mut statement = connection.prepare_cached(NEXT_OF_ALL)?;
                let mut rows = statement.query([wall])?;
                if let Some(row) = rows.next()? {
                    earlier(next, maybe(row, 0)?);
                    earlier(next, maybe(row, 1)?);
                }
            }
            transaction.finish()?;
            if lost.len() == limit {
                *next_lease = Some(now.boot);
            }
            if overdue.len() == limit {
                *next = Some(now.wall);
            }
            Ok(attention)
        })
    }
}
