//! The tables, which are a format (`docs/format.md`).

// Rows by rowid, not by id: a claim then takes what came first among equals, the hot index holds 8 bytes
// less 26, and claims and completions in batches took two thirds of the time (single inserts 3 µs
// more). The messages come last, so that reading what is before them does not read their overflow pages.
//
// `live` serves claims (state, queue, no boot, by turn), what is due, and leases (by boot). It leaves out
// what has ended, so that its size is that of the work to be done. Every query repeats the conditions
// of the index that it means, word for word: SQLite proves no more.
pub(super) const TABLES: &str = "
CREATE TABLE queues (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    paused INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE tasks (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue INTEGER NOT NULL,
    state INTEGER NOT NULL,
    turn INTEGER NOT NULL,
    boot INTEGER,
    priority INTEGER NOT NULL,
    start INTEGER NOT NULL DEFAULT 0,
    retried INTEGER NOT NULL DEFAULT 0,
    lost INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    blockers INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    due INTEGER NOT NULL,
    started INTEGER,
    ended INTEGER,
    expires INTEGER,
    forget INTEGER,
    worker TEXT,
    name TEXT NOT NULL,
    options TEXT,
    unique_key TEXT,
    failure TEXT,
    message_side TEXT,
    message_size INTEGER,
    message_header BLOB NOT NULL,
    result_side TEXT,
    result_size INTEGER,
    result_header BLOB,
    result BLOB,
    message BLOB
) STRICT;
CREATE INDEX tasks_live ON tasks (state, queue, boot, turn) WHERE state < 5;
CREATE INDEX tasks_ended ON tasks (state, queue, ended) WHERE state >= 5;
CREATE UNIQUE INDEX tasks_unique ON tasks (unique_key) WHERE unique_key IS NOT NULL AND state < 5;
CREATE INDEX tasks_expires ON tasks (expires) WHERE expires IS NOT NULL AND state < 5 AND state <> 3;
CREATE INDEX tasks_forget ON tasks (forget) WHERE forget IS NOT NULL;
CREATE INDEX tasks_message_side ON tasks (message_side) WHERE message_side IS NOT NULL;
CREATE INDEX tasks_result_side ON tasks (result_side) WHERE result_side IS NOT NULL;
CREATE TABLE edges (parent INTEGER NOT NULL, child INTEGER NOT NULL, PRIMARY KEY (parent, child))
    STRICT, WITHOUT ROWID;
CREATE INDEX edges_child ON edges (child);
CREATE TABLE crons (
    name TEXT NOT NULL PRIMARY KEY,
    expression TEXT NOT NULL,
    next INTEGER NOT NULL,
    template TEXT NOT NULL,
    message BLOB NOT NULL
) STRICT;
";

/// The bits below a priority: milliseconds up to the year 2527.
const TIME_BITS: u32 = 44;

/// The place of an available task: by priority, the highest first, then by time.
pub(super) fn turn(priority: i16, since: u64) -> i64 {
    let rank = i64::from(i16::MAX) - i64::from(priority);
    let since = since.min((1 << TIME_BITS) - 1);
    rank << TIME_BITS | since.cast_signed()
}

/// The same in SQL, for a time that stands in `due`.
macro_rules! turn_since {
    ($since:literal) => {
        concat!("((32767-priority)<<44|min(", $since, ",17592186044415))")
    };
}
pub(super) use turn_since;

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::{Connection, params};

    #[test]
    fn sql_and_we_put_tasks_into_the_same_order() {
        let connection = Connection::open_in_memory().unwrap();
        let sql = concat!("SELECT ", turn_since!("?2"), " FROM (SELECT ?1 AS priority)");
        let mut last = i64::MIN;
        for priority in [i16::MAX, 1, 0, -1, i16::MIN] {
            for since in [0, 1, 1_700_000_000_000, u64::MAX >> 1] {
                let ours = turn(priority, since);
                let values = params![priority, since.cast_signed()];
                let theirs: i64 = connection.query_row(sql, values, |row| row.get(0)).unwrap();
                assert_eq!(ours, theirs, "{priority} {since}");
                assert!(ours > last, "{priority} {since}");
                last = ours;
            }
        }
    }
}
