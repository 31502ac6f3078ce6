//! A claimed task, on its way to whoever runs it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use holdall_backend::jobs::{Claimed, State, Task};
use holdall_backend::{Buffer, Segments, Stored};
use holdall_queue::agent::order;
use holdall_queue::policy::Policy;
use holdall_store::{Keyring, Signed};
use holdall_types::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::error::{Raised, Result};
use crate::options::keyset_of;
use crate::queue::message::{Call, Serializer, open_function, open_message, open_result, write_result};

/// A task to be run once.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Job {
    /// The number that its agent gave it.
    #[pyo3(get)]
    pub ticket: u64,
    #[pyo3(get)]
    pub id: String,
    /// Which start of the task this is.
    #[pyo3(get)]
    pub start: u32,
    #[pyo3(get)]
    name: String,
    /// How long it may run, in seconds.
    #[pyo3(get)]
    timeout: Option<f64>,
    /// How many bytes its message has.
    #[pyo3(get)]
    size: usize,
    pub keyring: Arc<Keyring>,
    claimed: Mutex<Option<Claimed>>,
}

impl Job {
    pub fn new(job: order::Job, keyring: Arc<Keyring>) -> Self {
        let order::Job { ticket, claimed } = job;
        let Task { id, name, start, options, .. } = &claimed.task;
        // Milliseconds of a timeout are far below what a float holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "said above")]
        let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
        let policy = Policy::read(options.as_deref()).unwrap_or_default();
        Self {
            ticket,
            id: id.clone(),
            start: *start,
            name: name.clone(),
            timeout: policy.timeout_ms.map(seconds),
            size: size(&claimed.message),
            keyring,
            claimed: Mutex::new(Some(claimed)),
        }
    }

    fn claimed(&self) -> MutexGuard<'_, Option<Claimed>> {
        self.claimed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The message, which is let go of once it was opened: it may be large.
    fn take(&self) -> Result<Claimed> {
        self.claimed().take().ok_or_else(|| {
            let message = format!("the message of task {} was opened before", self.id);
            Raised::new(ErrorKind::Validation, message)
        })
    }

    /// What it gave, signed.
    pub fn signed(&self, value: &Bound<'_, PyAny>, serializer: Option<&Bound<'_, PyAny>>) -> Result<Signed> {
        let serializer = Serializer::of(serializer)?;
        write_result(value, &self.id, self.start, &self.keyring, serializer.as_ref())
            .map_err(|error| error.about(value.py(), &format!("the result of {}", self.name)))
    }
}

#[pymethods]
impl Job {
    /// Make a task of what `pieces` gave in another process.
    #[staticmethod]
    fn of_pieces(
        id: String,
        start: u32,
        name: String,
        pieces: Vec<Bound<'_, PyBytes>>,
        keyset: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        let claimed = Claimed { task: bare(id, name, start), message: joined(&pieces)? };
        let keyring = Arc::new(Keyring::new(keyset_of(keyset)?));
        Ok(Self::new(order::Job { ticket: 0, claimed }, keyring))
    }

    /// Return the message in pieces, for another process to open.
    fn pieces<'py>(&self, py: Python<'py>) -> Result<Vec<Bound<'py, PyBytes>>> {
        let claimed = self.take()?;
        let pieces = pieces(py, &claimed.message);
        *self.claimed() = Some(claimed);
        pieces
    }

    /// Let go of the message, which may be large.
    fn let_go(&self) {
        let claimed = self.claimed().take();
        drop(claimed);
    }

    /// Return the function that is to be called, if the message verifies; the rest stays closed.
    fn function<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let claimed = self.take()?;
        let function = open_function(py, &claimed, &self.keyring);
        *self.claimed() = Some(claimed);
        function
    }

    /// Return function, positional and other arguments, and the ids of the tasks it comes after, if the
    /// message verifies. Once only.
    #[pyo3(signature = (serializer=None))]
    #[expect(clippy::type_complexity, reason = "it is a tuple in Python")]
    fn open<'py>(
        &self,
        py: Python<'py>,
        serializer: Option<&Bound<'py, PyAny>>,
    ) -> Result<(Bound<'py, PyAny>, Bound<'py, PyList>, Bound<'py, PyDict>, Vec<String>)> {
        let mut claimed = self.take()?;
        let serializer = Serializer::of(serializer)?;
        let call = open_message(py, &mut claimed, &self.keyring, serializer.as_ref())?;
        let Call { function, args, kwargs, after } = call;
        Ok((function, args, kwargs, after))
    }

    /// Return the frame of what the task gave.
    #[pyo3(signature = (value, serializer=None))]
    fn result<'py>(
        &self,
        py: Python<'py>,
        value: &Bound<'py, PyAny>,
        serializer: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyBytes>> {
        let signed = self.signed(value, serializer)?;
        Ok(crate::fresh::bytes(py, &signed.whole()?)?)
    }

    /// Return the value of what `Agent.parents` gave for another process.
    #[pyo3(signature = (parent, serializer=None))]
    fn open_parent<'py>(
        &self,
        py: Python<'py>,
        parent: (String, u32, Vec<Bound<'py, PyBytes>>),
        serializer: Option<&Bound<'py, PyAny>>,
    ) -> Result<Bound<'py, PyAny>> {
        let (id, start, pieces) = parent;
        let mut stored = joined(&pieces)?;
        let serializer = Serializer::of(serializer)?;
        open_result(py, &mut stored, &id, start, &self.keyring, serializer.as_ref())
    }

    fn __repr__(&self) -> String {
        format!("Job({:?}, name={:?}, start={})", self.id, self.name, self.start)
    }
}

/// How many bytes are kept.
fn size(stored: &Stored) -> usize {
    let Segments::Read(segments) = &stored.segments else { return stored.bytes.len() };
    stored.bytes.len() + segments.iter().map(|segment| segment.len()).sum::<usize>()
}

/// A frame in pieces: the front, and each segment.
pub fn pieces<'py>(py: Python<'py>, stored: &Stored) -> Result<Vec<Bound<'py, PyBytes>>> {
    let Segments::Read(segments) = &stored.segments else {
        return Err(Raised::new(ErrorKind::Validation, "the segments of a task's frame must be read"));
    };
    let mut pieces = vec![crate::fresh::bytes(py, &stored.bytes)?];
    for segment in segments {
        pieces.push(crate::fresh::bytes(py, segment)?);
    }
    Ok(pieces)
}

/// The frame of such pieces. Whoever kept them checked the segments.
fn joined(pieces: &[Bound<'_, PyBytes>]) -> Result<Stored> {
    let Some((front, segments)) = pieces.split_first() else {
        return Err(Raised::new(ErrorKind::Validation, "a frame has at least one piece"));
    };
    let copy = |piece: &Bound<'_, PyBytes>| {
        let mut bytes = piece.as_bytes();
        let length = bytes.len() as u64;
        Buffer::read(&mut bytes, length, |_| {}).map_err(|error| Error::io(error, "cannot copy a segment"))
    };
    let segments = segments.iter().map(copy).collect::<holdall_types::Result<_>>()?;
    let bytes = Bytes::copy_from_slice(front.as_bytes());
    Ok(Stored { bytes, segments: Segments::Read(segments), created: 0, updated: 0 })
}

/// A task of which no more is known, or needed, than what its message is signed for.
fn bare(id: String, name: String, start: u32) -> Task {
    Task {
        id,
        queue: String::new(),
        name,
        state: State::Running,
        priority: 0,
        start,
        retried: 0,
        lost: 0,
        cancel: false,
        options: None,
        unique: None,
        created: 0,
        due: 0,
        started: None,
        ended: None,
        expires: None,
        worker: None,
        failure: None,
    }
}
