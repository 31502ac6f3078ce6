//! Records of holdall's own: who holds a lock.

use holdall_types::Result;
use rusqlite::OptionalExtension;

use crate::LeaseChange;

use super::Sqlite;

const GET: &str = "SELECT record FROM leases WHERE name=?1";
const SET: &str = "INSERT INTO leases(name,record)VALUES(?1,?2)ON CONFLICT(name)DO UPDATE SET record=?2";
const REMOVE: &str = "DELETE FROM leases WHERE name=?1";

impl Sqlite {
    /// Under the writer's lock, which makes the two steps one, so that `decide` runs outside
    /// SQLite, where it may not.
    pub(super) fn change_lease(
        &self,
        name: &str,
        decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange,
    ) -> Result<()> {
        let writer = self.writer()?;
        let record: Option<Vec<u8>> = writer.step(|connection| {
            Ok(connection.prepare_cached(GET)?.query_row([name], |row| row.get(0)).optional()?)
        })?;
        match decide(record.as_deref()) {
            LeaseChange::Keep => return Ok(()),
            LeaseChange::Set(record) => {
                writer.step(|connection| Ok(connection.prepare_cached(SET)?.execute((name, &record))?))?
            }
            LeaseChange::Remove => {
                writer.step(|connection| Ok(connection.prepare_cached(REMOVE)?.execute([name])?))?
            }
        };
        writer.grew(0);
        Ok(())
    }
}
