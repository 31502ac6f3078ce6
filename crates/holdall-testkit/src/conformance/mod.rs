//! What every [`KeyValue`] must do, whatever it is made of.
//!
//! Each behaviour is a small function that gets an empty store; [`all`] runs them all and prints
//! the name of each first, so that a failing test says which one it was. Where a backend cannot know
//! something (a file has no place for the day its key was first written), the check asks its
//! [`Capability`](holdall_backend::Capability), never its name.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a suite of assertions: failing is its purpose"
)]

mod conditions;
mod expiry;
mod keys;
mod leases;
mod life;
mod listing;
mod many;
mod segments;
mod subject;
mod threads;
mod values;

use std::sync::Arc;

use holdall_backend::KeyValue;

pub use subject::{NOW, Subject};

type Behaviour = (&'static str, fn(&Subject));

/// Runs every behaviour, each on a store of its own: `make` gives an empty one each time.
///
/// # Panics
/// When the backend behaves otherwise; the message says where.
pub fn all(make: &dyn Fn() -> Arc<dyn KeyValue>) {
    let groups: [&[Behaviour]; 10] = [
        values::BEHAVIOURS,
        conditions::BEHAVIOURS,
        many::BEHAVIOURS,
        segments::BEHAVIOURS,
        keys::BEHAVIOURS,
        listing::BEHAVIOURS,
        expiry::BEHAVIOURS,
        leases::BEHAVIOURS,
        life::BEHAVIOURS,
        threads::BEHAVIOURS,
    ];
    for (name, behaviour) in groups.into_iter().flatten() {
        let subject = Subject::new(make());
        println!("{}: {name}", subject.store.capability().name);
        behaviour(&subject);
    }
}
