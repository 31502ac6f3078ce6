//! What the tests of several crates share. Development only: nothing that ships depends on it.
//!
//! [`conformance`] is the one suite that every backend of a store passes, [`jobs`] that of a queue. [`tally`] checks the decoders without
//! building anything, and [`mutate`] feeds parsers what no writer wrote.
#![forbid(unsafe_code)]

pub mod conformance;
pub mod jobs;
pub mod mutate;
pub mod tally;
