//! The folder of a workflow, and what is done to the names in it.
//!
//! It is opened once, and every call resolves a name in the open folder and follows no symbolic link:
//! neither the folder of a workflow nor an entry may be one, since a link could lead anywhere.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;

use std::fs::File;

#[cfg(not(unix))]
pub(super) use portable::{Folder, is_link, mark_of};
#[cfg(unix)]
pub(super) use unix::{Folder, is_link, mark_of};

/// Which file it is: device and number.
pub(super) type Mark = (u64, u64);

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Found {
    Absent,
    /// Opened to be read, and its length.
    File(File, u64),
    /// A folder, a pipe, a device.
    Other,
}
