//! What is going on: the tasks that are held, those that have ended, and the orders that wait.

use std::collections::{HashMap, VecDeque};

use holdall_backend::jobs::{Claimed, Now, Task};
use holdall_store::Signed;
use holdall_store::signed::Companion;
use holdall_types::Error;

use super::order::{End, Job, Order, Place, Stale, Tally, Ticket};
use super::rooms::Rooms;
use crate::machine::Event;

/// Whether there is more to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Tasks are claimed.
    Working,
    /// No more of them; what was begun is ended.
    Draining,
    /// Nothing happens any more.
    Ended,
}

/// A task under a lease of ours.
#[derive(Debug)]
pub(super) struct Held {
    pub task: Task,
    /// The boot time at which the lease runs out, if nothing extends it.
    pub until: u64,
}

/// A held task that has ended, and what is to be said of it.
#[derive(Debug)]
pub(super) struct Finished {
    pub ticket: Ticket,
    pub held: Held,
    pub event: Event,
    pub result: Option<Signed>,
}

#[derive(Debug)]
pub(super) struct Desk {
    pub stage: Stage,
    pub held: HashMap<Ticket, Held>,
    /// To be settled.
    pub finished: Vec<Finished>,
    /// Results may be memory of the host's, which wants it back in one of its own threads.
    pub spent: Vec<Signed>,
    orders: VecDeque<Order>,
    rung: bool,
    pub tally: Tally,
    rooms: Rooms,
    tickets: Ticket,
}

impl Desk {
    pub fn new(here: usize, processes: bool) -> Self {
        Self {
            stage: Stage::Working,
            held: HashMap::new(),
            finished: Vec::new(),
            spent: Vec::new(),
            orders: VecDeque::new(),
            rung: false,
            tally: Tally::default(),
            rooms: Rooms::new(here, processes),
            tickets: 0,
        }
    }

    /// How many tasks to claim.
    pub fn hunger(&self) -> usize {
        if self.stage == Stage::Working { self.rooms.free() } else { 0 }
    }

    /// What was done so far.
    pub fn tally(&self) -> Tally {
        Tally { running: self.rooms.taken(), ..self.tally }
    }

    /// Counts what was settled.
    pub fn count(&mut self, event: &Event) {
        match event {
            Event::Completed => self.tally.completed += 1,
            Event::Raised(_) | Event::TimedOut | Event::Orphaned { .. } => self.tally.failed += 1,
            _ => {}
        }
    }

    /// Takes in a claimed task.
    pub fn claim(&mut self, claimed: Claimed, until: u64) {
        self.tickets += 1;
        let ticket = self.tickets;
        self.held.insert(ticket, Held { task: claimed.task.clone(), until });
        self.rooms.take(ticket);
        self.orders.push_back(Order::Run(Box::new(Job { ticket, claimed })));
        if self.stage != Stage::Working {
            // Somebody said so meanwhile.
            self.give_back();
        }
    }

    /// Takes in how a run ended, and says whether that counts: the task may have ended otherwise. What came
    /// with a result that does not count is given back, to be dropped without the desk.
    pub fn end(&mut self, ticket: Ticket, end: End) -> (bool, Option<Companion>) {
        let End { event, result, busy } = end;
        if !busy {
            self.rooms.free_of(ticket);
        }
        let Some(held) = self.held.remove(&ticket) else {
            let mut result = result;
            let companion = result.as_mut().and_then(Signed::release);
            self.spent.extend(result);
            return (false, companion);
        };
        self.finished.push(Finished { ticket, held, event, result });
        (true, None)
    }

    pub fn admit(&mut self) {
        self.rooms.admit();
    }

    pub fn place(&mut self, ticket: Ticket, place: Place) {
        self.rooms.place(ticket, place);
    }

    pub fn free(&mut self, ticket: Ticket) {
        self.rooms.free_of(ticket);
    }

    /// Lets a task go without a word: its lease runs out.
    pub fn abandon(&mut self, ticket: Ticket) {
        self.held.remove(&ticket);
    }

    /// Asks for a task to be stopped; once is enough.
    pub fn cancel(&mut self, ticket: Ticket) -> bool {
        let Some(held) = self.held.get_mut(&ticket).filter(|held| !held.task.cancel) else { return false };
        held.task.cancel = true;
        self.order(Order::Cancel(ticket));
        true
    }

    /// Notes that a task is no longer ours.
    pub fn lose(&mut self, ticket: Ticket) {
        if let Some(held) = self.held.remove(&ticket) {
            self.order(Order::Lost(ticket, Stale::of(&held.task)));
        } else if let Some(place) = self.finished.iter().position(|ended| ended.ticket == ticket) {
            let ended = self.finished.swap_remove(place);
            self.refuse(ended);
        }
    }

    /// Drops what a task came to.
    pub fn refuse(&mut self, ended: Finished) {
        self.order(Order::Refused(Stale::of(&ended.held.task)));
        self.spent.extend(ended.result);
    }

    /// Takes back what could not be settled, in front: it has waited longest.
    pub fn put_back(&mut self, finished: Vec<Finished>) {
        let newer = std::mem::replace(&mut self.finished, finished);
        self.finished.extend(newer);
    }

    /// Drops outcomes whose lease has run out while the backend took none.
    pub fn refuse_late(&mut self, now: Now) {
        let (late, rest) = std::mem::take(&mut self.finished)
            .into_iter()
            .partition(|ended: &Finished| ended.held.until <= now.boot);
        self.finished = rest;
        for ended in late as Vec<Finished> {
            self.refuse(ended);
        }
    }

    /// Every task whose lease is ours to extend.
    pub fn leases(&mut self) -> impl Iterator<Item = (Ticket, &mut Held)> {
        let ended = self.finished.iter_mut().map(|ended| (ended.ticket, &mut ended.held));
        self.held.iter_mut().map(|(ticket, held)| (*ticket, held)).chain(ended)
    }

    pub fn order(&mut self, order: Order) {
        self.orders.push_back(order);
    }

    /// The orders; to whoever was rung for, the next ones are rung for anew.
    pub fn orders(&mut self, heard: bool) -> VecDeque<Order> {
        self.rung &= !heard;
        std::mem::take(&mut self.orders)
    }

    /// Whether there are orders that no ring has told of; to be rung now.
    pub fn must_ring(&mut self) -> bool {
        let must = !self.rung && !self.orders.is_empty();
        self.rung |= must;
        must
    }

    /// The first task that nobody took yet.
    pub fn job(&mut self) -> Option<Box<Job>> {
        let place = self.orders.iter().position(|order| matches!(order, Order::Run(_)))?;
        match self.orders.remove(place)? {
            Order::Run(job) => Some(job),
            other => {
                self.orders.insert(place, other);
                None
            }
        }
    }

    /// Stops claiming, and gives back what nobody took yet.
    pub fn drain(&mut self) {
        if self.stage == Stage::Working {
            self.stage = Stage::Draining;
            self.give_back();
        }
    }

    fn give_back(&mut self) {
        while let Some(job) = self.job() {
            self.end(job.ticket, Event::Returned.into());
        }
    }

    /// Whether all that was begun is settled.
    pub fn is_drained(&self) -> bool {
        self.stage == Stage::Draining && self.held.is_empty() && self.finished.is_empty()
    }

    /// Says the last word.
    pub fn finish(&mut self, error: Option<Error>) {
        if self.stage != Stage::Ended {
            self.stage = Stage::Ended;
            self.order(Order::Ended(error));
        }
    }
}
