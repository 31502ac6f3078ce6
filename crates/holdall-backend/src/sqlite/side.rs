//! Large values: files beside the database, each written once, under a name of its own.
//!
//! A file is complete before the row that names it is committed, and removed after the row that
//! named it is gone. So a reader that finds its file gone reads the row again, and a file that no
//! row names belongs to a writer at work, or to one that was killed: after an hour to the latter.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use holdall_types::{Error, ErrorKind, Result};

use crate::os::reserve::reserve;
use crate::segments::{Large, table};
use crate::{Durability, Record, Segments};

use super::place::sync_folder;

/// A folder such as `<db>.side`, with two letters of each name as a folder in between.
#[derive(Debug)]
pub(super) struct Side {
    folder: PathBuf,
    durability: Durability,
    /// What to do about a damaged file, other than to restore a copy.
    remedy: &'static str,
}

/// A file that no row names yet; removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    side: &'a Side,
    name: String,
    /// The header that a record with a tail had only once that was written.
    header: Option<Vec<u8>>,
    kept: bool,
}

/// A failed write, and whether what the disk holds is unknown now.
#[derive(Debug)]
pub(super) struct SideFault {
    pub(super) error: Error,
    pub(super) poisons: bool,
}

impl Side {
    /// The folder is made with its first file.
    pub(super) fn new(folder: PathBuf, durability: Durability, remedy: &'static str) -> Self {
        Self { folder, durability, remedy }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a new file.
    pub(super) fn write(&self, record: &Record<'_>) -> Result<Fresh<'_>, SideFault> {
        let mut fresh = Fresh { side: self, name: random_name()?, header: None, kept: false };
        fresh.fill(record)?;
        Ok(fresh)
    }

    /// `header` and the payload in one piece, and the segments, which are left in the file if it is
    /// wanted so; `None` if the file is gone. `size` is what header and file should have together.
    pub(super) fn read(
        &self,
        header: &[u8],
        name: &str,
        size: u64,
        unread: bool,
    ) -> Result<Option<(Vec<u8>, Segments)>> {
        let Some((mut file, length)) = self.open(name)? else { return Ok(None) };
        let expected = size.checked_sub(header.len() as u64);
        if expected != Some(length) {
            return Err(Error::new(
                ErrorKind::CorruptFrame,
                format!(
                    "its file {} has {length} bytes and should have {}; restore a copy, or {}",
                    self.path(name).display(),
                    expected.unwrap_or(0),
                    self.remedy
                ),
            ));
        }
        let failed = |error| self.failed(error, "read", name);
        if let Some(table) = table(header) {
            let large = Large { table: &table, bytes: header.to_vec(), head: header.len(), base: 0 };
            return large.load(file, unread, failed).map(Some);
        }
        let total = usize::try_from(size).unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(total)?;
        bytes.extend_from_slice(header);
        (&mut file).take(length).read_to_end(&mut bytes).map_err(failed)?;
        Ok(Some((bytes, Segments::none())))
    }

    /// `header` and the first `most` bytes of the file; `None` if the file is gone.
    pub(super) fn start(&self, header: &[u8], name: &str, most: u64) -> Result<Option<Vec<u8>>> {
        let Some((file, _)) = self.open(name)? else { return Ok(None) };
        let mut bytes = header.to_vec();
        file.take(most).read_to_end(&mut bytes).map_err(|error| self.failed(error, "read", name))?;
        Ok(Some(bytes))
    }

    /// Removes files that no row names any more. One that cannot be removed now is an orphan later.
    pub(super) fn remove_all(&self, names: &[String]) {
        for name in names.iter().filter(|name| is_name(name)) {
            let _ = std::fs::remove_file(self.path(name));
        }
    }

    /// The names in the folder of two letters, or none if there is no such folder.
    pub(super) fn names(&self, letters: &str) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(self.folder.join(letters)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| is_name(name) && name.starts_with(letters)).collect())
    }

    /// The folders of two letters that are there.
    pub(super) fn fans(&self) -> io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        Ok(names.filter(|name| name.len() == 2).collect())
    }

    /// Whether a file was not touched for so long.
    pub(super) fn is_older(&self, name: &str, age: Duration) -> bool {
        let modified = self.path(name).metadata().and_then(|metadata| metadata.modified());
        modified.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|passed| passed >= age))
    }

    fn open(&self, name: &str) -> Result<Option<(File, u64)>> {
        if !is_name(name) {
            return Err(Error::new(
                ErrorKind::CorruptFrame,
                format!("its row names the file {name:?}, which is none of ours; {}", self.remedy),
            ));
        }
        let opened = File::open(self.path(name)).and_then(|file| {
            let length = file.metadata()?.len();
            Ok((file, length))
        });
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(error, "read", name)),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }

    fn failed(&self, error: io::Error, what: &str, name: &str) -> Error {
        Error::io(error, format_args!("cannot {what} {}", self.path(name).display()))
    }

    fn sync(&self, file: &File, path: &Path) -> io::Result<()> {
        if self.durability == Durability::Full {
            file.sync_all()?;
            path.ancestors().skip(1).take(3).try_for_each(sync_folder)?;
        }
        Ok(())
    }
}

impl Fresh<'_> {
    /// What the row is to hold.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What the row is to say before it.
    pub(super) fn header<'h>(&'h self, record: &Record<'h>) -> &'h [u8] {
        self.header.as_deref().unwrap_or(record.header)
    }

    /// Sees, once the writer's lock is held and nobody collects orphans, that the file is there: a
    /// writer may have been stopped for an hour since it wrote it.
    pub(super) fn ensure(&mut self, record: &Record<'_>) -> Result<(), SideFault> {
        if self.side.path(&self.name).exists() { Ok(()) } else { self.fill(record) }
    }

    /// A row names it now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }

    fn fill(&mut self, record: &Record<'_>) -> Result<(), SideFault> {
        let path = self.side.path(&self.name);
        let failed =
            |error, poisons| SideFault { error: self.side.failed(error, "write", &self.name), poisons };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        let mut file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let folder = path.parent().unwrap_or(&self.side.folder);
                std::fs::create_dir_all(folder)
                    .and_then(|()| options.open(&path))
                    .map_err(|error| failed(error, false))?
            }
            opened => opened.map_err(|error| failed(error, false))?,
        };
        let size = record.size(false) - record.header.len() as u64;
        reserve(&file, size)
            .and_then(|()| file.write_all(record.body))
            .map_err(|error| failed(error, false))?;
        if let Some(tail) = record.tail {
            let mut write = |piece: &[u8]| file.write_all(piece).map_err(|error| failed(error, false).error);
            self.header = Some(tail.pour(0, &mut write)?);
        }
        // After a failed sync nobody knows what the disk holds, unless it only had no room.
        self.side.sync(&file, &path).map_err(|error| {
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            failed(error, !full)
        })
    }
}

impl Drop for Fresh<'_> {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_file(self.side.path(&self.name));
        }
    }
}

impl From<Error> for SideFault {
    fn from(error: Error) -> Self {
        Self { error, poisons: false }
    }
}

fn random_name() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Error::new(ErrorKind::Backend, "the system gives no random numbers").caused_by(error.to_string())
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// 32 hexadecimal digits and nothing else: a row from elsewhere must not name other files.
fn is_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(body: &[u8]) -> Record<'_> {
        Record { header: b"h", body, text: false, expires: None, tail: None }
    }

    fn bytes(read: Option<(Vec<u8>, Segments)>) -> Option<Vec<u8>> {
        read.map(|(bytes, _)| bytes)
    }

    #[test]
    fn a_fresh_file_lives_only_if_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let side = Side::new(folder.path().join("s"), Durability::Full, "");
        let fresh = side.write(&record(b"body")).unwrap();
        let name = fresh.name().to_owned();
        assert_eq!(side.read(b"h", &name, 5, false).map(bytes).unwrap().unwrap(), b"hbody");
        assert_eq!(side.start(b"h", &name, 2).unwrap().unwrap(), b"hbo");
        drop(fresh);
        assert_eq!(side.read(b"h", &name, 5, false).map(bytes).unwrap(), None);
        let mut fresh = side.write(&record(b"body")).unwrap();
        std::fs::remove_file(side.path(fresh.name())).unwrap();
        fresh.ensure(&record(b"body")).unwrap();
        let name = fresh.name().to_owned();
        fresh.keep();
        assert_eq!(side.names(&name[..2]).unwrap(), std::slice::from_ref(&name));
        assert_eq!(side.read(b"h", &name, 6, false).unwrap_err().kind(), ErrorKind::CorruptFrame);
        side.remove_all(std::slice::from_ref(&name));
        assert_eq!(side.read(b"h", &name, 5, false).map(bytes).unwrap(), None);
    }

    #[test]
    fn a_row_names_no_other_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), b"secret").unwrap();
        let side = Side::new(folder.path().join("s"), Durability::Normal, "");
        for name in ["../secret", "", "/etc/passwd", "ABCDEF0123456789ABCDEF0123456789"] {
            assert_eq!(side.read(b"", name, 6, false).unwrap_err().kind(), ErrorKind::CorruptFrame, "{name}");
            side.remove_all(&[name.to_owned()]);
        }
        assert!(folder.path().join("secret").exists());
    }
}
