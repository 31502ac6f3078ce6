//! The class `Queue`: what Python's queues are made of.

use std::sync::Arc;

use holdall_backend::jobs::{Filter, State};
use holdall_queue::Queue as Engine;
use holdall_queue::lookout::{Awaited, Seen};
use holdall_queue::submit::Draft;
use holdall_store::Keyring;
use holdall_types::ErrorKind;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use super::draft::Drafting;
use super::function::References;
use super::jobs::Jobs;
use super::mailbox::{Letter, Mailbox, seen_in};
use super::message::{Serializer, open_result};
use super::outcome::{Outcome, about};
use super::results;
use super::terms::Terms;
use crate::error::{Raised, Result};
use crate::loads::bytes_of;
use crate::options::{keyset_of, span};

/// A backend with keys and a serializer. With a mailbox calls answer there what they cannot at once.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Queue {
    pub(super) engine: Engine,
    serializer: Option<Py<PyAny>>,
}

#[pymethods]
impl Queue {
    #[new]
    #[pyo3(signature = (jobs, *, serializer=None, keyset=None))]
    fn new(
        py: Python<'_>,
        jobs: &Jobs,
        serializer: Option<Py<PyAny>>,
        keyset: Option<&Bound<'_, PyAny>>,
    ) -> Result<Self> {
        let keyring = Arc::new(Keyring::new(keyset_of(keyset)?));
        let engine = Engine { desk: jobs.desk(), keyring };
        if let Some(serializer) = &serializer
            && serializer.bind(py).is_instance_of::<results::Results>()
        {
            results::sweep(py, &engine, Some(serializer));
        }
        Ok(Self { engine, serializer })
    }

    /// Take one call in, and return its id, or the number of the answer in the mailbox.
    #[pyo3(signature = (function, args, kwargs, terms, due=None, mailbox=None))]
    #[expect(clippy::too_many_arguments, reason = "a call and its circumstances")]
    fn enqueue<'py>(
        &self,
        py: Python<'py>,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Bound<'py, PyDict>,
        terms: &Terms,
        due: Option<u64>,
        mailbox: Option<&Mailbox>,
    ) -> Result<Bound<'py, PyAny>> {
        let serializer = self.serializer(py)?;
        let mut drafting = self.drafting(terms, serializer.as_ref())?;
        let draft = drafting.draft(function, args.to_list(), kwargs, due, 0)?;
        match self.submit(py, vec![draft], mailbox)? {
            Ok(mut ids) => Ok(ids.pop().into_bound_py_any(py)?),
            Err(number) => Ok(number.into_bound_py_any(py)?),
        }
    }

    /// Take many calls in, all or none, and return their ids, or the number of the answer in the mailbox. In
    /// a chain each comes after the one before it.
    #[pyo3(signature = (calls, terms, mailbox=None, chain=false))]
    fn enqueue_many<'py>(
        &self,
        py: Python<'py>,
        calls: &Bound<'py, PyAny>,
        terms: &Terms,
        mailbox: Option<&Mailbox>,
        chain: bool,
    ) -> Result<Bound<'py, PyAny>> {
        let serializer = self.serializer(py)?;
        let drafts = self.drafting(terms, serializer.as_ref())?.drafts(calls, chain)?;
        if drafts.is_empty() {
            return Ok(PyList::empty(py).into_any());
        }
        match self.submit(py, drafts, mailbox)? {
            Ok(ids) => Ok(ids.into_bound_py_any(py)?),
            Err(number) => Ok(number.into_bound_py_any(py)?),
        }
    }

    /// Wait for the end of a task: an Outcome, or None when the time is over.
    #[pyo3(signature = (id, timeout=None, mailbox=None))]
    fn outcome<'py>(
        &self,
        py: Python<'py>,
        id: String,
        timeout: Option<&Bound<'py, PyAny>>,
        mailbox: Option<&Mailbox>,
    ) -> Result<Bound<'py, PyAny>> {
        self.see(py, Awaited::End(id), timeout, mailbox)
    }

    /// Wait until fewer than so many of these tasks, or of all, have not ended: how many, or None when the
    /// time is over.
    #[pyo3(signature = (ids, than, timeout=None, mailbox=None))]
    fn unfinished<'py>(
        &self,
        py: Python<'py>,
        ids: Option<Vec<String>>,
        than: u64,
        timeout: Option<&Bound<'py, PyAny>>,
        mailbox: Option<&Mailbox>,
    ) -> Result<Bound<'py, PyAny>> {
        self.see(py, Awaited::Fewer(ids, than), timeout, mailbox)
    }

    /// Give up a wait whose answer was to come to a mailbox.
    fn forget(&self, py: Python<'_>, number: u64) {
        py.detach(|| self.engine.desk.lookout.forget(number));
    }

    /// Return the value of an outcome, verified; to keep it is to be able to open it again.
    #[pyo3(signature = (outcome, keep=true))]
    fn open<'py>(&self, py: Python<'py>, outcome: &Outcome, keep: bool) -> Result<Bound<'py, PyAny>> {
        let Some(mut stored) = outcome.stored(py, keep)? else { return Ok(py.None().into_bound(py)) };
        let (task, serializer) = (outcome.task(), self.serializer(py)?);
        open_result(py, &mut stored, &task.id, task.start, &self.engine.keyring, serializer.as_ref())
    }

    /// Return the value in the whole frame of a task's result at one of its starts, verified.
    fn open_frame<'py>(
        &self,
        frame: &Bound<'py, PyBytes>,
        id: &str,
        start: u32,
    ) -> Result<Bound<'py, PyAny>> {
        let py = frame.py();
        let loaded = holdall_store::read(&bytes_of(frame.as_any())?)?;
        let (bytes, segments) = (loaded.bytes, loaded.segments);
        let mut stored = holdall_backend::Stored { bytes, segments, created: 0, updated: 0 };
        let serializer = self.serializer(py)?;
        open_result(py, &mut stored, id, start, &self.engine.keyring, serializer.as_ref())
    }

    /// Cancel a task, and say whether there was something to cancel.
    fn cancel(&self, py: Python<'_>, id: &str) -> Result<bool> {
        Ok(py.detach(|| self.engine.cancel(id))?)
    }

    /// Run a task again, and say whether it is one that ended without a result.
    fn retry(&self, py: Python<'_>, id: &str) -> Result<bool> {
        Ok(py.detach(|| self.engine.retry(id))?)
    }

    /// Return what is known of a task, or None.
    fn task<'py>(&self, py: Python<'py>, id: &str) -> Result<Option<Bound<'py, PyDict>>> {
        let task = py.detach(|| self.engine.desk.jobs.task(id))?;
        task.map(|task| about(py, &task)).transpose()
    }

    /// Return what is known of tasks, the newest first.
    fn tasks<'py>(
        &self,
        py: Python<'py>,
        states: Vec<String>,
        queue: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Bound<'py, PyDict>>> {
        let states = states_of(&states)?;
        let filter = Filter { states: &states, queue, limit };
        let tasks = py.detach(|| self.engine.desk.jobs.tasks(&filter))?;
        tasks.iter().map(|task| about(py, task)).collect()
    }

    /// Return how many tasks of each queue are in each state.
    fn counts(&self, py: Python<'_>) -> Result<Vec<(String, &'static str, u64)>> {
        let counts = py.detach(|| self.engine.desk.jobs.counts())?;
        Ok(counts.into_iter().map(|(queue, state, count)| (queue, state.name(), count)).collect())
    }

    /// Remove ended tasks, and return how many.
    fn purge(&self, py: Python<'_>, states: Vec<String>, older_than: &Bound<'_, PyAny>) -> Result<u64> {
        let (states, age) = (states_of(&states)?, span("older_than", older_than)?);
        let purged = py.detach(|| self.engine.purge(&states, age))?;
        if purged > 0 {
            results::sweep(py, &self.engine, self.serializer.as_ref());
        }
        Ok(purged)
    }

    /// Stop or resume the claims of a queue.
    fn pause(&self, py: Python<'_>, queue: &str, paused: bool) -> Result<()> {
        Ok(py.detach(|| self.engine.desk.jobs.pause(queue, paused))?)
    }

    /// Return the queues that were ever named, and whether each is paused.
    fn queues(&self, py: Python<'_>) -> Result<Vec<(String, bool)>> {
        let queues = py.detach(|| self.engine.desk.jobs.queues())?;
        Ok(queues.into_iter().map(|queue| (queue.name, queue.paused)).collect())
    }
}

impl Queue {
    pub(super) fn serializer<'py>(&self, py: Python<'py>) -> Result<Option<Serializer<'py>>> {
        self.serializer.as_ref().map(|serializer| Serializer::new(serializer.bind(py).clone())).transpose()
    }

    pub(super) fn drafting<'a, 'py>(
        &self,
        terms: &'a Terms,
        serializer: Option<&'a Serializer<'py>>,
    ) -> Result<Drafting<'a, 'py>> {
        let (keyset, now) = (self.engine.keyring.for_signing()?, self.engine.now().wall);
        let (references, after) = (References::default(), Arc::clone(&terms.after));
        Ok(Drafting { terms, serializer, keyset, references, now, after })
    }

    /// The ids, or the number that they will have in the mailbox.
    fn submit(
        &self,
        py: Python<'_>,
        drafts: Vec<Draft>,
        mailbox: Option<&Mailbox>,
    ) -> Result<std::result::Result<Vec<String>, u64>> {
        let submit = &self.engine.desk.submit;
        let Some(mailbox) = mailbox else { return Ok(Ok(py.detach(|| submit.now(drafts))?)) };
        let inner = mailbox.inner();
        let number = inner.number();
        let done = Box::new(move |ids| inner.put(number, Letter::Ids(ids)));
        Ok(py.detach(|| submit.soon(drafts, done))?.ok_or(number))
    }

    fn see<'py>(
        &self,
        py: Python<'py>,
        what: Awaited,
        timeout: Option<&Bound<'py, PyAny>>,
        mailbox: Option<&Mailbox>,
    ) -> Result<Bound<'py, PyAny>> {
        let timeout = timeout.map(|timeout| span("timeout", timeout)).transpose()?;
        let lookout = &self.engine.desk.lookout;
        let Some(mailbox) = mailbox else {
            let seen: Seen = py.detach(|| lookout.wait(what, timeout))?;
            return Ok(seen_in(py, seen)?);
        };
        let inner = mailbox.inner();
        let number = inner.number();
        let told = Box::new(move |seen| inner.put(number, Letter::Seen(seen)));
        let asked = py.detach(|| lookout.ask(what, timeout, told))?;
        Ok((number, asked).into_bound_py_any(py)?)
    }
}

/// The states that these names mean.
pub fn states_of(names: &[String]) -> Result<Vec<State>> {
    let state = |name: &String| {
        State::of_name(name).ok_or_else(|| {
            let known = State::ALL.map(State::name).join(", ");
            let message = format!("status={name:?} is none of {known}");
            Raised::new(ErrorKind::Validation, message)
        })
    };
    names.iter().map(state).collect()
}
