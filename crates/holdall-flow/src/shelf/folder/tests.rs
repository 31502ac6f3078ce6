//! Folders by descriptor and by path do the same.

use std::io::{ErrorKind, Read, Write};

use super::Found;

macro_rules! alike {
    ($name:ident, $module:ident) => {
        #[test]
        fn $name() {
            use super::$module::{Folder, is_link, mark_of};
            let place = tempfile::tempdir().unwrap();
            let path = place.path().join("flow");
            assert_eq!(Folder::open(&path).unwrap_err().kind(), ErrorKind::NotFound);
            std::fs::create_dir(&path).unwrap();
            let folder = Folder::open(&path).unwrap();
            assert!(folder.is_at(&path));

            assert!(matches!(folder.find("a").unwrap(), Found::Absent));
            folder.create("a").unwrap().write_all(b"abc").unwrap();
            assert_eq!(folder.create("a").unwrap_err().kind(), ErrorKind::AlreadyExists);
            folder.link("a", "b").unwrap();
            assert!(folder.link("a", "b").is_err());
            folder.rename("a", "c").unwrap();
            folder.rename("b", "c").unwrap();
            assert!(!folder.rename_new("c", "b").unwrap());
            if !folder.rename_new("c", "d").unwrap() {
                folder.rename("c", "d").unwrap();
            }
            let Found::File(mut file, length) = folder.find("d").unwrap() else { panic!("not found") };
            let mut text = String::new();
            file.read_to_string(&mut text).unwrap();
            assert_eq!((text.as_str(), length), ("abc", 3));

            let lock = folder.lock_file(".lock").unwrap();
            assert_eq!(folder.mark_of(".lock"), Some(mark_of(&lock).unwrap()));
            assert_eq!(folder.mark_of("x"), None);
            std::fs::create_dir(path.join("e")).unwrap();
            assert!(matches!(folder.find("e").unwrap(), Found::Other));
            let mut names = folder.names().unwrap();
            names.retain(|(name, _)| name != "b");
            names.sort();
            let name = |name: &str, is_file| (name.to_owned(), is_file);
            assert_eq!(names, [name(".lock", true), name("d", true), name("e", false)]);
            assert!(folder.unlink("d").unwrap());
            assert!(!folder.unlink("d").unwrap());
            folder.sync().unwrap();

            #[cfg(unix)]
            {
                std::os::unix::fs::symlink(".lock", path.join("link")).unwrap();
                std::os::unix::fs::symlink("flow", place.path().join("other")).unwrap();
                assert!(!matches!(folder.find("link"), Ok(Found::File(..))));
                assert!(folder.find("link").map_or_else(|error| is_link(&error), |_| true));
                assert!(Folder::open(&place.path().join("other")).is_err());
            }
            std::fs::remove_dir_all(&path).unwrap();
            assert!(!folder.is_at(&path));
        }
    };
}

#[cfg(unix)]
alike!(by_descriptor, unix);
alike!(by_path, portable);

#[cfg(unix)]
#[test]
fn another_folder_of_the_same_name_is_another() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("flow");
    std::fs::create_dir(&path).unwrap();
    let folder = super::Folder::open(&path).unwrap();
    std::fs::remove_dir(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(!folder.is_at(&path));
}
