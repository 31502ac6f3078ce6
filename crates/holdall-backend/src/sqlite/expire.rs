//! What expired: it does not exist for readers, and is removed bit by bit by writers.

use std::sync::atomic::Ordering;

use holdall_types::Result;
use rusqlite::{Connection, params};

use super::Sqlite;
use super::fault::Outcome;
use super::write::integer;

/// Rows a batch: few enough that no put waits long for it.
const BATCH: usize = 64;
/// Milliseconds between two looks when the last one found nothing left.
const EVERY: u64 = 1_000;

const SWEEP: &str = "DELETE FROM entries WHERE rowid IN \
    (SELECT rowid FROM entries WHERE expires<=?1 ORDER BY expires LIMIT ?2) RETURNING side";

/// What one batch removed.
pub(super) struct Swept {
    /// The side files that nothing refers to any more.
    pub(super) sides: Vec<String>,
    /// Whether there may be more.
    pub(super) more: bool,
}

/// Removes one batch of what expired at or before `now`.
pub(super) fn sweep(connection: &Connection, now: u64) -> Outcome<Swept> {
    let mut statement = connection.prepare_cached(SWEEP)?;
    let mut rows = statement.query(params![integer(now), BATCH as i64])?;
    let (mut sides, mut count) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        count += 1;
        sides.extend(row.get::<_, Option<String>>(0)?);
    }
    Ok(Swept { sides, more: count == BATCH })
}

impl Sqlite {
    /// Whether a writer should look for expired rows. Also when the clock was set back.
    pub(super) fn sweep_due(&self, now: u64) -> bool {
        now.wrapping_sub(self.swept.load(Ordering::Relaxed)) >= EVERY
    }

    /// Removes one batch now.
    pub(super) fn sweep_now(&self, now: u64) -> Result<()> {
        self.writer()?.sweep(now)
    }
}
