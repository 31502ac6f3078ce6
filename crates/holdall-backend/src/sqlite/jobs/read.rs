//! One task, its message, its result; how many are unfinished.

use holdall_types::Result;
use rusqlite::Connection;

use crate::jobs::{Claimed, Outcome, Task};
use crate::sqlite::fault::Outcome as Step;

use super::SqliteJobs;
use super::body::{Found, Unread};
use super::row::{self, COLUMNS, columns};

const TASK: &str = concat!("SELECT ", columns!(), " FROM tasks WHERE id=?1");
const MESSAGE: &str = concat!(
    "SELECT ",
    columns!(),
    ",message_header,message,message_side,message_size FROM tasks WHERE id=?1"
);
const OUTCOME: &str =
    concat!("SELECT ", columns!(), ",result_header,result,result_side,result_size FROM tasks WHERE id=?1");
const UNFINISHED: &str = "SELECT 1 FROM tasks WHERE id=?1 AND state<5";
pub(super) const ALL_UNFINISHED: &str = "SELECT count(*) FROM tasks WHERE state<5";

fn one<T>(
    connection: &Connection,
    sql: &str,
    id: &str,
    read: impl Fn(&rusqlite::Row<'_>) -> Step<T>,
) -> Step<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(read).transpose()
}

impl SqliteJobs {
    pub(super) fn task_of(&self, id: &str) -> Result<Option<Task>> {
        self.read(|connection| one(connection, TASK, id, row::task))
    }

    pub(super) fn message_of(&self, id: &str) -> Result<Option<Claimed>> {
        self.follow(MESSAGE, "message", id, |task, found| {
            let Some(mut found) = found else { return Ok(None) };
            let message = self.fetch(&mut found, task.created)?;
            Ok(Some(Claimed { task, message }))
        })
        .map(Option::flatten)
    }

    pub(super) fn outcome_of(&self, id: &str) -> Result<Option<Outcome>> {
        self.follow(OUTCOME, "result", id, |task, found| {
            let at = task.ended.or(task.started).unwrap_or(task.created);
            let result = found.map(|mut found| self.fetch(&mut found, at)).transpose()?;
            Ok(Outcome { task, result })
        })
    }

    /// Follows a row to its file. A file that is gone was replaced meanwhile if the row says
    /// something else by now.
    fn follow<T>(
        &self,
        sql: &str,
        what: &str,
        id: &str,
        fetch: impl Fn(Task, Option<Found>) -> Result<T, Unread>,
    ) -> Result<Option<T>> {
        let mut missing = None;
        loop {
            let row = self.read(|connection| {
                one(connection, sql, id, |row| Ok((row::task(row)?, Found::read(row, COLUMNS)?)))
            })?;
            let Some((task, found)) = row else { return Ok(None) };
            match fetch(task, found) {
                Ok(value) => return Ok(Some(value)),
                Err(Unread::Gone(name)) if missing.as_ref() != Some(&name) => missing = Some(name),
                Err(unread) => return Err(unread.into_error(what, id)),
            }
        }
    }

    pub(super) fn count_unfinished(&self, ids: Option<&[&str]>) -> Result<u64> {
        let count = self.read(|connection| {
            let Some(ids) = ids else {
                return Ok(connection.prepare_cached(ALL_UNFINISHED)?.query_row([], |row| row.get(0))?);
            };
            // All of one moment, and the cost of a transaction is paid once.
            let transaction = connection.unchecked_transaction()?;
            let mut statement = connection.prepare_cached(UNFINISHED)?;
            let mut count = 0_i64;
            for id in ids {
                count += i64::from(statement.exists([id])?);
            }
            drop(statement);
            transaction.finish()?;
            Ok(count)
        })?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
