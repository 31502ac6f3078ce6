//! What the verbs of a store do about side data.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use holdall_backend::os::fork::generation;
use holdall_frame::Header;
use holdall_types::{Codec, Key, Result};

use super::draft::Draft;
use super::prune::Gone;
use super::token::token_of;
use crate::store::Store;

/// What is told of side data before it goes.
pub type Hook = Arc<dyn Fn(&Gone) + Send + Sync>;

/// Tells of it those who asked to know.
#[derive(Clone, Default)]
pub(crate) struct Listener(Arc<OnceLock<Hook>>);

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Listener").field(&self.0.get().is_some()).finish()
    }
}

/// Nobody holds a place's lock for longer than a few steps, unless they are stopped.
const LIMIT: Duration = Duration::from_secs(10);

/// Side data whose value is not written yet. Whether it was is asked when this is dropped: what no value
/// names then is removed, and so is what the key's former value named.
#[derive(Debug)]
pub struct Unpublished {
    store: Store,
    draft: Draft,
    generation: u64,
}

impl Unpublished {
    /// The folder that it lies in.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        &self.draft
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        // A forked child has no part in what its parent was doing.
        if self.generation == generation() {
            self.store.tidy_up(self.draft.key(), Some(self.draft.token()));
        }
    }
}

impl Store {
    /// Makes room for the side data of a value that is going to be written, under a token that is 16
    /// hexadecimal digits at random.
    ///
    /// # Errors
    /// Those of the disk; `StoreReadOnly`; `StoreBusy`; `Validation` for another token.
    pub fn begin_beside(&self, key: &Key<'_>, token: &str) -> Result<Unpublished> {
        self.writable()?;
        let draft = self.beside.begin_as(key.as_str(), token, LIMIT)?;
        Ok(Unpublished { store: self.clone(), draft, generation: generation() })
    }

    /// Where the side data of a key is read.
    ///
    /// # Errors
    /// Those of the disk.
    pub fn folder_beside(&self, key: &Key<'_>) -> Result<PathBuf> {
        self.beside.folder_of(key.as_str())
    }

    /// Side data that stays as it is until the process ends, though the value that named it goes.
    ///
    /// # Errors
    /// Those of the disk; `StoreBusy`.
    pub fn take_beside(&self, key: &Key<'_>, token: &str) -> Result<PathBuf> {
        self.beside.take(&self.folder_beside(key)?.join(token), LIMIT)
    }

    /// Sets who is told of side data before it goes. The first one stays.
    pub fn on_gone(&self, hook: Hook) {
        let _ = self.listener.0.set(hook);
    }

    /// Removes the side data that no value names and nobody is writing: of writers that were killed, and of
    /// values that expired.
    ///
    /// # Errors
    /// Those of the disk and of the backend; `StoreBusy`.
    pub fn sweep_beside(&self) -> Result<()> {
        if self.writable().is_ok() {
            self.let_go(self.beside.sweep(LIMIT, &|key| self.token_now(key))?);
        }
        Ok(())
    }

    /// Removes the side data of a key that has no value any more, as one that expired.
    pub fn tidy_beside(&self, key: &Key<'_>) {
        if self.writable().is_ok() {
            self.tidy_up(key.as_str(), None);
        }
    }

    /// Removes the side data that a key's value does not name. The value is as it should be by now, so what
    /// cannot be removed is no error: the next sweep finds it.
    pub(crate) fn tidy_up(&self, key: &str, own: Option<&str>) {
        if let Ok(gone) = self.beside.prune(key, own, LIMIT, &|key| self.token_now(key)) {
            self.let_go(gone);
        }
    }

    fn let_go(&self, gone: Vec<Gone>) {
        if let Some(hook) = self.listener.0.get() {
            gone.iter().for_each(|gone| hook(gone));
        }
    }

    /// Which token the value of a key names.
    fn token_now(&self, key: &str) -> Result<Option<String>> {
        let now = self.now();
        let Some(head) = self.backend.head(&Key::new(key)?, now)? else { return Ok(None) };
        let Some((header, length)) = Header::read(&head.start)? else { return Ok(None) };
        if header.codec != Codec::Pickle || header.expires.is_some_and(|at| at <= now) {
            return Ok(None);
        }
        let payload = head.start.get(length..).unwrap_or_default();
        Ok(token_of(payload).map(str::to_owned))
    }
}
