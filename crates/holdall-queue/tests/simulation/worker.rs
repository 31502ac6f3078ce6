//! A simulated worker: what an agent does, one step at a time, with everything that may happen to it.

use std::mem;

use holdall_backend::Jobs;
use holdall_backend::jobs::{Claim, Held, Hold, Now, State, Task, Turn};
use holdall_queue::failure::Failure;
use holdall_queue::keeper;
use holdall_queue::machine::{Event, Move, decide};
use holdall_queue::policy::Policy;

use crate::chance::Chance;
use crate::faulty::Faulty;
use crate::ledger::Belief;
use crate::world::{LEASE, QUEUES, keyring};

/// A task in a worker's memory.
#[derive(Clone, Debug)]
struct InHand {
    task: Task,
    after: Vec<String>,
}

#[derive(Debug)]
pub struct Worker {
    pub name: String,
    capacity: usize,
    queues: Vec<&'static str>,
    held: Vec<InHand>,
    /// What is to be settled, until the backend has answered.
    finished: Vec<(Task, Event)>,
    /// Stopped until then, by the boot clock.
    pub frozen: u64,
    pub draining: bool,
}

impl Worker {
    pub fn new(number: usize, chance: &mut Chance) -> Self {
        let mut queues: Vec<_> = QUEUES.to_vec();
        if chance.percent(30) {
            queues.reverse();
        }
        Self {
            name: format!("w{number}"),
            capacity: 1 + chance.index(4),
            queues,
            held: Vec::new(),
            finished: Vec::new(),
            frozen: 0,
            draining: false,
        }
    }

    pub fn is_idle(&self) -> bool {
        self.held.is_empty() && self.finished.is_empty()
    }

    /// Loses all that it has in memory.
    pub fn crash(&mut self, jobs: &Faulty) {
        for held in mem::take(&mut self.held) {
            self.let_go(jobs, &held.task.id);
        }
        for (task, _) in mem::take(&mut self.finished) {
            self.let_go(jobs, &task.id);
        }
        self.draining = false;
    }

    fn let_go(&self, jobs: &Faulty, id: &str) {
        jobs.inside().ledger.beliefs.remove(&(self.name.clone(), id.to_owned()));
    }

    fn believe(&self, jobs: &Faulty, id: &str, start: u32, now: Now) {
        let belief = Belief { start, boot_id: now.boot_id, until: now.boot + LEASE };
        jobs.inside().ledger.beliefs.insert((self.name.clone(), id.to_owned()), belief);
    }

    /// Settles what ended and claims more.
    pub fn turn(&mut self, jobs: &Faulty, chance: &mut Chance, now: Now) -> String {
        let moves: Vec<Option<Move>> =
            self.finished.iter().map(|(task, event)| self.decide(jobs, task, event, chance, now)).collect();
        let changes: Vec<_> = moves.iter().flatten().map(|moved| moved.change(None)).collect();
        let limit = self.capacity.saturating_sub(self.held.len());
        let claim = (!self.draining && limit > 0).then_some(Claim {
            queues: &self.queues,
            limit,
            worker: &self.name,
            lease_ms: LEASE,
        });
        if changes.is_empty() && claim.is_none() {
            return "nothing to say".into();
        }
        let turned = match jobs.turn(&Turn { changes: &changes, claim, patience: None }, now) {
            Ok(turned) => turned,
            // What was to be settled is settled with the next turn; what was claimed, nobody knows.
            Err(error) => return format!("turn failed: {error}"),
        };
        let said: Vec<_> = changes
            .iter()
            .zip(&turned.made)
            .map(|(change, made)| (change.id, change.to.name(), *made))
            .collect();
        let said = format!("settles {said:?}");
        for (task, _) in mem::take(&mut self.finished) {
            self.let_go(jobs, &task.id);
        }
        let ids: Vec<_> = turned.claimed.iter().map(|claimed| claimed.task.id.clone()).collect();
        for claimed in turned.claimed {
            self.believe(jobs, &claimed.task.id, claimed.task.start, now);
            let after = String::from_utf8_lossy(&claimed.message.bytes).lines().map(Into::into).collect();
            self.held.push(InHand { task: claimed.task, after });
        }
        format!("{said}, claims {ids:?}")
    }

    fn decide(
        &self,
        jobs: &Faulty,
        task: &Task,
        event: &Event,
        chance: &mut Chance,
        now: Now,
    ) -> Option<Move> {
        let policy = Policy::read(task.options.as_deref()).unwrap();
        let moved = decide(task, &policy, event, now)?;
        if moved.to.ended() || chance.percent(50) {
            return Some(moved);
        }
        // As an agent looks whether somebody cancelled it meanwhile; the other half is too late for that.
        match jobs.task(&task.id) {
            Ok(Some(found)) if (found.created, found.start) == (task.created, task.start) => {
                decide(&found, &policy, event, now)
            }
            _ => Some(moved),
        }
    }

    /// Tells that it lives.
    pub fn beat(&mut self, jobs: &Faulty, now: Now) -> String {
        let holds: Vec<_> =
            self.held.iter().map(|held| Hold { id: &held.task.id, start: held.task.start }).collect();
        if holds.is_empty() {
            return "has nothing to extend".into();
        }
        let answers = match jobs.extend(&holds, LEASE, now) {
            Ok(answers) => answers,
            Err(error) => return format!("extend failed: {error}"),
        };
        let said = format!("extends {holds:?}: {answers:?}");
        for (mut held, answer) in mem::take(&mut self.held).into_iter().zip(answers) {
            match answer {
                Held::Lost => {
                    self.let_go(jobs, &held.task.id);
                    continue;
                }
                Held::Cancel => held.task.cancel = true,
                Held::Kept => {}
            }
            self.believe(jobs, &held.task.id, held.task.start, now);
            self.held.push(held);
        }
        said
    }

    /// Something comes of one of its tasks.
    pub fn run(&mut self, jobs: &Faulty, chance: &mut Chance, calm: bool) -> String {
        if self.held.is_empty() {
            return "has nothing to run".into();
        }
        let held = self.held.swap_remove(chance.index(self.held.len()));
        let task = held.task;
        let event = match self.orphan(jobs, &held.after) {
            Ok(Some(orphaned)) => orphaned,
            // It does not know: it gives it back.
            Err(_) => Event::Returned,
            Ok(None) if task.cancel => {
                chance.pick_event(&[Event::Cancelled, Event::Completed, Event::TimedOut])
            }
            Ok(None) => match chance.below(100) {
                0..70 => Event::Completed,
                70..85 => Event::Raised(boom(chance)),
                85..92 => Event::TimedOut,
                // The process of a pool died, or the worker drains.
                92..95 if !calm => Event::Lost,
                _ if !calm => Event::Returned,
                _ => Event::Completed,
            },
        };
        let said = format!("{} {}: {event:?}", task.id, task.start);
        self.finished.push((task, event));
        said
    }

    fn orphan(&self, jobs: &Faulty, after: &[String]) -> holdall_types::Result<Option<Event>> {
        for parent in after {
            let state = jobs.task(parent)?.map(|task| task.state);
            if state != Some(State::Completed) {
                return Ok(Some(Event::Orphaned { parent: parent.clone(), state }));
            }
        }
        Ok(None)
    }

    /// Gives back what it has not started, and claims no more until that is settled.
    pub fn drain(&mut self) {
        self.draining = true;
        self.finished.extend(self.held.drain(..).map(|held| (held.task, Event::Returned)));
    }

    /// Comes for what nobody comes for.
    pub fn attend(jobs: &Faulty, now: Now) -> String {
        let actor = mem::replace(&mut jobs.inside().actor, "keeper".into());
        let when = keeper::attend(jobs, keyring(), now);
        jobs.inside().actor = actor;
        match when {
            Ok(when) => {
                let moved: Vec<_> = when.moved.iter().map(|moved| (&moved.id, moved.to.name())).collect();
                if let Some((name, error)) = when.troubles.first() {
                    let trouble = Err(format!("the schedule {name} is in trouble: {error}"));
                    // What the simulation refuses is no trouble of the schedule.
                    if !error.message().contains("the simulation") {
                        jobs.inside().verdict = trouble;
                    }
                }
                format!("attends: {moved:?}, fires {:?}, forgets {}", when.fired, when.forgotten)
            }
            Err(error) => format!("attends: {error}"),
        }
    }
}

impl Chance {
    fn pick_event(&mut self, of: &[Event]) -> Event {
        of[self.index(of.len())].clone()
    }
}

fn boom(chance: &mut Chance) -> Failure {
    let kind = chance.pick(&["app.Flaky", "app.Wrong", "builtins.ValueError"]);
    Failure {
        kind: kind.into(),
        message: "boom".into(),
        bases: vec![kind.into(), "builtins.Exception".into()],
        fatal: chance.percent(10),
        ..Failure::default()
    }
}
