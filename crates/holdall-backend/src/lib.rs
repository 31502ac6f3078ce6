//! Where the bytes live.
//!
//! [`KeyValue`] is what a store asks of a backend, [`Jobs`] what a queue asks; [`Capability`] is what a backend can do.
//! [`memory`], [`file`](mod@file) and [`sqlite`] are the backends, each with the same file names:
//! `mod.rs` (the options, opening, closing, the trait), `read.rs`, `write.rs`, `scan.rs`,
//! `lease.rs`; what only one of them needs has a file of its own.
//! [`segments`] is what they share about the large parts of values, and
//! [`os`] is what they share below: locks between processes and what a fork leaves behind.
//!
//! A backend sees frames as bytes. It never decides what they mean.
#![forbid(unsafe_code)]

pub mod capability;
pub mod file;
pub mod jobs;
pub mod key_value;
pub mod memory;
pub mod os;
pub mod segments;
pub mod sqlite;

pub use capability::Capability;
pub use jobs::Jobs;
pub use key_value::{Condition, Durability, Head, KeyValue, Keys, LeaseChange, Record, Stored, Version};
pub use segments::{Buffer, Segments, Tail, Unread};
