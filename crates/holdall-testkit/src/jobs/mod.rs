//! What every [`Jobs`] must do, whatever it is made of.
//!
//! Each behaviour is a small function that gets an empty queue; [`all`] runs them all and prints the
//! name of each first. A queue may be given by several handles, as several processes would have: each
//! call then goes by another one, so that what one says the next must know.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a suite of assertions: failing is its purpose"
)]

mod after;
mod attention;
mod change;
mod claim;
mod counts;
mod cron;
mod ended;
mod insert;
mod lease;
mod life;
mod list;
mod messages;
mod order;
mod pass_on;
mod pause;
mod results;
mod subject;
mod threads;
mod unique;
mod watch;

use std::sync::Arc;

use holdall_backend::Jobs;

pub use holdall_backend::jobs as nouns;
pub use holdall_types::Result;
pub use subject::{NOW, Subject, at, change, record, task};

type Behaviour = (&'static str, fn(&Subject));

/// Runs every behaviour, each on a queue of its own: `make` gives the handles of an empty one each
/// time, at least one. A queue in memory gives one, or the same one twice.
///
/// # Panics
/// When the backend behaves otherwise; the message says where.
pub fn all(make: &dyn Fn() -> Vec<Arc<dyn Jobs>>) {
    let groups: [&[Behaviour]; 18] = [
        insert::BEHAVIOURS,
        unique::BEHAVIOURS,
        after::BEHAVIOURS,
        messages::BEHAVIOURS,
        claim::BEHAVIOURS,
        order::BEHAVIOURS,
        change::BEHAVIOURS,
        results::BEHAVIOURS,
        lease::BEHAVIOURS,
        attention::BEHAVIOURS,
        ended::BEHAVIOURS,
        list::BEHAVIOURS,
        counts::BEHAVIOURS,
        pause::BEHAVIOURS,
        cron::BEHAVIOURS,
        watch::BEHAVIOURS,
        threads::BEHAVIOURS,
        life::BEHAVIOURS,
    ];
    for (name, behaviour) in groups.into_iter().flatten() {
        let subject = Subject::new(make());
        println!("{}: {name}", subject.jobs().name());
        behaviour(&subject);
    }
}
