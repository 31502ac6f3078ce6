//! Many tasks: listed, and counted.

use std::fmt::Write as _;

use holdall_types::Result;
use rusqlite::Connection;

use crate::jobs::{Filter, State, Task};
use crate::sqlite::fault::Outcome;

use super::SqliteJobs;
use super::queues;
use super::row::{self, columns, time};

/// Up to so many tasks that fit are sorted by age; of more, the table is walked from its end until
/// enough of them were met. The first is slow if many fit, the second if few do.
const FEW: i64 = 10_000;

pub(super) const COUNTS: &str = "SELECT queues.name,found.state,found.count FROM (\
    SELECT queue,state,count(*) AS count FROM tasks WHERE state<5 GROUP BY state,queue UNION ALL \
    SELECT queue,state,count(*) AS count FROM tasks WHERE state>=5 GROUP BY state,queue\
    ) AS found JOIN queues ON queues.id=found.queue";

impl SqliteJobs {
    pub(super) fn list(&self, filter: &Filter<'_>) -> Result<Vec<Task>> {
        self.read(|connection| {
            let queue = match filter.queue.map(|name| queues::find(connection, name)).transpose()? {
                Some(None) => return Ok(Vec::new()),
                queue => queue.flatten(),
            };
            let limit = i64::try_from(filter.limit).unwrap_or(i64::MAX);
            if filter.states.is_empty() && queue.is_none() {
                return read(connection, &walk(&[], None), limit);
            }
            let states = if filter.states.is_empty() { &State::ALL } else { filter.states };
            let fitting = fitting(states, queue);
            let count = format!("SELECT count(*) FROM (SELECT 1 FROM ({fitting}) LIMIT {FEW})");
            let few = connection.query_row(&count, [], |row| row.get::<_, i64>(0))? < FEW;
            let sql = if few { sort(&fitting) } else { walk(states, queue) };
            read(connection, &sql, limit)
        })
    }

    pub(super) fn count_all(&self) -> Result<Vec<(String, State, u64)>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(COUNTS)?;
            let mut rows = statement.query([])?;
            let mut counts = Vec::new();
            while let Some(row) = rows.next()? {
                let state = u8::try_from(row.get::<_, i64>(1)?).ok().and_then(State::of_number);
                let Some(state) = state else { continue };
                counts.push((row.get(0)?, state, time(row, 2)?));
            }
            Ok(counts)
        })
    }
}

fn read(connection: &Connection, sql: &str, limit: i64) -> Outcome<Vec<Task>> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([limit])?;
    let mut tasks = Vec::new();
    while let Some(row) = rows.next()? {
        tasks.push(row::task(row)?);
    }
    Ok(tasks)
}

/// The numbers of all that fit, by the indexes alone.
fn fitting(states: &[State], queue: Option<i64>) -> String {
    let mut sql = String::new();
    for state in states {
        let (number, index) = (*state as u8, if state.ended() { "state>=5" } else { "state<5" });
        let union = if sql.is_empty() { "" } else { " UNION ALL " };
        let _ = write!(sql, "{union}SELECT n FROM tasks WHERE state={number} AND {index}");
        if let Some(queue) = queue {
            let _ = write!(sql, " AND queue={queue}");
        }
    }
    sql
}

fn sort(fitting: &str) -> String {
    format!(
        concat!(
            "SELECT ",
            columns!(),
            " FROM tasks WHERE n IN (SELECT n FROM ({}) ORDER BY n DESC LIMIT ?1) ORDER BY n DESC"
        ),
        fitting
    )
}

fn walk(states: &[State], queue: Option<i64>) -> String {
    let mut sql = String::from(concat!("SELECT ", columns!(), " FROM tasks WHERE 1"));
    if !states.is_empty() {
        let numbers: Vec<String> = states.iter().map(|state| (*state as u8).to_string()).collect();
        // The sign keeps SQLite from the indexes.
        let _ = write!(sql, " AND +state IN ({})", numbers.join(","));
    }
    if let Some(queue) = queue {
        let _ = write!(sql, " AND +queue={queue}");
    }
    sql.push_str(" ORDER BY n DESC LIMIT ?1");
    sql
}
