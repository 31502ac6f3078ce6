//! Results whose objects of registered types are beside them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use holdall_queue::Queue as Engine;
use holdall_queue::queue::Desk;
use holdall_queue::results::{self, LIMIT};
use holdall_store::beside::{Draft, Gone, Place};
use holdall_store::{Keyring, Signed};
use pyo3::intern;
use pyo3::prelude::*;

use super::Jobs;
use super::message::sign_result;
use crate::beside::{Reading, Writing};
use crate::encode::encode_with;
use crate::error::Result;
use crate::mode::Mode;
use crate::store::beside::{at_exit, module, path, signed, told};

/// The registered serializers of a queue or worker, in the place of its serializer. In another process it
/// knows the folder only, and leaves it to the worker what becomes of what was written.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Results {
    place: Arc<Place>,
    desk: Option<Arc<Desk>>,
    registry: Py<PyAny>,
    sync: bool,
    /// What this process wrote last and the worker has not taken over.
    written: Mutex<Option<Draft>>,
}

#[pymethods]
impl Results {
    #[new]
    fn new(jobs: &Jobs, registry: Py<PyAny>) -> Self {
        let sync = !jobs.is_quick();
        Self { place: jobs.beside(), desk: Some(jobs.desk()), registry, sync, written: Mutex::default() }
    }

    /// Make one of a folder, in another process.
    #[staticmethod]
    fn at(folder: PathBuf, registry: Py<PyAny>, sync: bool) -> Self {
        let place = Arc::new(Place::at(folder));
        Self { place, desk: None, registry, sync, written: Mutex::default() }
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        at_exit(py)?;
        let make = py.get_type::<Self>().getattr(intern!(py, "at"))?;
        let folder = self.place.path()?.to_owned();
        Ok((make, (folder, &self.registry, self.sync)).into_pyobject(py)?.into_any())
    }

    /// Whether the worker is to take over what was just written.
    #[getter]
    fn is_written(&self) -> bool {
        self.written().is_some()
    }

    /// Let go of what was just written: the worker has taken it over, or it goes.
    fn let_go(&self, py: Python<'_>, kept: bool) {
        let draft = self.written().take();
        if let Some(draft) = draft
            && !kept
        {
            let token = draft.token().to_owned();
            let gone = py.detach(|| self.place.prune(draft.key(), Some(&token), LIMIT, &|_| Ok(None)));
            drop(gone);
        }
    }

    /// Make the folder of a token for a task's result and return its path.
    fn begin(&self, py: Python<'_>, id: &str, token: &str) -> Result<PathBuf> {
        let draft = py.detach(|| self.place.begin_as(id, token, LIMIT))?;
        at_exit(py)?;
        Ok(draft_kept(self, draft))
    }
}

fn draft_kept(results: &Results, draft: Draft) -> PathBuf {
    let folder = draft.folder().to_owned();
    *results.written() = Some(draft);
    folder
}

impl Results {
    fn written(&self) -> MutexGuard<'_, Option<Draft>> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A result that was written in another process, which still holds what is beside it.
    pub fn adopt(
        &self,
        py: Python<'_>,
        id: &str,
        frame: &[u8],
        keyring: &Arc<Keyring>,
        result: Signed,
    ) -> Result<Signed> {
        let (Some(token), Some(desk)) = (results::token_in(frame)?, &self.desk) else { return Ok(result) };
        let draft = py.detach(|| self.place.adopt(id, token, LIMIT))?;
        Ok(result.with(Box::new(self.settled(py, draft, desk, keyring))))
    }

    fn settled(&self, py: Python<'_>, draft: Draft, desk: &Arc<Desk>, keyring: &Arc<Keyring>) -> Settled {
        let (desk, keyring) = (Arc::clone(desk), Arc::clone(keyring));
        Settled { draft: Some(draft), desk, keyring, registry: Some(self.registry.clone_ref(py)) }
    }
}

/// What is beside a result, until it is known whether the backend has taken that.
struct Settled {
    draft: Option<Draft>,
    desk: Arc<Desk>,
    keyring: Arc<Keyring>,
    registry: Option<Py<PyAny>>,
}

impl Settled {
    fn settle(&mut self) {
        let (Some(draft), Some(registry)) = (self.draft.take(), self.registry.take()) else { return };
        let Desk { jobs, beside, .. } = &*self.desk;
        let gone = results::prune(beside, &**jobs, draft.key(), draft.token()).unwrap_or_default();
        tell_apart(gone, registry, &self.keyring);
        drop(draft);
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        // Whoever waits here for the disk must not keep others from Python; nor must the worker's thread,
        // which never had it, wait for that.
        // SAFETY: it may be asked by any thread, at any time.
        let attached = unsafe { pyo3::ffi::PyGILState_Check() } != 0;
        if attached {
            Python::attach(|py| py.detach(|| self.settle()));
        } else {
            self.settle();
        }
    }
}

/// Tells the serializers, in a thread that may wait for Python.
fn tell_apart(gone: Vec<Gone>, registry: Py<PyAny>, keyring: &Arc<Keyring>) {
    if gone.is_empty() {
        return;
    }
    let keyring = Arc::clone(keyring);
    std::thread::spawn(move || gone.iter().for_each(|gone| told(&keyring, &registry, gone)));
}

/// What tells the serializers of a worker, or nobody if it has none.
pub fn teller(
    py: Python<'_>,
    results: Option<&Bound<'_, Results>>,
    keyring: &Arc<Keyring>,
) -> impl Fn(Vec<Gone>) + Send + Sync + 'static {
    let registry = results.map(|results| Arc::new(results.get().registry.clone_ref(py)));
    let keyring = Arc::clone(keyring);
    move |gone: Vec<Gone>| {
        let Some(registry) = registry.clone().filter(|_| !gone.is_empty()) else { return };
        let keyring = Arc::clone(&keyring);
        std::thread::spawn(move || gone.iter().for_each(|gone| told(&keyring, &registry, gone)));
    }
}

/// The frame of what a task gave at one of its starts, what is registered beside it.
pub fn write<'py>(
    results: &Bound<'py, Results>,
    value: &Bound<'py, PyAny>,
    id: &str,
    start: u32,
    keyring: &Arc<Keyring>,
) -> Result<Signed> {
    let py = value.py();
    // Of its own for each result: a worker writes several at once.
    let own = Bound::new(py, results.get().sibling(py))?;
    let arguments = (&results.get().registry, &own, id, results.get().sync);
    let writing = Writing::new(&module(py)?.call_method1(intern!(py, "writing_result"), arguments)?);
    let frame = encode_with(value, Mode::Auto, &writing)
        .and_then(|encoded| {
            if let Some(draft) = &*own.get().written() {
                let framed = signed(keyring, writing.front()?.as_bytes())?;
                draft.finish(&framed, results.get().sync)?;
            }
            sign_result(encoded, id, start, keyring)
        })
        .inspect_err(|_| own.get().let_go(py, false))?;
    let Some(draft) = own.get().written().take() else { return Ok(frame) };
    let Some(desk) = &results.get().desk else {
        *results.get().written() = Some(draft);
        return Ok(frame);
    };
    Ok(frame.with(Box::new(results.get().settled(py, draft, desk, keyring))))
}

impl Results {
    /// The same for one result.
    fn sibling(&self, py: Python<'_>) -> Self {
        let (place, registry) = (Arc::clone(&self.place), self.registry.clone_ref(py));
        Self { place, desk: None, registry, sync: self.sync, written: Mutex::default() }
    }
}

/// What reads what is beside a result.
pub fn reading<'py>(results: &Bound<'py, Results>, id: &str) -> Result<Reading<'py>> {
    let (py, results) = (results.py(), results.get());
    let folder = path(py, &results.place.folder_of(id)?)?;
    let reading = module(py)?.call_method1(intern!(py, "reading"), (&results.registry, folder))?;
    Ok(Reading::new(&reading))
}

/// Removes what is beside results of tasks that are gone, and tells their serializers. What cannot be
/// removed is found the next time.
pub fn sweep(py: Python<'_>, engine: &Engine, serializer: Option<&Py<PyAny>>) {
    let registry = serializer.and_then(|serializer| {
        let results = serializer.bind(py).cast::<Results>().ok()?;
        Some(results.get().registry.clone_ref(py))
    });
    py.detach(|| {
        let Ok(gone) = results::sweep(&engine.desk.beside, &*engine.desk.jobs) else { return };
        if let Some(registry) = registry {
            gone.iter().for_each(|gone| told(&engine.keyring, &registry, gone));
        }
    });
}
