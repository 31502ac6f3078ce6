//! `holdall tasks retry` and `holdall tasks cancel`.

use clap::Args;
use holdall_types::ErrorKind;
use pyo3::prelude::*;

use super::super::stop::{Done, OK};
use super::{Database, missing};
use crate::error::Raised;

/// Run tasks again that failed, are dead, were cancelled or expired
#[derive(Args)]
pub struct Retry {
    #[command(flatten)]
    which: Which,
}

/// Cancel tasks; those that are running are asked to stop
#[derive(Args)]
pub struct Cancel {
    #[command(flatten)]
    which: Which,
}

#[derive(Args)]
struct Which {
    #[command(flatten)]
    database: Database,
    /// The tasks' ids
    #[arg(required = true, value_name = "ID")]
    ids: Vec<String>,
}

impl Retry {
    pub fn run(&self, py: Python<'_>) -> Done {
        self.which.each(py, "retry", "is to be run again", "only what ended without a result")
    }
}

impl Cancel {
    pub fn run(&self, py: Python<'_>) -> Done {
        self.which.each(py, "cancel", "was not cancelled", "it has ended")
    }
}

impl Which {
    /// The first that cannot be done ends it: those before it are done.
    fn each(&self, py: Python<'_>, verb: &str, undone: &str, why: &str) -> Done {
        self.database.with(py, |queue| {
            for id in &self.ids {
                if queue.call_method1(verb, (id,))?.is_truthy()? {
                    continue;
                }
                let task = queue.call_method1("get_task", (id,))?;
                if task.is_none() {
                    return Err(missing(id));
                }
                let status: String = task.getattr("status")?.extract()?;
                let message = match verb {
                    "retry" => format!("the task {id:?} is {status}: {why} {undone}"),
                    _ => format!("the task {id:?} {undone}: {why} ({status})"),
                };
                return Err(Raised::new(ErrorKind::Validation, message).into());
            }
            Ok(OK)
        })
    }
}
