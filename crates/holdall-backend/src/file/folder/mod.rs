//! A folder of the store, and what is done to the names in it.
//!
//! No path leads out: every call resolves its names below an opened folder and follows no symbolic
//! link, whatever somebody else makes of the folder meanwhile. The store's own folder may be
//! reached by links; only what is inside is not.

#[cfg(any(not(unix), test))]
mod portable;
#[cfg(test)]
mod tests;
#[cfg(unix)]
mod unix;

use std::fs::{File, Metadata};
use std::ops::Deref;

#[cfg(not(unix))]
pub(super) use portable::{Folder, find};
#[cfg(unix)]
pub(super) use unix::{Folder, find};

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Absent,
    File,
    Folder,
    /// A symbolic link, which is never followed.
    Link,
    /// A pipe, a device, a socket: opening one could wait for ever.
    Special,
}

/// What a name stands for, without opening it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) kind: Kind,
    /// When it was changed, in milliseconds since the Unix epoch.
    pub(super) modified: u64,
    /// Which one it is: another one that was made under the same name has another mark.
    pub(super) mark: [u64; 3],
}

/// What a path leads to, opened.
#[derive(Debug)]
pub(super) enum Found<F = Folder> {
    Absent,
    File(File, Metadata),
    Folder(F),
    /// The path is or passes a symbolic link.
    Link,
    Special,
}

/// A folder that is open already, or was opened for this.
#[derive(Debug)]
pub(super) enum At<'a, F = Folder> {
    Here(&'a F),
    There(F),
}

impl<F> Deref for At<'_, F> {
    type Target = F;

    fn deref(&self) -> &F {
        match self {
            Self::Here(folder) => folder,
            Self::There(folder) => folder,
        }
    }
}
