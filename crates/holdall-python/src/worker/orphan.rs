//! A process must not outlive the worker that started it: nobody would hear its result, and somebody else
//! runs its task.

use std::thread;
use std::time::Duration;

use pyo3::prelude::*;

use crate::error::Result;

/// How long an orphan may live.
#[cfg(unix)]
const EVERY: Duration = Duration::from_millis(250);

/// End this process soon after its parent, whatever it is doing then.
// A thread that needs no interpreter: the one here may be busy for hours. The parent's number is asked for
// again and again because everything else that tells of its end can be held by others: a pipe by what the
// parent forked, PR_SET_PDEATHSIG by the one thread that started this process.
#[pyfunction]
pub fn end_with_parent(parent: u32) -> Result<()> {
    #[cfg(unix)]
    {
        let watch = move || {
            while std::os::unix::process::parent_id() == parent {
                thread::sleep(EVERY);
            }
            // SAFETY: it takes a number and ends the process, with none of the cleaning up that needs the
            // interpreter.
            unsafe { libc::_exit(1) }
        };
        let started = thread::Builder::new().name("holdall-parent".into()).spawn(watch);
        started.map_err(|error| {
            holdall_types::Error::io(error, "cannot start the thread that looks for the parent")
        })?;
    }
    #[cfg(not(unix))]
    let _ = parent;
    Ok(())
}
