//! Writing values.

use holdall_types::limits::SIDE_FILE;
use holdall_types::{Key, Result};
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, params};

use crate::{Condition, Record, Version};

use super::Sqlite;
use super::fault::Outcome;
use super::read::{self, Found};
use super::run::Writer;
use super::side::{Fresh, SideFault};

// One statement for the most frequent write, in a transaction of its own. It leaves a row alone
// whose value is in a file, which has to be removed: then `REPLACE` does it.
const PUT: &str = "INSERT INTO entries(key,created,updated,expires,size,header,value)\
    VALUES(?1,?2,?2,?3,?4,?5,?6)ON CONFLICT(key)DO UPDATE SET created=iif(expires<=?2,?2,created),\
    updated=?2,expires=?3,size=?4,header=?5,value=?6 WHERE side IS NULL";
const REPLACE: &str = "INSERT INTO entries(key,created,updated,expires,size,header,value,side)\
    VALUES(?1,?2,?2,?3,?4,?5,?6,?7)ON CONFLICT(key)DO UPDATE SET created=iif(expires<=?2,?2,created),\
    updated=?2,expires=?3,size=?4,header=?5,value=?6,side=?7";
const SIDE: &str = "SELECT side FROM entries WHERE key=?1";
const REMOVE: &str = "DELETE FROM entries WHERE key=?1";
const DELETE: &str = "DELETE FROM entries WHERE key=?1 RETURNING expires,side";

/// A time or a size as SQLite keeps it.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The `value` column: text where it is text, so that other programs see it as such.
struct Value<'a>(&'a Record<'a>);

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let Record { body, text, .. } = *self.0;
        let text = text && std::str::from_utf8(body).is_ok();
        Ok(ToSqlOutput::Borrowed(if text { ValueRef::Text(body) } else { ValueRef::Blob(body) }))
    }
}

/// Puts one row, and gives the side file that it no longer names.
fn place(
    connection: &Connection,
    key: &Key<'_>,
    record: &Record<'_>,
    fresh: Option<&Fresh<'_>>,
    now: u64,
) -> Outcome<Former> {
    let (key, now, expires) = (key.as_str(), integer(now), record.expires.map(integer));
    let size = integer(record.size(false));
    if fresh.is_none() {
        let values = params![key, now, expires, size, record.header, Value(record)];
        if connection.prepare_cached(PUT)?.execute(values)? == 1 {
            return Ok(None);
        }
    }
    let former = side_of(connection, key)?;
    let (header, value, side) = match fresh {
        None => (record.header, Some(Value(record)), None),
        Some(fresh) => (fresh.header(record), None, Some(fresh.name())),
    };
    let values = params![key, now, expires, size, header, value, side];
    connection.prepare_cached(REPLACE)?.execute(values)?;
    Ok(former)
}

fn side_of(connection: &Connection, key: &str) -> Outcome<Former> {
    let mut statement = connection.prepare_cached(SIDE)?;
    let mut rows = statement.query([key])?;
    Ok(match rows.next()? {
        Some(row) => row.get(0)?,
        None => None,
    })
}

/// The side file that a row named before, if it named one: to be removed once that is committed.
type Former = Option<String>;

/// What becomes of a change whose condition does not simply hold.
enum Verdict {
    Refused,
    /// It depends on a value that is in a file.
    Depends(Found),
}

/// `None` if a condition holds.
fn holds(connection: &Connection, key: &Key<'_>, condition: Condition, now: u64) -> Outcome<Option<Verdict>> {
    if condition == Condition::Any {
        return Ok(None);
    }
    Ok(match (condition, read::row(connection, key, now)?) {
        (Condition::Any, _) | (Condition::Absent, None) => None,
        (Condition::Matches(version), Some(Found::Whole(_, stored))) => {
            (Version::of(&stored.bytes) != version).then_some(Verdict::Refused)
        }
        (Condition::Matches(_), Some(found)) => Some(Verdict::Depends(found)),
        (Condition::Absent, Some(_)) | (Condition::Matches(_), None) => Some(Verdict::Refused),
    })
}

impl Sqlite {
    pub(super) fn put_one(
        &self,
        key: &Key<'_>,
        record: &Record<'_>,
        condition: Condition,
        now: u64,
    ) -> Result<bool> {
        self.writable()?;
        let mut fresh = self.fresh(record)?;
        let writer = self.writer()?;
        let written = self
            .ensure(fresh.as_mut(), record)
            .and_then(|()| self.put_if(&writer, key, (record, fresh.as_ref()), condition, now));
        self.keep(fresh, matches!(written, Ok(Some(_))));
        let Some(former) = written? else { return Ok(false) };
        self.side.remove_all(former.as_slice());
        writer.done(record.body.len(), now);
        Ok(true)
    }

    fn put_if(
        &self,
        writer: &Writer<'_>,
        key: &Key<'_>,
        (record, fresh): (&Record<'_>, Option<&Fresh<'_>>),
        condition: Condition,
        now: u64,
    ) -> Result<Option<Former>> {
        let place = |connection: &Connection| place(connection, key, record, fresh, now);
        // Alone in its transaction; only an old side file makes it two statements.
        if condition == Condition::Any && fresh.is_none() {
            return writer.step(place).map(Some);
        }
        self.change_if(writer, key, condition, now, place)
    }

    /// Makes a change in one transaction with the check of its condition; `None` if that does not
    /// hold.
    fn change_if<T>(
        &self,
        writer: &Writer<'_>,
        key: &Key<'_>,
        mut condition: Condition,
        now: u64,
        change: impl Fn(&Connection) -> Outcome<T>,
    ) -> Result<Option<T>> {
        loop {
            let tried = writer.transaction(|connection| match holds(connection, key, condition, now)? {
                None => change(connection).map(Ok),
                Some(verdict) => Ok(Err(verdict)),
            })?;
            match (tried, condition) {
                (Ok(changed), _) => return Ok(Some(changed)),
                (Err(Verdict::Depends(found)), Condition::Matches(version)) => {
                    // Read outside SQLite. We hold the writer's lock, so it stays what it is.
                    let stored = self.fetch(key, found, true)?.map_err(|_| read::gone(key))?;
                    if Version::of(&stored.bytes) != version {
                        return Ok(None);
                    }
                    condition = Condition::Any;
                }
                (Err(Verdict::Refused | Verdict::Depends(_)), _) => return Ok(None),
            }
        }
    }

    pub(super) fn put_several(&self, items: &[(Key<'_>, Record<'_>)], now: u64) -> Result<()> {
        self.writable()?;
        let mut fresh: Vec<_> = items.iter().map(|(_, record)| self.fresh(record)).collect::<Result<_>>()?;
        let writer = self.writer()?;
        for ((_, record), fresh) in items.iter().zip(&mut fresh) {
            self.ensure(fresh.as_mut(), record)?;
        }
        let written = writer.transaction(|connection| {
            let mut former = Vec::new();
            for ((key, record), fresh) in items.iter().zip(&fresh) {
                former.extend(place(connection, key, record, fresh.as_ref(), now)?);
            }
            Ok(former)
        });
        self.keep(fresh.into_iter().flatten(), written.is_ok());
        self.side.remove_all(&written?);
        let size = |(_, record): &(_, Record<'_>)| 128 + record.header.len() + record.body.len();
        writer.done(items.iter().map(size).sum(), now);
        Ok(())
    }

    pub(super) fn delete_several(&self, keys: &[Key<'_>], now: u64) -> Result<u64> {
        let writer = self.writer()?;
        let delete = |connection: &Connection| {
            let (mut live, mut sides) = (0, Vec::new());
            for key in keys {
                let mut statement = connection.prepare_cached(DELETE)?;
                let mut rows = statement.query([key.as_str()])?;
                while let Some(row) = rows.next()? {
                    let expires: Option<i64> = row.get(0)?;
                    live += u64::from(expires.is_none_or(|expires| expires > integer(now)));
                    sides.extend(row.get::<_, Option<String>>(1)?);
                }
            }
            Ok((live, sides))
        };
        let (live, sides) =
            if keys.len() == 1 { writer.step(delete)? } else { writer.transaction(delete)? };
        self.side.remove_all(&sides);
        writer.done(64 * keys.len(), now);
        Ok(live)
    }

    /// Removes a value if it is the one that was read.
    pub(super) fn delete_if(&self, key: &Key<'_>, condition: Condition, now: u64) -> Result<bool> {
        let writer = self.writer()?;
        let removed = self.change_if(&writer, key, condition, now, |connection| {
            let former = side_of(connection, key.as_str())?;
            connection.prepare_cached(REMOVE)?.execute([key.as_str()])?;
            Ok(former)
        })?;
        let Some(former) = removed else { return Ok(false) };
        self.side.remove_all(former.as_slice());
        writer.done(64, now);
        Ok(true)
    }

    pub(super) fn clear_all(&self) -> Result<()> {
        let writer = self.writer()?;
        let sides: Vec<String> = writer.transaction(|connection| {
            let mut statement = connection.prepare("SELECT side FROM entries WHERE side IS NOT NULL")?;
            let sides = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            connection.prepare_cached("DELETE FROM entries")?.execute([])?;
            Ok(sides)
        })?;
        self.side.remove_all(&sides);
        writer.grew(0);
        drop(writer);
        self.collect_orphans()
    }

    /// Writes the side file of a large value, before any lock is taken.
    fn fresh(&self, record: &Record<'_>) -> Result<Option<Fresh<'_>>> {
        if record.body.len() < SIDE_FILE && record.tail.is_none() {
            return Ok(None);
        }
        self.sided(self.side.write(record)).map(Some)
    }

    /// Keeps new side files, if their rows were written: or may have been, since a commit that failed
    /// on the disk may be found there after all.
    fn keep<'a>(&self, fresh: impl IntoIterator<Item = Fresh<'a>>, written: bool) {
        if written || self.is_poisoned() {
            fresh.into_iter().for_each(Fresh::keep);
        }
    }

    fn ensure(&self, fresh: Option<&mut Fresh<'_>>, record: &Record<'_>) -> Result<()> {
        fresh.map_or(Ok(()), |fresh| self.sided(fresh.ensure(record)))
    }

    pub(super) fn sided<T>(&self, result: Result<T, SideFault>) -> Result<T> {
        result.map_err(|fault| {
            self.poison_if(fault.poisons);
            fault.error
        })
    }
}
