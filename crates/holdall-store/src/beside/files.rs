//! The files of one object, and whether they are what was written.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind as Io, Read};
use std::path::Path;

use holdall_types::{Error, ErrorKind, Result};

/// One file of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SideFile {
    /// Its name in the object's folder, with `/` between its parts.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The BLAKE3 hash of its bytes, in hexadecimal digits.
    pub hash: String,
}

/// Deeper than anything that a library lays out, and far from the end of the stack.
const DEEPEST: usize = 64;

/// What lies in a folder, sorted by name; nothing where there is no folder. With `sync` it is on the disk
/// when this returns.
///
/// # Errors
/// Those of the disk; `Serialization` for what is neither file nor folder, and for a name that is no text.
pub fn files(folder: &Path, sync: bool) -> Result<Vec<SideFile>> {
    let mut found = Vec::new();
    walk(folder, "", sync, 0, &mut found)?;
    found.sort();
    Ok(found)
}

/// Whether a folder holds just these files, each as it was.
///
/// # Errors
/// `CorruptFrame` when not, naming the first one that is another; those of the disk.
pub fn check(folder: &Path, files: &[SideFile]) -> Result<()> {
    let found = match self::files(folder, false) {
        Err(error) if error.kind() == ErrorKind::Serialization => {
            return Err(Error::new(ErrorKind::CorruptFrame, error.message().to_owned()));
        }
        found => found?,
    };
    let mut wanted = files.to_vec();
    wanted.sort();
    if found == wanted {
        return Ok(());
    }
    let is = |file: &&SideFile| found.contains(file);
    let (name, what) = match wanted.iter().find(|file| !is(file)) {
        Some(file) if found.iter().any(|other| other.name == file.name) => (&file.name, "was changed"),
        Some(file) => (&file.name, "is gone"),
        None => match found.iter().find(|file| !wanted.contains(file)) {
            Some(file) => (&file.name, "was not written with the value"),
            None => return Ok(()),
        },
    };
    let place = folder.join(name);
    let message = format!("{} {what}; write the value again, or restore a copy", place.display());
    Err(Error::new(ErrorKind::CorruptFrame, message))
}

fn walk(folder: &Path, above: &str, sync: bool, depth: usize, found: &mut Vec<SideFile>) -> Result<()> {
    let failed = |error| Error::io(error, format_args!("cannot read {}", folder.display()));
    // Links are not followed: not even the folder itself may be one.
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == Io::NotFound && depth == 0 => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(metadata) if !metadata.is_dir() || depth == DEEPEST => return Err(odd(folder)),
        Ok(_) => {}
    }
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else { return Err(odd(&path)) };
        let name = if above.is_empty() { name } else { format!("{above}/{name}") };
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_dir() {
            walk(&path, &name, sync, depth + 1, found)?;
        } else if kind.is_file() {
            found.push(file(&path, name, sync)?);
        } else {
            return Err(odd(&path));
        }
    }
    if sync && cfg!(unix) {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}

fn file(path: &Path, name: String, sync: bool) -> Result<SideFile> {
    let failed = |error| Error::io(error, format_args!("cannot read {}", path.display()));
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, nix::libc::O_NOFOLLOW);
    let mut file = options.open(path).map_err(failed)?;
    let (mut hasher, mut size) = (blake3::Hasher::new(), 0);
    let mut room = Vec::new();
    room.try_reserve_exact(1 << 20)?;
    room.resize(1 << 20, 0);
    loop {
        match file.read(&mut room) {
            Ok(0) => break,
            Ok(count) => {
                hasher.update(room.get(..count).unwrap_or_default());
                size += count as u64;
            }
            Err(error) if error.kind() == Io::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    if sync {
        file.sync_all().map_err(failed)?;
    }
    Ok(SideFile { name, size, hash: hasher.finalize().to_hex().to_string() })
}

fn odd(path: &Path) -> Error {
    let message = format!(
        "{} is neither a file nor a folder that a serializer may write: no links, names that are texts, and at \
         most {DEEPEST} folders in each other",
        path.display()
    );
    Error::new(ErrorKind::Serialization, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        fs::create_dir_all(folder.join("a/b")).unwrap();
        fs::write(folder.join("a/b/one"), b"1").unwrap();
        fs::write(folder.join("two"), b"22").unwrap();
        let written = files(folder, true).unwrap();
        assert_eq!(
            written.iter().map(|file| (&file.name[..], file.size)).collect::<Vec<_>>(),
            [("a/b/one", 1), ("two", 2)]
        );
        check(folder, &written).unwrap();
        let refused = |what: &str| {
            let error = check(folder, &written).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CorruptFrame);
            assert!(error.message().contains(what), "{error}");
        };
        fs::write(folder.join("two"), b"2x").unwrap();
        refused("two was changed");
        fs::remove_file(folder.join("two")).unwrap();
        refused("two is gone");
        fs::write(folder.join("two"), b"22").unwrap();
        fs::write(folder.join("three"), b"").unwrap();
        refused("three was not written");
        fs::remove_file(folder.join("three")).unwrap();
        check(folder, &written).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (inside, outside) = (folder.path().join("in"), folder.path().join("out"));
        fs::create_dir_all(&inside).unwrap();
        fs::write(&outside, b"1").unwrap();
        fs::write(inside.join("file"), b"1").unwrap();
        let written = files(&inside, false).unwrap();
        fs::remove_file(inside.join("file")).unwrap();
        std::os::unix::fs::symlink(&outside, inside.join("file")).unwrap();
        assert_eq!(check(&inside, &written).unwrap_err().kind(), ErrorKind::CorruptFrame);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&inside, &link).unwrap();
        assert!(files(&link, false).is_err());
    }

    #[test]
    fn no_folder_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(files(&folder.path().join("none"), true).unwrap(), []);
    }
}
