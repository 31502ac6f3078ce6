//! What can go wrong, in words.

use std::io;
use std::sync::atomic::Ordering;

use holdall_types::{Error, ErrorKind, Result};

use super::Files;

impl Files {
    pub(super) fn closed_error(&self) -> Error {
        let root = self.root.display();
        Error::new(
            ErrorKind::Validation,
            format!("the store in {root} is closed; open it again with get_store()"),
        )
    }

    pub(super) fn poisoned_error(&self) -> Error {
        let root = self.root.display();
        Error::new(
            ErrorKind::StorePoisoned,
            format!(
                "an earlier write to the store in {root} could not be synced to the disk; check the disk, open \
                 the store anew and write again what matters"
            ),
        )
    }

    /// The outcome of a sync. After one that failed nobody knows what the disk holds, and the next
    /// one may wrongly succeed; so this object writes no more. A folder that is gone by now was
    /// removed by somebody else, with all that was in it: there is nothing left to sync.
    pub(super) fn synced(&self, result: io::Result<()>) -> Result<()> {
        let failed =
            result.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
        failed.map_err(|error| {
            self.poisoned.store(true, Ordering::Relaxed);
            let root = self.root.display();
            Error::new(
                ErrorKind::StorePoisoned,
                format!(
                    "the disk of {root} could not be synced ({error}), so this write may not survive a power \
                     cut; check the disk, open the store anew and write again"
                ),
            )
            .caused_by(error)
        })
    }

    pub(super) fn link_error(&self, path: &str) -> Error {
        let place = self.root.join(path);
        Error::new(
            ErrorKind::Validation,
            format!(
                "{} is a symbolic link or lies behind one, which a store never follows, since it could lead \
                 anywhere; put the file itself there, or open the link's target as a store",
                place.display()
            ),
        )
    }

    pub(super) fn special_error(&self, path: &str) -> Error {
        let place = self.root.join(path);
        let message = format!(
            "{} is not a regular file; move it out of the store, or use another key",
            place.display()
        );
        Error::new(ErrorKind::Validation, message)
    }

    pub(super) fn read_error(&self, path: &str, error: io::Error) -> Error {
        let what = format!("cannot read {}", self.root.join(path).display());
        if error.kind() == io::ErrorKind::PermissionDenied {
            // Not `StoreReadOnly`, which this would be sorted into.
            let message = format!("{what}: {error}; give this user read access");
            return Error::new(ErrorKind::Backend, message).caused_by(error);
        }
        Error::io(error, what)
    }

    pub(super) fn write_error(&self, path: &str, error: io::Error) -> Error {
        Error::io(error, format_args!("cannot write {}", self.root.join(path).display()))
    }
}
