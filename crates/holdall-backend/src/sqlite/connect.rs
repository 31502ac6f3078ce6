//! Opening: the order in which guard, tables and connection come into being.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::Durability;
use crate::os::fork;
use crate::os::wait::Wait;

use super::Options;
use super::fault::{Fault, Outcome};
use super::guard::Claim;
use super::link::{Link, Open, Stamp};
use super::place::Place;
use super::schema::{self, Found};

/// Statements kept; there are fewer than this.
const STATEMENTS: usize = 64;

/// Opens a connection that writes. The writer's lock is held: one opener at a time, and no last
/// closer in between.
pub(super) fn writing(place: &Place, options: &Options) -> Result<Arc<Link>> {
    again(place, options.busy_timeout, || {
        let claim = Claim::enter(&place.database).map_err(|error| cannot_open(error, place))?;
        match guarded(place, options, &claim) {
            Ok(connection) => {
                // What others left in the log counts as well, else many short-lived writers beside
                // one long-lived reader would let it grow for ever.
                let pages = unwritten(&connection)?;
                Ok(Arc::new(Link::new(Open { connection, claim, frozen: None }, pages)))
            }
            Err(fault) => {
                if matches!(fault, Fault::Own(_)) {
                    // Not ours: it may be open in this very process, in another copy of SQLite.
                    let _ = claim.let_go_if_last();
                    claim.leave_open();
                }
                Err(fault)
            }
        }
    })
}

/// Refuses a file that is not ours before anything is put beside it.
pub(super) fn refuse_foreign(place: &Place) -> Result<()> {
    if !place.database.exists() {
        return Ok(());
    }
    let _calm = fork::calm();
    let claim = Claim::enter(&place.database).map_err(|error| cannot_open(error, place))?;
    if let Err(error) = found(place, &claim) {
        claim.leave_open();
        return Err(error);
    }
    Ok(())
}

fn found(place: &Place, claim: &Claim) -> Result<Found> {
    let pending = |suffix| place.beside(suffix).metadata().is_ok_and(|metadata| metadata.len() > 0);
    let header = claim.header().map_err(|error| cannot_open(error, place))?;
    schema::inspect(&header, &place.database, (pending("-journal"), pending("-wal")))
}

fn guarded(place: &Place, options: &Options, claim: &Claim) -> Outcome<Connection> {
    let path = &place.database;
    if found(place, claim)? != (Found::Store { logged: true }) {
        // Closed again at once: without a log nothing of it needs the guard, which would be in the
        // way of the locks that it needs.
        schema::create(path, options.durability)?;
    }
    // Before the connection, so that there is no moment in which it is open without the guard.
    hold(claim.hold(), place)?;
    let connection = open_file(path, options.durability)?;
    schema::check(&connection, path)?;
    hold(claim.hold_index(&place.beside("-shm")), place)?;
    if !claim.is_at(path) {
        return Err(replaced(place).into());
    }
    Ok(connection)
}

/// Opens a connection that reads only, and makes nothing.
pub(super) fn reading(place: &Place, options: &Options) -> Result<Arc<Link>> {
    again(place, options.busy_timeout, || {
        let claim = Claim::enter_reading(&place.database).map_err(|error| cannot_open(error, place))?;
        let (connection, frozen) = open_reading(place)?;
        Ok(Arc::new(Link::new(Open { connection, claim, frozen }, 0)))
    })
}

/// The connection of a reader.
pub(super) fn open_reading(place: &Place) -> Outcome<(Connection, Option<Stamp>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = |flags, path: &Path| -> Outcome<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        settle(&connection)?;
        schema::check(&connection, &place.database)?;
        Ok(connection)
    };
    let stamp = Stamp::of(place);
    if stamp.has_log() || place.beside("-shm").exists() {
        match open(flags, &place.database) {
            // An index that was left over, and that this user may not write.
            Err(fault) if fault.is_cannot_make() && !stamp.has_log() => {}
            opened => return Ok((opened?, None)),
        }
    }
    // Nobody has it open. SQLite would make the files that it locks through, which a reader has no
    // business to do, nor always the right; it need not as long as there is no writer. Each read
    // looks whether one came.
    let connection = open(flags | OpenFlags::SQLITE_OPEN_URI, Path::new(&immutable(&place.database)))?;
    Ok((connection, Some(stamp)))
}

/// A connection that writes, with its settings.
pub(super) fn open_file(path: &Path, durability: Durability) -> Outcome<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        // The lock around the connection is enough.
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    settle(&connection)?;
    connection.execute_batch(match durability {
        Durability::Normal => "PRAGMA synchronous = NORMAL",
        // The second is for macOS, whose plain fsync does not reach the disk.
        Durability::Full => "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON",
    })?;
    // The log is written back by us (`write.rs`): SQLite's own way hides a failed sync.
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864")?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Outcome<()> {
    // First of all. Nobody sleeps inside SQLite, where forks and other readers wait for us: a busy
    // database is tried again from outside.
    connection.busy_timeout(Duration::ZERO)?;
    // A database from elsewhere may hold triggers and views that stand in for our tables.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Else SQLite compares bound values with the conditions of partial indexes, and prepares a
    // statement anew for each new value: a claim took four times as long.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // No memory map: another process that cuts the file short would end ours with SIGBUS.
    connection.execute_batch(
        "PRAGMA mmap_size = 0; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; \
         PRAGMA cell_size_check = ON",
    )?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// Tries until nobody is in the way any more; sleeps outside `calm`.
fn again(
    place: &Place,
    limit: Duration,
    mut attempt: impl FnMut() -> Outcome<Arc<Link>>,
) -> Result<Arc<Link>> {
    let mut wait = Wait::new(limit);
    loop {
        let tried = {
            let _calm = fork::calm();
            let tried = attempt();
            if let Ok(link) = &tried {
                link.announce();
            }
            tried
        };
        match tried {
            Ok(link) => return Ok(link),
            Err(fault) if fault.is_busy() => wait.pause(&place.database.display())?,
            Err(fault) => return Err(fault.into_error(&place.database)),
        }
    }
}

/// How many pages of the log are not written back yet.
fn unwritten(connection: &Connection) -> Outcome<u64> {
    let (pages, written) = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| {
        Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
    })?;
    Ok(u64::try_from(pages - written).unwrap_or(0))
}

fn hold(held: std::io::Result<bool>, place: &Place) -> Outcome<()> {
    match held {
        Ok(true) => Ok(()),
        Ok(false) => Err(busy()),
        Err(error) => {
            let what = format_args!("cannot guard {}", place.database.display());
            Err(Error::io(error, what).into())
        }
    }
}

/// As SQLite says it.
pub(super) fn busy() -> Fault {
    Fault::Sql(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None))
}

fn cannot_open(error: std::io::Error, place: &Place) -> Error {
    Error::io(error, format_args!("cannot open {}", place.database.display()))
}

fn replaced(place: &Place) -> Error {
    let path = place.database.display();
    Error::new(ErrorKind::Conflict, format!("{path} was replaced while it was being opened; open it again"))
}

fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => {
                uri.push(char::from(*byte))
            }
            other => {
                let _ = write!(uri, "%{other:02X}");
            }
        }
    }
    uri.push_str("?immutable=1");
    uri
}
