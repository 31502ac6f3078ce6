//! By inotify.

use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use holdall_types::{Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::jobs::{Waker, Watch};
use crate::os::fork::{PerProcess, generation};

use super::stamp;

/// How often a file is looked at that cannot be watched: there is none yet, or this user has no more
/// inotify instances (128 by default).
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A sleeper on one file.
#[derive(Debug)]
pub struct FileWatch {
    path: PathBuf,
    /// What wakers write to. A child shares its parent's descriptors, and would take its calls.
    bell: Arc<PerProcess<EventFd>>,
    eye: Eye,
}

#[derive(Debug)]
struct Eye {
    generation: u64,
    inotify: Option<Inotify>,
    /// What the file held when it was last looked at.
    seen: Option<Vec<u8>>,
}

impl Eye {
    fn open(path: &PathBuf) -> Self {
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).and_then(|inotify| {
            // A file that is removed while it is open elsewhere says so by its attributes.
            let what = AddWatchFlags::IN_MODIFY
                | AddWatchFlags::IN_ATTRIB
                | AddWatchFlags::IN_DELETE_SELF
                | AddWatchFlags::IN_MOVE_SELF;
            inotify.add_watch(path, what)?;
            Ok(inotify)
        });
        Self { generation: generation(), inotify: inotify.ok(), seen: stamp(path) }
    }

    /// Takes what has happened from the queue: whether anything has, and whether the file is still
    /// the one that is watched.
    fn look(inotify: &Inotify) -> (bool, bool) {
        let (mut any, mut same) = (false, true);
        while let Ok(events) = inotify.read_events() {
            any |= !events.is_empty();
            same &= events.iter().all(|event| event.mask == AddWatchFlags::IN_MODIFY);
        }
        (any, same)
    }
}

impl FileWatch {
    /// What is written from now on ends the first wait.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        let eye = Eye::open(&path);
        Self { path, bell: Arc::default(), eye }
    }
}

fn ring(bell: &PerProcess<EventFd>) -> Result<&EventFd> {
    bell.get_or_try_init(|| {
        EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)
            .map_err(|error| Error::io(error.into(), "cannot make a descriptor to be woken by"))
    })
}

impl Watch for FileWatch {
    fn wait(&mut self, limit: Duration) -> Result<()> {
        let began = Instant::now();
        let bell = ring(&self.bell)?;
        if self.eye.generation != generation() {
            // A child's own, which does not know what happened since the fork.
            self.eye = Eye::open(&self.path);
            return Ok(());
        }
        let eye = &mut self.eye;
        loop {
            let left = limit.saturating_sub(began.elapsed());
            let most = if eye.inotify.is_some() { left } else { left.min(LOOK_EVERY) };
            // Rounded up: a wait that ends too early would be begun again at once.
            let most = PollTimeout::try_from(most + Duration::from_micros(999)).unwrap_or(PollTimeout::MAX);
            let polled = match &eye.inotify {
                Some(inotify) => poll(
                    &mut [
                        PollFd::new(bell.as_fd(), PollFlags::POLLIN),
                        PollFd::new(inotify.as_fd(), PollFlags::POLLIN),
                    ],
                    most,
                ),
                None => poll(&mut [PollFd::new(bell.as_fd(), PollFlags::POLLIN)], most),
            };
            match polled {
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => {
                    let what = format_args!("cannot wait for changes of {}", self.path.display());
                    return Err(Error::io(error.into(), what));
                }
            }
            let woken = bell.read().is_ok();
            let changed = match &eye.inotify {
                Some(inotify) => {
                    let (any, same) = Eye::look(inotify);
                    if !same {
                        *eye = Eye::open(&self.path);
                    }
                    any
                }
                None => {
                    let seen = std::mem::take(&mut eye.seen);
                    *eye = Eye::open(&self.path);
                    eye.seen != seen
                }
            };
            if woken || changed || polled == Err(Errno::EINTR) || began.elapsed() >= limit {
                return Ok(());
            }
        }
    }

    fn waker(&self) -> Waker {
        let bell = Arc::clone(&self.bell);
        Arc::new(move || {
            if let Ok(bell) = ring(&bell) {
                // One that is full has been rung.
                let _ = bell.write(1);
            }
        })
    }
}
