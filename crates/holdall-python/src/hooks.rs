//! What the engine wants to be told by the process it runs in.

use std::sync::Once;

use holdall_backend::os::{fork, wait};
use holdall_store::notice;
use holdall_types::{Error, ErrorKind, Result};
use pyo3::prelude::*;

/// Once a process: forks are announced, waits end at Ctrl-C, notices go to the logger `holdall`.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        wait::on_interrupt(interrupted);
        notice::on_notice(log);
        #[cfg(unix)]
        announce_forks();
    });
}

fn interrupted() -> Result<()> {
    Python::try_attach(|py| py.check_signals())
        .unwrap_or(Ok(()))
        .map_err(|error| Error::new(ErrorKind::Interrupted, "interrupted").caused_by(error))
}

fn log(message: &str) {
    let sent = Python::try_attach(|py| -> PyResult<()> {
        let logger = py.import("logging")?.call_method1("getLogger", ("holdall",))?;
        logger.call_method1("info", (message,))?;
        Ok(())
    });
    // A logger that fails must not fail the write that it tells of.
    drop(sent);
}

#[cfg(unix)]
fn announce_forks() {
    extern "C" fn before() {
        fork::before();
    }
    extern "C" fn in_parent() {
        fork::in_parent();
    }
    extern "C" fn in_child() {
        fork::in_child();
    }
    // SAFETY: the three functions live as long as the program, take nothing and do not unwind:
    // they touch locks and plain words only.
    unsafe {
        libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child));
    }
}
