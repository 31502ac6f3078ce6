//! `holdall completion`.

use clap::{Args, CommandFactory};
use pyo3::prelude::*;

use super::Cli;
use super::out::Out;
use super::stop::{Done, OK};

/// Print what makes a shell complete these commands
///
/// For bash, in ~/.bashrc: source <(holdall completion bash)
#[derive(Args)]
pub struct Completion {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completion {
    pub fn run(&self, py: Python<'_>) -> Done {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "holdall", &mut script);
        let mut out = Out::standard(py)?;
        out.write(&script)?;
        out.finish()?;
        Ok(OK)
    }
}
