//! Schedules.

use holdall_types::Result;

use super::table::Table;
use crate::jobs::{Cron, Insert, Now};
use crate::memory::Entry;

impl Table {
    pub(super) fn set_cron(&mut self, name: &str, cron: Option<&Cron>) {
        match cron {
            Some(cron) => self.crons.insert(name.into(), cron.clone()),
            None => self.crons.remove(name),
        };
        self.wake();
    }

    pub(super) fn fire(
        &mut self,
        name: &str,
        due: u64,
        next: u64,
        task: &Insert<'_>,
        entry: Vec<Entry>,
        now: Now,
    ) -> Result<bool> {
        if self.crons.get(name).is_none_or(|cron| cron.next != due) {
            return Ok(false);
        }
        // A twin that is still unfinished stands for this firing too.
        self.insert(std::slice::from_ref(task), entry, now)?;
        if let Some(cron) = self.crons.get_mut(name) {
            cron.next = next;
        }
        self.wake();
        Ok(true)
    }
}
