//! Messages and results: in their row, or in a file beside the database.

use bytes::Bytes;
use holdall_types::limits::TASK_SIDE_FILE;
use holdall_types::{Error, ErrorKind, Result};
use rusqlite::Row;

use crate::sqlite::fault::Outcome;
use crate::sqlite::side::Fresh;
use crate::sqlite::write::integer;
use crate::{Record, Segments, Stored};

use super::SqliteJobs;
use super::row::maybe;

/// One that is being written.
#[derive(Debug)]
pub(super) struct Body<'a> {
    record: Record<'a>,
    fresh: Option<Fresh<'a>>,
}

/// One as its row says: four columns.
#[derive(Debug)]
pub(super) struct Found {
    header: Vec<u8>,
    body: Option<Vec<u8>>,
    side: Option<(String, u64)>,
}

/// Why a body could not be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// Its file, of this name, is gone.
    Gone(String),
    /// Its file is not what it should be, or cannot be read.
    Failed(Error),
}

impl<'a> Body<'a> {
    pub(super) fn header(&self) -> &[u8] {
        self.fresh.as_ref().map_or(self.record.header, |fresh| fresh.header(&self.record))
    }

    pub(super) fn inline(&self) -> Option<&[u8]> {
        self.fresh.is_none().then_some(self.record.body)
    }

    pub(super) fn side(&self) -> Option<&str> {
        self.fresh.as_ref().map(Fresh::name)
    }

    pub(super) fn size(&self) -> Option<i64> {
        self.fresh.as_ref().map(|_| integer(self.record.size(false)))
    }

    /// How many bytes of the log it takes.
    pub(super) fn weight(&self) -> usize {
        self.header().len() + self.inline().map_or(0, <[u8]>::len)
    }

    /// A row names it now.
    pub(super) fn keep(self) {
        if let Some(fresh) = self.fresh {
            fresh.keep();
        }
    }
}

impl Found {
    /// From the columns header, body, side, size, the first of which is given.
    pub(super) fn read(row: &Row<'_>, first: usize) -> Outcome<Option<Self>> {
        let Some(header) = row.get(first)? else { return Ok(None) };
        let side: Option<String> = row.get(first + 2)?;
        let size = maybe(row, first + 3)?.unwrap_or(0);
        Ok(Some(Self { header, body: row.get(first + 1)?, side: side.map(|name| (name, size)) }))
    }

    /// Only what the row itself has of it.
    pub(super) fn rest(self, at: u64) -> Stored {
        let Self { mut header, body, .. } = self;
        header.extend_from_slice(&body.unwrap_or_default());
        Stored { bytes: Bytes::from(header), segments: Segments::none(), created: at, updated: at }
    }
}

impl SqliteJobs {
    /// Writes the file of a large body, before any lock is taken.
    pub(super) fn body<'a>(&'a self, record: &Record<'a>) -> Result<Body<'a>> {
        let inline = record.body.len() < TASK_SIDE_FILE && record.tail.is_none();
        let fresh = if inline { None } else { Some(self.base.sided(self.side.write(record))?) };
        Ok(Body { record: *record, fresh })
    }

    /// Sees, once the writer's lock is held, that the file is there.
    pub(super) fn ensure(&self, body: &mut Body<'_>) -> Result<()> {
        let Body { record, fresh } = body;
        fresh.as_mut().map_or(Ok(()), |fresh| self.base.sided(fresh.ensure(record)))
    }

    /// All of a body.
    pub(super) fn fetch(&self, found: &mut Found, at: u64) -> Result<Stored, Unread> {
        let stored =
            |(bytes, segments)| Stored { bytes: Bytes::from(bytes), segments, created: at, updated: at };
        match &found.side {
            None => {
                let mut bytes = std::mem::take(&mut found.header);
                bytes.extend_from_slice(&found.body.take().unwrap_or_default());
                Ok(stored((bytes, Segments::none())))
            }
            Some((name, size)) => match self.side.read(&found.header, name, *size, false) {
                Ok(Some(read)) => Ok(stored(read)),
                Ok(None) => Err(Unread::Gone(name.clone())),
                Err(error) => Err(Unread::Failed(error)),
            },
        }
    }
}

impl Unread {
    /// Whether reading it again later would be of no use.
    pub(super) fn is_final(&self) -> bool {
        match self {
            Self::Gone(_) => true,
            Self::Failed(error) => error.kind() == ErrorKind::CorruptFrame,
        }
    }

    /// What is said of it.
    pub(super) fn into_error(self, what: &str, id: &str) -> Error {
        match self {
            Self::Gone(_) => {
                let message = format!(
                    "the {what} of the task {id} is lost: its file is gone; restore a copy, or purge the task"
                );
                Error::new(ErrorKind::CorruptFrame, message)
            }
            Self::Failed(error) => error.context(format_args!("the {what} of the task {id} cannot be read")),
        }
    }
}
