//! Turning the file of key `p` into the folder `p` that holds it, when a key `p/q` comes.
//!
//! Where the disk can exchange two names this is one step. Elsewhere it takes two, and between them
//! the value can be read in `.holdall/moving`, after a crash too.

use std::fs::{File, FileTimes};
use std::io;

use holdall_types::Result;

use super::Files;
use super::folder::{Folder, Found, Kind};
use super::path::VALUE;
use super::site::{Site, make};
use super::temp::Temp;

pub(super) const MOVING: &str = ".holdall/moving";

impl Files {
    /// Makes a folder of this key's file, if it is one.
    pub(super) fn unfold(&self, key: &str) -> Result<()> {
        let site = self.site(key)?;
        let _held = site.lock()?;
        let (up, name) = site.place.split();
        let failed = |error| self.write_error(site.place.path(), error);
        let Ok(folder) = site.root.at(up) else { return Ok(()) };
        if folder.look(name).map_err(failed)?.kind != Kind::File {
            return Ok(());
        }
        match site.make_folder(&folder, name) {
            // A foreign program removed the file just now.
            Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(made) => made.map_err(failed),
            Err(error) => Err(error),
        }
    }
}

impl Site<'_> {
    fn make_folder(&self, folder: &Folder, name: &str) -> Result<io::Result<()>> {
        let temp = Temp::folder(self)?;
        let made = self.root.at(temp.path()).and_then(|inner| copy(folder, name, &inner).map(|()| inner));
        let inner = match made {
            Ok(inner) => inner,
            Err(error) => return Ok(Err(error)),
        };
        if self.files.is_full() {
            self.files.synced(inner.sync())?;
        }
        let moved = self.root.exchange(temp.path(), folder, name).and_then(|exchanged| {
            if !exchanged {
                return self.move_over(&temp, &inner, folder, name);
            }
            // What came out is the same file. If not, a foreign program wrote one just now, and its
            // value is the newer; of two names of one file, renaming does nothing.
            let _ = self.root.rename(temp.path(), &inner, VALUE);
            Ok(())
        });
        if moved.is_ok() && self.files.is_full() {
            self.files.synced(folder.sync())?;
        }
        Ok(moved)
    }

    fn move_over(&self, temp: &Temp, inner: &Folder, folder: &Folder, name: &str) -> io::Result<()> {
        make(&self.root, MOVING)?;
        let moving = self.root.at(MOVING)?;
        let hash = self.hash.to_hex();
        folder.rename(name, &moving, &hash)?;
        if self.root.rename(temp.path(), folder, name).is_err() {
            // A key below this one was quicker and made the folder.
            inner.rename(VALUE, &*folder.at(name)?, VALUE)?;
        }
        moving.unlink(&hash)
    }
}

/// A second name for a file; a copy on disks that have none.
fn copy(folder: &Folder, name: &str, inner: &Folder) -> io::Result<()> {
    if folder.link(name, inner, VALUE).is_ok() {
        return Ok(());
    }
    let Found::File(mut file, metadata) = folder.find(name)? else {
        return Err(io::ErrorKind::NotFound.into());
    };
    let mut copy: File = inner.create(VALUE)?;
    io::copy(&mut file, &mut copy)?;
    copy.set_times(FileTimes::new().set_modified(metadata.modified()?))?;
    copy.sync_all()
}
