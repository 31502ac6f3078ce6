//! Schedules.

use holdall_types::Result;
use rusqlite::params;

use crate::jobs::{Cron, Insert, Now};
use crate::sqlite::write::integer;

use super::SqliteJobs;
use super::insert::insert;
use super::row::time;

const SET: &str = "INSERT INTO crons(name,expression,next,template,message)VALUES(?1,?2,?3,?4,?5)\
    ON CONFLICT(name)DO UPDATE SET expression=?2,next=?3,template=?4,message=?5";
const REMOVE: &str = "DELETE FROM crons WHERE name=?1";
const LIST: &str = "SELECT name,expression,next,template,message FROM crons ORDER BY name";
const FIRE: &str = "UPDATE crons SET next=?3 WHERE name=?1 AND next=?2";

impl SqliteJobs {
    pub(super) fn write_cron(&self, name: &str, cron: Option<&Cron>) -> Result<()> {
        let writer = self.writer()?;
        writer.step(|connection| {
            let Some(cron) = cron else { return Ok(connection.prepare_cached(REMOVE)?.execute([name])?) };
            let Cron { expression, next, template, message, .. } = cron;
            let values = params![name, expression, integer(*next), template, message];
            Ok(connection.prepare_cached(SET)?.execute(values)?)
        })?;
        writer.announce();
        writer.grew(cron.map_or(0, |cron| cron.message.len()));
        Ok(())
    }

    pub(super) fn list_crons(&self) -> Result<Vec<Cron>> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(LIST)?;
            let mut rows = statement.query([])?;
            let mut crons = Vec::new();
            while let Some(row) = rows.next()? {
                crons.push(Cron {
                    name: row.get(0)?,
                    expression: row.get(1)?,
                    next: time(row, 2)?,
                    template: row.get(3)?,
                    message: row.get(4)?,
                });
            }
            Ok(crons)
        })
    }

    pub(super) fn fire_cron(
        &self,
        name: &str,
        (due, next): (u64, u64),
        task: &Insert<'_>,
        now: Now,
    ) -> Result<bool> {
        self.usable()?.writable()?;
        let mut bodies = [self.body(&task.message)?];
        let writer = self.writer()?;
        bodies.iter_mut().try_for_each(|body| self.ensure(body))?;
        let fired = writer.transaction(|connection| {
            let values = params![name, integer(due), integer(next)];
            if connection.prepare_cached(FIRE)?.execute(values)? == 0 {
                return Ok(None);
            }
            insert(connection, std::slice::from_ref(task), &bodies, now).map(Some)
        });
        let weight = bodies.iter().map(super::body::Body::weight).sum();
        self.keep(bodies, fired.as_ref().ok().and_then(Option::as_deref));
        let fired = fired?.is_some();
        if fired {
            writer.announce();
        }
        writer.grew(weight);
        Ok(fired)
    }
}
