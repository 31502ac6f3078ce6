//! What a fork leaves behind, and how a child starts afresh.
//!
//! A forked child inherits every open file, every lock word in memory, and none of the threads
//! that would let go of them. Three things follow:
//!
//! - [`PerProcess`] gives each process its own connection: in a child the parent's value is left
//!   alone for good (closing it would undo the parent's locks) and a new one is made.
//! - [`CloseInChild`](super::close_in_child::CloseInChild) closes lock descriptors in the child at once: an open-file-description lock
//!   lives as long as any copy of its descriptor, so an idle child would hold every writer.
//! - [`calm`] keeps a fork from happening while another thread is inside a library that has
//!   global locks of its own (SQLite): the child would find them held for ever.
//!
//! The binding calls [`before`], [`in_parent`] and [`in_child`] from `pthread_atfork`.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use holdall_types::Result;

static GENERATION: AtomicU64 = AtomicU64::new(0);
static CALM: RwLock<()> = RwLock::new(());

thread_local! {
    static FORKING: RefCell<Option<RwLockWriteGuard<'static, ()>>> = const { RefCell::new(None) };
}

/// How many forks lie between the first process and this one.
#[must_use]
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Holds off any fork while it lives. Inside, never wait for the GIL, for a lock or for another
/// process, and never call this again: a fork that waits in between would stop both for ever.
pub fn calm() -> RwLockReadGuard<'static, ()> {
    CALM.read().unwrap_or_else(PoisonError::into_inner)
}

/// To be called in the parent just before a fork.
pub fn before() {
    let guard = CALM.write().unwrap_or_else(PoisonError::into_inner);
    FORKING.with(|slot| *slot.borrow_mut() = Some(guard));
}

/// To be called in the parent just after a fork.
pub fn in_parent() {
    FORKING.with(|slot| drop(slot.borrow_mut().take()));
}

/// To be called in the child just after a fork.
pub fn in_child() {
    GENERATION.fetch_add(1, Ordering::AcqRel);
    #[cfg(unix)]
    super::close_in_child::close_all();
    FORKING.with(|slot| drop(slot.borrow_mut().take()));
}

/// A value that each process makes for itself on first use, through `make`.
pub struct PerProcess<T> {
    generation: u64,
    value: OnceLock<T>,
    // The child's own. A list rather than a swap: a swap would need a lock, and a lock may have
    // been held by another thread when the process forked.
    next: OnceLock<Box<PerProcess<T>>>,
}

impl<T> PerProcess<T> {
    /// One that nothing was made for yet.
    #[must_use]
    pub fn new() -> Self {
        Self { generation: generation(), value: OnceLock::new(), next: OnceLock::new() }
    }

    /// This process's value, made now if it has none. Two threads may both make one; the second
    /// is dropped.
    ///
    /// # Errors
    /// What `make` says.
    pub fn get_or_try_init(&self, make: impl FnOnce() -> Result<T>) -> Result<&T> {
        let node = self.node();
        if let Some(value) = node.value.get() {
            return Ok(value);
        }
        let made = make()?;
        Ok(node.value.get_or_init(|| made))
    }

    /// This process's value, if it has made one.
    #[must_use]
    pub fn get(&self) -> Option<&T> {
        self.node().value.get()
    }

    fn node(&self) -> &Self {
        let current = generation();
        let mut node = self;
        while node.generation != current {
            node = node.next.get_or_init(|| Box::new(Self::new()));
        }
        node
    }
}

impl<T> Default for PerProcess<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> std::fmt::Debug for PerProcess<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerProcess").field("generation", &self.generation).finish_non_exhaustive()
    }
}

impl<T> Drop for PerProcess<T> {
    fn drop(&mut self) {
        // An ancestor's value is not this process's to close.
        if self.generation != generation()
            && let Some(value) = self.value.take()
        {
            std::mem::forget(value);
        }
    }
}
