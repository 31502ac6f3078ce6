//! The thread's loop.

use std::time::Instant;

use holdall_backend::jobs::Watch;

use super::Agent;
use super::beat::Rhythm;
use super::keep::Keeping;

impl Agent {
    /// Works until there is nothing more to come.
    pub(super) fn run(&self, mut watch: Box<dyn Watch>) {
        let (mut rhythm, mut keeping) = (Rhythm::new(), Keeping::new());
        while self.is_at_work() {
            let mut sleep = self.settings.poll;
            if let Some(rest) = self.turn() {
                sleep = sleep.min(rest);
            }
            // First what somebody waits for.
            self.ring();
            let changed = rhythm.changed;
            sleep = sleep.min(self.beat_in_time(&mut rhythm));
            sleep = sleep.min(self.keep_in_time(&mut keeping, changed));
            self.ring();
            if !self.is_at_work() {
                break;
            }
            let began = Instant::now();
            if let Err(error) = watch.wait(sleep) {
                self.desk().finish(Some(error));
            }
            rhythm.changed |= began.elapsed() < sleep || sleep == self.settings.poll;
        }
        self.ring();
    }
}
