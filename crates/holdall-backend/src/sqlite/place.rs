//! Where a database and the files beside it are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use holdall_types::{Error, ErrorKind, Result};

use crate::Durability;

/// The files of one store, by their real names: two spellings of one path must not lead to two
/// lock files, and a later change of the working folder must not lead elsewhere.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) database: PathBuf,
    pub(super) lock: PathBuf,
    pub(super) side: PathBuf,
    pub(super) folder: PathBuf,
}

impl Place {
    /// Resolves a path; its folder is made if the store is to be written.
    pub(super) fn of(path: &Path, read_only: bool, durability: Durability) -> Result<Self> {
        let invalid = |why: &str| Error::new(ErrorKind::Validation, format!("{} {why}", path.display()));
        let name = path.file_name().ok_or_else(|| invalid("names no file; add the database's name"))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        if path.is_dir() {
            return Err(invalid("is a folder; name a file in it, or open it as a folder store"));
        }
        if path.is_symlink() && !path.exists() {
            return Err(invalid("is a link to nothing; name the file itself"));
        }
        if !path.exists() {
            if read_only {
                return Err(invalid(
                    "does not exist, and the store is opened to be read only; write to it first",
                ));
            }
            make_folders(parent, durability)
                .map_err(|error| Error::io(error, format_args!("cannot make {}", parent.display())))?;
        }
        let real = |path: &Path| {
            path.canonicalize()
                .map_err(|error| Error::io(error, format_args!("cannot find {}", path.display())))
        };
        let database = if path.exists() { real(path)? } else { real(parent)?.join(name) };
        if database.as_os_str().as_encoded_bytes().contains(&0) {
            return Err(invalid("has a NUL character"));
        }
        let folder = database.parent().unwrap_or(Path::new("/")).to_owned();
        Ok(Self { lock: beside(&database, ".lock"), side: beside(&database, ".side"), database, folder })
    }

    /// A file that SQLite keeps beside the database: `-wal`, `-shm`, `-journal`.
    pub(super) fn beside(&self, suffix: &str) -> PathBuf {
        beside(&self.database, suffix)
    }

    /// Whether this user may write here. Asked of the system by name, because a descriptor that is
    /// opened to find out would have to be closed again, and that drops SQLite's locks
    /// (`guard.rs`). A folder that cannot be written is enough: SQLite could not keep its log.
    pub(super) fn writable(&self) -> bool {
        let database = !self.database.exists() || may_write(&self.database);
        database && may_write(&self.folder) && (!self.lock.exists() || may_write(&self.lock))
    }

    /// Refuses network file systems: the log's index is memory shared between processes, which
    /// one machine cannot share with another.
    pub(super) fn refuse_network(&self) -> Result<()> {
        #[cfg(target_os = "linux")]
        {
            use nix::sys::statfs::{FsType, NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, statfs};
            // From linux/magic.h; nix has no names for them.
            const CIFS: FsType = FsType(0xFF53_4D42);
            const SMB2: FsType = FsType(0xFE53_4D42);
            let Ok(system) = statfs(&self.folder) else { return Ok(()) };
            if [NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS, SMB2].contains(&system.filesystem_type()) {
                return Err(Error::new(
                    ErrorKind::Validation,
                    format!(
                        "{} is on a network file system, where SQLite would lose writes; \
                         use a folder store there, or keep the database on a local disk",
                        self.database.display()
                    ),
                ));
            }
        }
        Ok(())
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

fn make_folders(folder: &Path, durability: Durability) -> std::io::Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
    std::fs::create_dir_all(folder)?;
    if durability == Durability::Full {
        for parent in missing.into_iter().filter_map(Path::parent) {
            sync_folder(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })?;
        }
    }
    Ok(())
}

/// Brings a folder's entries to the disk.
#[cfg(unix)]
pub(super) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Windows gives no folder to sync.
#[cfg(not(unix))]
pub(super) fn sync_folder(_folder: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn may_write(path: &Path) -> bool {
    use nix::fcntl::{AT_FDCWD, AtFlags};
    use nix::unistd::{AccessFlags, faccessat};
    faccessat(AT_FDCWD, path, AccessFlags::W_OK, AtFlags::AT_EACCESS).is_ok()
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| !metadata.permissions().readonly())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(path: &Path) -> Result<Place> {
        Place::of(path, false, Durability::Full)
    }

    #[test]
    fn every_spelling_of_a_path_is_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("made/here/d.db");
        let first = place(&real).unwrap();
        std::fs::write(&real, b"").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for other in [link, folder.path().join("made/../made/here/d.db")] {
            let other = place(&other).unwrap();
            assert_eq!((&first.database, &first.lock), (&other.database, &other.lock));
        }
    }

    #[test]
    fn what_is_no_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: &Path| place(path).unwrap_err().kind();
        assert_eq!(kind(folder.path()), ErrorKind::Validation);
        assert_eq!(kind(Path::new("/")), ErrorKind::Validation);
        std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
        assert_eq!(kind(&folder.path().join("link")), ErrorKind::Validation);
        let missing = folder.path().join("missing/d.db");
        let error = Place::of(&missing, true, Durability::Normal).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Validation);
        assert!(!folder.path().join("missing").exists(), "a reader makes no folder");
    }
}
