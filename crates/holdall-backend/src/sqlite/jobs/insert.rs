//! Taking tasks in.

use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use crate::jobs::{Insert, Inserted, Now, State};
use crate::sqlite::fault::Outcome;
use crate::sqlite::write::integer;

use super::SqliteJobs;
use super::body::Body;
use super::queues;
use super::tables::turn;

const INSERT: &str = "INSERT INTO tasks(id,queue,state,turn,priority,blockers,created,due,expires,name,options,\
    unique_key,message_header,message,message_side,message_size)\
    VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16)ON CONFLICT DO NOTHING";
const KNOWN: &str = "SELECT 1 FROM tasks WHERE id=?1";
const TWIN: &str = "SELECT id FROM tasks WHERE unique_key=?1 AND unique_key IS NOT NULL AND state<5";
const PARENT: &str = "SELECT n,state FROM tasks WHERE id=?1";
const EDGE: &str = "INSERT INTO edges(parent,child)VALUES(?1,?2)";

/// What a row takes in the log besides its message.
const ROW: usize = 256;

impl SqliteJobs {
    pub(super) fn insert_all(
        &self,
        tasks: &[Insert<'_>],
        patience: Option<Duration>,
        now: Now,
    ) -> Result<Vec<Inserted>> {
        self.usable()?.writable()?;
        if tasks.is_empty() {
            return Ok(Vec::new());
        }
        let mut bodies = tasks.iter().map(|task| self.body(&task.message)).collect::<Result<Vec<_>>>()?;
        let writer = self.writer_within(patience)?;
        bodies.iter_mut().try_for_each(|body| self.ensure(body))?;
        let weight = bodies.iter().map(|body| ROW + body.weight()).sum();
        let inserted = writer.transaction(|connection| insert(connection, tasks, &bodies, now));
        self.keep(bodies, inserted.as_deref().ok());
        if inserted.as_ref().is_ok_and(|inserted| inserted.contains(&Inserted::New)) {
            writer.announce();
        }
        match patience {
            // Who has no patience for other writers has none for the log.
            Some(_) => drop(writer.owes(weight)),
            None => writer.grew(weight),
        }
        inserted
    }

    /// Keeps the files of the tasks that were taken in. After a commit that failed on the disk all
    /// of them: it may be found there after all.
    pub(super) fn keep<'b>(&self, bodies: impl IntoIterator<Item = Body<'b>>, inserted: Option<&[Inserted]>) {
        let poisoned = self.base.is_poisoned();
        for (at, body) in bodies.into_iter().enumerate() {
            let new = inserted.and_then(|inserted| inserted.get(at)) == Some(&Inserted::New);
            if new || poisoned {
                body.keep();
            }
        }
    }
}

/// Inserts in the caller's transaction.
pub(super) fn insert(
    connection: &Connection,
    tasks: &[Insert<'_>],
    bodies: &[Body<'_>],
    now: Now,
) -> Outcome<Vec<Inserted>> {
    let mut statement = connection.prepare_cached(INSERT)?;
    // Most calls are about one queue.
    let mut queue = None;
    let mut inserted = Vec::with_capacity(tasks.len());
    for (task, body) in tasks.iter().zip(bodies) {
        let queue = match queue {
            Some((name, id)) if name == task.queue => id,
            _ => queue.insert((task.queue, queues::id(connection, task.queue)?)).1,
        };
        inserted.push(insert_one(connection, &mut statement, task, body, queue, now)?);
    }
    Ok(inserted)
}

fn insert_one(
    connection: &Connection,
    statement: &mut CachedStatement<'_>,
    task: &Insert<'_>,
    body: &Body<'_>,
    queue: i64,
    now: Now,
) -> Outcome<Inserted> {
    let parents = match parents(connection, task) {
        // What it came after may be forgotten when the call is repeated.
        Err(fault) => return if is_known(connection, task)? { Ok(Inserted::Known) } else { Err(fault) },
        Ok(parents) => parents,
    };
    let due = task.due.unwrap_or(now.wall);
    let (state, turn) = if !parents.is_empty() {
        (State::Waiting, integer(due))
    } else if due > now.wall {
        (State::Scheduled, integer(due))
    } else {
        (State::Available, turn(task.priority, now.wall))
    };
    let taken = statement.execute(params![
        task.id,
        queue,
        state as u8,
        turn,
        task.priority,
        integer(parents.len() as u64),
        integer(now.wall),
        integer(due),
        task.expires.map(integer),
        task.name,
        task.options,
        task.unique,
        body.header(),
        body.inline(),
        body.side(),
        body.size(),
    ])?;
    if taken == 0 {
        if is_known(connection, task)? {
            return Ok(Inserted::Known);
        }
        let twin = connection.prepare_cached(TWIN)?.query_row([task.unique], |row| row.get(0))?;
        return Ok(Inserted::Twin(twin));
    }
    if !parents.is_empty() {
        let child = connection.last_insert_rowid();
        let mut edge = connection.prepare_cached(EDGE)?;
        for parent in parents {
            edge.execute([parent, child])?;
        }
    }
    Ok(Inserted::New)
}

/// The unfinished ones of those that a task comes after, each once.
fn parents(connection: &Connection, task: &Insert<'_>) -> Outcome<Vec<i64>> {
    if task.after.is_empty() {
        return Ok(Vec::new());
    }
    let mut parents = Vec::new();
    let mut statement = connection.prepare_cached(PARENT)?;
    for id in task.after {
        let found = statement.query_row([id], |row| Ok((row.get(0)?, row.get::<_, u8>(1)?))).optional()?;
        let Some((parent, state)) = found else {
            let message = format!(
                "the task {} is to come after {id}, which is unknown: enqueue that first, or it was forgotten \
                 already; leave it out of after=",
                task.id
            );
            return Err(Error::new(ErrorKind::DoesNotExist, message).into());
        };
        if state < State::Completed as u8 {
            parents.push(parent);
        }
    }
    parents.sort_unstable();
    parents.dedup();
    Ok(parents)
}

fn is_known(connection: &Connection, task: &Insert<'_>) -> Outcome<bool> {
    Ok(connection.prepare_cached(KNOWN)?.exists([task.id])?)
}
