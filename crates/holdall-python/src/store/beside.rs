//! What a store does for objects of registered types: their side data, around what a verb does.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use holdall_store::beside::{Gone, Unpublished, drop_taken};
use holdall_store::{Framing, Keyring, Loaded, Options, Payload, Store as Engine, Trust, read};
use holdall_types::{Codec, Key};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyModule};
use pyo3::{intern, wrap_pyfunction};

use super::Store;
use crate::beside::{Reading, Writing};
use crate::error::Result;

/// The folder of one value's side data: made when the first object of a registered type is met.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct SideDraft {
    engine: Engine,
    key: Key<'static>,
    made: Mutex<Option<Unpublished>>,
}

#[pymethods]
impl SideDraft {
    /// Make the folder of a token and return its path.
    fn begin(&self, py: Python<'_>, token: &str) -> Result<PathBuf> {
        let made = py.detach(|| self.engine.begin_beside(&self.key, token))?;
        let folder = made.draft().folder().to_owned();
        at_exit(py)?;
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(folder)
    }
}

/// What writes one value's side data. When it is dropped the value was written, or was not.
pub(super) struct Side<'py> {
    registry: Bound<'py, PyAny>,
    engine: Engine,
    key: Key<'static>,
    sync: bool,
    /// Made for the first value that may need it.
    made: OnceCell<(Writing<'py>, Bound<'py, SideDraft>)>,
}

impl<'py> Side<'py> {
    /// Whether even lists and texts must be looked at.
    pub fn everyday(&self) -> Result<bool> {
        Ok(self.registry.getattr(intern!(self.registry.py(), "everyday"))?.is_truthy()?)
    }

    /// What takes the objects.
    pub fn writing(&self) -> Result<&Writing<'py>> {
        if let Some((writing, _)) = self.made.get() {
            return Ok(writing);
        }
        let py = self.registry.py();
        let draft = SideDraft { engine: self.engine.clone(), key: self.key.clone(), made: Mutex::default() };
        let draft = Bound::new(py, draft)?;
        let arguments = (&self.registry, draft.getattr(intern!(py, "begin"))?, self.sync);
        let writing = module(py)?.call_method1(intern!(py, "writing_later"), arguments)?;
        let (writing, _) = self.made.get_or_init(|| (Writing::new(&writing), draft));
        Ok(writing)
    }

    /// Everything is there; the value may be written.
    pub fn finish(&self) -> Result<()> {
        let Some((writing, draft)) = self.made.get() else { return Ok(()) };
        let front = writing.front()?;
        let made = draft.get().made.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(made) = &*made else { return Ok(()) };
        let framed = signed(self.engine.keyring(), front.as_bytes())?;
        Ok(made.draft().finish(&framed, self.sync)?)
    }
}

impl Drop for Side<'_> {
    fn drop(&mut self) {
        let Some((_, draft)) = self.made.get() else { return };
        let made = draft.get().made.lock().unwrap_or_else(PoisonError::into_inner).take();
        if made.is_some() {
            // What follows may wait for a lock, whose holder may wait for the GIL.
            self.registry.py().detach(|| drop(made));
        }
    }
}

impl Drop for SideDraft {
    fn drop(&mut self) {
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if made.is_some() {
            Python::try_attach(|py| py.detach(|| drop(made)));
        }
    }
}

#[pymethods]
impl Store {
    /// Write objects of the registry's types beside the values from now on, and remove what is beside none.
    fn use_serializers(&self, py: Python<'_>, registry: Py<PyAny>) -> Result<()> {
        let known = self.registry.get_or_init(py, || registry.clone_ref(py));
        if known.is(&registry) {
            // Another keyring's lifetime than this store's, or the store would hold itself.
            let engine = self.engine.sharing(&Options::default());
            self.engine.on_gone(Arc::new(move |gone| told(engine.keyring(), &registry, gone)));
        }
        self.wait(py, || self.engine.sweep_beside())
    }
}

impl Store {
    /// What writes the side data of a value; `None` as long as no type is registered.
    pub(super) fn side<'py>(&self, py: Python<'py>, key: &Key<'_>) -> Result<Option<Side<'py>>> {
        let Some(registry) = self.registry.get(py) else { return Ok(None) };
        self.sweep_if_due(py);
        Ok(Some(Side {
            registry: registry.bind(py).clone(),
            engine: self.engine.clone(),
            key: key.clone().into_owned(),
            sync: self.full,
            made: OnceCell::new(),
        }))
    }

    /// What reads the side data that a value may name.
    pub(super) fn reading<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        loaded: &Loaded,
    ) -> Result<Option<Reading<'py>>> {
        let Some(registry) = self.registry.get(py).filter(|_| loaded.token().is_some()) else {
            return Ok(None);
        };
        let folder = path(py, &self.engine.folder_beside(key)?)?;
        let reading = module(py)?.call_method1(intern!(py, "reading"), (registry, folder))?;
        Ok(Some(Reading::new(&reading)))
    }

    /// Side data that stays though its value goes, and what reads it.
    pub(super) fn take<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        loaded: &Loaded,
    ) -> Result<Option<(Taken, Reading<'py>)>> {
        let (Some(registry), Some(token)) = (self.registry.get(py), loaded.token()) else { return Ok(None) };
        at_exit(py)?;
        let taken = match py.detach(|| self.engine.take_beside(key, token)) {
            Ok(folder) => Taken { folder, kept: false },
            // What is missing there is for the reader to say.
            Err(_) => return Ok(self.reading(py, key, loaded)?.map(|reading| (Taken::nothing(), reading))),
        };
        let of = path(py, &taken.folder)?;
        let reading = module(py)?.call_method1(intern!(py, "reading_of"), (registry, of))?;
        Ok(Some((taken, Reading::new(&reading))))
    }

    /// Copies what a value names, for another store, and lets the copy of the value name that.
    pub(super) fn copy_beside<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        copy: &mut holdall_store::Copy,
        other: &Self,
    ) -> Result<Option<Bound<'py, SideDraft>>> {
        let Some(token) = copy.token().map(str::to_owned) else { return Ok(None) };
        let payload = PyBytes::new(py, copy.payload());
        if !crate::beside::refers(&payload)? {
            return Ok(None);
        }
        let source = self.engine.folder_beside(key)?.join(&token);
        let draft =
            SideDraft { engine: other.engine.clone(), key: key.clone().into_owned(), made: Mutex::default() };
        let draft = Bound::new(py, draft)?;
        let new: String = module(py)?.call_method0(intern!(py, "new_token"))?.extract()?;
        let target = draft.get().begin(py, &new)?;
        let arguments = (payload, source, target, &new, other.full);
        let front: Bound<'py, PyBytes> =
            module(py)?.call_method1(intern!(py, "copied"), arguments)?.cast_into().map_err(PyErr::from)?;
        let framed = signed(other.engine.keyring(), front.as_bytes())?;
        if let Some(made) = &*draft.get().made.lock().unwrap_or_else(PoisonError::into_inner) {
            made.draft().finish(&framed, other.full)?;
        }
        copy.set_token(&new);
        Ok(Some(draft))
    }

    /// A key without a value: what is beside an expired one goes.
    pub(super) fn tidy(&self, py: Python<'_>, key: &Key<'_>) {
        if self.registry.get(py).is_some() {
            py.detach(|| self.engine.tidy_beside(key));
        }
    }

    /// From time to time what is beside expired values goes: seldom enough that it costs little.
    pub(super) fn sweep_if_due(&self, py: Python<'_>) {
        const OFTEN: Duration = Duration::from_secs(1);
        const SHARE: u32 = 50;
        if self.registry.get(py).is_none() {
            return;
        }
        let now = self.opened.elapsed().as_millis() as u64;
        if now < self.sweep_at.load(Relaxed) {
            return;
        }
        let began = Instant::now();
        // One that fails is tried again.
        let _ = py.detach(|| self.engine.sweep_beside());
        let next = now + (began.elapsed() * SHARE).max(OFTEN).as_millis() as u64;
        self.sweep_at.store(next, Relaxed);
    }
}

/// Side data that was taken; removed again unless it is kept.
pub(super) struct Taken {
    folder: PathBuf,
    kept: bool,
}

impl Taken {
    fn nothing() -> Self {
        Self { folder: PathBuf::new(), kept: true }
    }

    /// Leaves it to the end of the process, if what was read may still need it.
    pub fn keep(mut self, reading: &Reading<'_>) -> Result<()> {
        self.kept = self.kept || reading.is_lazy()?;
        Ok(())
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !self.kept {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// A frame of references, for whoever removes what they name.
pub fn signed(keyring: &Keyring, front: &[u8]) -> Result<Vec<u8>> {
    let payload = Payload { codec: Codec::Pickle, bytes: front, python: None, active: true, segments: &[] };
    let framing = Framing::new(&payload, keyring)?;
    let mut framed = vec![0; framing.size()?];
    framing.fill(&mut framed)?;
    Ok(framed)
}

/// Tells the serializers of what goes. Nobody waits for an answer: what they raise is theirs.
pub fn told(keyring: &Keyring, registry: &Py<PyAny>, gone: &Gone) {
    let Some(bytes) = gone.references() else { return };
    let Ok(loaded) = read(&bytes) else { return };
    if loaded.bare || keyring.verify(&loaded, Trust::Keyset).is_err() {
        return;
    }
    Python::try_attach(|py| {
        let data = PyBytes::new(py, loaded.payload());
        let arguments = (registry, data, gone.token(), gone.folder());
        let _ = module(py).and_then(|module| module.call_method1(intern!(py, "let_go"), arguments));
    });
}

pub fn path<'py>(py: Python<'py>, path: &Path) -> PyResult<Bound<'py, PyAny>> {
    py.import(intern!(py, "pathlib"))?.getattr(intern!(py, "Path"))?.call1((path,))
}

pub fn module(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        MODULE.get_or_try_init(py, || py.import("holdall.serializers._folder").map(Bound::unbind))?;
    Ok(module.bind(py))
}

/// Removes what this process took, and what lies beside its stores in memory.
#[pyfunction]
pub fn drop_side_data() {
    drop_taken();
}

/// Has that done when the interpreter ends: what is static is never dropped.
pub fn at_exit(py: Python<'_>) -> Result<()> {
    static DONE: PyOnceLock<()> = PyOnceLock::new();
    DONE.get_or_try_init(py, || {
        let function = wrap_pyfunction!(drop_side_data, py)?;
        py.import("atexit")?.call_method1("register", (function,)).map(drop)
    })?;
    Ok(())
}
