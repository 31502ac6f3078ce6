//! Lease records, beside the values.

use super::State;
use crate::LeaseChange;

impl State {
    pub(super) fn lease(&mut self, name: &str, decide: &mut dyn FnMut(Option<&[u8]>) -> LeaseChange) {
        match decide(self.leases.get(name).map(Vec::as_slice)) {
            LeaseChange::Keep => {}
            LeaseChange::Set(record) => {
                self.leases.insert(name.into(), record);
            }
            LeaseChange::Remove => {
                self.leases.remove(name);
            }
        }
    }
}
