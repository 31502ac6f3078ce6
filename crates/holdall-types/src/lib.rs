//! The nouns every other crate speaks in: [`Error`], [`Key`], [`Codec`], [`Clock`] and the
//! [limits]. Nothing here reads or writes anything but the clock.
#![forbid(unsafe_code)]

pub mod clock;
pub mod codec;
pub mod error;
pub mod key;
pub mod limits;

pub use clock::{Clock, SystemClock};
pub use codec::Codec;
pub use error::{Error, ErrorKind, Result};
pub use key::Key;
