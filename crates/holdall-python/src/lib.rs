//! The Python extension `holdall._holdall`: the engine, seen from Python.
//!
//! - [`source`] and [`sink`] let the codec walk and build Python objects, with [`integer`], [`utf8`] and
//!   [`keys`] for what they consist of; [`output`] is where payloads are written, with [`block`] and
//!   [`copy`](mod@copy) for its bytes. They, [`hooks`] and [`cbor`] are where `unsafe` is, each use with its
//!   reason; [`oracle`] is what the tests hold the fast writer against.
//! - [`encode`] turns a value into a payload and [`decode`] a payload into a value, by
//!   the mode; [`pickle`] asks Python for the codec that is its own, and [`reducer`] tells it what
//!   goes by value.
//! - [`beside`] finds the objects of registered types in a value, and looks at what their serializers wrote.
//! - [`segment`] holds the memory of large arrays while it is written, [`memory`] is what they are
//!   built on when they are read.
//! - [`store`] is the class `Store`, one verb a file; [`lock`] the lock it gives.
//! - [`dumps`] and [`loads`] are the same without a store, [`inspect`] looks and opens nothing.
//! - [`storage`] is where workflows keep their results.
//! - [`queue`] is the task queue.
//! - [`worker`] claims tasks and settles them, and hands each to Python to be run.
//! - [`fingerprint`] tells what a value is by 32 bytes.
//! - [`cli`] is the command line, [`error`] the way from the engine's errors to Python's.

mod beside;
mod block;
mod cbor;
mod cli;
mod copy;
mod decode;
mod digits;
mod dumps;
mod encode;
mod error;
mod fingerprint;
mod fresh;
mod hooks;
mod inspect;
mod integer;
mod key;
mod keys;
mod keyset;
mod loads;
mod lock;
mod memory;
mod mode;
mod options;
mod oracle;
mod output;
mod pickle;
mod queue;
mod reducer;
mod segment;
mod sink;
mod source;
mod storage;
mod store;
mod utf8;
mod worker;

use pyo3::prelude::*;

// Objects are walked by borrowed references, and a cache of keys is shared, on the strength of the GIL.
#[pymodule(gil_used = true)]
mod _holdall {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::beside::{Finder, check_side_files, side_files};
    #[pymodule_export]
    use crate::cbor::{forget_kinds, inspect_cbor};
    #[pymodule_export]
    use crate::cli::main;
    #[pymodule_export]
    use crate::dumps::{dumps, dumps_with};
    #[pymodule_export]
    use crate::encode::exact_json_of;
    #[pymodule_export]
    use crate::fingerprint::fingerprint;
    #[pymodule_export]
    use crate::inspect::inspect_frame;
    #[pymodule_export]
    use crate::keyset::{keyset_new, keyset_show};
    #[pymodule_export]
    use crate::loads::{loads, loads_with};
    #[pymodule_export]
    use crate::lock::Lock;
    #[pymodule_export]
    use crate::oracle::{safe_cbor, safe_json};
    #[pymodule_export]
    use crate::queue::{Jobs, Mailbox, Outcome, Queue, Terms};
    #[pymodule_export]
    use crate::reducer::Reducer;
    #[pymodule_export]
    use crate::storage::{Claim, Entries, Kept, Shelf};
    #[pymodule_export]
    use crate::store::{Keys, SideDraft, Store, drop_side_data};

    #[pymodule_export]
    use crate::worker::{Agent, Job, end_with_parent};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::hooks::install();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
