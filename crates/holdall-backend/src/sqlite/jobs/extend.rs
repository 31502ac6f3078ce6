//! Running leases on.

use holdall_types::Result;
use rusqlite::{OptionalExtension, params};

use crate::jobs::{Held, Hold, Now};
use crate::sqlite::write::integer;

use super::SqliteJobs;

const EXTEND: &str = "UPDATE tasks SET turn=?3,boot=?4 WHERE id=?1 AND state=3 AND start=?2 RETURNING cancel";

impl SqliteJobs {
    pub(super) fn extend_all(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>> {
        if holds.is_empty() {
            self.usable()?;
            return Ok(Vec::new());
        }
        let until = integer(now.boot.saturating_add(lease_ms));
        let writer = self.writer()?;
        let held = writer.transaction(|connection| {
            let mut statement = connection.prepare_cached(EXTEND)?;
            let mut extend = |hold: &Hold<'_>| {
                let values = params![hold.id, hold.start, until, now.boot_id];
                let cancel: Option<bool> = statement.query_row(values, |row| row.get(0)).optional()?;
                Ok(match cancel {
                    None => Held::Lost,
                    Some(true) => Held::Cancel,
                    Some(false) => Held::Kept,
                })
            };
            holds.iter().map(&mut extend).collect()
        })?;
        writer.grew(64 * holds.len());
        Ok(held)
    }
}
