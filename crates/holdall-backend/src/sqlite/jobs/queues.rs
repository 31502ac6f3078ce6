//! Queues by their names.

use holdall_types::Result;
use rusqlite::{Connection, OptionalExtension};

use crate::jobs::QueueState;
use crate::sqlite::fault::Outcome;

use super::SqliteJobs;

const GET: &str = "SELECT id FROM queues WHERE name=?1";
const ADD: &str = "INSERT INTO queues(name)VALUES(?1)";
const ALL: &str = "SELECT id FROM queues";
const PAUSE: &str = "INSERT INTO queues(name,paused)VALUES(?1,?2)ON CONFLICT(name)DO UPDATE SET paused=?2";
const LIST: &str = "SELECT name,paused FROM queues ORDER BY name";

/// The number of a queue, which is made if it was never named. In a transaction.
pub(super) fn id(connection: &Connection, name: &str) -> Outcome<i64> {
    if let Some(id) = find(connection, name)? {
        return Ok(id);
    }
    connection.prepare_cached(ADD)?.execute([name])?;
    Ok(connection.last_insert_rowid())
}

/// The number of a queue, if it was ever named.
pub(super) fn find(connection: &Connection, name: &str) -> Outcome<Option<i64>> {
    Ok(connection.prepare_cached(GET)?.query_row([name], |row| row.get(0)).optional()?)
}

/// The numbers of all queues.
pub(super) fn all(connection: &Connection) -> Outcome<Vec<i64>> {
    let mut statement = connection.prepare_cached(ALL)?;
    let ids = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(ids)
}

impl SqliteJobs {
    pub(super) fn set_paused(&self, queue: &str, paused: bool) -> Result<()> {
        let writer = self.writer()?;
        writer.step(|connection| Ok(connection.prepare_cached(PAUSE)?.execute((queue, paused))?))?;
        writer.announce();
        writer.grew(0);
        Ok(())
    }

    pub(super) fn list_queues(&self) -> Result<Vec<QueueState>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let queues =
                statement.query_map([], |row| Ok(QueueState { name: row.get(0)?, paused: row.get(1)? }))?;
            Ok(queues.collect::<Result<_, _>>()?)
        })
    }
}
