//! One history from one seed: who does what when, and what befalls them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use holdall_backend::Jobs;
use holdall_backend::jobs::{Now, State, Task};
use holdall_frame::Keyset;
use holdall_queue::machine::Event;
use holdall_store::Keyring;

use crate::chance::Chance;
use crate::client::Client;
use crate::faulty::Faulty;
use crate::worker::Worker;

pub const QUEUES: [&str; 2] = ["default", "mail"];
pub const LEASE: u64 = 60_000;
const HOUR: u64 = 3_600_000;

/// The keys are not the seed's: no decision depends on them.
pub fn keyring() -> &'static Keyring {
    static KEYRING: OnceLock<Keyring> = OnceLock::new();
    KEYRING.get_or_init(|| Keyring::new(Some(Keyset::generate().unwrap().to_text())))
}

/// How a history went: how often things happened, or what went wrong after which steps.
pub type History = Result<BTreeMap<&'static str, u64>, (String, Vec<String>)>;

struct World {
    chance: Chance,
    jobs: Faulty,
    now: Now,
    workers: Vec<Worker>,
    clients: Vec<Client>,
    /// What was done, if anyone wants to know.
    trace: Option<Vec<String>>,
    most: usize,
}

/// Lives through a history.
pub fn live(seed: u64, make: &dyn Fn() -> Arc<dyn Jobs>, steps: usize, traced: bool) -> History {
    let mut chance = Chance::new(seed);
    let now = Now { wall: 1_700_000_000_000 + chance.below(HOUR), boot: chance.below(HOUR), boot_id: 1 };
    // Some histories are quiet, so that nothing hides behind faults.
    let rate = chance.pick(&[0, 20, 100]);
    let jobs = Faulty::new(make(), Chance::new(chance.next()), rate, now);
    let workers = (1..=2 + chance.index(3)).map(|number| Worker::new(number, &mut chance)).collect();
    let clients = ['a', 'b'].into_iter().take(1 + chance.index(2)).map(Client::new).collect();
    let trace = traced.then(Vec::new);
    let mut world = World { chance, jobs, now, workers, clients, trace, most: 40 };
    let lived = world.storm(steps).and_then(|()| world.calm());
    let _ = world.jobs.close();
    let tally = std::mem::take(&mut world.jobs.inside().ledger.tally);
    lived.map(|()| tally).map_err(|wrong| (wrong, world.trace.unwrap_or_default()))
}

impl World {
    fn note(&mut self, who: &str, what: &str) -> Result<(), String> {
        if let Some(trace) = &mut self.trace {
            let Now { wall, boot, boot_id } = self.now;
            trace.push(format!("[{wall} {boot_id}:{boot}] {who} {what}"));
        }
        self.jobs.inside().verdict.clone()
    }

    fn storm(&mut self, steps: usize) -> Result<(), String> {
        for _ in 0..steps {
            self.pass();
            let (who, what) = match self.chance.below(100) {
                0..20 => self.client(),
                20..24 => self.meddle(),
                _ => self.worker(),
            };
            self.note(&who, &what)?;
        }
        Ok(())
    }

    /// Time goes on: both clocks a little, and now and then one of them not as it should.
    fn pass(&mut self) {
        let step =
            if self.chance.percent(70) { self.chance.below(2_000) } else { self.chance.below(LEASE / 2) };
        self.now.boot += step;
        self.now.wall += step;
        self.jobs.inside().truth = self.now;
    }

    fn client(&mut self) -> (String, String) {
        let at = self.chance.index(self.clients.len());
        let (jobs, chance, now) = (&self.jobs, &mut self.chance, self.now);
        jobs.inside().actor = format!("client {at}");
        let client = &mut self.clients[at];
        let full = client.made() >= self.most / 2;
        let what = match chance.below(100) {
            0..60 if !full => client.enqueue(jobs, chance, now),
            0..60 => client.send(jobs, chance, now),
            60..75 => client.ask(jobs, chance, &Event::CancelAsked, now),
            75..88 => client.ask(jobs, chance, &Event::RetryAsked, now),
            88..92 => Client::purge(jobs, chance, now),
            92..96 => Client::pause(jobs, chance),
            _ => client.schedule(jobs, chance, now),
        };
        (format!("client {at}"), what)
    }

    /// What befalls the machine.
    fn meddle(&mut self) -> (String, String) {
        let what = match self.chance.below(10) {
            0..4 => {
                let hours = self.chance.below(5 * HOUR);
                if self.chance.percent(50) {
                    self.now.wall += hours;
                } else {
                    self.now.wall -= hours;
                }
                "the wall clock jumps".to_owned()
            }
            4 => {
                for worker in &mut self.workers {
                    worker.crash(&self.jobs);
                    worker.frozen = 0;
                }
                self.now.boot_id += if self.chance.percent(50) { 1 } else { -3 };
                self.now.boot = self.chance.below(2 * self.now.boot + 1);
                self.jobs.inside().ledger.count("reboot");
                "the machine boots".to_owned()
            }
            5..8 => {
                let at = self.chance.index(self.workers.len());
                self.workers[at].crash(&self.jobs);
                self.jobs.inside().ledger.count("crash");
                format!("w{} is killed, and starts anew", at + 1)
            }
            _ => {
                let at = self.chance.index(self.workers.len());
                self.workers[at].frozen = self.now.boot + self.chance.below(3 * LEASE);
                self.jobs.inside().ledger.count("freeze");
                format!("w{} is stopped until {}", at + 1, self.workers[at].frozen)
            }
        };
        self.jobs.inside().truth = self.now;
        ("fate:".into(), what)
    }

    fn worker(&mut self) -> (String, String) {
        let at = self.chance.index(self.workers.len());
        let (jobs, chance, now) = (&self.jobs, &mut self.chance, self.now);
        let worker = &mut self.workers[at];
        jobs.inside().actor = worker.name.clone();
        if worker.frozen > now.boot {
            return (worker.name.clone(), "is stopped".into());
        }
        // A turn may have waited for others since it read the clock.
        let read = Now { wall: now.wall, boot: now.boot.saturating_sub(chance.below(2_000)), ..now };
        let late = if chance.percent(10) { read } else { now };
        let what = match chance.below(100) {
            0..35 => worker.turn(jobs, chance, late),
            35..65 => worker.run(jobs, chance, false),
            65..85 => worker.beat(jobs, now),
            85..97 => Worker::attend(jobs, late),
            _ => {
                worker.drain();
                "drains".into()
            }
        };
        if worker.draining && worker.is_idle() {
            worker.draining = false;
        }
        (worker.name.clone(), what)
    }

    /// The faults stop, everything is let go, and all must end.
    fn calm(&mut self) -> Result<(), String> {
        self.jobs.inside().rate = 0;
        let said = |error: holdall_types::Error| error.to_string();
        for queue in QUEUES {
            self.jobs.pause(queue, false).map_err(said)?;
        }
        for cron in self.jobs.crons().map_err(said)? {
            self.jobs.set_cron(&cron.name, None).map_err(said)?;
        }
        for _ in 0..1_000 {
            for at in 0..self.clients.len() {
                while !self.clients[at].is_done() {
                    let what = self.clients[at].send(&self.jobs, &mut self.chance, self.now);
                    self.note("client", &what)?;
                }
            }
            for at in 0..self.workers.len() {
                let (jobs, chance, now) = (&self.jobs, &mut self.chance, self.now);
                let worker = &mut self.workers[at];
                jobs.inside().actor = worker.name.clone();
                worker.draining = false;
                if worker.frozen > now.boot {
                    continue;
                }
                let what = [
                    worker.turn(jobs, chance, now),
                    worker.run(jobs, chance, true),
                    worker.turn(jobs, chance, now),
                    worker.beat(jobs, now),
                    Worker::attend(jobs, now),
                ]
                .join("; ");
                let who = worker.name.clone();
                self.note(&who, &what)?;
            }
            self.check()?;
            let idle = self.workers.iter().all(Worker::is_idle);
            if idle && self.jobs.unfinished(None).map_err(said)? == 0 {
                return self.jobs.inside().ledger.ended();
            }
            self.wait(idle)?;
            self.jobs.inside().truth = self.now;
        }
        self.jobs.inside().ledger.ended()
    }

    /// Until something is due, if nobody has anything to do.
    fn wait(&mut self, idle: bool) -> Result<(), String> {
        let all = self.jobs.all().map_err(|error| error.to_string())?;
        let awaits = |task: &&Task| matches!(task.state, State::Scheduled | State::Retryable);
        let due = all.iter().filter(awaits).map(|task| task.due).min();
        let others = all.iter().any(|task| matches!(task.state, State::Running | State::Available));
        let leap = match due {
            Some(due) if idle && !others => due.saturating_sub(self.now.wall).max(1),
            _ => LEASE / 4,
        };
        self.now.boot += leap;
        self.now.wall += leap;
        Ok(())
    }

    /// What is counted in other ways must come out the same.
    fn check(&mut self) -> Result<(), String> {
        let said = |error: holdall_types::Error| error.to_string();
        let all = self.jobs.all().map_err(said)?;
        let mut counted = BTreeMap::new();
        for task in &all {
            *counted.entry((task.queue.clone(), task.state)).or_insert(0) += 1;
        }
        let counts = self.jobs.counts().map_err(said)?;
        let told: BTreeMap<_, _> = counts
            .into_iter()
            .map(|(queue, state, count)| ((queue, state), count))
            .filter(|(_, count)| *count > 0)
            .collect();
        if told != counted {
            return Err(format!("counts are {told:?}, not {counted:?}"));
        }
        let unfinished = all.iter().filter(|task| !task.state.ended()).count() as u64;
        let told = self.jobs.unfinished(None).map_err(said)?;
        if told == unfinished { Ok(()) } else { Err(format!("{told} are unfinished, not {unfinished}")) }
    }
}
