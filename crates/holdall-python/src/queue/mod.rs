//! The task queue: [`jobs`] is where tasks are kept, [`verbs`] the class `Queue` with all that is done with
//! them.
//!
//! [`message`] is what a call and its result are written as, [`function`] how its function is found again,
//! [`terms`] are its options, and [`draft`] makes a task of all this. [`cron`] writes schedules, [`mailbox`] is where an asyncio loop
//! finds answers, [`outcome`] what came of a task, [`results`] what registered serializers write
//! beside that.

mod cron;
mod draft;
mod function;
mod jobs;
mod mailbox;
pub mod message;
mod outcome;
pub mod results;
mod terms;
mod verbs;

pub use jobs::Jobs;
pub use mailbox::Mailbox;
pub use outcome::Outcome;
pub use results::Results;
pub use terms::Terms;
pub use verbs::Queue;
