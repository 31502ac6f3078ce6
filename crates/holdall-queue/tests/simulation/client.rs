//! A simulated client: it enqueues, repeats what it does not know the outcome of, and meddles.

use holdall_backend::jobs::{Cron, Insert, Inserted, Now, State, Turn};
use holdall_backend::{Jobs, Record};
use holdall_queue::cron::Schedule;
use holdall_queue::envelope::{Beside, Cargo, Function, Message};
use holdall_queue::machine::{Event, decide};
use holdall_queue::policy::{Backoff, Policy};
use holdall_queue::template::{Template, context};
use holdall_types::{Codec, ErrorKind};

use crate::chance::Chance;
use crate::faulty::Faulty;
use crate::world::{LEASE, QUEUES, keyring};

/// A task as its client remembers it.
#[derive(Clone, Debug)]
struct Order {
    id: String,
    queue: &'static str,
    priority: i16,
    due: Option<u64>,
    expires: Option<u64>,
    unique: Option<String>,
    options: Option<String>,
    after: Vec<String>,
    message: String,
}

#[derive(Debug)]
pub struct Client {
    name: char,
    made: usize,
    crons: usize,
    /// Batches whose outcome is unknown.
    pending: Vec<Vec<Order>>,
    /// What it knows to be there, or to have been.
    known: Vec<String>,
}

impl Client {
    pub fn new(name: char) -> Self {
        Self { name, made: 0, crons: 0, pending: Vec::new(), known: Vec::new() }
    }

    pub fn is_done(&self) -> bool {
        self.pending.is_empty()
    }

    /// How many it has thought of.
    pub fn made(&self) -> usize {
        self.made
    }

    fn order(&mut self, chance: &mut Chance, batch: &[Order], now: Now) -> Order {
        self.made += 1;
        let policy = Policy {
            retries: u32::try_from(chance.below(4)).unwrap(),
            max_lost: u32::try_from(chance.below(3)).unwrap(),
            backoff: match chance.below(3) {
                0 => Backoff::Exponential,
                1 => Backoff::Linear,
                _ => Backoff::List(vec![chance.below(10_000)]),
            },
            timeout_ms: None,
            result_ttl_ms: chance.percent(25).then(|| chance.below(4 * LEASE)),
            retry_on: chance.percent(20).then(|| vec!["app.Flaky".into()]),
            fail_on: if chance.percent(20) { vec!["app.Wrong".into()] } else { vec![] },
        };
        let mut after = Vec::new();
        while chance.percent(25) {
            let parents = batch.len() + self.known.len();
            if parents == 0 {
                break;
            }
            let parent = chance.index(parents);
            let own = batch.get(parent).map(|order| order.id.clone());
            after.extend(own.or_else(|| self.known.get(parent - batch.len()).cloned()));
        }
        Order {
            id: format!("{}{}", self.name, self.made),
            queue: chance.pick(&QUEUES),
            priority: chance.pick(&[-1, 0, 0, 0, 5]),
            due: chance.percent(25).then(|| now.wall + chance.below(3 * LEASE)),
            expires: chance.percent(20).then(|| now.wall + chance.below(6 * LEASE)),
            unique: chance.percent(25).then(|| format!("k{}", chance.below(3))),
            options: policy.write(),
            message: after.join("\n"),
            after,
        }
    }

    pub fn enqueue(&mut self, jobs: &Faulty, chance: &mut Chance, now: Now) -> String {
        if self.pending.is_empty() || chance.percent(40) {
            let mut batch = Vec::new();
            for _ in 0..1 + chance.index(3) {
                let order = self.order(chance, &batch, now);
                batch.push(order);
            }
            self.pending.push(batch);
        }
        self.send(jobs, chance, now)
    }

    /// Says one pending batch once more: the same tasks, as if for the first time.
    pub fn send(&mut self, jobs: &Faulty, chance: &mut Chance, now: Now) -> String {
        if self.pending.is_empty() {
            return "has nothing to send".into();
        }
        let at = chance.index(self.pending.len());
        let batch = self.pending[at].clone();
        let after: Vec<Vec<&str>> =
            batch.iter().map(|order| order.after.iter().map(String::as_str).collect()).collect();
        let tasks: Vec<_> = batch.iter().zip(&after).map(|(order, after)| order.insert(after)).collect();
        let ids: Vec<_> = batch.iter().map(|order| order.id.as_str()).collect();
        match jobs.insert(&tasks, None, now) {
            Ok(inserted) => {
                for (id, inserted) in ids.iter().zip(&inserted) {
                    if !matches!(inserted, Inserted::Twin(_)) {
                        self.known.push((*id).to_owned());
                        jobs.inside().ledger.acknowledge(id);
                    }
                }
                self.pending.swap_remove(at);
                format!("enqueues {ids:?}: {inserted:?}")
            }
            // It came after one that was purged, or that a twin stood for.
            Err(error) if error.kind() == ErrorKind::DoesNotExist => {
                self.pending.swap_remove(at);
                format!("enqueues {ids:?}: {error}")
            }
            Err(error) => format!("enqueues {ids:?}, and will again: {error}"),
        }
    }

    /// Cancels a task, or has it run again.
    pub fn ask(&mut self, jobs: &Faulty, chance: &mut Chance, event: &Event, now: Now) -> String {
        if self.known.is_empty() {
            return "knows no task".into();
        }
        let id = chance.pick_string(&self.known);
        let asked = || -> holdall_types::Result<Option<bool>> {
            let Some(task) = jobs.task(&id)? else { return Ok(None) };
            let policy = Policy::read(task.options.as_deref())?;
            let Some(moved) = decide(&task, &policy, event, now) else { return Ok(None) };
            let turned =
                jobs.turn(&Turn { changes: &[moved.change(None)], claim: None, patience: None }, now)?;
            Ok(turned.made.first().copied())
        };
        format!("{event:?} {id}: {:?}", asked().map_err(|error| error.to_string()))
    }

    pub fn purge(jobs: &Faulty, chance: &mut Chance, now: Now) -> String {
        let states: Vec<_> =
            State::ALL.into_iter().filter(|state| state.ended() && chance.percent(60)).collect();
        let before = now.wall.saturating_sub(chance.below(4 * LEASE));
        format!(
            "purges {states:?} before {before}: {:?}",
            jobs.purge(&states, before).map_err(|error| error.to_string())
        )
    }

    pub fn pause(jobs: &Faulty, chance: &mut Chance) -> String {
        let (queue, paused) = (chance.pick(&QUEUES), chance.percent(50));
        format!(
            "pauses {queue}: {paused}: {:?}",
            jobs.pause(queue, paused).map_err(|error| error.to_string())
        )
    }

    pub fn schedule(&mut self, jobs: &Faulty, chance: &mut Chance, now: Now) -> String {
        if self.crons > 2 {
            let name = format!("{}{}", self.name, 1 + chance.index(self.crons));
            let removed = jobs.set_cron(&name, None).map_err(|error| error.to_string());
            return format!("removes {name}: {removed:?}");
        }
        self.crons += 1;
        let name = format!("{}{}", self.name, self.crons);
        let schedule = Schedule::new(chance.pick(&["* * * * *", "*/3 * * * *", "7 * * * *"]), None).unwrap();
        let message = Message {
            function: Function::Named("app:work"),
            after: vec![],
            arguments: Cargo::Encoded(Codec::Json, b"[[],{}]"),
        };
        let keyset = keyring().for_signing().unwrap();
        let signed = message.sign(Beside::default(), &context(&name), &keyset).unwrap();
        let template = Template {
            queue: chance.pick(&QUEUES).into(),
            name: "app:work".into(),
            unique: chance.percent(30).then(|| name.clone()),
            expires_ms: chance.percent(30).then(|| chance.below(2 * LEASE)),
            ..Template::default()
        };
        let cron = Cron {
            name: name.clone(),
            expression: schedule.text().into(),
            next: schedule.next(now.wall).unwrap(),
            template: template.write(),
            message: signed.whole().unwrap(),
        };
        let set = jobs.set_cron(&name, Some(&cron)).map_err(|error| error.to_string());
        format!("schedules {name} {} from {}: {set:?}", cron.expression, cron.next)
    }
}

impl Chance {
    fn pick_string(&mut self, of: &[String]) -> String {
        of[self.index(of.len())].clone()
    }
}

impl Order {
    fn insert<'a>(&'a self, after: &'a [&'a str]) -> Insert<'a> {
        Insert {
            id: &self.id,
            queue: self.queue,
            name: "app:work",
            priority: self.priority,
            due: self.due,
            expires: self.expires,
            unique: self.unique.as_deref(),
            options: self.options.as_deref(),
            after,
            message: Record {
                header: &[],
                body: self.message.as_bytes(),
                text: false,
                expires: None,
                tail: None,
            },
        }
    }
}
