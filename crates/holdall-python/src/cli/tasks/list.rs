//! `holdall tasks list`.

use clap::Args;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::out::{self, Out, printable};
use super::super::stop::{Done, OK};
use super::Database;

/// List tasks, the newest first
#[derive(Args)]
pub struct List {
    #[command(flatten)]
    database: Database,
    /// Only those in this state: waiting, scheduled, available, running, retryable, completed, failed, dead,
    /// cancelled, expired; may be given several times
    #[arg(long, value_name = "STATE")]
    status: Vec<String>,
    /// Only those of this queue
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    limit: usize,
    /// One JSON array of objects
    #[arg(long)]
    json: bool,
}

impl List {
    pub fn run(&self, py: Python<'_>) -> Done {
        self.database.with(py, |queue| {
            let options = PyDict::new(py);
            if !self.status.is_empty() {
                options.set_item("status", &self.status)?;
            }
            options.set_item("queue", self.queue.as_deref())?;
            options.set_item("limit", self.limit)?;
            let tasks = queue.call_method("tasks", (), Some(&options))?;
            let mut out = Out::standard(py)?;
            let mut between = "[";
            for task in tasks.try_iter()? {
                let task = task?;
                if self.json {
                    out.write(between.as_bytes())?;
                    out.write(out::json(&task)?.as_bytes())?;
                    between = ",\n";
                } else {
                    out.line(&row(&task)?)?;
                }
            }
            if self.json {
                out.line(if between == "[" { "[]" } else { "]" })?;
            }
            out.finish()?;
            Ok(OK)
        })
    }
}

/// The error comes last: it alone may be long.
fn row(task: &Bound<'_, PyAny>) -> PyResult<String> {
    const MOST: usize = 60;
    let text = |name: &str| task.getattr(name)?.extract::<String>();
    let created = task.getattr("created_at")?.call_method1("strftime", ("%Y-%m-%d %H:%M:%S",))?;
    let starts: u32 = task.getattr("starts")?.extract()?;
    let error: Option<String> = task.getattr("error")?.extract()?;
    let error = error.as_deref().and_then(|error| error.lines().next()).unwrap_or_default();
    let error: String = error.chars().take(MOST).collect();
    let line = format!(
        "{:<26}  {:<9}  {created}  {starts:>3}  {:<10}  {}  {error}",
        text("id")?,
        text("status")?,
        text("queue")?,
        text("function")?,
    );
    Ok(printable(line.trim_end()).into_owned())
}
