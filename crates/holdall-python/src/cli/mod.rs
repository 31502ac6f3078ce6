//! The command line: [`Command`] has one file a command, [`out`] is where they print, [`stop`] turns
//! what ended one into a message and an exit code.
//!
//! Commands go through the Python API, so that there is one way to do each thing.

mod completion;
mod copy;
mod delete;
mod get;
mod info;
mod inspect;
mod key;
mod keys;
mod open;
mod out;
mod put;
mod settings;
mod stop;
mod tasks;
mod worker;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use clap::{Parser, Subcommand};
use pyo3::prelude::*;

use stop::Done;

const AFTER: &str = "\
Exit codes:
  0    done
  1    any other error
  2    a bad argument, key, URI or setting
  3    no such key or task, or no such store
  4    the value could run code, and no key of the keyset signed it
  5    the value is damaged, or written by a newer holdall
  6    the store is busy, full, read-only or unreachable: try again, or mend it
  130  interrupted by Ctrl-C

Environment:
  HOLDALL_URI     the store, where --store does not name one
  HOLDALL_KEYSET  the keyset: a path, or its text
  `holdall settings` shows these and the others, as they are now.";

/// Look into a store, and put into it, from the shell.
#[derive(Parser)]
#[command(name = "holdall", version, after_help = AFTER, max_term_width = 100)]
pub struct Cli {
    /// The store: memory://, a folder, or sqlite:///file [default: HOLDALL_URI, else .holdall/store.db]
    #[arg(long, global = true, value_name = "URI")]
    store: Option<String>,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Put(put::Put),
    Get(get::Get),
    Keys(keys::Keys),
    Info(info::Info),
    Inspect(inspect::Inspect),
    Delete(delete::Delete),
    Copy(copy::Copy),
    Tasks(tasks::Tasks),
    Worker(worker::Worker),
    Settings(settings::Settings),
    Key(key::Key),
    Completion(completion::Completion),
}

/// Runs one command and gives its exit code. Nothing is raised.
// OsString, because a path need not be Unicode.
#[pyfunction]
pub fn main(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help goes to standard output, a mistake to standard error.
        Err(usage) => {
            return match usage.print().and_then(|()| std::io::stdout().flush()) {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => stop::OTHER,
                _ => u8::try_from(usage.exit_code()).unwrap_or(stop::USAGE),
            };
        }
    };
    let done = stop::show_notices(py).map_err(Into::into).and_then(|()| cli.run(py));
    // A Ctrl-C that came too late to stop anything still ends the command as one.
    let done = done.and_then(|code| Ok(py.check_signals().map(|()| code)?));
    done.unwrap_or_else(|stop| stop.report(py))
}

impl Cli {
    fn run(&self, py: Python<'_>) -> Done {
        let store = self.store.as_deref();
        match &self.command {
            Command::Put(put) => put.run(py, store),
            Command::Get(get) => get.run(py, store),
            Command::Keys(keys) => keys.run(py, store),
            Command::Info(info) => info.run(py, store),
            Command::Inspect(inspect) => inspect.run(py, store),
            Command::Delete(delete) => delete.run(py, store),
            Command::Copy(copy) => copy.run(py),
            Command::Tasks(tasks) => tasks.run(py),
            Command::Worker(worker) => worker.run(py),
            Command::Settings(settings) => settings.run(py, store),
            Command::Key(key) => key.run(py),
            Command::Completion(completion) => completion.run(py),
        }
    }
}
