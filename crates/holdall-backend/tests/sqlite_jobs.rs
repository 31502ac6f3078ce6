//! The queue in SQLite and the suite that every queue passes.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::sync::Arc;

use holdall_backend::sqlite::{Options, SqliteJobs};
use holdall_backend::{Durability, Jobs};
use holdall_testkit::jobs;

fn conforms_with(durability: Durability, handles: usize) {
    let folder = tempfile::tempdir().unwrap();
    let number = std::cell::Cell::new(0);
    jobs::all(&|| {
        number.set(number.get() + 1);
        let path = folder.path().join(format!("{}.db", number.get()));
        let open = |_| SqliteJobs::open(Options { durability, ..Options::new(&path) }).unwrap();
        (0..handles).map(open).map(|jobs| Arc::new(jobs) as Arc<dyn Jobs>).collect()
    });
}

#[test]
fn conforms() {
    conforms_with(Durability::Normal, 1);
}

#[test]
fn conforms_by_several_handles() {
    conforms_with(Durability::Normal, 3);
}

#[test]
fn conforms_with_full_durability() {
    conforms_with(Durability::Full, 2);
}
