//! Answers of the engine's threads on their way to an asyncio loop.

use std::sync::{Arc, Mutex, PoisonError};

use holdall_queue::bell::Bell;
use holdall_queue::lookout::Seen;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::outcome::Outcome;
use crate::error::{Raised, Result};

/// Where a loop finds the answers to what it asked for by number. It watches `fileno()` for reading, and
/// then calls `hear()`.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Mailbox {
    inner: Arc<Inner>,
}

/// What the threads of the engine see of it.
pub struct Inner {
    bell: Bell,
    letters: Mutex<Letters>,
}

#[derive(Default)]
struct Letters {
    next: u64,
    arrived: Vec<(u64, Letter)>,
}

/// An answer.
pub enum Letter {
    Ids(holdall_types::Result<Vec<String>>),
    Seen(holdall_types::Result<Seen>),
}

impl Mailbox {
    pub fn inner(&self) -> Arc<Inner> {
        Arc::clone(&self.inner)
    }
}

impl Inner {
    /// A number for a question.
    pub fn number(&self) -> u64 {
        let mut letters = self.letters();
        letters.next += 1;
        letters.next
    }

    /// Puts the answer in, from any thread and without the GIL.
    pub fn put(&self, number: u64, letter: Letter) {
        let first = {
            let mut letters = self.letters();
            letters.arrived.push((number, letter));
            letters.arrived.len() == 1
        };
        if first {
            self.bell.ring();
        }
    }

    fn letters(&self) -> std::sync::MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Mailbox {
    #[new]
    fn new() -> Result<Self> {
        let inner = Inner { bell: Bell::new()?, letters: Mutex::default() };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// What the loop watches for reading.
    fn fileno(&self) -> i64 {
        self.inner.bell.descriptor()
    }

    /// Return what has arrived: numbers with ids, an Outcome, a count, None or an exception.
    fn hear<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        // Before the letters are taken: what arrives after that rings again.
        self.inner.bell.hear();
        let arrived = std::mem::take(&mut self.inner.letters().arrived);
        let heard = PyList::empty(py);
        for (number, letter) in arrived {
            let answer = match letter {
                Letter::Ids(Ok(ids)) => ids.into_bound_py_any(py)?,
                Letter::Seen(Ok(seen)) => seen_in(py, seen)?,
                Letter::Ids(Err(error)) | Letter::Seen(Err(error)) => {
                    PyErr::from(Raised::from(error)).into_value(py).into_bound(py).into_any()
                }
            };
            heard.append((number, answer))?;
        }
        Ok(heard)
    }
}

/// What was seen, as Python sees it.
pub fn seen_in(py: Python<'_>, seen: Seen) -> PyResult<Bound<'_, PyAny>> {
    Ok(match seen {
        Seen::Ended(outcome) => Bound::new(py, Outcome::new(*outcome))?.into_any(),
        Seen::Unfinished(count) => count.into_bound_py_any(py)?,
        Seen::Nothing => py.None().into_bound(py),
    })
}
