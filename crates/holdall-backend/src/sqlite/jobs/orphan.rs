//! Side files that no row names.

use std::collections::HashSet;

use holdall_types::Result;
use rusqlite::{Connection, params};

use crate::sqlite::fault::Outcome;

use super::SqliteJobs;

const NAMED: &str = "SELECT message_side FROM tasks WHERE message_side>=?1 AND message_side<?2 AND \
    message_side IS NOT NULL UNION ALL SELECT result_side FROM tasks WHERE result_side>=?1 AND \
    result_side<?2 AND result_side IS NOT NULL";

/// The names between two that rows have.
fn named(connection: &Connection, from: &str, to: &str) -> Outcome<HashSet<String>> {
    let mut statement = connection.prepare_cached(NAMED)?;
    let rows = statement.query_map(params![from, to], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl SqliteJobs {
    pub(super) fn collect_orphans(&self) -> Result<()> {
        self.base.collect_unnamed(&self.side, named)
    }
}
