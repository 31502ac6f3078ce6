//! Sleeping until a file is written to.
//!
//! Meant for the lock file of a [`LockFile`](super::lock::LockFile), into which its holders write a
//! few bytes when others are to look ([`touch`](super::lock::LockGuard::touch)). The file may be
//! missing, and may be made anew.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
pub use linux::FileWatch;
#[cfg(not(target_os = "linux"))]
pub use portable::FileWatch;

use std::path::Path;

/// What tells that somebody wrote: the content, which differs each time. The time of change would
/// be coarser, and late on Windows.
fn stamp(path: &Path) -> Option<Vec<u8>> {
    std::fs::read(path).ok()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::jobs::Watch;
    use crate::os::lock::LockFile;

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(300);

    type Make = fn(PathBuf) -> Box<dyn Watch>;

    fn each(test: impl Fn(Make)) {
        #[cfg(target_os = "linux")]
        test(|path| Box::new(linux::FileWatch::new(path)));
        test(|path| Box::new(portable::FileWatch::new(path)));
    }

    fn touch(lock: &LockFile) {
        lock.exclusive(LONG).unwrap().touch().unwrap();
    }

    fn waited(watch: &mut dyn Watch, limit: Duration) -> Duration {
        let began = Instant::now();
        watch.wait(limit).unwrap();
        began.elapsed()
    }

    /// Sleeps without a reason are allowed, but this one must come to rest.
    fn rest(watch: &mut dyn Watch) {
        assert!((0..5).any(|_| waited(watch, SHORT) >= SHORT), "it wakes again and again for nothing");
    }

    #[test]
    fn a_touch_ends_the_wait_under_way_or_the_next() {
        each(|make| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("lock");
            let lock = LockFile::new(path.clone());
            touch(&lock);
            let mut watch = make(path);
            touch(&lock);
            assert!(waited(&mut *watch, LONG) < LONG, "touched before");
            rest(&mut *watch);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(SHORT);
                    touch(&lock);
                });
                assert!(waited(&mut *watch, LONG) < LONG, "touched meanwhile");
            });
            rest(&mut *watch);
            drop(lock.exclusive(LONG).unwrap());
            assert!(waited(&mut *watch, SHORT) >= SHORT, "a lock taken and given back is no news");
        });
    }

    #[test]
    fn a_waker_ends_it_too() {
        each(|make| {
            let folder = tempfile::tempdir().unwrap();
            let mut watch = make(folder.path().join("lock"));
            let waker = watch.waker();
            waker();
            waker();
            assert!(waited(&mut *watch, LONG) < LONG, "woken before");
            rest(&mut *watch);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(SHORT);
                    waker();
                });
                assert!(waited(&mut *watch, LONG) < LONG, "woken meanwhile");
            });
        });
    }

    #[test]
    fn a_file_that_comes_or_is_made_anew_is_watched() {
        each(|make| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("lock");
            let mut watch = make(path.clone());
            rest(&mut *watch);
            for _ in 0..2 {
                let lock = LockFile::new(path.clone());
                touch(&lock);
                assert!(waited(&mut *watch, LONG) < LONG, "made");
                rest(&mut *watch);
                touch(&lock);
                assert!(waited(&mut *watch, LONG) < LONG, "touched");
                std::fs::remove_file(&path).unwrap();
                rest(&mut *watch);
            }
        });
    }
}
