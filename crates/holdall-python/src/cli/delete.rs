//! `holdall delete`.

use clap::Args;
use pyo3::prelude::*;

use super::open;
use super::stop::{Done, OK};

/// Delete values
///
/// All that are there are deleted, even if some are not.
#[derive(Args)]
pub struct Delete {
    /// What they are kept under
    #[arg(required = true, value_name = "KEY")]
    keys: Vec<String>,
    /// Take keys without a value in silence
    #[arg(long)]
    ignore_errors: bool,
}

impl Delete {
    pub fn run(&self, py: Python<'_>, store: Option<&str>) -> Done {
        open::with(open::existing(py, store), |store| {
            let mut code = OK;
            for key in &self.keys {
                py.check_signals()?;
                // Not the method `delete`: the settings may tell that one to be silent.
                let Err(stop) = open::found(store, key, store.del_item(key)) else { continue };
                if !stop.is_missing(py) {
                    return Err(stop);
                }
                if !self.ignore_errors {
                    code = stop.report(py);
                }
            }
            Ok(code)
        })
    }
}
