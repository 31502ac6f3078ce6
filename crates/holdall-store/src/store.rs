//! What a store is made of.

use std::sync::Arc;
use std::time::Duration;

use holdall_backend::{Capability, KeyValue};
use holdall_types::{Clock, Error, ErrorKind, Result, SystemClock};

use crate::beside::{Listener, Place};
use crate::keyring::Keyring;
use crate::uri::Uri;
use crate::{Durability, uri};

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How far a write has gone when it is acknowledged.
    pub durability: Durability,
    /// How long a call waits for other processes before it gives up with `StoreBusy`.
    pub busy_timeout: Duration,
    /// Never write, not even to set the store up.
    pub read_only: bool,
    /// Whether values may be written without a frame where the bare rule allows it.
    pub bare: bool,
    /// The keyset: a path or its text; `None` is the environment's or the user's own.
    pub keyset: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Normal,
            busy_timeout: Duration::from_secs(60),
            read_only: false,
            bare: true,
            keyset: None,
        }
    }
}

/// A backend with a clock and a keyring: everything but the values' own meaning.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) backend: Arc<dyn KeyValue>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) bare: bool,
    pub(crate) beside: Arc<Place>,
    pub(crate) listener: Listener,
    read_only: bool,
}

impl Store {
    /// Opens the store of a URI.
    ///
    /// # Errors
    /// Those of the backend; `Validation` for options that do not fit it.
    pub fn open(uri: &Uri, options: &Options) -> Result<Self> {
        let backend = uri::open(uri, options)?;
        let keyring = Arc::new(Keyring::new(options.keyset.clone()));
        let beside = backend.beside().map_or_else(Place::temporary, Place::at);
        Ok(Self {
            backend,
            beside: Arc::new(beside),
            listener: Listener::default(),
            clock: Arc::new(SystemClock),
            keyring,
            bare: options.bare,
            read_only: options.read_only,
        })
    }

    /// The same backend under other options: what they say of the backend itself is not asked.
    #[must_use]
    pub fn sharing(&self, options: &Options) -> Self {
        let keyring = match &options.keyset {
            None => Arc::clone(&self.keyring),
            Some(_) => Arc::new(Keyring::new(options.keyset.clone())),
        };
        let read_only = self.read_only || options.read_only;
        let listener = Listener::default();
        Self { keyring, bare: options.bare, read_only, listener, ..self.clone() }
    }

    /// What the backend can do.
    #[must_use]
    pub fn capability(&self) -> Capability {
        self.backend.capability()
    }

    /// The keys that this store signs and verifies with.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Lets go of files and memory; later calls fail with `Validation`.
    ///
    /// # Errors
    /// Those of the backend.
    pub fn close(&self) -> Result<()> {
        self.backend.close()?;
        self.beside.close();
        Ok(())
    }

    /// Refuses what would write to a store that was opened to be read.
    pub(crate) fn writable(&self) -> Result<()> {
        if !self.read_only {
            return Ok(());
        }
        let message = "this store was opened with read_only=True; open it without to write";
        Err(Error::new(ErrorKind::StoreReadOnly, message))
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.wall_ms()
    }
}
