//! Folders by path, for systems without descriptors of folders. Somebody who can change the folder
//! could put a link in place between the check and the use; there is nothing better to be had.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::super::path::split;
use super::{At, Found, Kind, Look};

/// A folder that was there.
#[derive(Debug)]
pub(in crate::file) struct Folder {
    path: PathBuf,
}

/// What a path below `root` leads to.
pub(in crate::file) fn find(root: &Path, path: &str) -> io::Result<Found<Folder>> {
    match Folder::open(root) {
        Ok(folder) => folder.find(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Absent),
        Err(error) => Err(error),
    }
}

impl Folder {
    /// Opens the store's folder itself, by links too.
    pub(in crate::file) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Self { path: path.to_owned() })
        } else {
            Err(io::ErrorKind::NotADirectory.into())
        }
    }

    /// A folder below this one; an empty path is this one.
    pub(in crate::file) fn at(&self, path: &str) -> io::Result<At<'_, Self>> {
        if path.is_empty() {
            return Ok(At::Here(self));
        }
        match self.find(path)? {
            Found::Folder(folder) => Ok(At::There(folder)),
            Found::Absent if self.look(path)?.kind == Kind::Absent => Err(io::ErrorKind::NotFound.into()),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(in crate::file) fn find(&self, path: &str) -> io::Result<Found<Self>> {
        let mut whole = self.path.clone();
        let mut names = path.split('/').peekable();
        while let Some(name) = names.next() {
            whole.push(name);
            let kind = look(&whole)?.kind;
            if names.peek().is_some() && kind != Kind::Folder {
                return Ok(if kind == Kind::Link { Found::Link } else { Found::Absent });
            }
            match kind {
                Kind::Absent => return Ok(Found::Absent),
                Kind::Link => return Ok(Found::Link),
                Kind::Special => return Ok(Found::Special),
                Kind::Folder if names.peek().is_none() => return Ok(Found::Folder(Self { path: whole })),
                Kind::Folder => {}
                Kind::File => match open(&whole)? {
                    Some((file, metadata)) => return Ok(Found::File(file, metadata)),
                    // It became something else since we looked.
                    None => return self.find(path),
                },
            }
        }
        Ok(Found::Absent)
    }

    pub(in crate::file) fn look(&self, name: &str) -> io::Result<Look> {
        look(&self.path.join(name))
    }

    /// All names that are Unicode, in no order.
    pub(in crate::file) fn names(&self) -> io::Result<Vec<(String, Kind)>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                names.push((name, kind_of(entry.file_type()?)));
            }
        }
        Ok(names)
    }

    /// Makes a file that is not there yet.
    pub(in crate::file) fn create(&self, path: &str) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).open(self.path.join(path))
    }

    /// Makes an empty file, or gives the one that is there the time of now.
    pub(in crate::file) fn touch(&self, path: &str) -> io::Result<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(self.path.join(path))?;
        file.set_modified(SystemTime::now())
    }

    /// Makes a folder that is not there yet.
    pub(in crate::file) fn make(&self, path: &str) -> io::Result<()> {
        let (up, name) = split(path);
        fs::create_dir(self.at(up)?.path.join(name))
    }

    pub(in crate::file) fn rename(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        fs::rename(self.path.join(name), to.path.join(new))
    }

    /// Exchanges two names in one step; `false`, since the standard library cannot.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "the other kind of folder can")]
    pub(in crate::file) fn exchange(&self, _: &str, _: &Self, _: &str) -> io::Result<bool> {
        Ok(false)
    }

    /// Gives a file a second name.
    pub(in crate::file) fn link(&self, name: &str, to: &Self, new: &str) -> io::Result<()> {
        fs::hard_link(self.path.join(name), to.path.join(new))
    }

    pub(in crate::file) fn unlink(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    /// Removes a folder if it is empty.
    pub(in crate::file) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_dir(self.path.join(name))
    }

    /// Sees to it that the names of this folder survive a power cut, where a folder can be synced.
    pub(in crate::file) fn sync(&self) -> io::Result<()> {
        if cfg!(windows) { Ok(()) } else { File::open(&self.path)?.sync_all() }
    }
}

/// The file, or `None` if it is none any more.
fn open(path: &Path) -> io::Result<Option<(File, Metadata)>> {
    match File::open(path).and_then(|file| Ok((file.metadata()?, file))) {
        Ok((metadata, file)) => Ok(metadata.is_file().then_some((file, metadata))),
        Err(_) if look(path)?.kind != Kind::File => Ok(None),
        Err(error) => Err(error),
    }
}

fn look(path: &Path) -> io::Result<Look> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => {
            let since = |time: io::Result<SystemTime>| time.ok()?.duration_since(UNIX_EPOCH).ok();
            let modified = since(metadata.modified()).unwrap_or_default().as_millis();
            let created = since(metadata.created()).unwrap_or_default();
            let mark = [created.as_secs(), created.subsec_nanos().into(), 0];
            Ok(Look {
                kind: kind_of(metadata.file_type()),
                modified: u64::try_from(modified).unwrap_or(0),
                mark,
            })
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            Ok(Look { kind: Kind::Absent, modified: 0, mark: [0; 3] })
        }
        Err(error) => Err(error),
    }
}

fn kind_of(kind: fs::FileType) -> Kind {
    if kind.is_symlink() {
        Kind::Link
    } else if kind.is_dir() {
        Kind::Folder
    } else if kind.is_file() {
        Kind::File
    } else {
        Kind::Special
    }
}
