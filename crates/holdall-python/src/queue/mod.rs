//! The task queue: [`jobs`] is where tasks are kept, [`message`] what they are written as, [`function`] how
//! the function of one is found again.

mod function;
mod jobs;
pub mod message;

pub use jobs::Jobs;
