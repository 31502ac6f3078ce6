//! How many tasks may run at once, and which slots are taken.

use std::collections::HashMap;

use super::order::{Place, Ticket};

/// Slots here, and in processes if there are any. What a task needs is not known before its message was
/// opened, so a claimed one takes a slot of each, and gives one back when it is known. So nothing is ever
/// claimed that cannot run at once.
#[derive(Debug)]
pub(super) struct Rooms {
    here: usize,
    processes: Option<usize>,
    taken: HashMap<Ticket, Taken>,
}

#[derive(Clone, Copy, Debug)]
enum Taken {
    Both,
    One(Place),
}

impl Rooms {
    /// With slots in `processes`, none of which is there before it was admitted.
    pub fn new(here: usize, processes: bool) -> Self {
        Self { here, processes: processes.then_some(0), taken: HashMap::new() }
    }

    /// Adds a slot in a process.
    pub fn admit(&mut self) {
        self.processes = self.processes.map(|free| free + 1);
    }

    /// For how many tasks of whatever kind there is a slot.
    pub fn free(&self) -> usize {
        self.processes.map_or(self.here, |processes| self.here.min(processes))
    }

    /// How many tasks have a slot.
    pub fn taken(&self) -> usize {
        self.taken.len()
    }

    pub fn take(&mut self, ticket: Ticket) {
        self.here = self.here.saturating_sub(1);
        self.processes = self.processes.map(|free| free.saturating_sub(1));
        self.taken.insert(ticket, Taken::Both);
    }

    /// Says where a task runs.
    pub fn place(&mut self, ticket: Ticket, place: Place) {
        let Some(taken) = self.taken.get_mut(&ticket) else { return };
        if let Taken::Both = taken {
            *taken = Taken::One(place);
            match (place, &mut self.processes) {
                (Place::Here, Some(processes)) => *processes += 1,
                (Place::Process, Some(_)) => self.here += 1,
                (_, None) => {}
            }
        }
    }

    /// Frees what a task had taken. Twice is once.
    pub fn free_of(&mut self, ticket: Ticket) {
        let Some(taken) = self.taken.remove(&ticket) else { return };
        if !matches!((taken, self.processes), (Taken::One(Place::Process), Some(_))) {
            self.here += 1;
        }
        if !matches!(taken, Taken::One(Place::Here)) {
            self.processes = self.processes.map(|free| free + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_processes_there_is_one_kind_of_slot() {
        let mut rooms = Rooms::new(2, false);
        rooms.take(1);
        rooms.take(2);
        assert_eq!(rooms.free(), 0);
        rooms.place(1, Place::Here);
        rooms.place(2, Place::Process);
        assert_eq!(rooms.free(), 0);
        rooms.free_of(1);
        rooms.free_of(1);
        assert_eq!(rooms.free(), 1);
        rooms.free_of(2);
        assert_eq!(rooms.free(), 2);
    }

    #[test]
    fn a_task_takes_a_slot_of_each_kind_until_its_kind_is_known() {
        let mut rooms = Rooms::new(3, true);
        assert_eq!(rooms.free(), 0, "no process has begun yet");
        rooms.admit();
        rooms.admit();
        assert_eq!(rooms.free(), 2);
        rooms.take(1);
        rooms.take(2);
        assert_eq!(rooms.free(), 0);
        rooms.place(1, Place::Here);
        rooms.place(2, Place::Here);
        // Both processes are free, and one slot here.
        assert_eq!(rooms.free(), 1);
        rooms.take(3);
        rooms.place(3, Place::Process);
        rooms.place(3, Place::Here);
        assert_eq!(rooms.free(), 1);
        for ticket in [1, 2, 3] {
            rooms.free_of(ticket);
        }
        assert_eq!((rooms.here, rooms.processes), (3, Some(2)));
        rooms.take(4);
        rooms.free_of(4);
        assert_eq!((rooms.here, rooms.processes), (3, Some(2)));
    }
}
