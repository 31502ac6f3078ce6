//! Removing what has ended.

use holdall_types::Result;
use rusqlite::{Connection, Params, params};

use crate::jobs::{Now, State};
use crate::sqlite::fault::Outcome;
use crate::sqlite::write::integer;

use super::SqliteJobs;
use super::queues;

/// Rows a transaction: a few milliseconds, so that no turn waits long for it.
const BATCH: usize = 500;

pub(super) const FORGET: &str = "DELETE FROM tasks WHERE n IN (SELECT n FROM tasks WHERE forget<=?1 AND \
    forget IS NOT NULL ORDER BY forget LIMIT ?2) RETURNING message_side,result_side";
pub(super) const PURGE: &str = "DELETE FROM tasks WHERE n IN (SELECT n FROM tasks WHERE state=?1 AND state>=5 AND \
    queue=?2 AND ended<?3 ORDER BY ended LIMIT ?4) RETURNING message_side,result_side";

/// What one batch removed.
struct Removed {
    rows: usize,
    sides: Vec<String>,
}

fn remove(connection: &Connection, sql: &str, values: impl Params) -> Outcome<Removed> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(values)?;
    let (mut rows, mut sides) = (0, Vec::new());
    while let Some(row) = found.next()? {
        rows += 1;
        sides.extend(row.get::<_, Option<String>>(0)?);
        sides.extend(row.get::<_, Option<String>>(1)?);
    }
    Ok(Removed { rows, sides })
}

impl SqliteJobs {
    pub(super) fn forget_due(&self, limit: usize, now: Now) -> Result<u64> {
        self.remove_in_batches(limit, |connection, batch| {
            remove(connection, FORGET, params![integer(now.wall), batch])
        })
    }

    pub(super) fn purge_ended(&self, states: &[State], before: u64) -> Result<u64> {
        let mut purged = 0;
        let queues = self.read(queues::all)?;
        for state in states.iter().filter(|state| state.ended()) {
            for queue in &queues {
                purged += self.remove_in_batches(usize::MAX, |connection, batch| {
                    remove(connection, PURGE, params![*state as u8, queue, integer(before), batch])
                })?;
            }
        }
        Ok(purged)
    }

    /// The writer's lock is free between two batches.
    fn remove_in_batches(
        &self,
        limit: usize,
        batch: impl Fn(&Connection, i64) -> Outcome<Removed>,
    ) -> Result<u64> {
        let mut left = limit;
        while left > 0 {
            let most = left.min(BATCH);
            let writer = self.writer()?;
            let removed = writer.step(|connection| batch(connection, integer(most as u64)))?;
            self.side.remove_all(&removed.sides);
            writer.grew(64 * removed.rows);
            left -= removed.rows;
            if removed.rows < most {
                break;
            }
        }
        Ok((limit - left) as u64)
    }
}
