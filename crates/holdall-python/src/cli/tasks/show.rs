//! `holdall tasks show`.

use clap::Args;
use pyo3::prelude::*;

use super::super::out::{self, Out, printable};
use super::super::stop::{Done, OK};
use super::{Database, missing};

/// Say all that is known of a task, without opening its arguments or its result
#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    database: Database,
    /// The task's id
    id: String,
    /// As a JSON object
    #[arg(long)]
    json: bool,
}

const NAMES: [&str; 17] = [
    "id",
    "function",
    "queue",
    "status",
    "priority",
    "starts",
    "retried",
    "lost",
    "unique",
    "options",
    "created_at",
    "due_at",
    "started_at",
    "finished_at",
    "expires_at",
    "worker",
    "error",
];

impl Show {
    pub fn run(&self, py: Python<'_>) -> Done {
        self.database.with(py, |queue| {
            let task = queue.call_method1("get_task", (&self.id,))?;
            if task.is_none() {
                return Err(missing(&self.id));
            }
            let mut out = Out::standard(py)?;
            if self.json {
                out.write(out::json(&task)?.as_bytes())?;
                out.line("")?;
            } else {
                account(&task, &mut out)?;
            }
            out.finish()?;
            Ok(OK)
        })
    }
}

fn account(task: &Bound<'_, PyAny>, out: &mut Out<'_>) -> Done<()> {
    for name in NAMES {
        let value = task.getattr(name)?;
        if value.is_none() || (name == "options" && !value.is_truthy()?) {
            continue;
        }
        let text = value.str()?.to_string_lossy().into_owned();
        out.line(&format!("{:<13}{}", name.trim_end_matches("_at"), printable(&text)))?;
    }
    if let Some(traceback) = task.getattr("traceback")?.extract::<Option<String>>()? {
        out.line(&printable(traceback.trim_end()))?;
    }
    Ok(())
}
