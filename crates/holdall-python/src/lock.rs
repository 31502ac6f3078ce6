//! The lock that `Store.lock` gives.

use std::sync::Mutex;
use std::thread::ThreadId;
use std::time::Duration;

use holdall_store::{Store, lock};
use holdall_types::ErrorKind;
use pyo3::prelude::*;

use crate::error::{Raised, Result};

/// Excludes threads and processes.
#[pyclass(frozen, module = "holdall")]
pub struct Lock {
    store: Store,
    #[pyo3(get)]
    name: String,
    ttl: Duration,
    timeout: Option<Duration>,
    held: Mutex<Option<Held>>,
}

/// Who of this process holds it: another thread waits as anyone does.
struct Held {
    by: ThreadId,
    lock: lock::Lock,
}

impl Lock {
    pub fn new(store: Store, name: String, ttl: Duration, timeout: Option<Duration>) -> Self {
        Self { store, name, ttl, timeout, held: Mutex::new(None) }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Letting go waits for the keeper's thread, and that may be waiting for the GIL.
        let held = self.held().take();
        if held.is_some() {
            Python::attach(|py| py.detach(|| drop(held)));
        }
    }
}

#[pymethods]
impl Lock {
    /// Wait for the lock and take it.
    fn acquire(&self, py: Python<'_>) -> Result<()> {
        let by = std::thread::current().id();
        if self.held().as_ref().is_some_and(|held| held.by == by) {
            let message = format!("the lock {:?} is held already; release it first", self.name);
            return Err(Raised::new(ErrorKind::Validation, message));
        }
        let lock = py.detach(|| self.store.lock(&self.name, self.ttl, self.timeout))?;
        let former = self.held().replace(Held { by, lock });
        // One whose lease was lost; it ends as in `drop`.
        py.detach(|| drop(former));
        Ok(())
    }

    /// Let go of the lock.
    fn release(&self, py: Python<'_>) -> Result<()> {
        let held = self.held().take();
        match held {
            Some(held) => Ok(py.detach(|| held.lock.release())?),
            None => {
                let message = format!("the lock {:?} is not held", self.name);
                Err(Raised::new(ErrorKind::Validation, message))
            }
        }
    }

    fn __enter__(this: Bound<'_, Self>) -> Result<Bound<'_, Self>> {
        this.get().acquire(this.py())?;
        Ok(this)
    }

    #[pyo3(signature = (kind, value, traceback))]
    fn __exit__(
        &self,
        py: Python<'_>,
        kind: &Bound<'_, PyAny>,
        value: &Bound<'_, PyAny>,
        traceback: &Bound<'_, PyAny>,
    ) -> Result<()> {
        let _ = (value, traceback);
        match self.release(py) {
            // The block's own error says more than a lock that was lost on the way.
            Err(_) if !kind.is_none() => Ok(()),
            other => other,
        }
    }
}
