//! A backend between the actors and the true one: it makes calls fail, before or after they took effect,
//! and tells the ledger what truly happened.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use holdall_backend::Jobs;
use holdall_backend::jobs::{
    Attention, Claimed, Cron, Filter, Held, Hold, Insert, Inserted, Now, Outcome, QueueState, State, Task,
    Turn, Turned, Watch,
};
use holdall_types::{Error, ErrorKind, Result};

use crate::chance::Chance;
use crate::ledger::{Belief, Ledger, Verdict};
use crate::world::LEASE;

#[derive(Debug)]
pub struct Faulty {
    jobs: Arc<dyn Jobs>,
    inside: Mutex<Inside>,
}

#[derive(Debug)]
pub struct Inside {
    pub chance: Chance,
    /// Of a thousand calls so many fail.
    pub rate: u64,
    /// Who calls.
    pub actor: String,
    /// What the clocks say, whatever the caller believes.
    pub truth: Now,
    pub ledger: Ledger,
    pub verdict: Verdict,
}

enum Fault {
    None,
    /// The call does nothing.
    Before(ErrorKind),
    /// The call is done, and nobody is told.
    After,
}

impl Faulty {
    pub fn new(jobs: Arc<dyn Jobs>, chance: Chance, rate: u64, truth: Now) -> Self {
        let inside = Inside {
            chance,
            rate,
            actor: String::new(),
            truth,
            ledger: Ledger::new(jobs.name() != ":memory:"),
            verdict: Ok(()),
        };
        Self { jobs, inside: Mutex::new(inside) }
    }

    pub fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap()
    }

    pub fn all(&self) -> Result<Vec<Task>> {
        self.jobs.tasks(&Filter { states: &[], queue: None, limit: usize::MAX })
    }

    /// A call that changes something: `judge` tells the ledger of its true result.
    fn change<T>(
        &self,
        now: Now,
        call: impl FnOnce(&dyn Jobs) -> Result<T>,
        judge: impl FnOnce(&mut Inside, &T) -> Verdict,
    ) -> Result<T> {
        let mut inside = self.inside();
        let fault = inside.fault(true);
        if let Fault::Before(kind) = fault {
            return Err(Error::new(kind, "the simulation refuses this call"));
        }
        let result = call(&*self.jobs);
        let verdict = result.as_ref().map_or(Ok(()), |result| judge(&mut inside, result));
        let verdict = verdict.and_then(|()| match self.all() {
            Ok(all) => inside.ledger.compare(all, now),
            Err(error) => Err(error.to_string()),
        });
        if inside.verdict.is_ok() {
            inside.verdict = verdict;
        }
        if matches!(fault, Fault::After) {
            inside.ledger.count("unknown outcome");
            return Err(Error::new(ErrorKind::ConnectionLost, "the simulation keeps the outcome for itself"));
        }
        result
    }

    fn read<T>(&self, call: impl FnOnce(&dyn Jobs) -> Result<T>) -> Result<T> {
        match self.inside().fault(false) {
            Fault::Before(kind) => Err(Error::new(kind, "the simulation refuses this call")),
            _ => call(&*self.jobs),
        }
    }

    /// A worker that was slow extends its lease after somebody saw that it had run out, and before he came.
    fn revive(&self, inside: &mut Inside, task: &Task) -> Result<()> {
        let truth = inside.truth;
        let hold = Hold { id: &task.id, start: task.start };
        let alive = |((_, id), belief): &(&(String, String), &mut Belief)| {
            *id == task.id && belief.start == task.start && belief.boot_id == truth.boot_id
        };
        let Some((_, belief)) = inside.ledger.beliefs.iter_mut().find(alive) else { return Ok(()) };
        if self.jobs.extend(&[hold], LEASE, truth)?.first() == Some(&Held::Lost) {
            return Ok(());
        }
        belief.until = truth.boot + LEASE;
        inside.ledger.count("revived");
        let verdict = inside.ledger.extended(hold.id, hold.start, truth.boot + LEASE, truth);
        if inside.verdict.is_ok() {
            inside.verdict = verdict;
        }
        Ok(())
    }

    /// Takes away, and tells the ledger what went.
    fn remove(
        &self,
        now: Now,
        call: impl FnOnce(&dyn Jobs) -> Result<u64>,
        states: Option<&[State]>,
        before: u64,
    ) -> Result<u64> {
        self.change(now, call, |inside, removed| {
            let left: BTreeSet<_> =
                self.all().map_err(|error| error.to_string())?.into_iter().map(|task| task.id).collect();
            let gone: Vec<_> = inside.ledger.ids().filter(|id| !left.contains(*id)).cloned().collect();
            if gone.len() as u64 != *removed {
                return Err(format!("{removed} tasks were removed, and {gone:?} are gone"));
            }
            inside.ledger.removed(&gone, states, before)
        })
    }
}

impl Inside {
    fn fault(&mut self, changes: bool) -> Fault {
        if self.chance.below(1000) >= self.rate {
            return Fault::None;
        }
        self.ledger.count("fault");
        match self.chance.below(3) {
            0 => Fault::Before(ErrorKind::StoreBusy),
            1 if changes => Fault::After,
            _ => Fault::Before(ErrorKind::Backend),
        }
    }
}

impl Jobs for Faulty {
    fn name(&self) -> String {
        self.jobs.name()
    }

    fn insert(&self, tasks: &[Insert<'_>], patience: Option<Duration>, now: Now) -> Result<Vec<Inserted>> {
        self.change(
            now,
            |jobs| jobs.insert(tasks, patience, now),
            |inside, inserted| inside.ledger.inserted(tasks, inserted, now),
        )
    }

    fn turn(&self, turn: &Turn<'_>, now: Now) -> Result<Turned> {
        self.change(
            now,
            |jobs| jobs.turn(turn, now),
            |inside, turned| {
                let (actor, truth) = (inside.actor.clone(), inside.truth);
                for (change, made) in turn.changes.iter().zip(&turned.made) {
                    if *made {
                        inside.ledger.changed(change, &actor, now, truth)?;
                    } else if actor.starts_with('w') {
                        inside.ledger.count("zombie");
                    } else {
                        inside.ledger.count("refused change");
                    }
                }
                if let Some(claim) = &turn.claim {
                    if turned.claimed.len() > claim.limit {
                        return Err(format!("{} claimed, {} asked for", turned.claimed.len(), claim.limit));
                    }
                    for claimed in &turned.claimed {
                        if !claim.queues.contains(&claimed.task.queue.as_str()) {
                            return Err(format!("{} was claimed from another queue", claimed.task.id));
                        }
                        inside.ledger.claimed(claimed, &actor, claim.lease_ms, now, truth)?;
                    }
                }
                Ok(())
            },
        )
    }

    fn extend(&self, holds: &[Hold<'_>], lease_ms: u64, now: Now) -> Result<Vec<Held>> {
        self.change(
            now,
            |jobs| jobs.extend(holds, lease_ms, now),
            |inside, held| {
                for (hold, held) in holds.iter().zip(held) {
                    if *held != Held::Lost {
                        inside.ledger.extended(hold.id, hold.start, now.boot + lease_ms, now)?;
                    }
                }
                Ok(())
            },
        )
    }

    fn attention(&self, limit: usize, now: Now) -> Result<Attention> {
        let attention = self.read(|jobs| jobs.attention(limit, now))?;
        let mut inside = self.inside();
        for task in &attention.lost {
            if inside.chance.percent(30) {
                self.revive(&mut inside, task)?;
            }
        }
        Ok(attention)
    }

    fn forget(&self, limit: usize, now: Now) -> Result<u64> {
        self.remove(now, |jobs| jobs.forget(limit, now), None, now.wall)
    }

    fn task(&self, id: &str) -> Result<Option<Task>> {
        self.read(|jobs| jobs.task(id))
    }

    fn message(&self, id: &str) -> Result<Option<Claimed>> {
        self.read(|jobs| jobs.message(id))
    }

    fn outcome(&self, id: &str) -> Result<Option<Outcome>> {
        self.read(|jobs| jobs.outcome(id))
    }

    fn tasks(&self, filter: &Filter<'_>) -> Result<Vec<Task>> {
        self.read(|jobs| jobs.tasks(filter))
    }

    fn counts(&self) -> Result<Vec<(String, State, u64)>> {
        self.read(|jobs| jobs.counts())
    }

    fn unfinished(&self, ids: Option<&[&str]>) -> Result<u64> {
        self.read(|jobs| jobs.unfinished(ids))
    }

    fn purge(&self, states: &[State], before: u64) -> Result<u64> {
        let truth = self.inside().truth;
        self.remove(truth, |jobs| jobs.purge(states, before), Some(states), before)
    }

    fn pause(&self, queue: &str, paused: bool) -> Result<()> {
        let truth = self.inside().truth;
        self.change(
            truth,
            |jobs| jobs.pause(queue, paused),
            |inside, ()| {
                inside.ledger.pause(queue, paused);
                Ok(())
            },
        )
    }

    fn queues(&self) -> Result<Vec<QueueState>> {
        self.read(|jobs| jobs.queues())
    }

    fn set_cron(&self, name: &str, cron: Option<&Cron>) -> Result<()> {
        let truth = self.inside().truth;
        self.change(truth, |jobs| jobs.set_cron(name, cron), |_, ()| Ok(()))
    }

    fn crons(&self) -> Result<Vec<Cron>> {
        self.read(|jobs| jobs.crons())
    }

    fn fire(&self, name: &str, due: u64, next: u64, task: &Insert<'_>, now: Now) -> Result<bool> {
        self.change(
            now,
            |jobs| jobs.fire(name, due, next, task, now),
            |inside, fired| {
                if !*fired {
                    return Ok(());
                }
                inside.ledger.fired(name, due)?;
                let there = self.jobs.task(task.id).map_err(|error| error.to_string())?;
                // Without one a twin stands for it.
                let inserted = if there.is_some() { Inserted::New } else { return Ok(()) };
                inside.ledger.inserted(std::slice::from_ref(task), &[inserted], now)
            },
        )
    }

    fn watch(&self) -> Result<Box<dyn Watch>> {
        self.jobs.watch()
    }

    fn close(&self) -> Result<()> {
        self.jobs.close()
    }
}
