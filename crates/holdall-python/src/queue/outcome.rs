//! What came of a task, and what is known of one.

use std::sync::{Mutex, PoisonError};

use holdall_backend::jobs::{self, Task};
use holdall_backend::{Buffer, Segments, Stored};
use holdall_queue::failure::Failure;
use holdall_store::Loaded;
use holdall_types::Error;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::encode::long;
use crate::error::Result;
use crate::fresh;

/// An ended task with its result, if it has one.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Outcome {
    task: Task,
    result: Mutex<Option<Stored>>,
}

impl Outcome {
    pub fn new(outcome: jobs::Outcome) -> Self {
        Self { task: outcome.task, result: Mutex::new(outcome.result) }
    }

    /// The task.
    pub const fn task(&self) -> &Task {
        &self.task
    }

    /// The result, to be opened; to `keep` it is to copy its large buffers.
    pub fn stored(&self, py: Python<'_>, keep: bool) -> Result<Option<Stored>> {
        let mut result = self.result.lock().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            return Ok(result.take());
        }
        let Some(stored) = &*result else { return Ok(None) };
        Ok(Some(py.detach(|| copied(stored))?))
    }
}

fn copied(stored: &Stored) -> holdall_types::Result<Stored> {
    let Stored { bytes, segments, created, updated } = stored;
    let buffer = |segment: &Buffer| {
        let mut bytes = &segment[..];
        let length = bytes.len() as u64;
        Buffer::read(&mut bytes, length, |_| {}).map_err(|error| Error::io(error, "cannot copy a result"))
    };
    let segments = match segments {
        Segments::Read(buffers) => {
            Segments::Read(buffers.iter().map(buffer).collect::<holdall_types::Result<_>>()?)
        }
        Segments::Unread(_) => Segments::none(),
    };
    Ok(Stored { bytes: bytes.clone(), segments, created: *created, updated: *updated })
}

#[pymethods]
impl Outcome {
    /// Return what is known of the task, as `Queue.task` does.
    fn about<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        about(py, &self.task)
    }

    /// Return the whole frame of the result, or None without one.
    fn frame<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyBytes>>> {
        let Some(stored) = self.stored(py, true)? else { return Ok(None) };
        let size = stored.bytes.len();
        let whole = long(py, size, || Loaded::try_from(stored)?.whole())?;
        Ok(Some(fresh::bytes(py, &whole)?))
    }
}

/// What is known of a task, its times in milliseconds since the Unix epoch.
pub fn about<'py>(py: Python<'py>, task: &Task) -> Result<Bound<'py, PyDict>> {
    let Task { id, queue, name, state, priority, start, retried, lost, cancel, .. } = task;
    let failure = task.failure.as_deref().map(Failure::read).transpose()?;
    let dict = PyDict::new(py);
    dict.set_item("id", id)?;
    dict.set_item("queue", queue)?;
    dict.set_item("function", name)?;
    dict.set_item("status", state.name())?;
    dict.set_item("priority", priority)?;
    dict.set_item("start", start)?;
    dict.set_item("retried", retried)?;
    dict.set_item("lost", lost)?;
    dict.set_item("cancel", cancel)?;
    dict.set_item("unique", &task.unique)?;
    dict.set_item("options", &task.options)?;
    dict.set_item("worker", &task.worker)?;
    dict.set_item("created", task.created)?;
    dict.set_item("due", task.due)?;
    dict.set_item("started", task.started)?;
    dict.set_item("ended", task.ended)?;
    dict.set_item("expires", task.expires)?;
    dict.set_item("error", Failure::error(*state, failure.as_ref()))?;
    dict.set_item("failure", failure.as_ref().map(ToString::to_string))?;
    dict.set_item("kind", failure.as_ref().map(|failure| &failure.kind))?;
    let traceback = failure.as_ref().map(|failure| &failure.traceback).filter(|text| !text.is_empty());
    dict.set_item("traceback", traceback)?;
    Ok(dict)
}
