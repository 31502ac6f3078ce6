//! The class `Store`: what it holds, and what every verb begins with.

mod beside;
mod compare_and_swap;
mod copy;
mod delete;
mod get;
mod info;
mod many;
mod pop;
mod put;
mod scan;

use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use holdall_store::{Durability, Options, Store as Engine, Trust, Uri};
use holdall_types::{ErrorKind, Key};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use crate::error::{Raised, Result};
use crate::key::text_of;
use crate::lock::Lock;
use crate::mode::{Mode, either};
use crate::options::{span, trust_of};

pub use beside::{SideDraft, drop_side_data};
pub use scan::Keys;

/// A key-value store. `holdall.Store` adds the verbs that are made of these.
#[pyclass(frozen, subclass, module = "holdall._holdall")]
pub struct Store {
    engine: Engine,
    uri: Uri,
    mode: Mode,
    serialization_func: Option<Py<PyAny>>,
    deserialization_func: Option<Py<PyAny>>,
    model: Option<Py<PyAny>>,
    raise_on_nonexist: bool,
    store_none_values: bool,
    default_ttl: Option<Duration>,
    trust: Trust,
    instances: bool,
    plain: bool,
    /// The registered serializers, once there are any.
    registry: PyOnceLock<Py<PyAny>>,
    /// Whether what was written is on the disk before it is said to be.
    full: bool,
    opened: Instant,
    /// When side data is looked through next, in milliseconds since then.
    sweep_at: AtomicU64,
}

#[pymethods]
impl Store {
    #[new]
    #[pyo3(signature = (
        uri, *, mode="auto", serialization_func=None, deserialization_func=None, model=None,
        raise_on_nonexist=true, store_none_values=true, default_ttl=None, trust=None, keyset=None, bare=true,
        read_only=false, durability="normal", busy_timeout=None, instances=false, share=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python class")]
    fn new(
        py: Python<'_>,
        uri: &str,
        mode: &str,
        serialization_func: Option<Py<PyAny>>,
        deserialization_func: Option<Py<PyAny>>,
        model: Option<Py<PyAny>>,
        raise_on_nonexist: bool,
        store_none_values: bool,
        default_ttl: Option<&Bound<'_, PyAny>>,
        trust: Option<&str>,
        keyset: Option<String>,
        bare: bool,
        read_only: bool,
        durability: &str,
        busy_timeout: Option<&Bound<'_, PyAny>>,
        instances: bool,
        share: Option<&Bound<'_, Self>>,
    ) -> Result<Self> {
        let uri = Uri::parse(uri)?;
        let mut options = Options { bare, read_only, keyset, ..Options::default() };
        options.durability = match durability {
            "normal" => Durability::Normal,
            "full" => Durability::Full,
            other => {
                let message = format!("durability={other:?} is neither 'normal' nor 'full'");
                return Err(Raised::new(ErrorKind::Validation, message));
            }
        };
        if let Some(seconds) = busy_timeout {
            options.busy_timeout = span("busy_timeout", seconds)?;
        }
        let default_ttl = default_ttl.map(|ttl| span("default_ttl", ttl)).transpose()?;
        let (mode, trust) = (Mode::parse(mode)?, trust_of(trust)?.unwrap_or_default());
        let engine = match share {
            Some(store) => store.get().engine.sharing(&options),
            None => py.detach(|| Engine::open(&uri, &options))?,
        };
        Ok(Self {
            engine,
            uri,
            mode,
            serialization_func,
            deserialization_func,
            model,
            raise_on_nonexist,
            store_none_values,
            default_ttl: default_ttl.filter(|ttl| !ttl.is_zero()),
            trust,
            instances,
            plain: mode == Mode::Raw,
            registry: PyOnceLock::new(),
            full: options.durability == Durability::Full,
            opened: Instant::now(),
            sweep_at: AtomicU64::new(0),
        })
    }

    #[classmethod]
    fn __class_getitem__<'py>(
        cls: &Bound<'py, PyType>,
        item: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        cls.py().import("types")?.getattr("GenericAlias")?.call1((cls, item))
    }

    /// Where the store is, with an absolute place.
    #[getter]
    fn uri(&self) -> String {
        self.uri.to_string()
    }

    /// The mode that a call without one uses.
    #[getter]
    fn serialization_mode(&self) -> &'static str {
        self.mode.name()
    }

    /// Whether a missing key raises.
    #[getter]
    fn raise_on_nonexist(&self) -> bool {
        self.raise_on_nonexist
    }

    /// Let go of files; later calls raise ValidationError.
    fn close(&self, py: Python<'_>) -> Result<()> {
        self.wait(py, || self.engine.close())
    }

    /// Return a lock: `with store.lock("name"): ...`.
    #[pyo3(signature = (name, *, ttl=None, timeout=None))]
    fn lock(
        &self,
        name: &Bound<'_, PyAny>,
        ttl: Option<&Bound<'_, PyAny>>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> Result<Lock> {
        let name = text_of("lock's name", name)?;
        let ttl = ttl.map_or(Ok(Duration::from_secs(60)), |ttl| span("ttl", ttl))?;
        let timeout = timeout.map(|timeout| span("timeout", timeout)).transpose()?;
        Ok(Lock::new(self.engine.clone(), name, ttl, timeout))
    }
}

impl Store {
    /// Runs what may wait for a disk, without the GIL where the backend does wait.
    fn wait<T: Send>(
        &self,
        py: Python<'_>,
        call: impl FnOnce() -> holdall_types::Result<T> + Send,
    ) -> Result<T> {
        let done = if self.engine.capability().blocking { py.detach(call) } else { call() };
        Ok(done?)
    }

    fn mode(&self, mode: Option<&str>, serialization_mode: Option<&str>) -> Result<Mode> {
        Ok(either(mode, serialization_mode)?.unwrap_or(self.mode))
    }

    fn trust(&self, trust: Option<&str>) -> Result<Trust> {
        Ok(trust_of(trust)?.unwrap_or(self.trust))
    }

    /// What a call does about a key that is not there.
    fn missing<'py>(
        &self,
        py: Python<'py>,
        key: &Key<'_>,
        default: Option<Bound<'py, PyAny>>,
        raise_on_nonexist: Option<bool>,
    ) -> Result<Bound<'py, PyAny>> {
        self.tidy(py, key);
        if let Some(default) = default {
            return Ok(default);
        }
        if raise_on_nonexist.unwrap_or(self.raise_on_nonexist) {
            let message = format!(
                "no value under the key {key} in {}; list the keys with iterate_keys(), or go on without by \
                 get(key, default) or delete(key, ignore_errors=True)",
                self.uri
            );
            return Err(Raised::new(ErrorKind::DoesNotExist, message));
        }
        Ok(py.None().into_bound(py))
    }
}
