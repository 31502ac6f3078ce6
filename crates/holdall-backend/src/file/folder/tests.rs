//! Both kinds of folder, side by side.

use std::io::{ErrorKind, Read, Write};

use super::{Found, Kind};

macro_rules! behaviours {
    ($module:ident) => {
        mod $module {
            use super::super::$module::{Folder, find};
            use super::*;

            #[test]
            fn files_and_folders() {
                let dir = tempfile::tempdir().unwrap();
                let root = Folder::open(dir.path()).unwrap();
                root.make("a").unwrap();
                assert_eq!(root.make("a").unwrap_err().kind(), ErrorKind::AlreadyExists);
                let a = root.at("a").unwrap();
                a.create("b").unwrap().write_all(b"text").unwrap();
                assert_eq!(a.create("b").unwrap_err().kind(), ErrorKind::AlreadyExists);
                let Found::File(mut file, metadata) = find(dir.path(), "a/b").unwrap() else {
                    panic!("no file")
                };
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                assert_eq!((text.as_str(), metadata.len()), ("text", 4));
                assert!(matches!(root.find("a").unwrap(), Found::Folder(_)));
                for path in ["x", "a/x", "a/b/x", "x/y"] {
                    assert!(matches!(root.find(path).unwrap(), Found::Absent), "{path}");
                }
                assert_eq!(root.at("x").unwrap_err().kind(), ErrorKind::NotFound);
                assert_eq!(root.at("a/b").unwrap_err().kind(), ErrorKind::NotADirectory);
                assert_eq!(root.remove("a").unwrap_err().kind(), ErrorKind::DirectoryNotEmpty);
                a.rename("b", &root, "c").unwrap();
                root.link("c", &a, "d").unwrap();
                root.unlink("c").unwrap();
                assert_eq!(a.names().unwrap(), [("d".to_owned(), Kind::File)]);
                assert_eq!(root.names().unwrap(), [("a".to_owned(), Kind::Folder)]);
                a.unlink("d").unwrap();
                root.sync().unwrap();
                root.remove("a").unwrap();
                assert_eq!(root.look("a").unwrap().kind, Kind::Absent);
            }

            #[test]
            fn names_are_exchanged_or_left_alone() {
                let dir = tempfile::tempdir().unwrap();
                let root = Folder::open(dir.path()).unwrap();
                root.make("a").unwrap();
                drop(root.create("b").unwrap());
                let kinds = if root.exchange("a", &root, "b").unwrap() {
                    [Kind::File, Kind::Folder]
                } else {
                    [Kind::Folder, Kind::File]
                };
                assert_eq!(["a", "b"].map(|name| root.look(name).unwrap().kind), kinds);
            }

            #[test]
            fn touch_makes_a_file_or_gives_it_the_time_of_now() {
                let dir = tempfile::tempdir().unwrap();
                let root = Folder::open(dir.path()).unwrap();
                root.touch("hint").unwrap();
                let young = root.look("hint").unwrap().modified;
                let file = std::fs::File::options().write(true).open(dir.path().join("hint")).unwrap();
                file.set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000)).unwrap();
                assert_eq!(root.look("hint").unwrap().modified, 1_000_000);
                root.touch("hint").unwrap();
                assert!(root.look("hint").unwrap().modified >= young);
            }

            #[test]
            fn another_folder_of_the_same_name_has_another_mark() {
                let dir = tempfile::tempdir().unwrap();
                let root = Folder::open(dir.path()).unwrap();
                root.make("a").unwrap();
                let one = root.look("a").unwrap().mark;
                assert_eq!(root.look("a").unwrap().mark, one);
                root.rename("a", &root, "b").unwrap();
                root.make("a").unwrap();
                assert_ne!(root.look("a").unwrap().mark, one);
            }

            #[cfg(unix)]
            #[test]
            fn links_are_never_followed() {
                let (dir, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
                std::fs::write(outside.path().join("file"), "secret").unwrap();
                std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).unwrap();
                std::os::unix::fs::symlink(outside.path().join("file"), dir.path().join("file")).unwrap();
                let root = Folder::open(dir.path()).unwrap();
                for path in ["out", "file", "out/file"] {
                    assert!(matches!(root.find(path).unwrap(), Found::Link), "{path}");
                    assert!(matches!(find(dir.path(), path).unwrap(), Found::Link), "{path}");
                    assert!(root.at(path).is_err(), "{path}");
                }
                assert_eq!(root.look("out").unwrap().kind, Kind::Link);
                assert!(root.names().unwrap().iter().all(|(_, kind)| *kind == Kind::Link));
                assert!(root.create("file").is_err());
            }

            #[cfg(unix)]
            #[test]
            fn the_store_itself_may_be_reached_by_a_link() {
                let dir = tempfile::tempdir().unwrap();
                std::fs::create_dir(dir.path().join("real")).unwrap();
                std::fs::write(dir.path().join("real/file"), "x").unwrap();
                std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
                assert!(matches!(find(&dir.path().join("link"), "file").unwrap(), Found::File(..)));
            }
        }
    };
}

behaviours!(portable);
#[cfg(unix)]
behaviours!(unix);
