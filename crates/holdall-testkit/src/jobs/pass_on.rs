//! Passing calls on: for backends that stand before another one and change what only some calls do.

/// The calls of [`Jobs`](holdall_backend::Jobs) that are named go to the field `jobs` as they are.
#[macro_export]
macro_rules! pass_on {
    ($($verb:ident)*) => { $($crate::pass_on!(@$verb);)* };
    (@name) => {
        fn name(&self) -> String {
            self.jobs.name()
        }
    };
    (@insert) => {
        fn insert(&self, tasks: &[$crate::jobs::nouns::Insert<'_>], patience: Option<std::time::Duration>, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<Vec<$crate::jobs::nouns::Inserted>> {
            self.jobs.insert(tasks, patience, now)
        }
    };
    (@turn) => {
        fn turn(&self, turn: &$crate::jobs::nouns::Turn<'_>, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<$crate::jobs::nouns::Turned> {
            self.jobs.turn(turn, now)
        }
    };
    (@extend) => {
        fn extend(&self, holds: &[$crate::jobs::nouns::Hold<'_>], lease_ms: u64, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<Vec<$crate::jobs::nouns::Held>> {
            self.jobs.extend(holds, lease_ms, now)
        }
    };
    (@attention) => {
        fn attention(&self, limit: usize, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<$crate::jobs::nouns::Attention> {
            self.jobs.attention(limit, now)
        }
    };
    (@forget) => {
        fn forget(&self, limit: usize, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<u64> {
            self.jobs.forget(limit, now)
        }
    };
    (@task) => {
        fn task(&self, id: &str) -> $crate::jobs::Result<Option<$crate::jobs::nouns::Task>> {
            self.jobs.task(id)
        }
    };
    (@message) => {
        fn message(&self, id: &str) -> $crate::jobs::Result<Option<$crate::jobs::nouns::Claimed>> {
            self.jobs.message(id)
        }
    };
    (@outcome) => {
        fn outcome(&self, id: &str) -> $crate::jobs::Result<Option<$crate::jobs::nouns::Outcome>> {
            self.jobs.outcome(id)
        }
    };
    (@tasks) => {
        fn tasks(&self, filter: &$crate::jobs::nouns::Filter<'_>) -> $crate::jobs::Result<Vec<$crate::jobs::nouns::Task>> {
            self.jobs.tasks(filter)
        }
    };
    (@counts) => {
        fn counts(&self) -> $crate::jobs::Result<Vec<(String, $crate::jobs::nouns::State, u64)>> {
            self.jobs.counts()
        }
    };
    (@unfinished) => {
        fn unfinished(&self, ids: Option<&[&str]>) -> $crate::jobs::Result<u64> {
            self.jobs.unfinished(ids)
        }
    };
    (@purge) => {
        fn purge(&self, states: &[$crate::jobs::nouns::State], before: u64) -> $crate::jobs::Result<u64> {
            self.jobs.purge(states, before)
        }
    };
    (@pause) => {
        fn pause(&self, queue: &str, paused: bool) -> $crate::jobs::Result<()> {
            self.jobs.pause(queue, paused)
        }
    };
    (@queues) => {
        fn queues(&self) -> $crate::jobs::Result<Vec<$crate::jobs::nouns::QueueState>> {
            self.jobs.queues()
        }
    };
    (@set_cron) => {
        fn set_cron(&self, name: &str, cron: Option<&$crate::jobs::nouns::Cron>) -> $crate::jobs::Result<()> {
            self.jobs.set_cron(name, cron)
        }
    };
    (@crons) => {
        fn crons(&self) -> $crate::jobs::Result<Vec<$crate::jobs::nouns::Cron>> {
            self.jobs.crons()
        }
    };
    (@fire) => {
        fn fire(&self, name: &str, due: u64, next: u64, task: &$crate::jobs::nouns::Insert<'_>, now: $crate::jobs::nouns::Now) -> $crate::jobs::Result<bool> {
            self.jobs.fire(name, due, next, task, now)
        }
    };
    (@watch) => {
        fn watch(&self) -> $crate::jobs::Result<Box<dyn $crate::jobs::nouns::Watch>> {
            self.jobs.watch()
        }
    };
    (@close) => {
        fn close(&self) -> $crate::jobs::Result<()> {
            self.jobs.close()
        }
    };
}
