//! Entries as files.

use std::path::PathBuf;
use std::sync::Arc;

use holdall_flow::entry::Whose;
use holdall_flow::shelf;
use holdall_store::{Durability, Keyring};
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::claim::Claim;
use super::kept::{About, Kept, check_key};
use crate::error::{Raised, Result};
use crate::fresh;
use crate::options::{keyset_of, trust_of};

/// A folder of workflows. `holdall.storage` says what its methods are for.
#[pyclass(frozen, subclass, module = "holdall._holdall")]
pub struct Shelf {
    shelf: Arc<shelf::Shelf>,
}

#[pymethods]
impl Shelf {
    #[new]
    #[pyo3(signature = (path, *, trust=None, keyset=None, durability="normal"))]
    fn new(
        path: PathBuf,
        trust: Option<&str>,
        keyset: Option<&Bound<'_, PyAny>>,
        durability: &str,
    ) -> Result<Self> {
        let keyring = Arc::new(Keyring::new(keyset_of(keyset)?));
        let durability = match durability {
            "normal" => Durability::Normal,
            "full" => Durability::Full,
            other => {
                let message = format!("durability={other:?} is neither 'normal' nor 'full'");
                return Err(Raised::new(ErrorKind::Validation, message));
            }
        };
        let trust = trust_of(trust)?.unwrap_or_default();
        Ok(Self { shelf: Arc::new(shelf::Shelf::open(&path, keyring, trust, durability)?) })
    }

    /// The folder, absolute.
    #[getter]
    fn root(&self) -> PathBuf {
        self.shelf.root().to_owned()
    }

    /// Return what is said of the entry of a key, or of the newest one if the key is None.
    ///
    /// foreign: whether one that is signed under another keyset is given, too.
    #[pyo3(signature = (workflow, name, key, *, foreign=false))]
    fn look(
        &self,
        py: Python<'_>,
        workflow: &str,
        name: &str,
        key: Option<&str>,
        foreign: bool,
    ) -> Result<Option<Kept>> {
        key.map(check_key).transpose()?;
        let found = py.detach(|| self.shelf.look(Whose { workflow, name, key }))?;
        found.map(|kept| Kept::vouched(kept, foreign)).transpose()
    }

    /// Return the frame of an entry's value.
    fn frame<'py>(&self, py: Python<'py>, kept: &Bound<'py, Kept>) -> Result<Bound<'py, PyBytes>> {
        let kept = &kept.get().kept;
        let frame = py.detach(|| self.shelf.frame(kept))?;
        Ok(fresh::bytes(py, &frame)?)
    }

    /// Keep an entry; return what is said of it, and those it replaced that have side data.
    #[pyo3(signature = (workflow, name, key, frame, *, result, items, parts, seconds, side))]
    #[expect(clippy::too_many_arguments, reason = "all that is said of a result")]
    fn keep(
        &self,
        py: Python<'_>,
        workflow: &str,
        name: &str,
        key: &str,
        frame: &Bound<'_, PyBytes>,
        result: Option<&str>,
        items: &Bound<'_, PyDict>,
        parts: &Bound<'_, PyDict>,
        seconds: f64,
        side: Option<&str>,
    ) -> Result<(Kept, Vec<Kept>)> {
        let said = About { workflow, name, key, result, items, parts, seconds, side }.said()?;
        let frame = frame.as_bytes();
        let shelf::Keep { kept, replaced } = py.detach(|| self.shelf.keep(said, frame))?;
        Ok((Kept { kept }, all(replaced)))
    }

    /// Return what keeps others from a key while a block runs.
    fn claim(&self, workflow: &str, name: &str, key: &str) -> Result<Claim> {
        check_key(key)?;
        Ok(Claim::new(&self.shelf, workflow, name, Some(key)))
    }

    /// Return what keeps others from saving under a name while a block runs.
    fn saving(&self, workflow: &str, name: &str) -> Claim {
        Claim::new(&self.shelf, workflow, name, None)
    }

    /// Return the bytes of the file of a name, or None without one.
    fn bytes<'py>(&self, py: Python<'py>, workflow: &str, name: &str) -> Result<Option<Bound<'py, PyBytes>>> {
        let bytes = py.detach(|| self.shelf.bytes(workflow, name))?;
        Ok(bytes.map(|bytes| fresh::bytes(py, &bytes)).transpose()?)
    }

    /// Say whether a name has an entry.
    fn exists(&self, py: Python<'_>, workflow: &str, name: &str) -> Result<bool> {
        Ok(py.detach(|| self.shelf.exists(workflow, name))?)
    }

    /// Return the names that have entries, sorted.
    fn names(&self, py: Python<'_>, workflow: &str) -> Result<Vec<String>> {
        Ok(py.detach(|| self.shelf.names(workflow))?)
    }

    /// Return the workflows that are there, sorted.
    fn workflows(&self, py: Python<'_>) -> Result<Vec<String>> {
        Ok(py.detach(|| self.shelf.workflows())?)
    }

    /// Make a workflow's folder.
    fn new_workflow(&self, py: Python<'_>, workflow: &str) -> Result<()> {
        Ok(py.detach(|| self.shelf.new_workflow(workflow))?)
    }

    /// Remove all entries of some names; return how many, and those that have side data.
    fn remove(&self, py: Python<'_>, workflow: &str, names: Vec<String>) -> Result<(usize, Vec<Kept>)> {
        let removed = py.detach(|| self.shelf.remove(workflow, &names))?;
        Ok((removed.count, all(removed.beside)))
    }

    /// Remove a workflow; return how many entries, and those that have side data.
    fn remove_workflow(&self, py: Python<'_>, workflow: &str) -> Result<(usize, Vec<Kept>)> {
        let removed = py.detach(|| self.shelf.remove_workflow(workflow))?;
        Ok((removed.count, all(removed.beside)))
    }

    /// Remove all but the newest entries of each name; return how many, and those that have side data.
    fn prune(&self, py: Python<'_>, workflow: &str, keep: usize) -> Result<(usize, Vec<Kept>)> {
        let removed = py.detach(|| self.shelf.prune(workflow, keep))?;
        Ok((removed.count, all(removed.beside)))
    }

    /// Remove what is left of a workflow.
    fn clear(&self, py: Python<'_>, workflow: &str) -> Result<()> {
        Ok(py.detach(|| self.shelf.clear(workflow))?)
    }

    /// Remove the side data of a name that no entry refers to.
    fn clear_side(&self, py: Python<'_>, workflow: &str, name: &str) -> Result<()> {
        Ok(py.detach(|| self.shelf.clear_side(workflow, name))?)
    }

    /// Return the folder of the side data of a name's entries.
    fn side(&self, workflow: &str, name: &str) -> PathBuf {
        self.shelf.side_of(workflow, name)
    }

    /// Return the folder of a workflow.
    fn folder(&self, workflow: &str) -> PathBuf {
        self.shelf.folder_of(workflow)
    }
}

fn all(kept: Vec<shelf::Kept>) -> Vec<Kept> {
    kept.into_iter().map(|kept| Kept { kept }).collect()
}
