//! Removing what has ended.

use super::table::{Number, Table};
use crate::jobs::{Now, State};

impl Table {
    pub(super) fn forget_due(&mut self, limit: usize, now: Now) -> u64 {
        let due: Vec<_> =
            self.forget.range(..=(now.wall, Number::MAX)).map(|(_, number)| *number).take(limit).collect();
        self.remove(due)
    }

    pub(super) fn purge(&mut self, states: &[State], before: u64) -> u64 {
        let mut old = Vec::new();
        for state in states.iter().filter(|state| state.ended()) {
            old.extend(self.ended.range((*state, 0, 0)..(*state, before, 0)).map(|(.., number)| *number));
        }
        self.remove(old)
    }

    fn remove(&mut self, numbers: Vec<Number>) -> u64 {
        let mut removed = 0;
        for number in numbers {
            let Some(row) = self.rows.remove(&number) else { continue };
            self.index(number, &row, false);
            self.ids.remove(row.task.id.as_str());
            for parent in &row.after {
                self.rows.get_mut(parent).map(|parent| parent.before.remove(&number));
            }
            for child in &row.before {
                self.rows.get_mut(child).map(|child| child.after.remove(&number));
            }
            removed += 1;
        }
        removed
    }
}
