//! Files and folders under construction, in `.holdall/tmp`.

use std::fs::File;
use std::io::{self, IoSlice, Seek, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use holdall_types::{Error, ErrorKind, Result};

use super::folder::{Folder, Kind};
use super::path::VALUE;
use super::read::millis;
use super::site::Site;
use crate::Record;
use crate::os::reserve::reserve;

pub(super) const TEMPORARY: &str = ".holdall/tmp";

/// No write takes this long; what is older was left behind by one that was killed.
pub(super) const OLD: Duration = Duration::from_secs(3600);

/// Something unfinished, removed when dropped.
pub(super) struct Temp {
    root: Arc<Folder>,
    path: String,
}

impl Temp {
    /// A file with this content, synced if that is asked for.
    pub(super) fn write(site: &Site<'_>, record: &Record<'_>) -> Result<Self> {
        let (temp, mut file) = Self::new(site, |root, path| root.create(path))?;
        let failed = |error| site.files.write_error(&temp.path, error);
        reserve(&file, record.size(true)).map_err(failed)?;
        write_both(&mut file, record.header, record.body).map_err(failed)?;
        if let Some(tail) = record.tail {
            let mut write = |piece: &[u8]| file.write_all(piece).map_err(failed);
            let header = tail.pour(record.header.len(), &mut write)?;
            file.rewind().and_then(|()| file.write_all(&header)).map_err(failed)?;
        }
        if site.files.is_full() {
            site.files.synced(file.sync_all())?;
        }
        close(file).map_err(failed)?;
        Ok(temp)
    }

    /// An empty folder.
    pub(super) fn folder(site: &Site<'_>) -> Result<Self> {
        Ok(Self::new(site, |root, path| root.make(path))?.0)
    }

    fn new<T>(site: &Site<'_>, make: impl Fn(&Folder, &str) -> io::Result<T>) -> Result<(Self, T)> {
        let mut missing = 0;
        loop {
            let number = getrandom::u64().map_err(|error| {
                Error::new(
                    ErrorKind::Backend,
                    "the system gives no random numbers, so no name for a new file",
                )
                .caused_by(error.to_string())
            })?;
            let path = format!("{TEMPORARY}/{number:016x}");
            match make(&site.root, &path) {
                Ok(made) => return Ok((Self { root: Arc::clone(&site.root), path }, made)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound && missing < 3 => {
                    missing += 1;
                    let _ = super::site::make(&site.root, TEMPORARY);
                }
                Err(error) => return Err(site.files.write_error(&path, error)),
            }
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Puts it where it belongs.
    pub(super) fn publish(mut self, folder: &Folder, name: &str) -> io::Result<()> {
        self.root.rename(&self.path, folder, name)?;
        self.path.clear();
        Ok(())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        if !self.path.is_empty() {
            discard(&self.root, &self.path);
        }
    }
}

/// Removes a file, or a folder of at most one value.
fn discard(folder: &Folder, path: &str) {
    if folder.unlink(path).is_err() {
        let _ = folder.unlink(&format!("{path}/{VALUE}"));
        let _ = folder.remove(path);
    }
}

fn write_both(file: &mut File, header: &[u8], body: &[u8]) -> io::Result<()> {
    let written = loop {
        match file.write_vectored(&[IoSlice::new(header), IoSlice::new(body)]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            written => break written?,
        }
    };
    // Usually that was all of it.
    file.write_all(header.get(written..).unwrap_or_default())?;
    file.write_all(body.get(written.saturating_sub(header.len())..).unwrap_or_default())
}

/// Some network disks say only now that there was no room.
#[cfg(unix)]
fn close(file: File) -> io::Result<()> {
    match nix::unistd::close(file) {
        Ok(()) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
fn close(file: File) -> io::Result<()> {
    drop(file);
    Ok(())
}

/// Removes what killed writers left behind. What cannot be removed is left to the next one.
pub(super) fn reap(root: &Folder) {
    let Ok(folder) = root.at(TEMPORARY) else { return };
    let limit = millis(SystemTime::now()).saturating_sub(u64::try_from(OLD.as_millis()).unwrap_or(u64::MAX));
    for (name, kind) in folder.names().unwrap_or_default() {
        let old = folder.look(&name).is_ok_and(|look| look.modified < limit);
        if old && matches!(kind, Kind::File | Kind::Folder) {
            discard(&folder, &name);
        }
    }
}
