//! The tables, which are a format (`docs/format.md`), and whose file a database is.

use std::path::Path;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::Connection;

use crate::Durability;

use super::connect::open_file;
use super::fault::Outcome;

/// `PRAGMA application_id` of a store: `hold`.
pub(super) const APPLICATION: u32 = 0x686F_6C64;
/// `PRAGMA user_version`: the version of the tables, and above it, shifted by 16 bits, the oldest
/// version whose programs may still use them. A store alone is 1; the first queue in the file adds
/// its tables, which programs of version 1 need not know.
pub(super) const VERSION: u32 = 2;
const STORE: u32 = 1;
const QUEUE: u32 = 1 << 16 | 2;

// Rows by rowid with an index for the keys, not WITHOUT ROWID: measured the same for 60-byte
// values, and 2 to 5 times as fast from 600 bytes on, where an index page holds only a part of a
// value. The index holds keys alone, so that a listing reads no values. The value comes last, so
// that reading the columns before it does not read its overflow pages.
const TABLES: &str = "
CREATE TABLE entries (
    key TEXT NOT NULL PRIMARY KEY,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    expires INTEGER,
    size INTEGER NOT NULL,
    header BLOB NOT NULL,
    side TEXT,
    value
);
CREATE INDEX entries_expires ON entries (expires) WHERE expires IS NOT NULL;
CREATE INDEX entries_side ON entries (side) WHERE side IS NOT NULL;
CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;
";

/// Whose the file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody's: empty, or a database without tables. Also what a killed creator left.
    Nothing,
    /// A store; whether it keeps a write-ahead log already.
    Store { logged: bool },
}

/// Tells from the first bytes, so that a file which is not ours is never opened by SQLite, which
/// would put files beside it and might write its log back. `pending` says whether a journal or
/// log with content is there, `-journal` and `-wal`.
pub(super) fn inspect(header: &[u8], path: &Path, pending: (bool, bool)) -> Result<Found> {
    let (journal, log) = pending;
    let word = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
        bytes.map_or(0, u32::from_be_bytes)
    };
    if header.is_empty() {
        return Ok(Found::Nothing);
    }
    let sqlite = header.len() == 100 && header.starts_with(b"SQLite format 3\0");
    if sqlite && word(68) == APPLICATION {
        refuse_newer(word(60), path)?;
        return Ok(Found::Store { logged: header.get(18..20) == Some(&[2, 2]) });
    }
    if journal {
        // Someone was killed while making it. SQLite undoes that; `create` looks again.
        return Ok(Found::Nothing);
    }
    if !sqlite {
        return Err(Error::new(
            ErrorKind::CorruptFrame,
            format!(
                "{} is not a SQLite database: it is another program's file, or damaged; \
                 choose another path, or restore a copy",
                path.display()
            ),
        ));
    }
    let tables = word(40) != 0 || log;
    if word(68) != 0 || tables { Err(foreign(path)) } else { Ok(Found::Nothing) }
}

/// Makes the tables and turns the log on, through a connection of its own. In this order, so that
/// the two numbers stand in the database file itself and [`inspect`] finds them there.
pub(super) fn create(path: &Path, durability: Durability) -> Outcome<()> {
    let connection = open_file(path, durability)?;
    connection.execute_batch("PRAGMA page_size = 4096; BEGIN EXCLUSIVE")?;
    if numbers(&connection)?.0 != APPLICATION {
        let objects: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if objects > 0 || numbers(&connection)?.0 != 0 {
            return Err(foreign(path).into());
        }
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", STORE)?;
    }
    connection.execute_batch("COMMIT")?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        // Somebody has the file open in the other mode.
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY),
            None,
        )
        .into());
    }
    Ok(())
}

/// Whether a queue's tables are there.
pub(super) fn has_queue(connection: &Connection) -> Outcome<bool> {
    Ok(numbers(connection)?.1 & 0xFFFF >= QUEUE & 0xFFFF)
}

/// Adds a queue's tables, in the caller's transaction.
pub(super) fn add_queue(connection: &Connection, tables: &str) -> Outcome<()> {
    if !has_queue(connection)? {
        connection.execute_batch(tables)?;
        connection.pragma_update(None, "user_version", QUEUE)?;
    }
    Ok(())
}

/// Checks an open database: ours, and not newer than this program.
pub(super) fn check(connection: &Connection, path: &Path) -> Outcome<()> {
    let (application, version) = numbers(connection)?;
    if application != APPLICATION {
        return Err(foreign(path).into());
    }
    Ok(refuse_newer(version, path)?)
}

fn numbers(connection: &Connection) -> Outcome<(u32, u32)> {
    let application = connection.query_row("PRAGMA application_id", [], |row| row.get::<_, i64>(0))?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))?;
    // Both are 32 bits that SQLite shows as signed.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the bits are meant")]
    Ok((application as u32, version as u32))
}

fn foreign(path: &Path) -> Error {
    Error::new(
        ErrorKind::Validation,
        format!("{} is another program's database; nothing was touched; choose another path", path.display()),
    )
}

fn refuse_newer(number: u32, path: &Path) -> Result<()> {
    let (oldest, version) = (number >> 16, number & 0xFFFF);
    if oldest <= VERSION {
        return Ok(());
    }
    let path = path.display();
    Err(Error::new(
        ErrorKind::UnsupportedVersion,
        format!(
            "{path} was written by a newer holdall (tables {version}, for programs that know {oldest} or \
             later; this one knows {VERSION}); install that"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(application: u32, version: u32, cookie: u32) -> Vec<u8> {
        let mut header = vec![0; 100];
        header[..16].copy_from_slice(b"SQLite format 3\0");
        header[18..20].copy_from_slice(&[2, 2]);
        header[40..44].copy_from_slice(&cookie.to_be_bytes());
        header[60..64].copy_from_slice(&version.to_be_bytes());
        header[68..72].copy_from_slice(&application.to_be_bytes());
        header
    }

    fn found(header: &[u8], pending: (bool, bool)) -> Result<Found, ErrorKind> {
        inspect(header, Path::new("d.db"), pending).map_err(|error| error.kind())
    }

    #[test]
    fn a_store_is_known_by_its_first_bytes() {
        assert_eq!(found(&header(APPLICATION, 1, 5), (false, true)), Ok(Found::Store { logged: true }));
        let store = Ok(Found::Store { logged: true });
        assert_eq!(found(&header(APPLICATION, QUEUE, 5), (false, true)), store);
        assert_eq!(
            found(&header(APPLICATION, VERSION << 16 | 99, 5), (false, true)),
            store,
            "newer, and allows us"
        );
        let newer = header(APPLICATION, (VERSION + 1) << 16 | (VERSION + 1), 5);
        assert_eq!(found(&newer, (false, true)), Err(ErrorKind::UnsupportedVersion));
        assert_eq!(found(b"", (false, false)), Ok(Found::Nothing));
        assert_eq!(found(&header(0, 0, 0), (false, false)), Ok(Found::Nothing));
    }

    #[test]
    fn what_is_not_ours_is_refused() {
        assert_eq!(found(&header(0, 0, 1), (false, false)), Err(ErrorKind::Validation));
        assert_eq!(found(&header(0, 0, 0), (false, true)), Err(ErrorKind::Validation));
        assert_eq!(found(&header(7, 0, 0), (false, false)), Err(ErrorKind::Validation));
        assert_eq!(found(b"SQLite format 3\0", (false, false)), Err(ErrorKind::CorruptFrame));
        assert_eq!(found(&[b'x'; 100], (false, false)), Err(ErrorKind::CorruptFrame));
        assert_eq!(found(&[0; 100], (true, false)), Ok(Found::Nothing), "a killed creator");
    }
}
