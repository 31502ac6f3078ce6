//! What other programs put into the folder.

use std::fs;

use holdall_backend::Condition;
use holdall_backend::file::{Files, Options};
use holdall_testkit::conformance::NOW;
use holdall_types::ErrorKind;

use super::support::{folder, key, open, refused_everywhere, says, values};

#[test]
fn a_plain_file_is_a_key() {
    let (_folder, root) = folder();
    fs::create_dir_all(root.join("sub/empty")).unwrap();
    fs::write(root.join("sub/notes.txt"), "hello").unwrap();
    fs::write(root.join("top"), "").unwrap();
    let subject = open(&root);
    assert_eq!(subject.get("sub/notes.txt").unwrap(), b"hello");
    assert_eq!(subject.listed(""), ["sub/notes.txt", "top"]);
    assert_eq!(subject.get("sub/empty"), None, "an empty folder is no key");
    let stored = subject.stored("top").unwrap();
    assert!(stored.created > 0 && stored.created <= stored.updated);
    assert!(!root.join(".holdall").exists(), "reading leaves the folder as it is");
    subject.put("sub/notes.txt/more", b"x");
    assert_eq!(subject.get("sub/notes.txt").unwrap(), b"hello");
    assert!(subject.delete("top"));
    subject.store.clear().unwrap();
    assert_eq!(values(&root), [""; 0], "clear removes foreign files, too: they are keys");
}

#[test]
fn the_times_are_the_file_s() {
    let (_folder, root) = folder();
    fs::create_dir(&root).unwrap();
    fs::write(root.join("a"), "x").unwrap();
    let then = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_234_567_890_123);
    fs::File::options().write(true).open(root.join("a")).unwrap().set_modified(then).unwrap();
    let stored = open(&root).stored("a").unwrap();
    assert_eq!(stored.updated, 1_234_567_890_123);
    assert_eq!(stored.created, stored.updated, "a file that is younger than its content");
}

#[test]
fn a_file_is_no_store() {
    let (_folder, root) = folder();
    fs::write(&root, "x").unwrap();
    says(ErrorKind::Validation, "is not a folder", Files::open(Options::new(&root)));
}

#[test]
fn names_that_no_key_has_are_not_listed() {
    let (_folder, root) = folder();
    let subject = open(&root);
    subject.put("a", b"x");
    for name in [
        ".holdall@value",
        ".holdall=a",
        ".holdall=%2e%2e",
        ".holdall=%2F",
        ".holdallx",
        ".holdall=.holdall%4",
    ] {
        fs::write(root.join(name), "x").unwrap();
    }
    fs::create_dir_all(root.join("sub/.holdall/tmp")).unwrap();
    fs::write(root.join("sub/.holdall/tmp/x"), "another store's").unwrap();
    assert_eq!(subject.listed(""), ["a"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use nix::sys::stat::Mode;

    use super::*;

    #[test]
    fn links_are_refused_and_what_they_lead_to_is_left_alone() {
        let (folder, root) = folder();
        let outside = folder.path().join("outside");
        fs::create_dir_all(&root).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "secret").unwrap();
        fs::write(root.join("own"), "own").unwrap();
        symlink(outside.join("secret"), root.join("file")).unwrap();
        symlink("own", root.join("inner")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        symlink(&outside, root.join("folder")).unwrap();
        symlink("../../../../../../etc", root.join("up")).unwrap();
        let subject = open(&root);
        subject.put("p/q", b"x");
        symlink(outside.join("secret"), root.join("p/.holdall@value")).unwrap();
        for name in ["file", "inner", "dangling", "folder", "folder/secret", "folder/new", "up/passwd", "p"] {
            refused_everywhere(&subject, name, "symbolic link");
        }
        assert_eq!(subject.listed(""), ["own", "p/q"]);
        assert_eq!(subject.listed("folder/"), [""; 0]);
        subject.store.clear().unwrap();
        assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1, "nothing was written there");
        assert!(root.join("file").is_symlink(), "nor was the link");
    }

    #[test]
    fn the_store_s_own_folder_cannot_be_lured_away() {
        for name in ["", "/tmp", "/lock", "/ttl", "/keys"] {
            let (folder, root) = folder();
            let outside = folder.path().join("outside");
            fs::create_dir_all(&outside).unwrap();
            fs::create_dir_all(&root).unwrap();
            if !name.is_empty() {
                fs::create_dir(root.join(".holdall")).unwrap();
            }
            symlink(&outside, root.join(format!(".holdall{name}"))).unwrap();
            let subject = open(&root);
            let long = "x".repeat(300);
            for key in ["a", &long] {
                let header = subject.header(key, b"x", Some(NOW + 1));
                let record = holdall_backend::Record {
                    header: &header,
                    body: b"x",
                    text: true,
                    expires: Some(NOW + 1),
                    tail: None,
                };
                let put = subject.store.put(&super::key(key), &record, Condition::Any, NOW);
                assert!(put.is_err() || (name == "/keys" && key == "a"), "{name}");
            }
            assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{name}: nothing was written there");
        }
    }

    #[test]
    fn a_lock_file_cannot_be_lured_away() {
        let (folder, root) = folder();
        open(&root).put("other", b"x");
        let outside = folder.path().join("outside");
        symlink(&outside, root.join(".holdall/lock/04")).unwrap();
        let record =
            holdall_backend::Record { header: b"", body: b"x", text: true, expires: None, tail: None };
        let put = open(&root).store.put(&key("foo"), &record, Condition::Any, NOW);
        says(ErrorKind::Validation, "no lock file", put);
        assert!(!outside.exists());
    }

    #[test]
    fn pipes_sockets_and_devices_hang_nobody() {
        let (_folder, root) = folder();
        fs::create_dir(&root).unwrap();
        nix::unistd::mkfifo(&root.join("pipe"), Mode::from_bits_truncate(0o666)).unwrap();
        let _socket = UnixListener::bind(root.join("socket")).unwrap();
        let subject = open(&root);
        subject.put("a", b"x");
        for name in ["pipe", "socket"] {
            refused_everywhere(&subject, name, "is not a regular file");
        }
        assert_eq!(subject.listed(""), ["a"]);
        assert_eq!(subject.get("pipe/x"), None);
        let record =
            holdall_backend::Record { header: b"", body: b"x", text: true, expires: None, tail: None };
        let put = subject.store.put(&key("pipe/x"), &record, Condition::Any, NOW);
        says(ErrorKind::Validation, "is not a regular file", put);
    }

    #[test]
    fn names_that_are_not_utf8_are_skipped() {
        let (_folder, root) = folder();
        fs::create_dir(&root).unwrap();
        let odd = root.join(Path::new(std::ffi::OsStr::from_bytes(b"a\xFFb")));
        if let Err(error) = fs::write(&odd, "x") {
            println!("skipped: this disk keeps no such names ({error})");
            return;
        }
        let subject = open(&root);
        subject.put("a", b"x");
        assert_eq!(subject.listed(""), ["a"]);
        subject.store.clear().unwrap();
        assert!(odd.exists(), "what is not listed is not cleared");
    }

    #[test]
    fn the_store_may_be_reached_by_a_link() {
        let (folder, root) = folder();
        let link = folder.path().join("link");
        symlink("store", &link).unwrap();
        fs::create_dir(&root).unwrap();
        let subject = open(&link);
        subject.put("a/b", b"x");
        assert_eq!(subject.get("a/b").unwrap(), b"x");
        assert_eq!(subject.listed(""), ["a/b"]);
        assert_eq!(values(&root), ["a/b"]);
    }
}
