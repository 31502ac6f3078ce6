//! Lease records, beside the values.

use std::collections::HashMap;

use crate::LeaseChange;
use crate::os::fork;

/// The records of this process. A forked child has values of its own from then on, but no holder:
/// whoever held a lock before the fork can never let go of it in the child's copy.
#[derive(Default)]
pub(super) struct Leases {
    generation: u64,
    records: HashMap<Box<str>, Vec<u8>>,
}

impl Leases {
    pub(super) fn change(&mut self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) {
        if self.generation != fork::generation() {
            self.generation = fork::generation();
            self.records.clear();
        }
        match decide(self.records.get(name).map(Vec::as_slice)) {
            LeaseChange::Keep => {}
            LeaseChange::Set(record) => {
                self.records.insert(name.into(), record);
            }
            LeaseChange::Remove => {
                self.records.remove(name);
            }
        }
    }
}
