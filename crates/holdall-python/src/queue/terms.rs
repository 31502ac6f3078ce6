//! The options of tasks, checked by Python and kept for many calls.

use std::sync::Arc;

use holdall_queue::id;
use holdall_queue::policy::Policy;
use pyo3::prelude::*;

use crate::error::Result;

/// Under what terms tasks are taken in; `holdall.options` makes them.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Terms {
    pub queue: Arc<str>,
    pub priority: i16,
    pub policy: Option<Arc<str>>,
    pub unique: Unique,
    /// How long after a task is due it may be started, in milliseconds.
    pub expires_in: Option<u64>,
    /// Until when it may be started, in milliseconds since the Unix epoch.
    pub expires_at: Option<u64>,
    pub after: Arc<[String]>,
    /// One a task.
    pub ids: Option<Vec<String>>,
    /// Not before this time, in milliseconds since the Unix epoch.
    pub due: Option<u64>,
}

/// Which other tasks there may not be while one has not ended.
pub enum Unique {
    No,
    /// Of the same function and the same arguments.
    Call,
    /// Of the same key.
    Key(String),
}

#[pymethods]
impl Terms {
    #[new]
    #[pyo3(signature = (
        queue, *, priority=0, policy=None, unique=None, unique_call=false, expires_in=None, expires_at=None,
        after=Vec::new(), ids=None, due=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python class")]
    fn new(
        queue: &str,
        priority: i16,
        policy: Option<&str>,
        unique: Option<String>,
        unique_call: bool,
        expires_in: Option<u64>,
        expires_at: Option<u64>,
        after: Vec<String>,
        ids: Option<Vec<String>>,
        due: Option<u64>,
    ) -> Result<Self> {
        for given in ids.iter().flatten() {
            id::check(given)?;
        }
        let policy = Policy::read(policy)?.write().map(Arc::from);
        let unique = match unique {
            Some(key) => Unique::Key(key),
            None if unique_call => Unique::Call,
            None => Unique::No,
        };
        let (queue, after) = (queue.into(), after.into());
        Ok(Self { queue, priority, policy, unique, expires_in, expires_at, after, ids, due })
    }
}
