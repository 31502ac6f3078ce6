//! From one store to another.

use std::time::Duration;

use holdall_types::{Error, ErrorKind, Key, Result};

use crate::keyring::Trust;
use crate::put::{Payload, Put};
use crate::store::Store;

impl Store {
    /// Copies a value as it is, expiry included, and says whether there was one. An active payload is
    /// checked against this store's keyring and signed anew under the other's: copying never makes
    /// trusted what was not.
    ///
    /// # Errors
    /// Those of both stores; `UntrustedPayload` and `UnknownKey` for an active payload that this
    /// store would not open.
    pub fn copy(&self, key: &Key<'_>, other: &Self, trust: Trust) -> Result<bool> {
        let Some(loaded) = self.get(key)? else { return Ok(false) };
        self.keyring.check(&loaded, trust).map_err(|error| error.context(format_args!("copy {key}")))?;
        let now = self.now();
        let ttl = match loaded.header.expires {
            Some(at) if at <= now => return Ok(false),
            at => at.map(|at| Duration::from_millis(at - now)),
        };
        if loaded.header.codec.is_active() && loaded.bare {
            return Err(Error::new(
                ErrorKind::UntrustedPayload,
                format!("copy {key}: bare bytes are never active"),
            ));
        }
        let header = &loaded.header;
        let payload = Payload { codec: header.codec, bytes: loaded.payload(), python: header.python };
        let plain = loaded.bare && header.codec == holdall_types::Codec::Raw;
        other.put(key, &payload, &Put { ttl, plain, ..Put::default() })?;
        Ok(true)
    }
}
