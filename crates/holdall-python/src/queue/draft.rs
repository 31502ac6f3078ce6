//! From calls to tasks that can be taken in.

use std::sync::Arc;

use holdall_frame::Keyset;
use holdall_queue::id;
use holdall_queue::submit::Draft;
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::function::References;
use super::message::{Serializer, Written};
use super::terms::{Terms, Unique};
use crate::error::{Raised, Result};
use crate::key::shown;

/// What the tasks of one call of the user's have in common.
pub struct Drafting<'a, 'py> {
    pub terms: &'a Terms,
    pub serializer: Option<&'a Serializer<'py>>,
    pub keyset: Arc<Keyset>,
    pub references: References<'py>,
    /// Wall time in milliseconds.
    pub now: u64,
    /// What the next task comes after.
    pub after: Arc<[String]>,
}

impl<'py> Drafting<'_, 'py> {
    /// The task of one call, the `number`th.
    pub fn draft(
        &mut self,
        function: &Bound<'py, PyAny>,
        args: Bound<'py, PyList>,
        kwargs: Bound<'py, PyDict>,
        due: Option<u64>,
        number: usize,
    ) -> Result<Draft> {
        let terms = self.terms;
        let id = match &terms.ids {
            None => id::new(self.now)?,
            Some(ids) => ids.get(number).cloned().ok_or_else(|| too_few(ids.len()))?,
        };
        let due = due.or(terms.due);
        let expires = match terms.expires_in {
            Some(span) => Some(due.unwrap_or(self.now).max(self.now).saturating_add(span)),
            None => terms.expires_at,
        };
        let kwargs = if matches!(terms.unique, Unique::Call) { sorted(&kwargs)? } else { kwargs };
        let reference = self.references.of(function)?;
        let name = Arc::clone(&reference.name);
        let written = Written::new(reference, args.as_any(), &kwargs, &self.after, self.serializer)?;
        let unique = match &terms.unique {
            Unique::No => None,
            Unique::Call => Some(written.digest()),
            Unique::Key(key) => Some(key.clone()),
        };
        let message = written.sign(&id, &self.keyset)?;
        let (queue, options) = (Arc::clone(&terms.queue), terms.policy.clone());
        let after = Arc::clone(&self.after);
        Ok(Draft { id, queue, name, priority: terms.priority, due, expires, unique, options, after, message })
    }

    /// The tasks of calls: `(function, args)`, `(function, args, kwargs)`, or a function alone. In a chain
    /// each comes after the one before it.
    pub fn drafts(&mut self, calls: &Bound<'py, PyAny>, chain: bool) -> Result<Vec<Draft>> {
        let py = calls.py();
        let calls = calls.try_iter().map_err(|_| {
            let message = "enqueue_many takes a list of calls: (function, args) or (function, args, kwargs)";
            Raised::new(ErrorKind::Validation, message)
        })?;
        let mut drafts = Vec::new();
        for (number, call) in calls.enumerate() {
            let call = call?;
            let (function, args, kwargs) = parts(&call, number)?;
            let draft = self
                .draft(&function, args, kwargs, None, number)
                .map_err(|error| error.about(py, &format!("call {number}")))?;
            if chain {
                self.after = [draft.id.clone()].into();
            }
            drafts.push(draft);
        }
        match &self.terms.ids {
            Some(ids) if ids.len() != drafts.len() => Err(too_few(ids.len())),
            _ => Ok(drafts),
        }
    }
}

fn too_few(ids: usize) -> Raised {
    let message = format!("task_id names {ids} tasks, and there are more or fewer calls; give one id a call");
    Raised::new(ErrorKind::Validation, message)
}

type Parts<'py> = (Bound<'py, PyAny>, Bound<'py, PyList>, Bound<'py, PyDict>);

fn parts<'py>(call: &Bound<'py, PyAny>, number: usize) -> Result<Parts<'py>> {
    let py = call.py();
    let bad = || {
        let message = format!(
            "call {number} is {}; a call is (function, args), (function, args, kwargs), or a function alone",
            shown(call)
        );
        Raised::new(ErrorKind::Validation, message)
    };
    let Ok(call) = call.cast::<PyTuple>() else {
        if call.is_callable() {
            return Ok((call.clone(), PyList::empty(py), PyDict::new(py)));
        }
        return Err(bad());
    };
    let mut items = call.iter_borrowed();
    let (Some(function), args, kwargs, None) = (items.next(), items.next(), items.next(), items.next())
    else {
        return Err(bad());
    };
    let args = match args {
        None => PyList::empty(py),
        Some(args) => match args.cast::<PyTuple>() {
            Ok(tuple) => tuple.to_list(),
            Err(_) => args.cast::<PyList>().map_err(|_| bad())?.to_owned(),
        },
    };
    let kwargs = match kwargs {
        None => PyDict::new(py),
        Some(kwargs) => kwargs.cast::<PyDict>().map_err(|_| bad())?.to_owned(),
    };
    Ok((function.to_owned(), args, kwargs))
}

/// The same keywords in the order of their names: in which order they were given tells no two calls apart.
fn sorted<'py>(kwargs: &Bound<'py, PyDict>) -> Result<Bound<'py, PyDict>> {
    let items = kwargs.items();
    items.sort()?;
    let sorted = PyDict::new(kwargs.py());
    for item in items.iter() {
        let (name, value): (Bound<'py, PyAny>, Bound<'py, PyAny>) = item.extract()?;
        sorted.set_item(name, value)?;
    }
    Ok(sorted)
}
