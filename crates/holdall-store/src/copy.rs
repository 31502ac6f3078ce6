//! From one store to another, in two steps: each store may have to be waited for in its own way.

use std::time::Duration;

use holdall_backend::Segments;
use holdall_types::{Error, ErrorKind, Key, Result};

use crate::beside::set_token;
use crate::get::Loaded;
use crate::keyring::Trust;
use crate::put::{Payload, Put};
use crate::segment::Segment;
use crate::store::Store;

/// A value on its way to another store.
#[derive(Debug)]
pub struct Copy {
    loaded: Loaded,
    ttl: Option<Duration>,
}

impl Store {
    /// Takes a copy of a value as it is; `None` without one. An active payload is checked against
    /// this store's keyring: copying never makes trusted what was not.
    ///
    /// # Errors
    /// Those of [`get`](Store::get); `UntrustedPayload` and `UnknownKey` for an active payload that
    /// this store would not open; `UnsupportedVersion` for a sealed one.
    pub fn copy_out(&self, key: &Key<'_>, trust: Trust) -> Result<Option<Copy>> {
        let Some(loaded) = self.get(key)? else { return Ok(None) };
        if loaded.header.sealed.is_some() {
            let message = format!(
                "copy {key}: the value is sealed, and stores do not write sealed values yet; a copy would lay it \
                 open. Get it, and put it where it may lie open"
            );
            return Err(Error::new(ErrorKind::UnsupportedVersion, message));
        }
        self.keyring.check(&loaded, trust).map_err(|error| error.context(format_args!("copy {key}")))?;
        let now = self.now();
        let ttl = match loaded.header.expires {
            Some(at) if at <= now => return Ok(None),
            at => at.map(|at| Duration::from_millis(at - now)),
        };
        if loaded.header.is_active() && loaded.bare {
            return Err(Error::new(
                ErrorKind::UntrustedPayload,
                format!("copy {key}: bare bytes are never active"),
            ));
        }
        Ok(Some(Copy { loaded, ttl }))
    }

    /// Keeps a copy, expiry included. An active payload is signed anew under this store's keyring.
    ///
    /// # Errors
    /// Those of [`put`](Store::put).
    pub fn copy_in(&self, key: &Key<'_>, copy: &Copy) -> Result<()> {
        let Copy { loaded, ttl } = copy;
        let header = &loaded.header;
        let segments: Vec<Box<dyn Segment>> = match &loaded.segments {
            Segments::Read(buffers) => buffers.iter().map(|buffer| boxed(buffer)).collect(),
            Segments::Unread(_) => Vec::new(),
        };
        let payload = Payload {
            codec: header.codec,
            bytes: loaded.payload(),
            python: header.python,
            active: header.is_active(),
            segments: &segments,
        };
        let plain = loaded.bare && header.codec == holdall_types::Codec::Raw;
        self.put(key, &payload, &Put { ttl: *ttl, plain, ..Put::default() })?;
        Ok(())
    }
}

impl Copy {
    /// The payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.loaded.payload()
    }

    /// The token of the side data that it names.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.loaded.token()
    }

    /// Lets it name other side data, which is a copy too.
    pub fn set_token(&mut self, token: &str) {
        let mut bytes = self.loaded.bytes.to_vec();
        if let Some(payload) = bytes.get_mut(self.loaded.start..) {
            set_token(payload, token);
        }
        self.loaded.bytes = bytes.into();
    }
}

fn boxed(bytes: &[u8]) -> Box<dyn Segment + '_> {
    Box::new(bytes)
}
