//! The worker's side of the engine: [`agent`] is its thread, [`job`] a task that it claimed, and
//! [`orphan`] what ends a process whose worker is gone. What runs the tasks is Python (`holdall.worker`).

mod agent;
mod job;
mod orphan;

pub use agent::Agent;
pub use job::Job;
pub use orphan::end_with_parent;
