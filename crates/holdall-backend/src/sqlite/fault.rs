//! What SQLite says when it fails, sorted into the kinds that users see.

use std::path::Path;

use holdall_types::{Error, ErrorKind};
use rusqlite::ErrorCode;
use rusqlite::ffi;

/// A failed step: SQLite's own word, which may mean "again", or an error that is final.
#[derive(Debug)]
pub(super) enum Fault {
    /// From SQLite.
    Sql(rusqlite::Error),
    /// From us.
    Own(Error),
}

/// What a step inside SQLite returns.
pub(super) type Outcome<T> = std::result::Result<T, Fault>;

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Own(error)
    }
}

impl Fault {
    fn code(&self) -> Option<ffi::Error> {
        match self {
            Self::Sql(rusqlite::Error::SqliteFailure(error, _)) => Some(*error),
            Self::Sql(rusqlite::Error::SqlInputError { error, .. }) => Some(*error),
            _ => None,
        }
    }

    /// Somebody else was in the way: the step had no effect and may be begun again.
    pub(super) fn is_busy(&self) -> bool {
        use ErrorCode::{DatabaseBusy, DatabaseLocked, FileLockingProtocolFailed};
        let code = self.code().map(|error| error.code);
        matches!(code, Some(DatabaseBusy | DatabaseLocked | FileLockingProtocolFailed))
    }

    /// The files that SQLite locks through could not be made.
    pub(super) fn is_cannot_make(&self) -> bool {
        let code = self.code();
        code.is_some_and(|error| {
            error.code == ErrorCode::CannotOpen || error.extended_code == ffi::SQLITE_READONLY_DIRECTORY
        })
    }

    /// A write or a sync failed: what the disk holds from now on is not known, and a later sync
    /// that succeeds says nothing about the pages that this one lost.
    pub(super) fn poisons(&self) -> bool {
        const WRITES: [std::ffi::c_int; 5] = [
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_DIR_FSYNC,
            ffi::SQLITE_IOERR_TRUNCATE,
            ffi::SQLITE_IOERR_CLOSE,
        ];
        self.code().is_some_and(|error| WRITES.contains(&error.extended_code))
    }

    /// The error for the user, about the database `path`.
    pub(super) fn into_error(self, path: &Path) -> Error {
        let code = self.code();
        let sql = match self {
            Self::Own(error) => return error,
            Self::Sql(sql) => sql,
        };
        let (kind, hint) = match code {
            None => {
                (ErrorKind::CorruptFrame, "another program changed this row; write the key anew or delete it")
            }
            Some(error) => sort(error),
        };
        Error::new(kind, format!("the database {}: {sql}; {hint}", path.display())).caused_by(sql)
    }
}

fn sort(error: ffi::Error) -> (ErrorKind, &'static str) {
    match (error.code, error.extended_code) {
        (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => {
            (ErrorKind::StoreFull, "nothing was changed; free some space, or keep the store on another disk")
        }
        (ErrorCode::OutOfMemory, _) | (_, ffi::SQLITE_IOERR_NOMEM) => {
            (ErrorKind::OutOfMemory, "the machine has no memory left")
        }
        (_, ffi::SQLITE_READONLY_DBMOVED) => {
            (ErrorKind::Conflict, "the file was moved or deleted while it was open; open the store again")
        }
        (ErrorCode::ReadOnly | ErrorCode::PermissionDenied, _) => {
            (ErrorKind::StoreReadOnly, "give this user write access to the file and its folder")
        }
        (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => (
            ErrorKind::CorruptFrame,
            "the file is damaged; restore a copy, or save what is left with: sqlite3 FILE .recover",
        ),
        (ErrorCode::TooBig, _) => (ErrorKind::LimitExceeded, "SQLite keeps no more in one row"),
        (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => (ErrorKind::StoreBusy, "try again"),
        (ErrorCode::CannotOpen, _) => {
            (ErrorKind::Backend, "see that the file and its folder exist and this user may read them")
        }
        (ErrorCode::SystemIoFailure, _) => {
            (ErrorKind::Backend, "see to the disk; after a failed write the store must be opened again")
        }
        _ => (ErrorKind::Backend, "see the cause"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(code: std::ffi::c_int) -> Fault {
        Fault::Sql(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
    }

    #[test]
    fn a_full_disk_is_no_poison_and_a_failed_sync_is() {
        let kind = |code| fault(code).into_error(Path::new("d")).kind();
        assert_eq!(kind(ffi::SQLITE_FULL), ErrorKind::StoreFull);
        assert!(!fault(ffi::SQLITE_FULL).poisons());
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_WRITE] {
            assert_eq!(kind(code), ErrorKind::Backend);
            assert!(fault(code).poisons());
        }
        assert!(!fault(ffi::SQLITE_IOERR_READ).poisons());
    }

    #[test]
    fn only_what_somebody_else_holds_is_tried_again() {
        for code in [ffi::SQLITE_BUSY, ffi::SQLITE_BUSY_SNAPSHOT, ffi::SQLITE_BUSY_RECOVERY] {
            assert!(fault(code).is_busy());
        }
        assert!(!fault(ffi::SQLITE_CORRUPT).is_busy());
        assert_eq!(fault(ffi::SQLITE_NOTADB).into_error(Path::new("d")).kind(), ErrorKind::CorruptFrame);
    }
}
