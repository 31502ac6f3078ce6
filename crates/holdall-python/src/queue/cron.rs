//! Schedules.

use holdall_backend::jobs::Cron;
use holdall_queue::cron::Schedule;
use holdall_queue::template::{Template, context};
use holdall_types::ErrorKind;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::message::Written;
use super::terms::{Terms, Unique};
use super::verbs::Queue;
use crate::error::{Raised, Result};

/// A schedule as Python sees it: its name, expression, next time in milliseconds, function and queue.
type Seen = (String, String, u64, String, String);

#[pymethods]
impl Queue {
    /// Write a schedule under its name, by default that of its function, in place of any other; return the
    /// name and the next time in milliseconds since the Unix epoch.
    #[pyo3(signature = (expression, function, args, kwargs, terms, name=None, zone=None))]
    #[expect(clippy::too_many_arguments, reason = "a call and its circumstances")]
    fn set_cron<'py>(
        &self,
        py: Python<'py>,
        expression: &str,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: &Bound<'py, PyDict>,
        terms: &Terms,
        name: Option<&str>,
        zone: Option<&str>,
    ) -> Result<(String, u64)> {
        let refused = |option: &str| {
            let message = format!("a schedule takes no {option}: that is for one task, and it makes many");
            Err(Raised::new(ErrorKind::Validation, message))
        };
        match terms {
            Terms { after, .. } if !after.is_empty() => return refused("after"),
            Terms { ids: Some(_), .. } => return refused("task_id"),
            Terms { due: Some(_), .. } => return refused("eta"),
            Terms { expires_at: Some(_), .. } => return refused("expires at a time; give a span"),
            _ => {}
        }
        let schedule = Schedule::new(expression, zone)?;
        let serializer = self.serializer(py)?;
        let mut drafting = self.drafting(terms, serializer.as_ref())?;
        let reference = drafting.references.of(function)?;
        let name = name.unwrap_or(&reference.name).to_owned();
        let written = Written::new(reference, args.to_list().as_any(), kwargs, &[], serializer.as_ref())?;
        let template = Template {
            queue: terms.queue.to_string(),
            name: reference.name.to_string(),
            priority: terms.priority,
            options: terms.policy.as_deref().map(str::to_owned),
            unique: match &terms.unique {
                Unique::No => None,
                Unique::Call => Some(written.digest()),
                Unique::Key(key) => Some(key.clone()),
            },
            expires_ms: terms.expires_in,
        };
        let message = written.sign(&context(&name), &drafting.keyset)?.whole()?;
        let next = schedule.next(drafting.now)?;
        let cron = Cron {
            name: name.clone(),
            expression: schedule.text().to_owned(),
            next,
            template: template.write(),
            message,
        };
        py.detach(|| self.engine.desk.jobs.set_cron(&name, Some(&cron)))?;
        Ok((name, next))
    }

    /// Remove a schedule, and say whether there was one.
    fn remove_cron(&self, py: Python<'_>, name: &str) -> Result<bool> {
        Ok(py.detach(|| {
            let jobs = &self.engine.desk.jobs;
            let there = jobs.crons()?.iter().any(|cron| cron.name == name);
            jobs.set_cron(name, None).map(|()| there)
        })?)
    }

    /// Return all schedules.
    fn crons(&self, py: Python<'_>) -> Result<Vec<Seen>> {
        let crons = py.detach(|| self.engine.desk.jobs.crons())?;
        let seen = |cron: Cron| {
            let template = Template::read(&cron.template)?;
            Ok((cron.name, cron.expression, cron.next, template.name, template.queue))
        };
        crons.into_iter().map(seen).collect()
    }
}
