//! Descriptors that a forked child must not keep.

use std::fs::File;
use std::ops::Deref;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicI32, Ordering};

use super::fork::generation;

// A table of plain words, because nothing else may be touched in a child between fork and exec.
const SLOTS: usize = 4096;
const EMPTY: RawFd = -1;
static DESCRIPTORS: [AtomicI32; SLOTS] = [const { AtomicI32::new(EMPTY) }; SLOTS];

/// Closes them all; called in the child.
pub(super) fn close_all() {
    for slot in &DESCRIPTORS {
        let fd = slot.swap(EMPTY, Ordering::AcqRel);
        if fd != EMPTY {
            let _ = nix::unistd::close(fd);
        }
    }
}

/// An open file whose descriptor a forked child closes at once. In the child it is then of no use: whoever
/// holds it keeps it in a [`PerProcess`](super::fork::PerProcess).
#[derive(Debug)]
pub struct CloseInChild {
    file: Option<File>,
    slot: Option<&'static AtomicI32>,
    generation: u64,
}

impl CloseInChild {
    /// Takes a descriptor over. With more than 4,096 at once the rest is closed only by exec.
    #[must_use]
    pub fn new(file: File) -> Self {
        let raw = file.as_raw_fd();
        let slot = DESCRIPTORS
            .iter()
            .find(|slot| slot.compare_exchange(EMPTY, raw, Ordering::AcqRel, Ordering::Relaxed).is_ok());
        Self { file: Some(file), slot, generation: generation() }
    }
}

impl Deref for CloseInChild {
    type Target = File;

    #[expect(clippy::expect_used, reason = "only drop takes the descriptor")]
    fn deref(&self) -> &File {
        self.file.as_ref().expect("taken only by drop")
    }
}

impl Drop for CloseInChild {
    fn drop(&mut self) {
        if self.generation == generation() {
            if let Some(slot) = self.slot {
                slot.store(EMPTY, Ordering::Release);
            }
        } else if self.slot.is_some() {
            // Closed by the fork; the number may belong to another file by now.
            std::mem::forget(self.file.take());
        }
    }
}
