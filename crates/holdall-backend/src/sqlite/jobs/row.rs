//! Rows as tasks.

use holdall_types::{Error, ErrorKind};
use rusqlite::Row;

use crate::jobs::{State, Task};
use crate::sqlite::fault::Outcome;

/// The columns of a [`Task`], for `SELECT` and `RETURNING`.
macro_rules! columns {
    () => {
        "id,name,state,priority,start,retried,lost,cancel,options,unique_key,created,due,started,ended,\
         expires,worker,failure,(SELECT queues.name FROM queues WHERE queues.id=tasks.queue)"
    };
}
pub(super) use columns;

/// How many those are.
pub(super) const COLUMNS: usize = 18;

/// The task of a row that begins with [`columns`].
pub(super) fn task(row: &Row<'_>) -> Outcome<Task> {
    let id: String = row.get(0)?;
    let number: i64 = row.get(2)?;
    let Some(state) = u8::try_from(number).ok().and_then(State::of_number) else {
        return Err(damaged(&id, format_args!("{number} is no state")).into());
    };
    let Some(queue) = row.get(17)? else { return Err(damaged(&id, "its queue is gone").into()) };
    Ok(Task {
        queue,
        name: row.get(1)?,
        state,
        priority: row.get(3)?,
        start: row.get(4)?,
        retried: row.get(5)?,
        lost: row.get(6)?,
        cancel: row.get::<_, i64>(7)? != 0,
        options: row.get(8)?,
        unique: row.get(9)?,
        created: time(row, 10)?,
        due: time(row, 11)?,
        started: maybe(row, 12)?,
        ended: maybe(row, 13)?,
        expires: maybe(row, 14)?,
        worker: row.get(15)?,
        failure: row.get(16)?,
        id,
    })
}

/// A time or a size.
pub(super) fn time(row: &Row<'_>, column: usize) -> Outcome<u64> {
    Ok(maybe(row, column)?.unwrap_or(0))
}

/// A time or a size that may not be there.
pub(super) fn maybe(row: &Row<'_>, column: usize) -> Outcome<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(|number| u64::try_from(number).unwrap_or(0)))
}

fn damaged(id: &str, why: impl std::fmt::Display) -> Error {
    let message = format!("the task {id} is damaged: {why}: another program changed its row; restore a copy");
    Error::new(ErrorKind::CorruptFrame, message)
}
