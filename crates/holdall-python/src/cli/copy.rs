//! `holdall copy`.

use clap::Args;
use pyo3::prelude::*;

use super::keys::Which;
use super::open;
use super::out::Out;
use super::stop::{Done, OK};

/// Copy values from one store to another, what is left of their time included
///
/// Values that could run code are verified, and signed anew. A bar on a terminal shows how far it is.
#[derive(Args)]
pub struct Copy {
    /// The store to copy from
    #[arg(value_name = "FROM_URI")]
    from: String,
    /// The store to copy to, made if need be
    #[arg(value_name = "TO_URI")]
    to: String,
    #[command(flatten)]
    which: Which,
}

impl Copy {
    pub fn run(&self, py: Python<'_>) -> Done {
        let copied = open::with(open::existing(py, Some(&self.from)), |from| {
            open::with(open::open(py, Some(&self.to)), |to| {
                let options = self.which.options(py)?;
                Ok(from.call_method("copy_to", (to,), Some(&options))?.extract::<usize>()?)
            })
        })?;
        let mut out = Out::standard(py)?;
        out.line(&format!("{copied} {} copied", if copied == 1 { "value" } else { "values" }))?;
        out.finish()?;
        Ok(OK)
    }
}
