//! Reading values.

use bytes::Bytes;
use holdall_types::{Error, ErrorKind, Key, Result};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Statement};

use crate::{Head, Segments, Stored};

use super::Sqlite;
use super::fault::{Fault, Outcome};
use super::write::integer;

/// Body bytes of a [`Head`].
const START: usize = 64;

const GET: &str = "SELECT header,value,side,created,updated,expires,size FROM entries WHERE key=?1";

/// What a row says.
pub(super) enum Found {
    /// All of it; how many of the bytes are the header.
    Whole(usize, Stored),
    /// The value is in a file.
    Beside(Large),
}

/// A value in a side file.
pub(super) struct Large {
    pub(super) header: Vec<u8>,
    pub(super) side: String,
    size: u64,
    created: u64,
    updated: u64,
}

/// The row of a key, if it has not expired.
pub(super) fn row(connection: &Connection, key: &Key<'_>, now: u64) -> Outcome<Option<Found>> {
    find(&mut *connection.prepare_cached(GET)?, key, now)
}

fn find(statement: &mut Statement<'_>, key: &Key<'_>, now: u64) -> Outcome<Option<Found>> {
    let mut rows = statement.query([key.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    if expired(row, 5, now)? {
        return Ok(None);
    }
    let header = header(row)?;
    let (created, updated) = (time(row, 3)?, time(row, 4)?);
    if let ValueRef::Text(side) = row.get_ref(2)? {
        let side = String::from_utf8_lossy(side).into_owned();
        return Ok(Some(Found::Beside(Large {
            header: header.to_vec(),
            side,
            size: time(row, 6)?,
            created,
            updated,
        })));
    }
    let value = value(row, key)?;
    // One allocation for both, of just the right size.
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(header.len() + value.len()).map_err(Error::from)?;
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(value);
    let segments = Segments::none();
    Ok(Some(Found::Whole(header.len(), Stored { bytes: Bytes::from(bytes), segments, created, updated })))
}

impl Sqlite {
    /// A value; with `unread` its segments are left in their file.
    pub(super) fn get_one(&self, key: &Key<'_>, unread: bool, now: u64) -> Result<Option<Stored>> {
        self.follow(key, now, |found| self.fetch(key, found, unread))
    }

    pub(super) fn get_several(&self, keys: &[Key<'_>], now: u64) -> Result<Vec<Option<Stored>>> {
        // One transaction: all values are of one moment, and its cost is paid once.
        let rows = self.read(|connection| {
            let transaction = connection.unchecked_transaction()?;
            let mut statement = connection.prepare_cached(GET)?;
            let rows: Outcome<Vec<_>> = keys.iter().map(|key| find(&mut statement, key, now)).collect();
            drop(statement);
            transaction.finish()?;
            rows
        })?;
        let fetch = |(key, found): (&Key<'_>, Option<Found>)| match found {
            None => Ok(None),
            Some(found) => match self.fetch(key, found, false)? {
                Ok(stored) => Ok(Some(stored)),
                // Overwritten since: that value is newer than the others, but there is no older.
                Err(_) => self.get_one(key, false, now),
            },
        };
        keys.iter().zip(rows).map(fetch).collect()
    }

    pub(super) fn head_of(&self, key: &Key<'_>, now: u64) -> Result<Option<Head>> {
        self.follow(key, now, |found| {
            let large = match found {
                Found::Whole(header, stored) => {
                    let Stored { bytes, created, updated, .. } = stored;
                    let start = bytes.slice(..bytes.len().min(header + START));
                    return Ok(Ok(Head { start, size: bytes.len() as u64, created, updated }));
                }
                Found::Beside(large) => large,
            };
            let start = self.side.start(&large.header, &large.side, START as u64);
            let Large { side, size, created, updated, .. } = large;
            Ok(match start.map_err(|error| damaged(key, error))? {
                Some(start) => Ok(Head { start: Bytes::from(start), size, created, updated }),
                None => Err(side),
            })
        })
    }

    /// All of a value; or, if its file is gone, the file's name.
    pub(super) fn fetch(&self, key: &Key<'_>, found: Found, unread: bool) -> Result<Result<Stored, String>> {
        let Large { header, side, size, created, updated } = match found {
            Found::Whole(_, stored) => return Ok(Ok(stored)),
            Found::Beside(large) => large,
        };
        let read = self.side.read(&header, &side, size, unread).map_err(|error| damaged(key, error))?;
        Ok(match read {
            Some((bytes, segments)) => Ok(Stored { bytes: Bytes::from(bytes), segments, created, updated }),
            None => Err(side),
        })
    }

    /// Follows a row to its file. A file that is gone was overwritten meanwhile if the row names
    /// another by now.
    fn follow<T>(
        &self,
        key: &Key<'_>,
        now: u64,
        fetch: impl Fn(Found) -> Result<Result<T, String>>,
    ) -> Result<Option<T>> {
        let mut missing = None;
        loop {
            let Some(found) = self.read(|connection| row(connection, key, now))? else { return Ok(None) };
            match fetch(found)? {
                Ok(value) => return Ok(Some(value)),
                Err(name) if missing.as_ref() == Some(&name) => return Err(gone(key)),
                Err(name) => missing = Some(name),
            }
        }
    }
}

/// What is said of a key whose file is gone.
pub(super) fn gone(key: &Key<'_>) -> Error {
    let message =
        format!("the value of {key} is lost: its file is gone; restore a copy, or write or delete the key");
    Error::new(ErrorKind::CorruptFrame, message)
}

fn damaged(key: &Key<'_>, error: Error) -> Error {
    error.context(format_args!("the value of {key} cannot be read"))
}

fn expired(row: &Row<'_>, column: usize, now: u64) -> Outcome<bool> {
    Ok(row.get::<_, Option<i64>>(column)?.is_some_and(|expires| expires <= integer(now)))
}

fn header<'a>(row: &'a Row<'_>) -> Outcome<&'a [u8]> {
    Ok(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?)
}

fn value<'a>(row: &'a Row<'_>, key: &Key<'_>) -> Outcome<&'a [u8]> {
    match row.get_ref(1)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(bytes),
        other => {
            let kind = other.data_type();
            let message =
                format!("the value of {key} is damaged: another program made it {kind}; write the key anew");
            Err(Fault::Own(Error::new(ErrorKind::CorruptFrame, message)))
        }
    }
}

fn time(row: &Row<'_>, column: usize) -> Outcome<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}
