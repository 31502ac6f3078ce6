//! The task queue: a state machine over the [`Jobs`](holdall_backend::Jobs) of a backend.
//!
//! Whatever decides here is pure: time comes from the clock, tasks from the backend, and each decision is a
//! change with a fence. [`machine`] is all of the lifecycle, [`policy`] what a task's owner wants of it and
//! [`failure`] why it did not succeed. [`keeper`] comes for what nobody else comes for, and fires the
//! schedules of [`cron`], each of which has a [`template`].
//!
//! [`queue`] is what a program does with tasks: [`envelope`] is what they and their results are written as,
//! [`submit`] takes them in, [`results`] looks after what lies beside results, [`lookout`] waits for their ends, and [`bell`] is how a thread of the engine
//! calls a loop that waits on descriptors. [`agent`] is the worker's thread.
#![forbid(unsafe_code)]

pub mod agent;
mod answer;
pub mod bell;
pub mod cron;
pub mod envelope;
pub mod failure;
pub mod id;
pub mod keeper;
pub mod lookout;
pub mod machine;
pub mod policy;
pub mod queue;
pub mod results;
pub mod submit;
pub mod template;

pub use queue::Queue;
