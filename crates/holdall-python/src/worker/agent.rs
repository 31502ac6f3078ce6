//! The worker's thread, as Python holds it.

use std::sync::Arc;

use holdall_backend::jobs::State;
use holdall_queue::agent::order::{End, Order, Place, Stale};
use holdall_queue::agent::{self, Settings};
use holdall_queue::failure::Failure;
use holdall_queue::machine::Event;
use holdall_queue::results::sweep;
use holdall_store::{Keyring, Signed};
use holdall_types::{ErrorKind, SystemClock};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString, PyTuple};

use super::job::{Job, pieces};
use crate::error::{Raised, Result};
use crate::options::{keyset_of, span};
use crate::queue::Jobs;
use crate::queue::results::{Results, teller};

/// What claims tasks, keeps their leases alive and settles them, in a thread that never waits for Python.
#[pyclass(frozen, module = "holdall._holdall")]
pub struct Agent {
    engine: Arc<agent::Agent>,
    jobs: Arc<dyn holdall_backend::Jobs>,
    keyring: Arc<Keyring>,
    /// Whether a commit waits for no disk.
    quick: bool,
}

/// The results of the tasks before one: their ids, starts and frames.
type Parents<'py> = Vec<(String, u32, Vec<Bound<'py, PyBytes>>)>;

#[pymethods]
impl Agent {
    #[new]
    #[pyo3(signature = (jobs, *, worker, queues, slots, processes, lease, poll, keyset=None, results=None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python class")]
    fn new(
        py: Python<'_>,
        jobs: &Bound<'_, Jobs>,
        worker: String,
        queues: Vec<String>,
        slots: usize,
        processes: bool,
        lease: &Bound<'_, PyAny>,
        poll: &Bound<'_, PyAny>,
        keyset: Option<&Bound<'_, PyAny>>,
        results: Option<&Bound<'_, Results>>,
    ) -> Result<Self> {
        let (lease, poll) = (span("lease", lease)?, span("poll_interval", poll)?);
        let settings = Settings { queues, worker, here: slots, processes, lease, poll };
        let (quick, beside) = (jobs.get().is_quick(), jobs.get().beside());
        let (jobs, keyring) = (jobs.get().engine(), Arc::new(Keyring::new(keyset_of(keyset)?)));
        let (theirs, ring) = (Arc::clone(&jobs), Arc::clone(&keyring));
        let engine = py.detach(|| agent::Agent::start(theirs, Arc::new(SystemClock), ring, settings))?;
        let told = teller(py, results, &keyring);
        // What killed workers left goes now, what belongs to forgotten tasks with them.
        told(py.detach(|| sweep(&beside, &*jobs)).unwrap_or_default());
        engine.keep_beside(beside, Box::new(told));
        Ok(Self { engine, jobs, keyring, quick })
    }

    /// Return what an event loop watches for reading.
    fn fileno(&self) -> i64 {
        self.engine.bell().descriptor()
    }

    /// Return the orders since the last call, as tuples that begin with what is to be done.
    #[pyo3(signature = (*, rung=true))]
    fn orders<'py>(&self, py: Python<'py>, rung: bool) -> Result<Bound<'py, PyList>> {
        let orders = PyList::empty(py);
        for order in if rung { self.engine.orders() } else { self.engine.orders_unrung() } {
            orders.append(self.told(py, order)?)?;
        }
        Ok(orders)
    }

    /// Return a task that is not among the orders yet, if there is one.
    fn job(&self) -> Option<Job> {
        self.engine.job().map(|job| Job::new(*job, Arc::clone(&self.keyring)))
    }

    /// Say what a task gave. False if that does not count any more.
    #[pyo3(signature = (job, value, serializer=None))]
    fn complete(
        &self,
        job: &Bound<'_, Job>,
        value: &Bound<'_, PyAny>,
        serializer: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        let job = job.get();
        let result = Some(job.signed(value, serializer)?);
        Ok(self.engine.end(job.ticket, End { event: Event::Completed, result, busy: false }))
    }

    /// Say what a task gave in another process: the frame that its `result` gave there.
    #[pyo3(signature = (job, frame, serializer=None))]
    fn complete_frame(
        &self,
        py: Python<'_>,
        job: &Bound<'_, Job>,
        frame: &Bound<'_, PyBytes>,
        serializer: Option<&Bound<'_, PyAny>>,
    ) -> Result<bool> {
        let job = job.get();
        let signed = self.checked(py, job, frame)?;
        let results = serializer.and_then(|serializer| serializer.cast::<Results>().ok());
        let result = Some(match results {
            Some(results) => results.get().adopt(py, &job.id, frame.as_bytes(), &self.keyring, signed)?,
            None => signed,
        });
        Ok(self.engine.end(job.ticket, End { event: Event::Completed, result, busy: false }))
    }

    /// Say that a task failed. False if that does not count any more.
    #[pyo3(signature = (job, kind, message, traceback, bases, *, fatal=false, frame=None))]
    #[expect(clippy::too_many_arguments, reason = "the keywords of the Python method")]
    fn fail(
        &self,
        py: Python<'_>,
        job: &Bound<'_, Job>,
        kind: String,
        message: String,
        traceback: String,
        bases: Vec<String>,
        fatal: bool,
        frame: Option<&Bound<'_, PyBytes>>,
    ) -> Result<bool> {
        let job = job.get();
        let result = frame.map(|frame| self.checked(py, job, frame)).transpose()?;
        let event = Event::Raised(Failure { kind, message, traceback, bases, fatal });
        Ok(self.engine.end(job.ticket, End { event, result, busy: false }))
    }

    /// Say that a task ended otherwise: "timeout", "lost", "returned" or "cancelled". What ran it may be
    /// `busy` still: then its slot is taken until `free`.
    #[pyo3(signature = (job, how, *, busy=false))]
    fn end(&self, job: &Bound<'_, Job>, how: &str, busy: bool) -> Result<bool> {
        let event = match how {
            "timeout" => Event::TimedOut,
            "lost" => Event::Lost,
            "returned" => Event::Returned,
            "cancelled" => Event::Cancelled,
            other => {
                let message = format!("a task does not end as {other:?}");
                return Err(Raised::new(ErrorKind::Validation, message));
            }
        };
        Ok(self.engine.end(job.get().ticket, End { event, result: None, busy }))
    }

    /// Return the results of tasks; or None, when one of them did not complete: then the task that comes
    /// after them has ended.
    fn parents<'py>(
        &self,
        py: Python<'py>,
        job: &Bound<'py, Job>,
        ids: Vec<String>,
    ) -> Result<Option<Parents<'py>>> {
        let mut parents = Vec::new();
        for id in ids {
            let found = py.detach(|| self.jobs.outcome(&id))?;
            let state = found.as_ref().map(|found| found.task.state);
            match found {
                Some(outcome) if outcome.task.state == State::Completed => {
                    let Some(result) = &outcome.result else {
                        let message = format!("the result of task {id} is not there any more");
                        return Err(Raised::new(ErrorKind::DoesNotExist, message));
                    };
                    parents.push((id, outcome.task.start, pieces(py, result)?));
                }
                _ => {
                    self.engine.end(job.get().ticket, Event::Orphaned { parent: id, state }.into());
                    return Ok(None);
                }
            }
        }
        Ok(Some(parents))
    }

    /// Say that one more process can run tasks.
    fn admit(&self) {
        self.engine.admit();
    }

    /// Say where a task runs: in a process or here.
    fn place(&self, job: &Bound<'_, Job>, process: bool) {
        self.engine.place(job.get().ticket, if process { Place::Process } else { Place::Here });
    }

    /// Say that what ran a task is free again.
    fn free(&self, job: &Bound<'_, Job>) {
        self.engine.free(job.get().ticket);
    }

    /// Let a task go without a word: its lease runs out.
    fn abandon(&self, job: &Bound<'_, Job>) {
        self.engine.abandon(job.get().ticket);
    }

    /// Have what ended settled and more claimed: by this thread where that is quickly done, else soon.
    fn flush(&self, py: Python<'_>) {
        if self.quick {
            py.detach(|| self.engine.flush_quickly());
        } else {
            self.engine.flush();
        }
    }

    /// Have what ended settled and more claimed soon, by the agent's own thread.
    fn flush_soon(&self) {
        self.engine.flush();
    }

    /// Have what ended settled and more claimed, by this thread: others do not wait for it.
    fn flush_here(&self, py: Python<'_>) {
        py.detach(|| self.engine.flush_here());
    }

    /// Return how many tasks run, have completed and have failed.
    fn tally(&self) -> (usize, u64, u64) {
        let tally = self.engine.tally();
        (tally.running, tally.completed, tally.failed)
    }

    /// Have the loop called if there are orders.
    fn ring(&self) {
        self.engine.ring();
    }

    /// Claim no more, and end when the rest is settled.
    fn drain(&self) {
        self.engine.drain();
    }

    /// End at once.
    #[pyo3(signature = (*, wait=true))]
    fn close(&self, py: Python<'_>, wait: bool) {
        py.detach(|| self.engine.close(wait));
    }
}

impl Agent {
    fn told<'py>(&self, py: Python<'py>, order: Order) -> Result<Bound<'py, PyTuple>> {
        let word = |word: &str| PyString::intern(py, word).into_any();
        let stale = |stale: Stale| (stale.id, stale.name, stale.start).into_bound_py_any(py);
        let error = |error: holdall_types::Error| PyErr::from(Raised::from(error)).into_value(py).into_any();
        let items = match order {
            Order::Run(job) => {
                let job = Job::new(*job, Arc::clone(&self.keyring));
                vec![word("run"), Bound::new(py, job)?.into_any()]
            }
            Order::Cancel(ticket) => vec![word("cancel"), ticket.into_bound_py_any(py)?],
            Order::Lost(ticket, task) => vec![word("lost"), ticket.into_bound_py_any(py)?, stale(task)?],
            Order::Refused(task) => vec![word("refused"), stale(task)?],
            Order::Rescued(id, state) => {
                vec![word("rescued"), id.into_bound_py_any(py)?, word(state.name())]
            }
            Order::Misfired(name, trouble) => {
                vec![word("misfired"), name.into_bound_py_any(py)?, error(trouble).into_bound(py)]
            }
            Order::Trouble(trouble) => vec![word("trouble"), error(trouble).into_bound(py)],
            Order::Recovered => vec![word("recovered")],
            Order::Ended(None) => vec![word("ended"), py.None().into_bound(py)],
            Order::Ended(Some(trouble)) => vec![word("ended"), error(trouble).into_bound(py)],
        };
        Ok(PyTuple::new(py, items)?)
    }

    /// A frame that came from another process: it must be what this start of the task gave.
    fn checked(&self, py: Python<'_>, job: &Job, frame: &Bound<'_, PyBytes>) -> Result<Signed> {
        let bytes = frame.as_bytes();
        let context = holdall_queue::envelope::result_context(&job.id, job.start);
        Ok(crate::encode::long(py, bytes.len(), || {
            holdall_store::resigned(bytes, &self.keyring, holdall_frame::Purpose::Result, &context, &context)
        })?)
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        // Nobody would hear it any more.
        self.engine.close(false);
    }
}
