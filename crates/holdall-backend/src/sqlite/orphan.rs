//! Side files that no row names: what killed writers left.

use std::collections::HashSet;
use std::time::Duration;

use holdall_types::{Error, Result};
use rusqlite::params;

use super::Sqlite;

/// How old a file must be. A writer at work names its file long before, and looks again if not.
const AGE: Duration = Duration::from_secs(3600);

const NAMED: &str = "SELECT side FROM entries WHERE side>=?1 AND side<?2";

impl Sqlite {
    /// Removes them. The search holds nobody up: only for what it found the writer's lock is
    /// taken, and then it looks again.
    pub(super) fn collect_orphans(&self) -> Result<()> {
        let unreadable = |error| Error::io(error, format_args!("cannot list {}", self.place.side.display()));
        let mut orphans = Vec::new();
        for letters in self.side.fans().map_err(unreadable)? {
            let mut names = self.side.names(&letters).map_err(unreadable)?;
            self.forget_named(&letters, &mut names)?;
            names.retain(|name| self.side.is_older(name, AGE));
            if !names.is_empty() {
                orphans.push((letters, names));
            }
        }
        if orphans.is_empty() {
            return Ok(());
        }
        let _writer = self.writer()?;
        for (letters, mut names) in orphans {
            self.forget_named(&letters, &mut names)?;
            names.retain(|name| self.side.is_older(name, AGE));
            self.side.remove_all(&names);
        }
        Ok(())
    }

    fn forget_named(&self, letters: &str, names: &mut Vec<String>) -> Result<()> {
        let named: HashSet<String> = self.read(|connection| {
            let mut statement = connection.prepare_cached(NAMED)?;
            // `g` comes after the last hexadecimal digit.
            let rows = statement.query_map(params![letters, format!("{letters}g")], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        names.retain(|name| !named.contains(name));
        Ok(())
    }
}
