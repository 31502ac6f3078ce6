//! The thread's loop.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use holdall_backend::jobs::Watch;

use super::Agent;
use super::beat::Rhythm;
use super::keep::Keeping;

/// How long the thread leaves it to others.
const BREATH: Duration = Duration::from_micros(300);

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
            // Whoever ends tasks takes turns, too, and each of them wakes this thread: while they do, it has time.
            if self.is_lively() {
                thread::sleep(BREATH);
            }
            self.woken.store(false, Ordering::Release);
            rhythm.changed |= began.elapsed() < sleep || sleep == self.settings.poll;
        }
        self.ring();
    }
}
