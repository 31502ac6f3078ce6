//! `holdall tasks stats`.

use clap::Args;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::super::out::{self, Out, printable};
use super::super::stop::{Done, OK};
use super::Database;

/// Count the tasks of each queue by their state
#[derive(Args)]
pub struct Stats {
    #[command(flatten)]
    database: Database,
    /// As a JSON object: queues, and in each the states with their counts
    #[arg(long)]
    json: bool,
}

impl Stats {
    pub fn run(&self, py: Python<'_>) -> Done {
        self.database.with(py, |queue| {
            let stats = queue.call_method0("stats")?;
            let mut out = Out::standard(py)?;
            if self.json {
                out.write(out::json(&stats)?.as_bytes())?;
                out.line("")?;
            } else {
                for (name, counts) in stats.cast::<PyDict>().map_err(PyErr::from)? {
                    let name: String = name.extract()?;
                    for (state, count) in counts.cast::<PyDict>().map_err(PyErr::from)? {
                        let (state, count): (String, u64) = (state.extract()?, count.extract()?);
                        out.line(&printable(&format!("{name:<20}  {state:<10}  {count:>12}")))?;
                    }
                }
            }
            out.finish()?;
            Ok(OK)
        })
    }
}
