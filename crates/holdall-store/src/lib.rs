//! The store: values with a codec, an expiry and a reader's trust, over any backend.
//!
//! [`Store`] joins a backend, a clock and a [`Keyring`]. One verb is one file: `put`, `get`,
//! `delete`, `scan`, `copy`, and [`lock`]. What goes in is a [`Payload`], what comes out is a
//! [`Loaded`]; turning those into values is the caller's part, and so is asking
//! [`Keyring::check`] before an active payload is opened, and [`Keyring::open`] for a sealed one. What is signed
//! for something other than a value, a task and its result, is a [`Signed`] frame and comes back through [`verified`]. What registered serializers
//! write for a value is [`beside`] it.
#![forbid(unsafe_code)]

pub mod beside;
mod copy;
mod delete;
mod get;
pub mod keyring;
pub mod lock;
pub mod notice;
mod pieces;
mod put;
mod scan;
mod segment;
pub mod signed;
mod store;
pub mod uri;

pub use copy::Copy;
pub use get::{Glance, Loaded, read};
pub use holdall_backend::{Buffer, Condition, Durability, Segments, Unread, Version};
pub use keyring::{Keyring, Trust};
pub use put::{Framing, Payload, Put};
pub use scan::{Listing, Selection};
pub use segment::Segment;
pub use signed::{Signed, resigned, verified};
pub use store::{Options, Store};
pub use uri::Uri;
