//! The shelf, from outside.
