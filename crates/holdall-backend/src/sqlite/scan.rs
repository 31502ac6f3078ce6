//! Listing keys.

use std::sync::Arc;
use std::vec::IntoIter;

use holdall_types::{Error, ErrorKind, Result};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use super::Sqlite;
use super::fault::Outcome;
use super::write::integer;

/// Keys a page. Between pages no transaction is held, so that the log can be written back.
const PAGE: usize = 1_000;

const ANY_EXPIRED: &str = "SELECT 1 FROM entries WHERE expires<=?1 LIMIT 1";
// The first is answered by the index of keys alone. The second looks at every row, and is needed
// only until some writer has removed what expired.
const ALL: &str = "SELECT key FROM entries WHERE key>=?1 AND key<?2 ORDER BY key LIMIT ?3";
const LIVE: &str = "SELECT key FROM entries WHERE key>=?1 AND key<?2 AND (expires IS NULL OR expires>?4) \
    ORDER BY key LIMIT ?3";

// Both tables of contents are an index, and what expired has its own.
const COUNT: &str = "SELECT (SELECT count(*) FROM entries)-(SELECT count(*) FROM entries WHERE expires<=?1)";

/// A listing: pages of keys, each by the index, from where the last one ended.
pub(super) struct Pages {
    store: Arc<Sqlite>,
    from: Vec<u8>,
    to: End,
    now: u64,
    page: IntoIter<Vec<u8>>,
    done: bool,
}

/// Where a listing ends: before these bytes, or nowhere.
struct End(Option<Vec<u8>>);

impl ToSql for End {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        // For SQLite every blob is greater than every text.
        Ok(ToSqlOutput::Borrowed(self.0.as_ref().map_or(ValueRef::Blob(&[]), |end| ValueRef::Text(end))))
    }
}

impl Pages {
    pub(super) fn new(store: Arc<Sqlite>, prefix: &str, now: u64) -> Self {
        let from = prefix.as_bytes().to_vec();
        let mut end = from.clone();
        // The last byte of UTF-8 is at most 0xBF. The one after it makes no text, but SQLite
        // compares bytes, and so it comes right after all that begins with the prefix.
        let to = End(end.last_mut().map(|last| *last += 1).map(|()| end));
        Self { store, from, to, now, page: Vec::new().into_iter(), done: false }
    }

    fn turn(&mut self) -> Result<()> {
        let page = self.store.read(|connection| keys(connection, &self.from, &self.to, self.now))?;
        self.done = page.len() < PAGE;
        if let Some(last) = page.last() {
            self.from.clone_from(last);
            // The next possible key: keys hold no NUL.
            self.from.push(0);
        }
        self.page = page.into_iter();
        Ok(())
    }
}

impl Iterator for Pages {
    type Item = Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(key) = self.page.next() {
                return Some(String::from_utf8(key).map_err(|error| {
                    let key = String::from_utf8_lossy(error.as_bytes()).into_owned();
                    let message =
                        format!("the key {key:?} is not UTF-8: another program made it; delete its row");
                    Error::new(ErrorKind::CorruptFrame, message)
                }));
            }
            if self.done {
                return None;
            }
            if let Err(error) = self.turn() {
                self.done = true;
                return Some(Err(error));
            }
        }
    }
}

fn keys(connection: &Connection, from: &[u8], to: &End, now: u64) -> Outcome<Vec<Vec<u8>>> {
    let (from, now) = (ToSqlOutput::Borrowed(ValueRef::Text(from)), integer(now));
    let expired = connection.prepare_cached(ANY_EXPIRED)?.exists([now])?;
    let mut statement = connection.prepare_cached(if expired { LIVE } else { ALL })?;
    let mut rows = if expired {
        statement.query(params![from, to, PAGE as i64, now])?
    } else {
        statement.query(params![from, to, PAGE as i64])?
    };
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        keys.push(row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?.to_vec());
    }
    Ok(keys)
}

impl Sqlite {
    pub(super) fn count_all(&self, now: u64) -> Result<u64> {
        let count: i64 = self.read(|connection| {
            Ok(connection.prepare_cached(COUNT)?.query_row([integer(now)], |row| row.get(0))?)
        })?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
