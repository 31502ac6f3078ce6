//! The task queue: a state machine over the [`Jobs`](holdall_backend::Jobs) of a backend.
//!
//! Whatever decides here is pure: time comes from the clock, tasks from the backend, and each decision is a
//! change with a fence. [`machine`] is all of the lifecycle, [`policy`] what a task's owner wants of it and
//! [`failure`] why it did not succeed. [`keeper`] comes for what nobody else comes for, and fires the
//! schedules of [`cron`], each of which has a [`template`]. [`envelope`] is what a task and its result are
//! written as; [`bell`] is how a thread of the engine calls a loop that waits on descriptors.
#![forbid(unsafe_code)]

pub mod agent;
pub mod bell;
pub mod cron;
pub mod envelope;
pub mod failure;
pub mod keeper;
pub mod machine;
pub mod policy;
pub mod template;
