//! What nobody will come for by himself.

use super::table::{Number, Table};
use crate::jobs::{Attention, Now, Task};

impl Table {
    pub(super) fn attention(&self, limit: usize, now: Now) -> Attention {
        let boot = now.boot_id;
        // Leases are ordered by boot, and of all boots but this one each has run out.
        let before = self.leases.range(..(boot, 0, 0));
        let ours = self.leases.range((boot, 0, 0)..=(boot, now.boot, Number::MAX));
        let later = boot.checked_add(1).map(|next| self.leases.range((next, 0, 0)..));
        let lost: Vec<_> = before.chain(ours).chain(later.into_iter().flatten()).take(limit).collect();
        let more = lost.len() == limit;
        let next_lease = if more {
            Some(now.boot)
        } else {
            let running =
                self.leases.range((boot, now.boot.saturating_add(1), 0)..=(boot, u64::MAX, Number::MAX));
            running.map(|(_, until, _)| *until).next()
        };
        let overdue: Vec<_> =
            self.expires.range(..=(now.wall, Number::MAX)).map(|(_, number)| *number).take(limit).collect();
        // What is due or to be forgotten by now, the next turn or call deals with.
        let next = [
            self.due.range((now.wall.saturating_add(1), 0)..).next(),
            self.expires.iter().nth(overdue.len()),
            self.forget.range((now.wall.saturating_add(1), 0)..).next(),
        ];
        Attention {
            lost: self.copies(lost.into_iter().map(|(.., number)| *number)),
            overdue: self.copies(overdue.into_iter()),
            next: next.into_iter().flatten().map(|(time, _)| *time).min(),
            next_lease,
        }
    }

    fn copies(&self, numbers: impl Iterator<Item = Number>) -> Vec<Task> {
        numbers.filter_map(|number| self.rows.get(&number)).map(|row| row.task.clone()).collect()
    }
}
