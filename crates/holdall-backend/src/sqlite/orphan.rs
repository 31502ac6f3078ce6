//! Side files that no row names: what killed writers left.

use std::collections::HashSet;
use std::time::Duration;

use holdall_types::{Error, Result};
use rusqlite::{Connection, params};

use super::Sqlite;
use super::fault::Outcome;
use super::side::Side;

/// How old a file must be. A writer at work names its file long before, and looks again if not.
const AGE: Duration = Duration::from_secs(3600);

const NAMED: &str = "SELECT side FROM entries WHERE side>=?1 AND side<?2";

/// Asks the rows for the names from one up to another.
type Named = fn(&Connection, &str, &str) -> Outcome<HashSet<String>>;

fn named(connection: &Connection, from: &str, to: &str) -> Outcome<HashSet<String>> {
    let mut statement = connection.prepare_cached(NAMED)?;
    let rows = statement.query_map(params![from, to], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

impl Sqlite {
    /// Removes those of the store.
    pub(super) fn collect_orphans(&self) -> Result<()> {
        self.collect_unnamed(&self.side, named)
    }

    /// Removes those of a folder. The search holds nobody up: only for what it found the writer's
    /// lock is taken, and then it looks again.
    pub(super) fn collect_unnamed(&self, side: &Side, named: Named) -> Result<()> {
        let unreadable = |error| Error::io(error, format_args!("cannot list {}", side.folder().display()));
        let old = |letters: &str, names: &mut Vec<String>| {
            // `g` comes after the last hexadecimal digit.
            let named = self.read(|connection| named(connection, letters, &format!("{letters}g")))?;
            names.retain(|name| !named.contains(name) && side.is_older(name, AGE));
            Ok::<_, Error>(())
        };
        let mut orphans = Vec::new();
        for letters in side.fans().map_err(unreadable)? {
            let mut names = side.names(&letters).map_err(unreadable)?;
            old(&letters, &mut names)?;
            if !names.is_empty() {
                orphans.push((letters, names));
            }
        }
        if orphans.is_empty() {
            return Ok(());
        }
        let _writer = self.writer()?;
        for (letters, mut names) in orphans {
            old(&letters, &mut names)?;
            side.remove_all(&names);
        }
        Ok(())
    }
}
