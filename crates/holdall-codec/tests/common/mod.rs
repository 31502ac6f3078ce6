//! What the tests of the codec share.
#![allow(dead_code, reason = "each test takes what it needs")]

pub mod tree;
