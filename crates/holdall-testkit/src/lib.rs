//! What the tests of several crates share. Development only: nothing that ships depends on it.
//!
//! [`conformance`] is the one suite that every backend passes.
#![forbid(unsafe_code)]

pub mod conformance;
