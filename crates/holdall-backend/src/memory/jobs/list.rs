//! What there is.

use super::table::Table;
use crate::jobs::{Filter, QueueState, State, Task};

impl Table {
    pub(super) fn tasks(&self, filter: &Filter<'_>) -> Vec<Task> {
        let wanted = |task: &&Task| {
            (filter.states.is_empty() || filter.states.contains(&task.state))
                && filter.queue.is_none_or(|queue| queue == task.queue)
        };
        self.rows.values().rev().map(|row| &row.task).filter(wanted).take(filter.limit).cloned().collect()
    }

    pub(super) fn counts(&self) -> Vec<(String, State, u64)> {
        let lanes = self.lanes.iter();
        let all = lanes.flat_map(|(queue, lane)| {
            State::ALL.into_iter().zip(lane.counts).map(|(state, count)| (queue.to_string(), state, count))
        });
        all.filter(|(_, _, count)| *count > 0).collect()
    }

    pub(super) fn unfinished(&self, ids: Option<&[&str]>) -> u64 {
        match ids {
            Some(ids) => {
                let unended = ids.iter().filter_map(|id| self.row(id)).filter(|row| !row.task.state.ended());
                unended.count() as u64
            }
            None => (self.rows.len() - self.ended.len()) as u64,
        }
    }

    pub(super) fn queues(&self) -> Vec<QueueState> {
        let state = |(name, lane): (&std::sync::Arc<str>, &super::table::Lane)| QueueState {
            name: name.to_string(),
            paused: lane.paused,
        };
        self.lanes.iter().map(state).collect()
    }
}
