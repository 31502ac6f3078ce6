//! Behaviour that no other backend has.
